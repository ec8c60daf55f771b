/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "profiler/record/guardian.h"

static bool gone(pid_t pid)
{
	int64_t until_ns = ep_clock_monotonic_ns() + 20 * EP_NS_PER_S;

	while (ep_clock_monotonic_ns() < until_ns) {
		/* Adopted orphans are ours to collect. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (kill(pid, 0) < 0 && errno == ESRCH)
			return true;
		poll(NULL, 0, 5);
	}
	return false;
}

/*
 * Stands in for edgeprof: starts the guardian and a program that ignores or
 * obeys SIGTERM, tells its pid, and is killed or ends orderly.
 */
static pid_t start_stand_in(bool stubborn, bool orderly, pid_t *ret_program)
{
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		struct ep_guardian g;
		pid_t program;

		if (ep_guardian_start(&g, NULL) < 0)
			_exit(1);
		program = fork();
		if (program == 0) {
			/* As exec would: only edgeprof holds that end. */
			close(g.fd);
			if (stubborn)
				signal(SIGTERM, SIG_IGN);
			for (;;)
				pause();
		}
		if (ep_guardian_watch(&g, program) < 0)
			_exit(2);
		if (write(ends[1], &program, sizeof(program)) < 0)
			_exit(3);
		if (orderly) {
			ep_guardian_stop(&g);
			_exit(0);
		}
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], ret_program, sizeof(*ret_program)),
			 sizeof(*ret_program));
	close(ends[0]);
	return pid;
}

static void the_program_ends_when_edgeprof_is_killed(void **state)
{
	pid_t program = 0, stand_in = start_stand_in(false, false, &program);

	(void)state;
	kill(stand_in, SIGKILL);
	assert_true(gone(program));
}

static void a_program_deaf_to_sigterm_is_killed_after_five_seconds(void **state)
{
	pid_t program = 0, stand_in = start_stand_in(true, false, &program);
	int64_t start_ns = ep_clock_monotonic_ns();

	(void)state;
	kill(stand_in, SIGKILL);
	assert_true(gone(program));
	assert_true(ep_clock_monotonic_ns() - start_ns >= 5 * EP_NS_PER_S);
}

static void an_orderly_end_leaves_the_program_alone(void **state)
{
	pid_t program = 0, stand_in = start_stand_in(false, true, &program);
	int status = -1;

	(void)state;
	assert_int_equal(waitpid(stand_in, &status, 0), stand_in);
	assert_int_equal(status, 0);
	assert_int_equal(kill(program, 0), 0);
	kill(program, SIGKILL);
	assert_true(gone(program));
}

static void the_guardian_ignores_sigterm_and_sigint(void **state)
{
	struct ep_guardian g;

	(void)state;
	assert_int_equal(ep_guardian_start(&g, NULL), 0);
	/* The answer proves that it has set itself up. */
	assert_int_equal(ep_guardian_watch(&g, 0), 0);
	kill(g.pid, SIGTERM);
	kill(g.pid, SIGINT);
	assert_int_equal(ep_guardian_watch(&g, 0), 0);
	ep_guardian_stop(&g);
	assert_int_equal(g.pid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_ends_when_edgeprof_is_killed),
		cmocka_unit_test(
			a_program_deaf_to_sigterm_is_killed_after_five_seconds),
		cmocka_unit_test(an_orderly_end_leaves_the_program_alone),
		cmocka_unit_test(the_guardian_ignores_sigterm_and_sigint),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
