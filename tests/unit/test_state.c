/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/state.h"
#include "tests/unit/support_tmp.h"

static struct ep_tmp tmp;

static int set_up(void **state)
{
	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(chmod(tmp.path, 0777), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ep_tmp_remove(&tmp);
	return 0;
}

/* As an ordinary user, with these variables; where the folder is then must be
 * expected, below the test's folder.  0 is good. */
static int as_user(const char *xdg, const char *home, const char *expected)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct ep_err err = { 0 };
		struct ep_state s;
		struct stat st;
		int r;

		if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(1);
		unsetenv("XDG_STATE_HOME");
		unsetenv("HOME");
		if (xdg)
			setenv("XDG_STATE_HOME", xdg, 1);
		if (home)
			setenv("HOME", home, 1);
		r = ep_state_open(&s, &ep_root_machine, true, &err);
		if (!expected)
			_exit(r == -ENOENT && strstr(err.text, "HOME") ? 0 : 2);
		if (r < 0 || strcmp(s.path, ep_tmp_path(&tmp, expected)) != 0)
			_exit(3);
		if (stat(s.path, &st) < 0 || (st.st_mode & 0777) != 0700)
			_exit(4);
		r = ep_state_openat(&s, "file", O_RDWR | O_CREAT);
		if (r < 0 || fstat(r, &st) < 0 || (st.st_mode & 0777) != 0600)
			_exit(5);
		ep_state_close(&s);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void a_user_keeps_it_in_xdg_state_home(void **state)
{
	(void)state;
	assert_int_equal(as_user(ep_tmp_path(&tmp, "deep/state"), "/nowhere",
				 "deep/state/edgeprof"),
			 0);
}

static void or_below_his_home(void **state)
{
	(void)state;
	assert_int_equal(as_user(NULL, ep_tmp_path(&tmp, "home"),
				 "home/.local/state/edgeprof"),
			 0);
	/* Relative paths are to be ignored. */
	assert_int_equal(as_user("state", ep_tmp_path(&tmp, "home"),
				 "home/.local/state/edgeprof"),
			 0);
}

static void without_a_home_he_is_told(void **state)
{
	(void)state;
	assert_int_equal(as_user(NULL, NULL, NULL), 0);
}

static void below_a_root_it_is_where_roots_is(void **state)
{
	struct ep_state s;
	struct ep_root root;
	struct stat st;

	(void)state;
	assert_int_equal(ep_root_open(&root, tmp.path, NULL), 0);
	assert_int_equal(ep_state_open(&s, &root, false, NULL), -ENOENT);
	assert_int_equal(fstatat(tmp.fd, "var", &st, 0), -1);
	assert_int_equal(ep_state_open(&s, &root, true, NULL), 0);
	assert_string_equal(s.path, "/var/lib/edgeprof");
	assert_int_equal(fstatat(tmp.fd, "var/lib/edgeprof", &st, 0), 0);
	ep_state_close(&s);
	ep_root_close(&root);
}

static void a_link_out_of_the_root_stays_inside(void **state)
{
	struct ep_state s;
	struct ep_root root;

	(void)state;
	ep_tmp_mkdir(&tmp, "elsewhere");
	ep_tmp_symlink(&tmp, "/elsewhere", "var");
	assert_int_equal(ep_root_open(&root, tmp.path, NULL), 0);
	assert_int_equal(ep_state_open(&s, &root, true, NULL), 0);
	assert_int_equal(faccessat(tmp.fd, "elsewhere/lib/edgeprof", F_OK, 0),
			 0);
	ep_state_close(&s);
	ep_root_close(&root);
}

static void names_tell_hosts_apart(void **state)
{
	char name[128], tiny[8];

	(void)state;
	assert_int_equal(ep_state_name("journal", name, sizeof(name)), 0);
	assert_int_equal(strncmp(name, "journal-", 8), 0);
	assert_null(strchr(name, '/'));
	assert_int_equal(ep_state_name("journal", tiny, sizeof(tiny)),
			 -ENAMETOOLONG);
}

static void the_boot_is_the_machines_where_the_root_has_none(void **state)
{
	char id[EP_BOOT_ID_BYTES], own[EP_BOOT_ID_BYTES];
	struct ep_root root;

	(void)state;
	assert_int_equal(ep_root_open(&root, tmp.path, NULL), 0);
	assert_int_equal(ep_state_boot_id(&ep_root_machine, own, sizeof(own)),
			 0);
	assert_int_equal(ep_state_boot_id(&root, id, sizeof(id)), 0);
	assert_string_equal(id, own);
	ep_tmp_puts(&tmp, "proc/sys/kernel/random/boot_id", "mine\n");
	assert_int_equal(ep_state_boot_id(&root, id, sizeof(id)), 0);
	assert_string_equal(id, "mine");
	ep_root_close(&root);
}

int main(void)
{
#define STATE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		STATE_TEST(a_user_keeps_it_in_xdg_state_home),
		STATE_TEST(or_below_his_home),
		STATE_TEST(without_a_home_he_is_told),
		STATE_TEST(below_a_root_it_is_where_roots_is),
		STATE_TEST(a_link_out_of_the_root_stays_inside),
		STATE_TEST(names_tell_hosts_apart),
		STATE_TEST(the_boot_is_the_machines_where_the_root_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
