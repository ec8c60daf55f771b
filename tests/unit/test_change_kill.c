/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * edgeprof, its guardian, or both are killed before each act (write, sync,
 * removal) of a list of changes on four boards; each act fails in turn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/record/guardian.h"
#include "tests/unit/support_settings.h"
#include "tests/unit/support_trace.h"

#define ACTS_MAX 1000

struct scene {
	const struct support_board *board;
	struct ep_tmp tmp;
	struct support_kernel kernel;
	char *before;	    /* the settings as they were */
	int restored, told; /* by recover, through the pipe of count_main */
};

static size_t kill_points;

static void open_scene(struct scene *s, const struct support_board *board)
{
	memset(s, 0, sizeof(*s));
	s->board = board;
	support_board_make(&s->tmp, board);
	support_kernel_init(&s->kernel, &s->tmp, board);
	s->before = support_board_state(&s->tmp);
}

static void close_scene(struct scene *s)
{
	free(s->before);
	ep_tmp_remove(&s->tmp);
}

static void react(void *ctx)
{
	struct scene *s = ctx;

	support_kernel_react(&s->kernel);
}

/* A run: changes, and everything back.  1: the changes were refused. */
static int run_main(void *ctx)
{
	struct scene *s = ctx;
	struct ep_env env = support_board_env(&s->tmp);
	struct ep_undo_result result;
	struct ep_guardian guardian;
	struct ep_change_list list;
	struct ep_journal j;
	int r, status = 1;

	support_board_list(s->board, &list);
	if (ep_journal_open(&j, &env, true, 0, NULL) == 0 &&
	    ep_journal_own(&j, "test", NULL) == 0 &&
	    ep_journal_begin(&j, NULL) == 0 &&
	    ep_guardian_start(&guardian, &env, &j, NULL) == 0) {
		r = ep_change_apply(&list, &env, &j, NULL, NULL);
		if (r == 0)
			status = 0;
		r = ep_change_undo(&j, &env, NULL, &result);
		if (r == 0)
			r = ep_journal_finish(&j, NULL);
		ep_guardian_stop(&guardian);
		if (r < 0)
			status = 2;
	}
	ep_journal_close(&j);
	ep_change_list_done(&list);
	ep_root_close(&env.root);
	return status;
}

/* As any edgeprof does when it starts. */
static int recover_main(void *ctx)
{
	struct scene *s = ctx;
	struct ep_env env = support_board_env(&s->tmp);
	struct ep_undo_result result = { 0 };
	struct ep_journal j;
	int r = ep_journal_open(&j, &env, true, 0, NULL);

	if (r == 0 && j.fd >= 0)
		r = ep_change_recover(&j, &env, NULL, &result, NULL);
	if (r == 0 && (result.kept_count || result.gone_count))
		r = 3;
	ep_journal_close(&j);
	ep_root_close(&env.root);
	return r < 0 ? 4 : r;
}

static int run_traced(struct scene *s, int (*what)(void *ctx),
		      enum support_blow blow, int act)
{
	struct support_trace t = { .main = what,
				   .ctx = s,
				   .act = act,
				   .blow = blow,
				   .after_act = react,
				   .after_ctx = s };

	support_trace_run(&t);
	if (t.struck)
		kill_points++;
	else
		/* The acts are at an end: so it ended well. */
		assert_int_equal(t.status, 0);
	return t.struck ? t.status : -1;
}

static void assert_back(const struct scene *s, int act)
{
	char *now = support_board_state(&s->tmp);

	if (strcmp(now, s->before) != 0)
		print_message("%s, act %d:\n", s->board->name, act);
	assert_string_equal(now, s->before);
	free(now);
}

static void assert_no_journal(const struct scene *s)
{
	struct ep_env env = support_board_env(&s->tmp);
	struct ep_journal j;

	assert_int_equal(ep_journal_open(&j, &env, true, 0, NULL), 0);
	assert_int_equal(j.fd, -1);
	ep_journal_close(&j);
	ep_root_close(&env.root);
}

/* One blow before every act; then all must be back: at once, or when the next
 * edgeprof has recovered. */
static void each_act(enum support_blow blow, bool recover)
{
	for (int b = 0; b < SUPPORT_BOARDS; b++)
		for (int act = 1; act < ACTS_MAX; act++) {
			struct scene s;
			int status;

			open_scene(&s, &support_boards[b]);
			status = run_traced(&s, run_main, blow, act);
			if (!recover)
				assert_back(&s, act);
			assert_int_equal(run_traced(&s, recover_main, blow, 0),
					 -1);
			assert_back(&s, act);
			assert_no_journal(&s);
			close_scene(&s);
			if (status < 0) {
				assert_true(act > 20);
				break;
			}
		}
}

static void need_ptrace(void)
{
	const char *why = support_trace_lacks();

	if (!why)
		return;
	print_message("SKIP: %s\n", why);
	skip();
}

static void the_list_changes_what_it_says(void **state)
{
	(void)state;
	need_ptrace();
	for (int b = 0; b < SUPPORT_BOARDS; b++) {
		struct support_trace t = { .main = run_main,
					   .after_act = react };
		struct scene s;

		open_scene(&s, &support_boards[b]);
		t.ctx = t.after_ctx = &s;
		support_trace_run(&t);
		assert_int_equal(t.status, 0);
		assert_back(&s, 0);
		assert_no_journal(&s);
		close_scene(&s);
	}
}

static void edgeprof_is_killed_before_each_act(void **state)
{
	(void)state;
	need_ptrace();
	each_act(SUPPORT_KILL_MAIN, false);
}

static void edgeprof_and_its_guardian_are_killed_before_each_act(void **state)
{
	(void)state;
	need_ptrace();
	each_act(SUPPORT_KILL_ALL, true);
}

static void the_guardian_is_killed_before_each_act(void **state)
{
	(void)state;
	need_ptrace();
	each_act(SUPPORT_KILL_OTHERS, false);
}

static void each_act_fails_in_turn(void **state)
{
	(void)state;
#if !defined(__x86_64__) && !defined(__aarch64__)
	print_message(
		"SKIP: calls are made to fail on x86-64 and arm64 only\n");
	skip();
#endif
	need_ptrace();
	each_act(SUPPORT_FAIL, true);
}

/* The act at which everything is changed: the one before undo begins. */
static int act_of_full_change(struct scene *s)
{
	struct support_trace t = {
		.main = run_main, .ctx = s, .after_act = react, .after_ctx = s
	};

	support_trace_run(&t);
	return t.act_count / 2;
}

static void restoring_is_killed_before_each_act(void **state)
{
	(void)state;
	need_ptrace();
	for (int b = 0; b < SUPPORT_BOARDS; b++)
		for (int act = 1; act < ACTS_MAX; act++) {
			struct scene s;
			int status, half;

			open_scene(&s, &support_boards[b]);
			half = act_of_full_change(&s);
			assert_true(run_traced(&s, run_main, SUPPORT_KILL_ALL,
					       half) >= 0);
			status = run_traced(&s, recover_main, SUPPORT_KILL_MAIN,
					    act);
			assert_int_equal(run_traced(&s, recover_main,
						    SUPPORT_KILL_MAIN, 0),
					 -1);
			assert_back(&s, act);
			assert_no_journal(&s);
			close_scene(&s);
			if (status < 0)
				break;
		}
}

static void there_were_at_least_two_hundred_kill_points(void **state)
{
	(void)state;
	need_ptrace();
	print_message("%zu kill points\n", kill_points);
	assert_true(kill_points >= 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_changes_what_it_says),
		cmocka_unit_test(edgeprof_is_killed_before_each_act),
		cmocka_unit_test(
			edgeprof_and_its_guardian_are_killed_before_each_act),
		cmocka_unit_test(the_guardian_is_killed_before_each_act),
		cmocka_unit_test(each_act_fails_in_turn),
		cmocka_unit_test(restoring_is_killed_before_each_act),
		cmocka_unit_test(there_were_at_least_two_hundred_kill_points),
	};

	/* Thousands of syncs, of which none needs to reach a disk. */
	if (access("/dev/shm", W_OK | X_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
