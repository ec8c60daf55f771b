/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "base/tree.h"
#include "tests/unit/support_tmp.h"

/* Folders with all that is in them. */

static void make(struct ep_tmp *tmp)
{
	ep_tmp_make(tmp);
	ep_tmp_puts(tmp, "from/b", "bb");
	ep_tmp_puts(tmp, "from/a/c", "ccc");
	ep_tmp_puts(tmp, "from/a-1", "");
	ep_tmp_mkdir(tmp, "from/empty");
	ep_tmp_mkdir(tmp, "to");
}

static int open_dir(const struct ep_tmp *tmp, const char *name)
{
	int fd = openat(tmp->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void folders_come_before_their_content(void **state)
{
	static const char *const expected[] = { "a", "a-1", "a/c", "b",
						"empty" };
	struct ep_tmp tmp;
	struct ep_tree t;
	int fd;

	(void)state;
	make(&tmp);
	fd = open_dir(&tmp, "from");
	assert_int_equal(ep_tree_list(fd, &t), 0);
	assert_int_equal(t.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_string_equal(t.entries[i].path, expected[i]);
	assert_true(t.entries[0].folder);
	assert_int_equal(t.entries[2].size_bytes, 3);
	ep_tree_done(&t);
	close(fd);
	ep_tmp_remove(&tmp);
}

static void a_copy_is_the_same_and_goes_away(void **state)
{
	struct ep_tmp tmp;
	struct ep_tree t;
	struct ep_buf b;
	int from, to;

	(void)state;
	make(&tmp);
	from = open_dir(&tmp, "from");
	to = open_dir(&tmp, "to");
	assert_int_equal(ep_tree_list(from, &t), 0);
	assert_int_equal(ep_tree_copy(&t, from, to), 0);
	ep_buf_init(&b, 100);
	assert_int_equal(ep_file_read(tmp.fd, "to/a/c", &b), 0);
	assert_string_equal(b.data, "ccc");
	ep_buf_done(&b);
	assert_int_equal(faccessat(to, "empty", F_OK, 0), 0);
	/* Nothing is written over. */
	assert_int_equal(ep_tree_copy(&t, from, to), -EEXIST);
	ep_tree_done(&t);
	close(from);
	close(to);
	assert_int_equal(ep_tree_remove(tmp.fd, "to"), 0);
	assert_int_equal(faccessat(tmp.fd, "to", F_OK, 0), -1);
	assert_int_equal(ep_tree_remove(tmp.fd, "to"), 0);
	ep_tmp_remove(&tmp);
}

static void a_change_is_seen(void **state)
{
	struct ep_tree before, after;
	struct ep_tmp tmp;
	int fd;

	(void)state;
	make(&tmp);
	fd = open_dir(&tmp, "from");
	assert_int_equal(ep_tree_list(fd, &before), 0);
	assert_int_equal(ep_tree_list(fd, &after), 0);
	assert_true(ep_tree_same(&before, &after));
	ep_tree_done(&after);
	ep_tmp_puts(&tmp, "from/b", "bbb");
	assert_int_equal(ep_tree_list(fd, &after), 0);
	assert_false(ep_tree_same(&before, &after));
	ep_tree_done(&after);
	ep_tree_done(&before);
	close(fd);
	ep_tmp_remove(&tmp);
}

static void links_are_neither_followed_nor_taken(void **state)
{
	struct ep_tmp tmp;
	struct ep_tree t;
	int fd;

	(void)state;
	make(&tmp);
	ep_tmp_puts(&tmp, "precious", "x");
	ep_tmp_symlink(&tmp, "../precious", "from/link");
	fd = open_dir(&tmp, "from");
	assert_int_equal(ep_tree_list(fd, &t), -ENOTSUP);
	close(fd);
	assert_int_equal(ep_tree_remove(tmp.fd, "from"), -ENOTSUP);
	ep_tmp_symlink(&tmp, "from", "alias");
	assert_int_equal(ep_tree_remove(tmp.fd, "alias"), -ENOTDIR);
	assert_int_equal(faccessat(tmp.fd, "precious", F_OK, 0), 0);
	assert_int_equal(faccessat(tmp.fd, "from/b", F_OK, 0), 0);
	ep_tmp_remove(&tmp);
}

static void too_deep_is_refused(void **state)
{
	char path[200] = "from";
	struct ep_tmp tmp;
	struct ep_tree t;
	int fd;

	(void)state;
	ep_tmp_make(&tmp);
	for (int i = 0; i < EP_TREE_DEPTH_MAX; i++)
		(void)ep_str_format(path + strlen(path),
				    sizeof(path) - strlen(path), "/d");
	ep_tmp_mkdir(&tmp, "from");
	ep_tmp_puts(&tmp, path, "x");
	fd = open_dir(&tmp, "from");
	assert_int_equal(ep_tree_list(fd, &t), 0);
	ep_tree_done(&t);
	close(fd);
	assert_int_equal(unlinkat(tmp.fd, path, 0), 0);
	(void)ep_str_format(path + strlen(path), sizeof(path) - strlen(path),
			    "/d/x");
	ep_tmp_puts(&tmp, path, "x");
	fd = open_dir(&tmp, "from");
	assert_int_equal(ep_tree_list(fd, &t), -ELOOP);
	close(fd);
	ep_tmp_remove(&tmp);
}

static void plain_paths_stay_below(void **state)
{
	static const char *const plain[] = { "a", "a/b", "..a", "a..", "a b" };
	static const char *const others[] = { "",    "/",  "/a",     "a/",
					      "..",  ".",  "a/../b", "a//b",
					      "./a", "a/." };

	(void)state;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		assert_true(ep_tree_path_is_plain(plain[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(ep_tree_path_is_plain(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_come_before_their_content),
		cmocka_unit_test(a_copy_is_the_same_and_goes_away),
		cmocka_unit_test(a_change_is_seen),
		cmocka_unit_test(links_are_neither_followed_nor_taken),
		cmocka_unit_test(too_deep_is_refused),
		cmocka_unit_test(plain_paths_stay_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
