/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A study is killed before each act (write, sync, rename, removal), alone and
 * together with the run it waits for, and each act fails in turn.  Gone on
 * with, it gives the same results, each run once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "profiler/study/execute.h"
#include "tests/unit/support_study.h"
#include "tests/unit/support_tmp.h"
#include "tests/unit/support_trace.h"

#define ACTS_MAX 4000
/* Configuration 2 repeats a rejected run, 3 a lost one, 4 cannot run. */
#define CONFIGS 4

static char program[4096];
static char *expected; /* results of a study that nobody disturbed */
static size_t kill_points;

struct scene {
	struct ep_tmp tmp;
	char dir[200];
};

static void open_scene(struct scene *s)
{
	ep_tmp_make(&s->tmp);
	(void)ep_str_copy(s->dir, sizeof(s->dir),
			  ep_tmp_path(&s->tmp, "study"));
}

static void tell_nobody(void *ctx, const struct ep_study_progress *p)
{
	(void)ctx;
	(void)p;
}

/* edgeprof sweep, or with --resume when there is a study. */
static int go_on(const char *dir, struct ep_err *err)
{
	static const volatile sig_atomic_t never;
	struct ep_identity identity = { .changes = false };
	struct ep_execute_outcome outcome = { 0 };
	struct ep_root root = { .fd = -1 };
	struct ep_execute x = { .program = program,
				.root = &root,
				.identity = &identity,
				.tell = tell_nobody,
				.stop = &never,
				.lock_fd = -1 };
	struct ep_store *store = NULL;
	struct ep_study study;
	int r;

	support_study_make(&study, CONFIGS);
	study.seed = 3;
	r = ep_store_create(dir, &study, &store, err);
	if (r == -EEXIST)
		r = ep_store_open(dir, &store, err);
	ep_study_done(&study);
	if (r == 0)
		r = ep_execute_lock(dir, &x.lock_fd, err);
	if (r == 0)
		r = ep_execute_study(&x, store, &outcome, err);
	if (x.lock_fd >= 0)
		close(x.lock_fd);
	ep_store_close(store);
	return r;
}

/* 1: configuration 4 has failed, as it must. */
static int study_main(void *ctx)
{
	struct scene *s = ctx;
	struct ep_err err = { 0 };

	return go_on(s->dir, &err) == 1 ? 0 : 3;
}

static int run_undisturbed(struct scene *s)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(study_main(s));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Folders that hold a result, whatever the database says. */
static int count_results(const struct scene *s)
{
	DIR *dir = opendir(ep_tmp_path(&s->tmp, "study/runs"));
	struct dirent *e;
	int count = 0;

	assert_non_null(dir);
	while ((e = readdir(dir))) {
		char name[300];
		struct stat st;

		(void)ep_str_format(name, sizeof(name), "%s/report.json",
				    e->d_name);
		if (fstatat(dirfd(dir), name, &st, 0) == 0) {
			count++;
			continue;
		}
		(void)ep_str_format(name, sizeof(name), "%s/lost.json",
				    e->d_name);
		count += fstatat(dirfd(dir), name, &st, 0) == 0;
	}
	closedir(dir);
	return count;
}

static int count_runs(const char *results)
{
	char last[40] = "";
	int count = -1; /* the head */

	for (const char *line = results; *line; line = strchr(line, '\n') + 1) {
		char key[40];
		const char *at = line + 1;

		/* config,run,order */
		for (int i = 0; i < 3; i++)
			at += strcspn(at, ",") + 1;
		(void)ep_str_format(key, sizeof(key), "%.*s", (int)(at - line),
				    line);
		count += strcmp(key, last) != 0;
		(void)ep_str_copy(last, sizeof(last), key);
	}
	return count;
}

/* Which folder a run came to lie in depends on how often it was tried. */
static void leave_out_folders(char *text)
{
	const char *from = text;
	int column = 0, folder = -1;
	char *to = text;

	for (; *from; from++) {
		if (ep_str_starts(from, ",folder,"))
			folder = column + 1;
		if (*from == ',')
			column++;
		if (column != folder)
			*to++ = *from;
		if (*from == '\n')
			column = 0;
	}
	*to = '\0';
	assert_true(folder > 0);
}

static char *results_of(const struct scene *s)
{
	int fd = ep_tmp_open(&s->tmp, "study");
	char *text = support_results(fd);

	close(fd);
	leave_out_folders(text);
	return text;
}

static void assert_same(const struct scene *s, int act)
{
	char *now = results_of(s);

	if (strcmp(now, expected) != 0)
		print_message("killed before act %d:\n", act);
	assert_string_equal(now, expected);
	assert_int_equal(count_results(s), count_runs(now));
	free(now);
}

/* The database alone, made again from the folders, says the same. */
static void assert_rebuilds(const struct scene *s, int act)
{
	struct ep_err err = { 0 };

	if (ep_store_rebuild(s->dir, &err) < 0)
		fail_msg("act %d: %s", act, err.text);
	assert_same(s, act);
}

static void strike_each(enum support_blow blow, int stride)
{
	for (int act = 1; act < ACTS_MAX; act += stride) {
		struct scene s;
		struct support_trace t = {
			.main = study_main, .ctx = &s, .act = act, .blow = blow
		};

		open_scene(&s);
		support_trace_run(&t);
		if (t.struck && run_undisturbed(&s) != 0)
			fail_msg("it does not go on after act %d", act);
		assert_same(&s, act);
		if (act % 8 == 0)
			assert_rebuilds(&s, act);
		ep_tmp_remove(&s.tmp);
		if (!t.struck) {
			assert_int_equal(t.status, 0);
			assert_true(act > 100);
			return;
		}
		kill_points++;
	}
	fail_msg("it never ended");
}

static void need_ptrace(void)
{
	const char *why = support_trace_lacks();

	if (!why)
		return;
	print_message("SKIP: %s\n", why);
	skip();
}

static void a_study_that_nobody_disturbs(void **state)
{
	struct scene s;

	(void)state;
	open_scene(&s);
	assert_int_equal(run_undisturbed(&s), 0);
	free(expected);
	expected = results_of(&s);
	/* Nothing is left to do. */
	assert_int_equal(run_undisturbed(&s), 0);
	assert_same(&s, 0);
	assert_rebuilds(&s, 0);
	/* 1 of 1, 2 of 2, 2 of 3, 1 of 4 */
	assert_int_equal(count_runs(expected), 6);
	assert_non_null(strstr(expected, "rejected: the program ended with "
					 "exit 3"));
	assert_non_null(strstr(expected, "lost: "));
	assert_non_null(strstr(expected, "failed: "));
	ep_tmp_remove(&s.tmp);
}

static void it_is_killed_before_each_act(void **state)
{
	(void)state;
	need_ptrace();
	strike_each(SUPPORT_KILL_MAIN, 1);
}

static void it_and_its_run_are_killed_before_each_act(void **state)
{
	(void)state;
	need_ptrace();
	strike_each(SUPPORT_KILL_ALL, 3);
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
	strike_each(SUPPORT_FAIL, 2);
}

static void there_were_at_least_a_hundred_kill_points(void **state)
{
	(void)state;
	need_ptrace();
	print_message("%zu kill points\n", kill_points);
	assert_true(kill_points >= 100);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_study_that_nobody_disturbs),
		cmocka_unit_test(it_is_killed_before_each_act),
		cmocka_unit_test(it_and_its_run_are_killed_before_each_act),
		cmocka_unit_test(each_act_fails_in_turn),
		cmocka_unit_test(there_were_at_least_a_hundred_kill_points),
	};
	int r;

	/* LeakSanitizer cannot look for leaks where a tracer is. */
	if (argc > 1 && strcmp(argv[1], "run") == 0)
		_exit(support_stand_in(argc, argv));
	if (!realpath("/proc/self/exe", program))
		return 1;
	/* Thousands of syncs, of which none needs to reach a disk. */
	if (access("/dev/shm", W_OK | X_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	free(expected);
	return r;
}
