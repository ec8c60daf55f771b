/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "drivers/listener_peer.h"
#include "drivers/proc_find.h"
#include "runners/attach.h"
#include "runners/runner.h"

static void targets_are_told_apart(void **state)
{
	static const struct {
		const char *text;
		enum ep_attach_kind kind;
		int64_t number;
		const char *name;
	} good[] = {
		{ "1234", EP_ATTACH_PID, 1234, NULL },
		{ ":8080", EP_ATTACH_PORT, 8080, NULL },
		{ ":65535", EP_ATTACH_PORT, 65535, NULL },
		{ "ollama", EP_ATTACH_NAME, 0, "ollama" },
		{ "7zip", EP_ATTACH_NAME, 0, "7zip" },
		{ "containerd", EP_ATTACH_NAME, 0, "containerd" },
		{ "container:db", EP_ATTACH_CONTAINER, 0, "db" },
	};
	static const char *const bad[] = { ":0",	 ":65536",
					   ":",		 ":8080x",
					   "container:", "/usr/bin/ollama",
					   "0",		 "99999999999" };
	struct ep_attach_asked a;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		memset(&a, 0, sizeof(a));
		assert_int_equal(ep_attach_parse(good[i].text, &a, NULL), 0);
		assert_int_equal(a.kind, good[i].kind);
		assert_int_equal(a.number, good[i].number);
		if (good[i].name)
			assert_string_equal(a.name, good[i].name);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ep_err err = { 0 };

		assert_int_equal(ep_attach_parse(bad[i], &a, &err), -EINVAL);
		assert_non_null(strstr(err.text, "--attach"));
	}
}

static void urls_have_a_host_and_a_port(void **state)
{
	static const struct {
		const char *url, *host;
		unsigned port;
	} good[] = {
		{ "http://127.0.0.1:8080", "127.0.0.1", 8080 },
		{ "http://localhost:8000/v1", "localhost", 8000 },
		{ "http://h", "h", 80 },
		{ "https://h/v1?a=1", "h", 443 },
		{ "localhost:11434", "localhost", 11434 },
		{ "http://[::1]:8080/v1", "::1", 8080 },
		{ "http://[fe80::1]", "fe80::1", 80 },
	};
	static const char *const bad[] = { "",
					   "http://",
					   "ftp://h",
					   "http://h:0",
					   "http://h:x",
					   "http://h:65536",
					   "http://u@h/",
					   "http://[::1",
					   "http://[::1]x:1",
					   "http://:80",
					   "http://u:p@h/" };
	struct ep_err err = { 0 };
	char host[64];
	unsigned port;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(ep_attach_url(good[i].url, host, sizeof(host),
					       &port, &err),
				 0);
		assert_string_equal(host, good[i].host);
		assert_int_equal(port, good[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
			ep_attach_url(bad[i], host, sizeof(host), &port, &err),
			-EINVAL);
}

/* A child that has named itself and waits. */
static pid_t wait_as(const char *name)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, name);
		if (write(ready[1], "r", 1) == 1)
			pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void processes_are_found_by_name(void **state)
{
	struct ep_attached a = { .port = 0 };
	struct ep_err err = { 0 };
	pid_t pids[2] = { 0 }, one = wait_as("ep-lonely"), two;
	char near[32], text[24];

	(void)state;
	assert_int_equal(ep_attach_find("ep-lonely", &a, &err), 0);
	assert_int_equal(a.id.pid, one);
	assert_string_equal(a.exe, "test_attach");
	assert_non_null(strstr(a.how, "ep-lonely"));
	assert_true(ep_proc_is(&a.id));
	assert_int_equal(ep_attach_find("ep-lonly", &a, &err), -ENOENT);
	assert_non_null(strstr(err.text, "did you mean 'ep-lonely'?"));
	two = wait_as("ep-lonely");
	assert_int_equal(
		ep_proc_find_name("ep-lonely", pids, 2, near, sizeof(near)), 2);
	assert_true((pids[0] == one && pids[1] == two) ||
		    (pids[0] == two && pids[1] == one));
	assert_int_equal(ep_attach_find("ep-lonely", &a, &err), -ENOTUNIQ);
	(void)snprintf(text, sizeof(text), "%d", (int)two);
	assert_non_null(strstr(err.text, text));
	assert_int_equal(ep_attach_find(text, &a, &err), 0);
	assert_int_equal(a.id.pid, two);
	end(one);
	end(two);
	assert_int_equal(ep_attach_find(text, &a, &err), -ESRCH);
}

static void those_that_cannot_be_meant_are_refused(void **state)
{
	struct ep_attached a = { .port = 0 };
	struct ep_err err = { 0 };
	siginfo_t info;
	pid_t pid;

	(void)state;
	assert_int_equal(ep_attach_take(getpid(), &a, &err), -EINVAL);
	assert_non_null(strstr(err.text, "edgeprof itself"));
	memset(&a, 0, sizeof(a));
	assert_int_equal(ep_attach_take(getppid(), &a, &err), 0);
	assert_non_null(strstr(a.note, "has started edgeprof"));
	pid = wait_as("ep-dead");
	kill(pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(ep_attach_take(pid, &a, &err), -ESRCH);
	assert_non_null(strstr(err.text, "has ended"));
	waitpid(pid, NULL, 0);
}

/* The same number, another start: somebody else's. */
static void a_number_given_out_anew_is_another_process(void **state)
{
	struct ep_attached a = { .port = 0 };
	const struct ep_attach_job attach = { .who = &a };
	struct ep_runner_job job = { .attach = &attach };
	struct ep_runner *r = NULL;
	struct ep_err err = { 0 };
	pid_t pid = wait_as("ep-reused");

	(void)state;
	assert_int_equal(ep_attach_take(pid, &a, &err), 0);
	assert_int_equal(ep_runner_attach.prepare(NULL, &job, &r, &err), 0);
	ep_runner_attach.close(r);
	r = NULL;
	a.id.start_ticks--;
	assert_int_equal(ep_runner_attach.prepare(NULL, &job, &r, &err),
			 -ESRCH);
	assert_null(r);
	end(pid);
}

static void drop(void *ctx, const struct ep_event *event)
{
	(void)ctx;
	(void)event;
}

static void its_end_ends_a_recording_alone(void **state)
{
	const struct ep_event_sink sink = { .emit = drop };
	struct ep_attached a = { .port = 0 };
	const struct ep_attach_job attach = { .who = &a };
	struct ep_runner_job job = { .attach = &attach };
	struct ep_runner_result result;
	struct ep_runner *r = NULL;
	struct ep_err err = { 0 };
	int64_t gate_ns = 0;
	pid_t pid = wait_as("ep-short");

	(void)state;
	assert_int_equal(ep_attach_take(pid, &a, &err), 0);
	assert_int_equal(ep_runner_attach.prepare(NULL, &job, &r, &err), 0);
	assert_int_equal(ep_runner_attach.pid(r), 0);
	assert_int_equal(ep_runner_attach.step(r, &sink), 1);
	assert_int_equal(ep_runner_attach.go(r, &gate_ns, &err), 0);
	assert_int_equal(ep_runner_attach.step(r, &sink), 1);
	end(pid);
	assert_int_equal(ep_runner_attach.step(r, &sink), 0);
	ep_runner_attach.result(r, &result);
	assert_true(result.exited && result.end_ns >= gate_ns && gate_ns > 0);
	assert_int_equal(result.status, 0);
	assert_false(result.usage.known);
	ep_runner_attach.close(r);
	/* And before the gate there is nothing to measure. */
	r = NULL;
	assert_int_equal(ep_runner_attach.prepare(NULL, &job, &r, &err),
			 -ESRCH);
	ep_runner_attach.close(NULL);
}

static void stopping_is_for_us_alone(void **state)
{
	const struct ep_event_sink sink = { .emit = drop };
	struct ep_attached a = { .port = 0 };
	const struct ep_attach_job attach = { .who = &a };
	struct ep_runner_job job = { .attach = &attach };
	struct ep_runner *r = NULL;
	struct ep_err err = { 0 };
	int64_t gate_ns = 0;
	pid_t pid = wait_as("ep-stays");

	(void)state;
	assert_int_equal(ep_attach_take(pid, &a, &err), 0);
	assert_int_equal(ep_runner_attach.prepare(NULL, &job, &r, &err), 0);
	assert_int_equal(ep_runner_attach.go(r, &gate_ns, &err), 0);
	assert_int_equal(ep_runner_attach.signal(r, SIGKILL), 0);
	assert_int_equal(ep_runner_attach.step(r, &sink), 0);
	ep_runner_attach.close(r);
	assert_true(ep_proc_is(&a.id));
	end(pid);
}

static int listener(unsigned *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static void a_first_connection_is_seen(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	struct ep_attach_watch w = { .port = 0 };
	int64_t now_ns = ep_clock_monotonic_ns();
	int fd, from;
	pid_t other = wait_as("ep-other");

	(void)state;
	assert_false(ep_attach_watch_look(&w, getpid(), now_ns));
	fd = listener(&w.port);
	assert_false(ep_attach_watch_look(&w, getpid(), now_ns));
	assert_int_equal(w.last_ns, now_ns);
	assert_true(w.due_ns > now_ns);
	from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons((uint16_t)w.port);
	assert_int_equal(connect(from, (struct sockaddr *)&at, sizeof(at)), 0);
	/* Not before it is due, and not somebody else's. */
	assert_false(ep_attach_watch_look(&w, getpid(), now_ns));
	assert_false(ep_attach_watch_look(&w, other, w.due_ns));
	assert_true(ep_attach_watch_look(&w, getpid(), w.due_ns));
	/* One from before the start is somebody's who passed it on. */
	ep_attach_watch_start(&w, w.port);
	assert_false(ep_attach_watch_look(&w, getpid(), w.due_ns));
	end(other);
	close(from);
	from = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(from, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_true(ep_attach_watch_look(&w, getpid(), w.due_ns));
	close(from);
	close(fd);
}

static void the_far_end_of_a_connection_is_told(void **state)
{
	static const char line[] =
		"   3: 0100007F:D2C4 0100007F:1F90 01 00000000:00000000 "
		"00:00000000 00000000  1000        0 5150 1 0 20 4 30 10 -1";

	(void)state;
	assert_int_equal(ep_listener_peer_parse(line, 8080), 5150);
	assert_int_equal(ep_listener_peer_parse(line, 0xD2C4), 0);
	assert_int_equal(ep_listener_peer_parse("", 8080), 0);
}

static void hosts_are_here_or_elsewhere(void **state)
{
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(ep_listener_is_here("127.0.0.1", &err), 1);
	assert_int_equal(ep_listener_is_here("192.0.2.1", &err), 0);
	assert_int_equal(ep_listener_is_here("no.such.host.invalid", &err),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_are_told_apart),
		cmocka_unit_test(urls_have_a_host_and_a_port),
		cmocka_unit_test(processes_are_found_by_name),
		cmocka_unit_test(those_that_cannot_be_meant_are_refused),
		cmocka_unit_test(a_number_given_out_anew_is_another_process),
		cmocka_unit_test(its_end_ends_a_recording_alone),
		cmocka_unit_test(stopping_is_for_us_alone),
		cmocka_unit_test(a_first_connection_is_seen),
		cmocka_unit_test(the_far_end_of_a_connection_is_told),
		cmocka_unit_test(hosts_are_here_or_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
