/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/root.h"
#include "tests/unit/support_tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct tree {
	struct ep_tmp tmp;
	struct ep_root root;
};

static int make_tree(void **state)
{
	static struct tree t;

	ep_tmp_make(&t.tmp);
	ep_tmp_puts(&t.tmp, "root/secret", "inside\n");
	ep_tmp_puts(&t.tmp, "root/sys/class/power/now", "42\n");
	ep_tmp_puts(&t.tmp, "root/sys/devices/a/value", "-7\n");
	ep_tmp_symlink(&t.tmp, "/sys/devices/a", "root/sys/class/abs");
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

static void values_and_texts_are_read(void **state)
{
	const struct tree *t = *state;
	char text[16] = "untouched";
	int64_t value = 5;

	assert_int_equal(
		ep_root_read_i64(&t->root, "/sys/class/abs/value", &value), 0);
	assert_true(value == -7);
	assert_int_equal(ep_root_read_i64_in(&t->root, "/sys/class/power",
					     "now", &value),
			 0);
	assert_true(value == 42);
	ep_tmp_write(&t->tmp, "root/compatible", "a,b\0c,d\0", 8);
	assert_int_equal(
		ep_root_read_text(&t->root, "/compatible", text, sizeof(text)),
		7);
	assert_memory_equal(text, "a,b\0c,d", 8);
	assert_int_equal(ep_root_read_text_in(&t->root, "/sys/class/power",
					      "now", text, sizeof(text)),
			 2);
	assert_string_equal(text, "42");
	ep_tmp_puts(&t->tmp, "root/blank", " \n\n");
	assert_int_equal(
		ep_root_read_text(&t->root, "/blank", text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void each_errno_of_a_failed_read(void **state)
{
	static const struct {
		const char *content;
		int result;
	} cases[] = {
		{ "", -EBADMSG },
		{ "\n", -EBADMSG },
		{ "12 34\n", -EBADMSG },
		{ "0x10\n", -EBADMSG },
		{ "1.5\n", -EBADMSG },
		{ "<unavailable>\n", -EBADMSG },
		{ "99999999999999999999\n", -EBADMSG },
		{ "1234567890123456789012345678901234567890123456789012345"
		  "678901234567890",
		  -EBADMSG },
	};
	const struct tree *t = *state;
	int64_t value = 5;
	char text[4] = "old";

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ep_tmp_puts(&t->tmp, "root/v", cases[i].content);
		assert_int_equal(ep_root_read_i64(&t->root, "/v", &value),
				 cases[i].result);
	}
	assert_int_equal(ep_root_read_i64(&t->root, "/none", &value), -ENOENT);
	assert_int_equal(ep_root_read_i64(&t->root, "/sys", &value), -EISDIR);
	assert_true(value == 5);
	ep_tmp_puts(&t->tmp, "root/v", "1234");
	assert_int_equal(ep_root_read_text(&t->root, "/v", text, 4), -EFBIG);
	assert_int_equal(ep_root_read_text(&t->root, "/v", text, 0), -EINVAL);
	assert_string_equal(text, "old");
}

static void a_fifo_does_not_block(void **state)
{
	const struct tree *t = *state;
	int64_t value;

	assert_int_equal(mkfifoat(t->tmp.fd, "root/fifo", 0600), 0);
	assert_int_equal(ep_root_read_i64(&t->root, "/fifo", &value), -EBADMSG);
}

static void exists_and_readlink(void **state)
{
	const struct tree *t = *state;
	char text[64] = "old";

	assert_int_equal(ep_root_exists(&t->root, "/sys/class/abs"), 0);
	assert_int_equal(ep_root_exists(&t->root, "/sys/class/dangling"),
			 -ENOENT);
	assert_int_equal(ep_root_readlink(&t->root, "/sys/class/dangling", text,
					  sizeof(text)),
			 4);
	assert_string_equal(text, "gone");
	assert_int_equal(
		ep_root_readlink(&t->root, "/secret", text, sizeof(text)),
		-EINVAL);
	assert_int_equal(
		ep_root_readlink(&t->root, "/none", text, sizeof(text)),
		-ENOENT);
	assert_int_equal(
		ep_root_readlink(&t->root, "/sys/class/dangling", text, 4),
		-ENAMETOOLONG);
	assert_string_equal(text, "gone");
}

struct seen {
	char text[128];
	int stop_after;
};

static int collect(void *ctx, const char *name)
{
	struct seen *s = ctx;

	strcat(s->text, name);
	strcat(s->text, " ");
	return --s->stop_after == 0 ? 77 : 0;
}

static void lists_come_in_natural_order_and_can_stop(void **state)
{
	const struct tree *t = *state;
	struct seen s = { "", 0 };

	ep_tmp_mkdir(&t->tmp, "root/hwmon/hwmon10");
	ep_tmp_mkdir(&t->tmp, "root/hwmon/hwmon2");
	ep_tmp_mkdir(&t->tmp, "root/hwmon/hwmon1");
	ep_tmp_mkdir(&t->tmp, "root/hwmon/.hidden");
	assert_int_equal(ep_root_list(&t->root, "/hwmon", collect, &s), 0);
	assert_string_equal(s.text, ".hidden hwmon1 hwmon2 hwmon10 ");
	s.text[0] = '\0';
	s.stop_after = 2;
	assert_int_equal(ep_root_list(&t->root, "/hwmon", collect, &s), 77);
	assert_string_equal(s.text, ".hidden hwmon1 ");
	assert_int_equal(ep_root_list(&t->root, "/none", collect, &s), -ENOENT);
	assert_int_equal(ep_root_list(&t->root, "/secret", collect, &s),
			 -ENOTDIR);
	ep_tmp_mkdir(&t->tmp, "root/empty");
	assert_int_equal(ep_root_list(&t->root, "/empty", collect, &s), 0);
}

static void kept_descriptors_read_again_and_again(void **state)
{
	const struct tree *t = *state;
	int64_t value = 5;
	char text[8];
	int fd;

	ep_tmp_puts(&t->tmp, "root/kept", "45000\n");
	fd = ep_root_openat(&t->root, "/kept", O_RDONLY);
	assert_true(fd >= 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ep_kept_read_i64(fd, &value), 0);
		assert_true(value == 45000);
	}
	assert_int_equal(ep_kept_read_text(fd, text, 4), 3);
	assert_string_equal(text, "450");
	ep_tmp_puts(&t->tmp, "root/kept", "garbage\n");
	assert_int_equal(ep_kept_read_i64(fd, &value), -EBADMSG);
	ep_tmp_puts(&t->tmp, "root/kept", "");
	assert_int_equal(ep_kept_read_i64(fd, &value), -ENODATA);
	assert_true(value == 45000);
	close(fd);
	assert_int_equal(ep_kept_read_i64(fd, &value), -EBADF);
	fd = ep_root_openat(&t->root, "/sys", O_RDONLY);
	assert_int_equal(ep_kept_read_i64(fd, &value), -EISDIR);
	close(fd);
}

#define ROOT_TEST(f) cmocka_unit_test_setup_teardown(f, make_tree, remove_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROOT_TEST(values_and_texts_are_read),
		ROOT_TEST(each_errno_of_a_failed_read),
		ROOT_TEST(a_fifo_does_not_block),
		ROOT_TEST(exists_and_readlink),
		ROOT_TEST(lists_come_in_natural_order_and_can_stop),
		ROOT_TEST(kept_descriptors_read_again_and_again),
	};

	return cmocka_run_group_tests_name("root_read", tests, NULL, NULL);
}
