/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/env.h"
#include "base/root.h"
#include "base/root_walk.h"
#include "base/str.h"
#include "tests/unit/support_tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * tmp/root is the root; tmp/secret lies outside.  Every case is tried through
 * openat2 (where the kernel has it) and through the walk.
 */
struct tree {
	struct ep_tmp tmp;
	struct ep_root root;
};

static int make_tree(void **state)
{
	static struct tree t;

	ep_tmp_make(&t.tmp);
	ep_tmp_puts(&t.tmp, "secret", "outside\n");
	ep_tmp_puts(&t.tmp, "root/secret", "inside\n");
	ep_tmp_puts(&t.tmp, "root/sys/class/power/now", "42\n");
	ep_tmp_puts(&t.tmp, "root/sys/devices/a/value", "-7\n");
	ep_tmp_symlink(&t.tmp, "../devices/a", "root/sys/class/good");
	ep_tmp_symlink(&t.tmp, "/sys/devices/a", "root/sys/class/abs");
	ep_tmp_symlink(&t.tmp, "../../../../../../secret", "root/sys/class/up");
	ep_tmp_symlink(&t.tmp, "/../../secret", "root/sys/class/absup");
	ep_tmp_symlink(&t.tmp, t.tmp.path, "root/sys/class/out");
	ep_tmp_symlink(&t.tmp, "loop", "root/sys/class/loop");
	ep_tmp_symlink(&t.tmp, "gone", "root/sys/class/dangling");
	assert_int_equal(
		ep_root_open(&t.root, ep_tmp_path(&t.tmp, "root"), NULL), 0);
	*state = &t;
	return 0;
}

static int remove_tree(void **state)
{
	struct tree *t = *state;

	ep_root_close(&t->root);
	ep_tmp_remove(&t->tmp);
	return 0;
}

typedef int open_fn(const struct ep_root *root, const char *path, int flags);

static int open_by_walk(const struct ep_root *root, const char *path, int flags)
{
	return ep_root_walk(root->fd, path, flags);
}

static open_fn *const ways[] = { ep_root_openat, open_by_walk };

static void check_text(const struct tree *t, const char *path, const char *want)
{
	for (size_t i = 0; i < 2; i++) {
		char text[64];
		ssize_t len;
		int fd = ways[i](&t->root, path, O_RDONLY);

		if (fd < 0)
			fail_msg("%s: errno %d on way %zu", path, -fd, i);
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		len = read(fd, text, sizeof(text) - 1);
		assert_true(len >= 0);
		text[len] = '\0';
		assert_string_equal(text, want);
		close(fd);
	}
}

static void check_errno(const struct tree *t, const char *path, int flags,
			int want)
{
	for (size_t i = 0; i < 2; i++) {
		int fd = ways[i](&t->root, path, flags);

		if (fd != want)
			fail_msg("%s: got %d, want %d on way %zu", path, fd,
				 want, i);
	}
}

static void paths_and_links_resolve_below_the_root(void **state)
{
	const struct tree *t = *state;

	check_text(t, "/sys/class/power/now", "42\n");
	check_text(t, "//sys//class/./power/../power/now", "42\n");
	check_text(t, "/sys/class/good/value", "-7\n");
	check_text(t, "/sys/class/abs/value", "-7\n");
	check_text(t, "/sys/class/good/../a/value", "-7\n");
}

static void nothing_outside_the_root_is_reached(void **state)
{
	const struct tree *t = *state;

	check_text(t, "/../../../secret", "inside\n");
	check_text(t, "/sys/../../secret", "inside\n");
	check_text(t, "/sys/class/up", "inside\n");
	check_text(t, "/sys/class/absup", "inside\n");
	check_errno(t, "/sys/class/out/secret", O_RDONLY, -ENOENT);
	check_errno(t, "/etc/passwd", O_RDONLY, -ENOENT);
	check_errno(t, "/proc/self/root/etc/passwd", O_RDONLY, -ENOENT);
}

static void each_errno_of_a_failed_open(void **state)
{
	const struct tree *t = *state;
	char path[6000];

	check_errno(t, "/sys/class/loop", O_RDONLY, -ELOOP);
	check_errno(t, "/sys/class/loop/x", O_RDONLY, -ELOOP);
	check_errno(t, "/sys/class/dangling", O_RDONLY, -ENOENT);
	check_errno(t, "/sys/nothing", O_RDONLY, -ENOENT);
	check_errno(t, "/secret/x", O_RDONLY, -ENOTDIR);
	check_errno(t, "/secret/", O_RDONLY, -ENOTDIR);
	check_errno(t, "/sys/class/good", O_RDONLY | O_NOFOLLOW, -ELOOP);
	check_errno(t, "/secret", O_RDONLY | O_DIRECTORY, -ENOTDIR);
	check_errno(t, "/sys", O_WRONLY, -EISDIR);
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[300] = '\0';
	check_errno(t, path, O_RDONLY, -ENAMETOOLONG);
	path[300] = 'a';
	path[sizeof(path) - 1] = '\0';
	check_errno(t, path, O_RDONLY, -ENAMETOOLONG);
	assert_int_equal(ep_root_openat(&t->root, "sys", O_RDONLY), -EINVAL);
	assert_int_equal(ep_root_openat(&t->root, "/new", O_WRONLY | O_CREAT),
			 -EINVAL);
}

static void folders_open_by_every_spelling(void **state)
{
	static const char *const spellings[] = {
		"/", "/.", "/..", "/sys/..", "/sys/", "/sys/class/good/",
	};
	const struct tree *t = *state;

	for (size_t s = 0; s < 6; s++) {
		for (size_t i = 0; i < 2; i++) {
			int fd = ways[i](&t->root, spellings[s],
					 O_RDONLY | O_DIRECTORY);

			assert_true(fd >= 0);
			close(fd);
		}
	}
}

static void a_deep_tree_is_walked_to_its_limit(void **state)
{
	const struct tree *t = *state;
	char name[256] = "root";
	int fd;

	for (int i = 0; i < 64; i++)
		strcat(name, "/d");
	ep_tmp_puts(&t->tmp, strcat(name, "/f"), "deep\n");
	check_text(t, name + 4, "deep\n");
	name[strlen(name) - 1] = '\0';
	ep_tmp_puts(&t->tmp, strcat(name, "d/f"), "deeper\n");
	fd = ep_root_walk(t->root.fd, name + 4, O_RDONLY);
	assert_int_equal(fd, -ENAMETOOLONG);
}

static void forty_links_and_no_more(void **state)
{
	const struct tree *t = *state;
	char name[64], target[64];
	int fd;

	ep_tmp_puts(&t->tmp, "root/link0", "end\n");
	for (int i = 1; i <= 41; i++) {
		ep_str_format(name, sizeof(name), "root/link%d", i);
		ep_str_format(target, sizeof(target), "/link%d", i - 1);
		ep_tmp_symlink(&t->tmp, target, name);
	}
	check_text(t, "/link40", "end\n");
	fd = ep_root_walk(t->root.fd, "/link41", O_RDONLY);
	assert_int_equal(fd, -ELOOP);
}

static void walking_leaks_no_descriptor(void **state)
{
	const struct tree *t = *state;
	int before = dup(0), after;

	close(before);
	for (int i = 0; i < 50; i++) {
		check_errno(t, "/sys/class/loop/x", O_RDONLY, -ELOOP);
		check_errno(t, "/sys/class/good/none", O_RDONLY, -ENOENT);
		check_text(t, "/sys/class/abs/value", "-7\n");
	}
	after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

static void without_a_root_paths_are_the_machines_own(void **state)
{
	const struct tree *t = *state;
	struct ep_root plain;
	int64_t value;
	char text[256];

	assert_int_equal(ep_root_open(&plain, "", NULL), 0);
	assert_false(ep_root_redirected(&plain));
	assert_true(ep_root_redirected(&t->root));
	assert_int_equal(
		ep_root_read_i64(
			&plain,
			ep_tmp_path(&t->tmp, "root/sys/class/power/now"),
			&value),
		0);
	assert_true(value == 42);
	assert_int_equal(
		ep_root_readlink(&plain,
				 ep_tmp_path(&t->tmp, "root/sys/class/abs"),
				 text, sizeof(text)),
		14);
	assert_string_equal(text, "/sys/devices/a");
	ep_root_close(&plain);
	ep_root_close(NULL);
}

static void a_bad_root_is_a_sentence(void **state)
{
	const struct tree *t = *state;
	struct ep_root root = { 123 };
	struct ep_err err = { 0, "" };
	const char *file = ep_tmp_path(&t->tmp, "secret");
	struct ep_env env;

	assert_int_equal(ep_root_open(&root, "/nonexistent/x", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/x: there is no"));
	assert_int_equal(ep_root_open(&root, file, &err), -ENOTDIR);
	assert_non_null(strstr(err.text, "not a folder"));
	assert_int_equal(root.fd, 123);

	setenv("EDGEPROF_ROOT", file, 1);
	assert_int_equal(ep_env_init(&env, &err), -ENOTDIR);
	assert_true(ep_str_starts(err.text, "EDGEPROF_ROOT: "));
	setenv("EDGEPROF_ROOT", ep_tmp_path(&t->tmp, "root"), 1);
	assert_int_equal(ep_env_init(&env, &err), 0);
	assert_true(ep_root_redirected(&env.root));
	assert_true(env.now_ns() > 0);
	ep_env_done(&env);
	ep_env_done(NULL);
	unsetenv("EDGEPROF_ROOT");
	assert_int_equal(ep_env_init(&env, &err), 0);
	assert_false(ep_root_redirected(&env.root));
	ep_env_done(&env);
}

#define ROOT_TEST(f) cmocka_unit_test_setup_teardown(f, make_tree, remove_tree)

static void a_typed_path_may_be_relative(void **state)
{
	struct ep_root root = { .fd = -1 };
	int fd = ep_root_openat(&ep_root_machine, ".", O_PATH);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(ep_root_openat(&root, ".", O_PATH), -EINVAL);
	assert_int_equal(ep_root_openat(&ep_root_machine, "", O_RDONLY),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_typed_path_may_be_relative),
		ROOT_TEST(paths_and_links_resolve_below_the_root),
		ROOT_TEST(nothing_outside_the_root_is_reached),
		ROOT_TEST(each_errno_of_a_failed_open),
		ROOT_TEST(folders_open_by_every_spelling),
		ROOT_TEST(a_deep_tree_is_walked_to_its_limit),
		ROOT_TEST(forty_links_and_no_more),
		ROOT_TEST(walking_leaks_no_descriptor),
		ROOT_TEST(without_a_root_paths_are_the_machines_own),
		ROOT_TEST(a_bad_root_is_a_sentence),
	};

	return cmocka_run_group_tests_name("root", tests, NULL, NULL);
}
