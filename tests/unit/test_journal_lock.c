/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two edgeprofs at once, and disks that are full or read-only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "profiler/record/journal.h"
#include "tests/unit/support_helper.h"
#include "tests/unit/support_settings.h"

#define STATE "var/lib/edgeprof"

static struct ep_tmp tmp;
static struct ep_env env;

static int set_up(void **state)
{
	(void)state;
	support_board_make(&tmp, &support_boards[0]);
	env = support_board_env(&tmp);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ep_root_close(&env.root);
	ep_tmp_remove(&tmp);
	return 0;
}

/* Another edgeprof: takes the board in its first step, gives it back in its
 * second. */
static void other_edgeprof(int step)
{
	static struct ep_journal j;

	if (step == 0 &&
	    (ep_journal_open(&j, &env, true, 0, NULL) < 0 ||
	     ep_journal_own(&j, "edgeprof run -- ./other", NULL) < 0))
		_exit(1);
	if (step == 1)
		ep_journal_close(&j);
}

static int try_open(struct ep_err *err)
{
	struct ep_journal j;
	int r = ep_journal_open(&j, &env, true, 0, err);

	ep_journal_close(&j);
	return r;
}

static void the_second_is_refused_with_the_name_of_the_first(void **state)
{
	struct ep_helper other = ep_helper_start(other_edgeprof);
	struct ep_err err = { 0 };
	char pid[32];

	(void)state;
	ep_helper_step(&other);
	assert_int_equal(try_open(&err), -EBUSY);
	snprintf(pid, sizeof(pid), "process %ld ", (long)other.pid);
	assert_non_null(strstr(err.text, pid));
	assert_non_null(strstr(err.text, "edgeprof run -- ./other"));
	ep_helper_step(&other);
	assert_int_equal(try_open(&err), 0);
	ep_helper_end(&other);
}

static void a_killed_owner_holds_nothing(void **state)
{
	struct ep_helper other = ep_helper_start(other_edgeprof);

	(void)state;
	ep_helper_step(&other);
	assert_int_equal(try_open(NULL), -EBUSY);
	ep_helper_end(&other);
	assert_int_equal(try_open(NULL), 0);
}

/* Its guardian shares the lock until the test ends it. */
static pid_t *guardian;

static void own_and_leave_to_guardian(int step)
{
	pid_t pid;

	other_edgeprof(step);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	*guardian = pid;
}

static void the_guardian_of_a_killed_one_is_named(void **state)
{
	struct ep_helper other;
	struct ep_err err = { 0 };
	struct ep_journal j;

	(void)state;
	guardian = mmap(NULL, sizeof(*guardian), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(guardian, MAP_FAILED);
	other = ep_helper_start(own_and_leave_to_guardian);
	ep_helper_step(&other);
	ep_helper_end(&other);
	assert_int_equal(try_open(&err), -EBUSY);
	assert_non_null(strstr(err.text, "guardian"));
	assert_true(*guardian > 1);
	kill(*guardian, SIGKILL);
	/* And waited for. */
	assert_int_equal(
		ep_journal_open(&j, &env, true, 30 * EP_NS_PER_S, NULL), 0);
	ep_journal_close(&j);
	munmap(guardian, sizeof(*guardian));
}

static void other_user(int step)
{
	static int fd;

	if (step == 0) {
		fd = ep_root_openat(&env.root, "/sys/devices/system/cpu",
				    O_RDONLY | O_DIRECTORY);
		if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
			_exit(1);
	} else {
		close(fd);
	}
}

static void other_users_have_the_same_board(void **state)
{
	struct ep_helper other = ep_helper_start(other_user);
	struct ep_err err = { 0 };
	char pid[32];

	(void)state;
	ep_helper_step(&other);
	assert_int_equal(try_open(&err), -EBUSY);
	assert_non_null(strstr(err.text, "another user"));
	snprintf(pid, sizeof(pid), "process %ld", (long)other.pid);
	/* Some file systems hide behind another device number. */
	if (strstr(err.text, "process"))
		assert_non_null(strstr(err.text, pid));
	ep_helper_step(&other);
	assert_int_equal(try_open(NULL), 0);
	ep_helper_end(&other);
}

static void
a_removed_lock_file_locks_nobody_out_and_lets_nobody_in(void **state)
{
	struct ep_journal first, second;
	char name[160], path[256];

	(void)state;
	assert_int_equal(ep_journal_open(&first, &env, true, 0, NULL), 0);
	assert_int_equal(ep_state_name("lock", name, sizeof(name)), 0);
	snprintf(path, sizeof(path), STATE "/%s", name);
	assert_int_equal(unlinkat(tmp.fd, path, 0), 0);
	/* The board itself is still held. */
	assert_int_equal(ep_journal_open(&second, &env, true, 0, NULL), -EBUSY);
	ep_journal_close(&second);
	ep_journal_close(&first);
	assert_int_equal(try_open(NULL), 0);
}

/* Runs look in a mount namespace of its own, with a tmpfs as the state folder;
 * exit status 77: not allowed here. */
static int with_tmpfs(const char *options, unsigned long flags,
		      int (*look)(void))
{
	int status;
	pid_t pid;

	ep_tmp_mkdir(&tmp, STATE);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("none", ep_tmp_path(&tmp, STATE), "tmpfs", flags,
			  options) < 0)
			_exit(77);
		/* What was opened before lies below the mount. */
		ep_root_close(&env.root);
		env = support_board_env(&tmp);
		_exit(look());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77) {
		print_message("SKIP: a tmpfs cannot be mounted here\n");
		skip();
	}
	return WEXITSTATUS(status);
}

static int begin_on_read_only(void)
{
	struct ep_err err = { 0 };
	struct ep_journal j;

	if (ep_journal_open(&j, &env, true, 0, &err) != -EROFS)
		return 1;
	return strstr(err.text, "edgeprof") ? 0 : 2;
}

static void a_read_only_folder_is_named(void **state)
{
	(void)state;
	assert_int_equal(with_tmpfs("mode=0700", MS_RDONLY, begin_on_read_only),
			 0);
}

/* Fills the tmpfs of 16 KiB to its last byte. */
static void fill(const struct ep_journal *j)
{
	int fd = openat(j->state.dir_fd, "ballast", O_WRONLY | O_CREAT, 0600);
	char block[512] = { 0 };

	for (int i = 0; write(fd, block, sizeof(block)) > 0; i++)
		if (i == 32)
			_exit(9);
	close(fd);
}

static int begin_on_full(void)
{
	struct ep_err err = { 0 };
	struct ep_journal j;

	if (ep_journal_open(&j, &env, true, 0, NULL) < 0 ||
	    ep_journal_own(&j, "test", NULL) < 0)
		return 1;
	fill(&j);
	if (ep_journal_begin(&j, &err) != -ENOSPC || j.fd != -1)
		return 2;
	if (!strstr(err.text, "nothing is changed"))
		return 3;
	/* No half-made file is left. */
	return faccessat(j.state.dir_fd, j.name, F_OK, 0) < 0 ? 0 : 4;
}

static void a_full_disk_is_said_before_anything_is_changed(void **state)
{
	(void)state;
	assert_int_equal(with_tmpfs("mode=0700,size=16k", 0, begin_on_full), 0);
}

/* The disk fills up while changes are made: those made come back. */
static int apply_on_filling(void)
{
	struct ep_change_list list;
	struct ep_undo_result result;
	struct ep_err err = { 0 };
	struct ep_journal j;
	char *before = support_board_state(&tmp), *after;
	int r;

	support_board_list(&support_boards[0], &list);
	if (ep_journal_open(&j, &env, true, 0, NULL) < 0 ||
	    ep_journal_own(&j, "test", NULL) < 0 ||
	    ep_journal_begin(&j, NULL) < 0)
		return 1;
	/* A page is given with its first byte: fill that too, so that it is
	 * full after some of the changes. */
	while (j.good_bytes < 3400) {
		struct ep_change c = { .ops = &ep_setting_file };

		snprintf(c.target, sizeof(c.target), "%s",
			 "/sys/class/hwmon/hwmon2/pwm1");
		snprintf(c.was, sizeof(c.was), "%s", "75");
		memset(c.what, 'x', sizeof(c.what) - 1);
		if (ep_journal_add(&j, &c, true, NULL) < 0)
			return 2;
	}
	fill(&j);
	r = ep_change_apply(&list, &env, &j, NULL, &err);
	if (r != -ENOSPC || !strstr(err.text, "nothing is changed"))
		return 3;
	if (ep_change_undo(&j, &env, NULL, &result) < 0)
		return 4;
	after = support_board_state(&tmp);
	if (strcmp(before, after) != 0)
		return 5;
	free(before);
	free(after);
	ep_change_list_done(&list);
	return ep_journal_finish(&j, NULL) < 0 ? 6 : 0;
}

static void a_disk_that_fills_up_undoes_what_was_done(void **state)
{
	(void)state;
	assert_int_equal(with_tmpfs("mode=0700,size=16k", 0, apply_on_filling),
			 0);
}

static void a_folder_that_cannot_be_made_is_named(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIP: root is needed to become another user\n");
		skip();
	}
	assert_int_equal(chmod(tmp.path, 0755), 0);
	pid = fork();
	if (pid == 0) {
		struct ep_err err = { 0 };
		struct ep_journal j;

		if (setgid(65534) < 0 || setuid(65534) < 0)
			_exit(1);
		if (ep_journal_open(&j, &env, true, 0, &err) != -EACCES)
			_exit(2);
		_exit(strstr(err.text, "/var/lib/edgeprof") ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
#define LOCK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		LOCK_TEST(the_second_is_refused_with_the_name_of_the_first),
		LOCK_TEST(a_killed_owner_holds_nothing),
		LOCK_TEST(the_guardian_of_a_killed_one_is_named),
		LOCK_TEST(other_users_have_the_same_board),
		LOCK_TEST(
			a_removed_lock_file_locks_nobody_out_and_lets_nobody_in),
		LOCK_TEST(a_read_only_folder_is_named),
		LOCK_TEST(a_full_disk_is_said_before_anything_is_changed),
		LOCK_TEST(a_disk_that_fills_up_undoes_what_was_done),
		LOCK_TEST(a_folder_that_cannot_be_made_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
