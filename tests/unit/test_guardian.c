/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "profiler/record/guardian.h"
#include "tests/unit/support_settings.h"

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

		if (ep_guardian_start(&g, NULL, NULL, NULL) < 0)
			_exit(1);
		if (stubborn)
			signal(SIGTERM, SIG_IGN);
		program = fork();
		if (program == 0) {
			/* As exec would: only edgeprof holds that end. */
			close(g.fd);
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

static pid_t start_program(const struct ep_guardian *g)
{
	pid_t pid = fork();

	if (pid == 0) {
		close(g->fd);
		for (;;)
			pause();
	}
	return pid;
}

static void a_server_and_its_client_end_together(void **state)
{
	pid_t programs[2] = { 0, 0 }, stand_in;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	stand_in = fork();
	if (stand_in == 0) {
		struct ep_guardian g;

		if (ep_guardian_start(&g, NULL, NULL, NULL) < 0)
			_exit(1);
		/* Who has ended is nobody's to end. */
		if (ep_guardian_watch(&g, getpid()) < 0 ||
		    ep_guardian_watch(&g, 0) < 0)
			_exit(2);
		for (int i = 0; i < 2; i++) {
			programs[i] = start_program(&g);
			if (ep_guardian_watch(&g, programs[i]) < 0)
				_exit(3);
		}
		if (write(ends[1], programs, sizeof(programs)) < 0)
			_exit(4);
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], programs, sizeof(programs)),
			 sizeof(programs));
	close(ends[0]);
	kill(stand_in, SIGKILL);
	assert_true(gone(programs[0]));
	assert_true(gone(programs[1]));
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
	assert_int_equal(ep_guardian_start(&g, NULL, NULL, NULL), 0);
	/* The answer proves that it has set itself up. */
	assert_int_equal(ep_guardian_watch(&g, 0), 0);
	kill(g.pid, SIGTERM);
	kill(g.pid, SIGINT);
	assert_int_equal(ep_guardian_watch(&g, 0), 0);
	ep_guardian_stop(&g);
	assert_int_equal(g.pid, 0);
}

/*
 * Stands in for edgeprof that has changed the board; blow says what becomes of
 * the guardian before edgeprof is killed.
 */
static void killed_with_changes(void (*blow)(pid_t guardian))
{
	const struct support_board *board = &support_boards[0];
	struct ep_tmp tmp;
	char *before, *now;
	int ends[2];
	pid_t pid, guardian = 0;

	support_board_make(&tmp, board);
	before = support_board_state(&tmp);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		struct ep_env env = support_board_env(&tmp);
		struct ep_change_list list;
		struct ep_guardian g;
		struct ep_journal j;

		support_board_list(board, &list);
		if (ep_journal_open(&j, &env, true, 0, NULL) < 0 ||
		    ep_journal_own(&j, "test", NULL) < 0 ||
		    ep_journal_begin(&j, NULL) < 0 ||
		    ep_guardian_start(&g, &env, &j, NULL) < 0 ||
		    ep_change_apply(&list, &env, &j, NULL, NULL) < 0 ||
		    write(ends[1], &g.pid, sizeof(g.pid)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &guardian, sizeof(guardian)),
			 sizeof(guardian));
	close(ends[0]);
	now = support_board_state(&tmp);
	assert_string_not_equal(now, before);
	free(now);
	blow(guardian);
	kill(pid, SIGKILL);
	assert_true(gone(guardian));
	now = support_board_state(&tmp);
	assert_string_equal(now, before);
	free(now);
	free(before);
	ep_tmp_remove(&tmp);
}

static void nothing(pid_t guardian)
{
	assert_true(guardian > 1);
	/* Its own session: what a terminal sends does not reach it. */
	assert_int_equal(getsid(guardian), guardian);
}

static void settings_are_back_when_edgeprof_is_killed(void **state)
{
	(void)state;
	killed_with_changes(nothing);
}

static void storm(pid_t guardian)
{
	assert_true(guardian > 1);
	for (int round = 0; round < 50; round++)
		for (int signo = 1; signo < 65; signo++)
			if (signo != SIGKILL && signo != SIGSTOP)
				kill(guardian, signo);
}

static void settings_are_back_in_a_storm_of_signals(void **state)
{
	(void)state;
	killed_with_changes(storm);
}

static void halt(pid_t guardian)
{
	assert_true(guardian > 1);
	kill(guardian, SIGSTOP);
	kill(guardian, SIGCONT);
}

static void a_guardian_that_was_stopped_goes_on(void **state)
{
	(void)state;
	killed_with_changes(halt);
}

static void look_at_score(pid_t guardian)
{
	char path[64], text[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%ld/oom_score_adj", (long)guardian);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(text, sizeof(text), f));
	fclose(f);
	assert_string_equal(text, "-1000\n");
}

static void root_s_guardian_is_passed_over_when_memory_is_short(void **state)
{
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	char own[16] = "";
	bool allowed;

	(void)state;
	allowed = fd >= 0 && read(fd, own, sizeof(own) - 1) > 0 &&
		  pwrite(fd, "-1000", 5, 0) == 5 &&
		  pwrite(fd, own, strlen(own), 0) > 0;
	if (fd >= 0)
		close(fd);
	if (!allowed) {
		print_message("SKIP: oom_score_adj cannot be lowered here\n");
		skip();
	}
	killed_with_changes(look_at_score);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_ends_when_edgeprof_is_killed),
		cmocka_unit_test(
			a_program_deaf_to_sigterm_is_killed_after_five_seconds),
		cmocka_unit_test(a_server_and_its_client_end_together),
		cmocka_unit_test(an_orderly_end_leaves_the_program_alone),
		cmocka_unit_test(the_guardian_ignores_sigterm_and_sigint),
		cmocka_unit_test(settings_are_back_when_edgeprof_is_killed),
		cmocka_unit_test(settings_are_back_in_a_storm_of_signals),
		cmocka_unit_test(a_guardian_that_was_stopped_goes_on),
		cmocka_unit_test(
			root_s_guardian_is_passed_over_when_memory_is_short),
	};

	prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
