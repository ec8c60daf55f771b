/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/env.h"
#include "runners/marks.h"
#include "runners/observers.h"

static int decode(const char *text, struct ep_mark *ret)
{
	return ep_mark_decode(text, strlen(text), ret);
}

static void good_marks_are_understood(void **state)
{
	struct ep_mark m;

	(void)state;
	assert_int_equal(decode("ep1 7 1 123456789 phase prefill 128", &m), 0);
	assert_int_equal(m.kind, EP_MARK_PHASE);
	assert_int_equal(m.stream, 7);
	assert_int_equal(m.sequence, 1);
	assert_int_equal(m.t_ns, 123456789);
	assert_string_equal(m.name, "prefill");
	assert_int_equal(m.tokens_count, 128);
	assert_int_equal(decode("ep1 0 0 1 phase my.own-phase_2 -1\n", &m), 0);
	assert_string_equal(m.name, "my.own-phase_2");
	assert_int_equal(m.tokens_count, -1);
	assert_int_equal(decode("ep1 0 9 5 end", &m), 0);
	assert_int_equal(m.kind, EP_MARK_END);
	assert_string_equal(m.name, "");
	assert_int_equal(decode("ep1 0 9223372036854775807 5 token\n", &m), 0);
	assert_int_equal(m.kind, EP_MARK_TOKEN);
	assert_int_equal(m.sequence, INT64_MAX);
}

static void bad_marks_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"ep1",
		"ep1 ",
		"ep2 1 1 1 token",
		"EP1 1 1 1 token",
		"ep1  1 1 1 token",
		"ep1 1 1 token",
		"ep1 -1 1 1 token",
		"ep1 1 -1 1 token",
		"ep1 1 1 0 token",
		"ep1 1 1 1 tokens",
		"ep1 1 1 1 token ",
		"ep1 1 1 1 token\n\n",
		"ep1 1 1 1 token\r\n",
		"ep1 1 1 1  token",
		"ep1 +1 1 1 token",
		"ep1 0x1 1 1 token",
		"ep1 1 1 1.5 token",
		"ep1 1 1 99999999999999999999 token",
		"ep1 1 1 1 ended",
		"ep1 1 1 1 phase",
		"ep1 1 1 1 phase x",
		"ep1 1 1 1 phase x ",
		"ep1 1 1 1 phase  3",
		"ep1 1 1 1 phase x -2",
		"ep1 1 1 1 phase x 2000000000000",
		"ep1 1 1 1 phase a,b 1",
		"ep1 1 1 1 phase a\"b 1",
		"ep1 1 1 1 phase \x1b[31m 1",
		("ep1 1 1 1 phase "
		 "a23456789012345678901234567890123 1"),
	};
	struct ep_mark m;
	char text[200];

	(void)state;
	memset(&m, 0x5a, sizeof(m));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(decode(bad[i], &m), -EBADMSG);
		assert_int_equal(m.stream, INT64_C(0x5a5a5a5a5a5a5a5a));
	}
	memset(text, '1', sizeof(text));
	memcpy(text, "ep1 ", 4);
	assert_int_equal(ep_mark_decode(text, sizeof(text), &m), -EBADMSG);
	assert_int_equal(ep_mark_decode("ep1 1 1 1 token\0", 16, &m), -EBADMSG);
}

static void encoded_marks_decode_to_the_same(void **state)
{
	const struct ep_mark marks[] = {
		{ EP_MARK_PHASE, 3, 4, 5, "generation", 9 },
		{ EP_MARK_END, 0, 0, INT64_MAX, "", -1 },
		{ EP_MARK_TOKEN, INT64_MAX, INT64_MAX, 1, "", -1 },
	};
	const struct ep_mark bad = { .kind = EP_MARK_PHASE, .name = "a b" };
	char text[EP_MARK_BYTES_MAX];
	struct ep_mark again;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int n = ep_mark_encode(&marks[i], text, sizeof(text));

		assert_int_equal(n, (int)strlen(text));
		assert_int_equal(ep_mark_decode(text, (size_t)n, &again), 0);
		assert_int_equal(again.kind, marks[i].kind);
		assert_int_equal(again.stream, marks[i].stream);
		assert_int_equal(again.sequence, marks[i].sequence);
		assert_int_equal(again.t_ns, marks[i].t_ns);
		assert_string_equal(again.name, marks[i].name);
		assert_int_equal(again.tokens_count, marks[i].tokens_count);
	}
	assert_int_equal(ep_mark_encode(&bad, text, sizeof(text)), -EINVAL);
	assert_int_equal(ep_mark_encode(&marks[0], text, 10), -ENOSPC);
}

/* What an observer has told. */
struct told {
	char lines[64][200];
	size_t count;
};

static void listen_to(void *ctx, const struct ep_event *e)
{
	struct told *t = ctx;

	assert_true(t->count < 64);
	(void)snprintf(t->lines[t->count++], sizeof(t->lines[0]),
		       "%s|%s|%s|%" PRId64 "|%s", e->event, e->phase, e->source,
		       e->tokens, e->text);
}

struct fixture {
	struct ep_env env;
	struct ep_observer *observer;
	struct told told;
	struct ep_event_sink sink;
	struct sockaddr_un address;
	int fd;
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));
	const char *variable;

	assert_int_equal(ep_env_init(&f->env, NULL), 0);
	assert_int_equal(ep_observer_marks.open(&f->env, &f->observer, NULL),
			 0);
	variable = ep_observer_marks.setenv(f->observer);
	assert_int_equal(strncmp(variable, "EDGEPROF_SOCKET=/", 17), 0);
	f->address.sun_family = AF_UNIX;
	(void)snprintf(f->address.sun_path, sizeof(f->address.sun_path), "%s",
		       strchr(variable, '=') + 1);
	assert_int_equal(ep_observer_marks.attach(f->observer, getpid(),
						  geteuid(), NULL),
			 0);
	f->sink = (struct ep_event_sink){ listen_to, &f->told };
	f->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(
		connect(f->fd,
			(const struct sockaddr *)(const void *)&f->address,
			sizeof(f->address)),
		0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	close(f->fd);
	ep_observer_marks.close(f->observer);
	assert_int_equal(stat(f->address.sun_path, &st), -1);
	*strrchr(f->address.sun_path, '/') = '\0';
	assert_int_equal(stat(f->address.sun_path, &st), -1);
	ep_env_done(&f->env);
	test_free(f);
	return 0;
}

static void say(struct fixture *f, int64_t sequence, int64_t t_ns,
		const char *what)
{
	char text[160];
	int n = snprintf(text, sizeof(text), "ep1 3 %" PRId64 " %" PRId64 " %s",
			 sequence, t_ns, what);

	assert_int_equal(send(f->fd, text, (size_t)n, MSG_DONTWAIT), n);
}

static int drain(struct fixture *f)
{
	return ep_observer_marks.drain(f->observer, &f->sink);
}

static void the_socket_is_private(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->address.sun_path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_uid, geteuid());
	*strrchr(f->address.sun_path, '/') = '\0';
	assert_int_equal(stat(f->address.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	(void)snprintf(f->address.sun_path + strlen(f->address.sun_path), 10,
		       "/marks");
}

static void marks_become_events(void **state)
{
	struct fixture *f = *state;
	char source[40];
	int64_t now = ep_clock_monotonic_ns();

	assert_int_equal(drain(f), 0);
	say(f, 1, now, "phase prefill 12");
	say(f, 2, now, "token");
	say(f, 0, now, "phase own -1");
	say(f, 3, now, "end");
	assert_int_equal(drain(f), 4);
	assert_int_equal(f->told.count, 4);
	(void)snprintf(source, sizeof(source), "mark|prefill|%d:3|12|",
		       (int)getpid());
	assert_string_equal(f->told.lines[0], source);
	(void)snprintf(source, sizeof(source), "token||%d:3|-1|",
		       (int)getpid());
	assert_string_equal(f->told.lines[1], source);
	assert_string_equal(f->told.lines[2], "mark|own|0:3|-1|");
	assert_int_equal(drain(f), 0);
}

static void gaps_are_counted(void **state)
{
	struct fixture *f = *state;
	int64_t now = ep_clock_monotonic_ns();

	say(f, 1, now, "token");
	say(f, 5, now, "token");
	(void)drain(f);
	assert_string_equal(f->told.lines[2], "fact||marks.lost|-1|3");
	assert_non_null(strstr(f->told.lines[3], "warning||marks-lost|"));
	/* Threads overtake each other: late is not lost. */
	say(f, 3, now, "token");
	(void)drain(f);
	assert_string_equal(f->told.lines[5], "fact||marks.lost|-1|2");
	assert_int_equal(f->told.count, 6);
}

static void rubbish_is_refused_and_counted(void **state)
{
	struct fixture *f = *state;
	char big[5000];
	int64_t now = ep_clock_monotonic_ns();

	memset(big, 'x', sizeof(big));
	assert_int_equal(send(f->fd, "", 0, 0), 0);
	assert_int_equal(send(f->fd, big, sizeof(big), 0), sizeof(big));
	say(f, 1, now, "phase \xff\xfe 1");
	say(f, 1, now + 1000 * EP_NS_PER_S, "token");
	say(f, 1, 5, "token");
	assert_true(drain(f) >= 5);
	assert_int_equal(f->told.count, 2);
	assert_string_equal(f->told.lines[0], "fact||marks.refused|-1|5");
	assert_non_null(strstr(f->told.lines[1], "docs/marks.md"));
}

static void passed_descriptors_are_not_kept(void **state)
{
	struct fixture *f = *state;
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	char text[] = "ep1 1 1 1 token";
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr h = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &pipes[1], sizeof(int));
	assert_int_equal(sendmsg(f->fd, &h, 0), (ssize_t)iov.iov_len);
	close(pipes[1]);
	assert_true(drain(f) >= 1);
	/* The other end is closed everywhere. */
	assert_int_equal(read(pipes[0], text, 1), 0);
	close(pipes[0]);
}

static void other_users_are_refused(void **state)
{
	struct fixture *f = *state;
	int64_t now = ep_clock_monotonic_ns();
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		print_message("SKIP: needs root to become another user\n");
		skip();
	}
	pid = fork();
	if (pid == 0) {
		if (setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		say(f, 1, now, "token");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)drain(f);
	assert_string_equal(f->told.lines[0], "fact||marks.refused|-1|1");
	assert_non_null(strstr(f->told.lines[1], "another user"));
}

static void the_programs_user_can_reach_it(void **state)
{
	struct fixture *f = *state;
	int64_t now = ep_clock_monotonic_ns();
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		print_message("SKIP: needs root to become another user\n");
		skip();
	}
	assert_int_equal(
		ep_observer_marks.attach(f->observer, getpid(), 65534, NULL),
		0);
	pid = fork();
	if (pid == 0) {
		if (setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		close(f->fd);
		f->fd = socket(AF_UNIX, SOCK_DGRAM, 0);
		if (connect(f->fd,
			    (const struct sockaddr *)(const void *)&f->address,
			    sizeof(f->address)) < 0)
			_exit(2);
		say(f, 1, now, "token");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(drain(f), 1);
	assert_int_equal(f->told.count, 1);
}

#define WITH_SOCKET(test) \
	cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_marks_are_understood),
		cmocka_unit_test(bad_marks_are_refused),
		cmocka_unit_test(encoded_marks_decode_to_the_same),
		WITH_SOCKET(the_socket_is_private),
		WITH_SOCKET(marks_become_events),
		WITH_SOCKET(gaps_are_counted),
		WITH_SOCKET(rubbish_is_refused_and_counted),
		WITH_SOCKET(passed_descriptors_are_not_kept),
		WITH_SOCKET(other_users_are_refused),
		WITH_SOCKET(the_programs_user_can_reach_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
