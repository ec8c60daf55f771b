/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>

#include "base/env.h"
#include "runners/edgeprof.h"
#include "runners/observers.h"

/* Every test forks: the header looks at its environment once per process. */
struct told {
	int64_t marks, tokens, lost, others;
	char last_phase[40];
	int64_t last_count;
	char sources[8][40];
	size_t source_count;
};

static void listen_to(void *ctx, const struct ep_event *e)
{
	struct told *t = ctx;
	size_t i = 0;

	if (strcmp(e->event, "fact") == 0) {
		if (strcmp(e->source, "marks.lost") == 0)
			t->lost = strtol(e->text, NULL, 10);
		else
			t->others++;
		return;
	}
	if (strcmp(e->event, "token") == 0) {
		t->tokens++;
	} else if (strcmp(e->event, "mark") == 0) {
		t->marks++;
		(void)snprintf(t->last_phase, sizeof(t->last_phase), "%s",
			       e->phase);
		t->last_count = e->tokens;
	} else {
		return;
	}
	while (i < t->source_count && strcmp(t->sources[i], e->source) != 0)
		i++;
	if (i == t->source_count && i < 8)
		(void)snprintf(t->sources[t->source_count++],
			       sizeof(t->sources[0]), "%s", e->source);
}

/* Runs it in a child under an observer; 0 is its good exit status. */
static struct told under_edgeprof(int (*program)(void))
{
	struct ep_env env;
	struct ep_observer *o = NULL;
	struct told told = { 0 };
	const struct ep_event_sink sink = { listen_to, &told };
	const struct ep_observer_ops *ops = &ep_observer_marks;
	int status = -1;
	pid_t pid;

	assert_int_equal(ep_env_init(&env, NULL), 0);
	assert_int_equal(ops->open(&env, &o, NULL), 0);
	pid = fork();
	if (pid == 0) {
		putenv((char *)(uintptr_t)ops->setenv(o));
		_exit(program());
	}
	assert_int_equal(ops->attach(o, pid, geteuid(), NULL), 0);
	while (waitpid(pid, &status, WNOHANG) == 0) {
		struct pollfd f = { .fd = ops->fd(o), .events = POLLIN };

		(void)poll(&f, 1, 10);
		assert_true(ops->drain(o, &sink) >= 0);
	}
	assert_true(ops->drain(o, &sink) >= 0);
	assert_int_equal(status, 0);
	ops->close(o);
	ep_env_done(&env);
	return told;
}

static int two_phases(void)
{
	errno = 77;
	edgeprof_phase("prefill", 12);
	edgeprof_token();
	edgeprof_phase("gene ration;with,a long name that is cut", 0);
	return errno == 77 ? 0 : 1;
}

static void marks_arrive(void **state)
{
	struct told t = under_edgeprof(two_phases);

	(void)state;
	assert_int_equal(t.marks, 2);
	assert_int_equal(t.tokens, 1);
	assert_string_equal(t.last_phase, "gene_ration_with_a_long_name_th");
	assert_int_equal(t.last_count, -1);
	assert_int_equal(t.lost + t.others, 0);
	assert_int_equal(t.source_count, 1);
}

static int ends(void)
{
	edgeprof_phase("own", 3);
	edgeprof_phase("", 0);
	edgeprof_phase(NULL, 5);
	return 0;
}

static void no_name_ends_a_phase(void **state)
{
	struct told t = under_edgeprof(ends);

	(void)state;
	assert_int_equal(t.marks, 3);
	assert_string_equal(t.last_phase, "");
	assert_int_equal(t.others, 0);
}

#define THREADS 4
#define EACH 500

static void *send_many(void *arg)
{
	for (int i = 0; i < EACH; i++)
		edgeprof_token();
	return arg;
}

static int from_threads(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, send_many, NULL) != 0)
			return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	edgeprof_phase("", 0);
	return 0;
}

static void threads_may_send_at_once(void **state)
{
	struct told t = under_edgeprof(from_threads);

	(void)state;
	assert_int_equal(t.tokens + t.marks + t.lost, THREADS * EACH + 1);
	assert_true(t.tokens > 0);
	assert_int_equal(t.source_count, 1);
	assert_int_equal(t.others, 0);
}

static int fork_between(void)
{
	int status = 1;
	pid_t pid;

	edgeprof_token();
	pid = fork();
	edgeprof_token();
	if (pid == 0)
		_exit(0);
	waitpid(pid, &status, 0);
	edgeprof_token();
	return status;
}

static void fork_begins_a_new_sequence(void **state)
{
	struct told t = under_edgeprof(fork_between);

	(void)state;
	assert_int_equal(t.tokens, 4);
	assert_int_equal(t.source_count, 2);
	assert_int_equal(t.lost, 0);
}

/* What a daemon does: everything closed, numbers used again. */
static int close_all(void)
{
	char byte;
	int pipes[2];

	edgeprof_token();
	for (int fd = 3; fd < 64; fd++)
		close(fd);
	if (pipe2(pipes, O_NONBLOCK) < 0)
		return 1;
	for (int fd = 3; fd < 64; fd++)
		if (fd != pipes[0] && fd != pipes[1])
			dup2(pipes[1], fd);
	edgeprof_token();
	edgeprof_token();
	return read(pipes[0], &byte, 1) == -1 && errno == EAGAIN ? 0 : 1;
}

static void closed_descriptors_are_left_alone(void **state)
{
	struct told t = under_edgeprof(close_all);

	(void)state;
	assert_int_equal(t.tokens, 1);
}

static int in_child(int (*program)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(program());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int unprofiled(void)
{
	int first = open("/", O_RDONLY), next;

	unsetenv("EDGEPROF_SOCKET");
	edgeprof_phase("load", 1);
	for (int i = 0; i < 1000; i++)
		edgeprof_token();
	close(first);
	next = open("/", O_RDONLY);
	/* Nothing was opened. */
	return next == first && edgeprof_off() ? 0 : 1;
}

static int unreachable(void)
{
	setenv("EDGEPROF_SOCKET", "/nowhere/at/all", 1);
	edgeprof_phase("load", 1);
	return edgeprof_off() ? 0 : 1;
}

static int too_long(void)
{
	char path[400];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	setenv("EDGEPROF_SOCKET", path, 1);
	edgeprof_phase("load", 1);
	return edgeprof_off() ? 0 : 1;
}

static void without_edgeprof_nothing_happens(void **state)
{
	(void)state;
	assert_int_equal(in_child(unprofiled), 0);
	assert_int_equal(in_child(unreachable), 0);
	assert_int_equal(in_child(too_long), 0);
}

/* Nobody reads: calls return, and the gap in the sequence is there. */
static void a_full_queue_drops_and_goes_on(void **state)
{
	struct ep_env env;
	struct ep_observer *o = NULL;
	struct told told = { 0 };
	const struct ep_event_sink sink = { listen_to, &told };
	const struct ep_observer_ops *ops = &ep_observer_marks;
	int status = -1, gate[2], done[2];
	char byte = 'x';
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(gate), 0);
	assert_int_equal(pipe(done), 0);
	assert_int_equal(ep_env_init(&env, NULL), 0);
	assert_int_equal(ops->open(&env, &o, NULL), 0);
	pid = fork();
	if (pid == 0) {
		putenv((char *)(uintptr_t)ops->setenv(o));
		for (int i = 0; i < 600; i++)
			edgeprof_token();
		if (write(done[1], &byte, 1) != 1 ||
		    read(gate[0], &byte, 1) != 1)
			_exit(1);
		edgeprof_token();
		_exit(0);
	}
	assert_int_equal(ops->attach(o, pid, geteuid(), NULL), 0);
	assert_int_equal(read(done[0], &byte, 1), 1);
	assert_true(ops->drain(o, &sink) > 0);
	assert_int_equal(write(gate[1], &byte, 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_true(ops->drain(o, &sink) > 0);
	assert_true(told.lost > 0);
	assert_int_equal(told.tokens + told.lost, 601);
	ops->close(o);
	ep_env_done(&env);
	for (int i = 0; i < 2; i++) {
		close(gate[i]);
		close(done[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_arrive),
		cmocka_unit_test(no_name_ends_a_phase),
		cmocka_unit_test(threads_may_send_at_once),
		cmocka_unit_test(fork_begins_a_new_sequence),
		cmocka_unit_test(closed_descriptors_are_left_alone),
		cmocka_unit_test(without_edgeprof_nothing_happens),
		cmocka_unit_test(a_full_queue_drops_and_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
