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
#include <unistd.h>

#include "profiler/record/journal.h"
#include "tests/unit/support_settings.h"

static struct ep_tmp tmp;
static struct ep_env env;
static struct ep_journal journal;

static int set_up(void **state)
{
	(void)state;
	support_board_make(&tmp, &support_boards[0]);
	env = support_board_env(&tmp);
	memset(&journal, 0, sizeof(journal));
	assert_int_equal(ep_journal_open(&journal, &env, true, 0, NULL), 0);
	assert_int_equal(ep_journal_own(&journal, "a test", NULL), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ep_journal_close(&journal);
	ep_root_close(&env.root);
	ep_tmp_remove(&tmp);
	return 0;
}

static void reopen(void)
{
	ep_journal_close(&journal);
	assert_int_equal(ep_journal_open(&journal, &env, true, 0, NULL), 0);
}

static void add(const char *what, const char *was, const char *asked)
{
	struct ep_change c = { .ops = &ep_setting_file };

	snprintf(c.target, sizeof(c.target), "/sys/%s", what);
	snprintf(c.what, sizeof(c.what), "%s", what);
	snprintf(c.was, sizeof(c.was), "%s", was);
	snprintf(c.asked, sizeof(c.asked), "%s", asked ? asked : "");
	assert_true(ep_journal_add(&journal, &c, !asked, NULL) >= 0);
}

static void put_three(void)
{
	assert_int_equal(ep_journal_begin(&journal, NULL), 0);
	add("two words", "", "back\\slash");
	add("kept", "\x01\x7f é", NULL);
	assert_int_equal(ep_journal_is(&journal, 1, "moved"), 0);
	add("third", "1", "2");
	assert_int_equal(ep_journal_is(&journal, 2, "3"), 0);
	assert_int_equal(ep_journal_undo(&journal, 2), 0);
	assert_int_equal(ep_journal_end(&journal, 0, EP_CHANGE_KEPT, "why so"),
			 0);
}

static void check_three(const struct ep_journal *j)
{
	const struct ep_journal_entry *e = j->entries;

	assert_int_equal(j->count, 3);
	assert_int_equal(j->damaged_count, 0);
	assert_string_equal(j->boot_id, "first-boot");
	assert_false(ep_journal_other_boot(j));
	assert_int_equal(j->owner.pid, getpid());
	assert_string_equal(j->owner.command, "a test");
	assert_string_equal(e[0].kind, "file");
	assert_string_equal(e[0].target, "/sys/two words");
	assert_string_equal(e[0].was, "");
	assert_string_equal(e[0].asked, "back\\slash");
	assert_false(e[0].settled);
	assert_int_equal(e[0].state, EP_CHANGE_KEPT);
	assert_string_equal(e[0].note, "why so");
	assert_true(e[1].kept);
	assert_string_equal(e[1].was, "\x01\x7f é");
	assert_string_equal(e[1].is, "moved");
	assert_string_equal(e[2].is, "3");
	assert_true(e[2].settled);
	assert_true(e[2].undoing);
	assert_int_equal(e[2].state, EP_CHANGE_SET);
}

static void everything_comes_back_from_the_file(void **state)
{
	(void)state;
	put_three();
	check_three(&journal);
	reopen();
	assert_true(journal.fd >= 0);
	check_three(&journal);
	assert_int_equal(ep_journal_finish(&journal, NULL), 0);
	reopen();
	assert_int_equal(journal.fd, -1);
}

static char *whole_text(size_t *ret_len)
{
	char path[256];
	struct stat st;
	char *text;
	int fd;

	snprintf(path, sizeof(path), "var/lib/edgeprof/%s", journal.name);
	fd = ep_tmp_open(&tmp, path);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
	close(fd);
	*ret_len = (size_t)st.st_size;
	return text;
}

static void a_line_torn_at_any_byte_is_as_if_it_was_not_written(void **state)
{
	struct ep_journal part = { .fd = -1 };
	size_t len, count = 0;
	char *text;

	(void)state;
	put_three();
	text = whole_text(&len);
	for (size_t cut = 0; cut <= len; cut++) {
		size_t good = cut;

		assert_int_equal(ep_journal_parse(&part, text, cut), 0);
		assert_int_equal(part.damaged_count, 0);
		assert_true(part.count >= count);
		count = part.count;
		while (good > 0 && text[good - 1] != '\n')
			good--;
		assert_int_equal(part.good_bytes, (int64_t)good);
	}
	assert_int_equal(count, 3);
	free(part.entries);
	free(text);
}

static void a_changed_byte_costs_its_line_only(void **state)
{
	struct ep_journal part = { .fd = -1 };
	const char *second;
	size_t len;
	char *text;

	(void)state;
	put_three();
	text = whole_text(&len);
	second = strchr(text, '\n');
	assert_non_null(second);
	for (size_t i = 0; i < len; i++) {
		int r;

		if (text[i] == '\n')
			continue;
		text[i] ^= 1;
		r = ep_journal_parse(&part, text, len);
		if (text + i < second) {
			assert_int_equal(r, -EBADMSG);
		} else {
			assert_int_equal(r, 0);
			/* A line without its entry is of no use either. */
			assert_true(part.damaged_count >= 1);
			assert_true(part.damaged_count <= 3);
			assert_true(part.count >= 2);
		}
		text[i] ^= 1;
	}
	free(part.entries);
	free(text);
}

static void what_follows_a_torn_line_is_read(void **state)
{
	(void)state;
	put_three();
	assert_int_equal(write(journal.fd, "is 1 torn", 9), 9);
	reopen();
	check_three(&journal);
	assert_int_equal(ep_journal_is(&journal, 2, "again"), 0);
	reopen();
	assert_int_equal(journal.damaged_count, 0);
	assert_string_equal(journal.entries[2].is, "again");
}

static void another_boot_is_known_by_its_id(void **state)
{
	(void)state;
	put_three();
	ep_tmp_puts(&tmp, "proc/sys/kernel/random/boot_id", "second-boot\n");
	reopen();
	assert_true(ep_journal_other_boot(&journal));
}

static void a_host_that_was_renamed_finds_its_journal(void **state)
{
	char path[256];

	(void)state;
	put_three();
	snprintf(path, sizeof(path), "var/lib/edgeprof/%s", journal.name);
	assert_int_equal(renameat(tmp.fd, path, tmp.fd,
				  "var/lib/edgeprof/journal-oldname"),
			 0);
	reopen();
	assert_string_equal(journal.name, "journal-oldname");
	check_three(&journal);
	/* That of another board, with which the folder is shared, is left. */
	ep_tmp_puts(&tmp, "proc/sys/kernel/random/boot_id", "mine\n");
	reopen();
	assert_int_equal(journal.fd, -1);
	assert_int_equal(
		faccessat(tmp.fd, "var/lib/edgeprof/journal-oldname", F_OK, 0),
		0);
}

static void a_file_that_is_no_journal_is_refused_and_left(void **state)
{
	struct ep_err err = { 0 };
	char path[256];

	(void)state;
	snprintf(path, sizeof(path), "var/lib/edgeprof/%s", journal.name);
	ep_tmp_puts(&tmp, path, "hello\n");
	chmod(ep_tmp_path(&tmp, path), 0600);
	ep_journal_close(&journal);
	assert_int_equal(ep_journal_open(&journal, &env, true, 0, &err),
			 -EBADMSG);
	assert_non_null(strstr(err.text, "journal-"));
	close(ep_tmp_open(&tmp, path));
}

static void nothing_is_made_where_nothing_is_to_be_read(void **state)
{
	struct ep_tmp other;
	struct ep_env there;
	struct ep_journal j;

	(void)state;
	support_board_make(&other, &support_boards[0]);
	there = support_board_env(&other);
	assert_int_equal(ep_journal_open(&j, &there, false, 0, NULL), -ENOENT);
	ep_journal_close(&j);
	assert_int_equal(faccessat(other.fd, "var", F_OK, 0), -1);
	ep_root_close(&there.root);
	ep_tmp_remove(&other);
}

static void the_folder_and_files_are_private(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(ep_tmp_path(&tmp, "var/lib/edgeprof"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
}

static void refused(const char *words)
{
	struct ep_err err = { 0 };

	ep_journal_close(&journal);
	assert_int_equal(ep_journal_open(&journal, &env, true, 0, &err),
			 -EPERM);
	if (!strstr(err.text, words))
		print_message("%s\n", err.text);
	assert_non_null(strstr(err.text, words));
}

static void a_folder_that_others_may_write_to_is_refused(void **state)
{
	(void)state;
	chmod(ep_tmp_path(&tmp, "var/lib/edgeprof"), 0770);
	refused("chmod 0700");
}

static void a_folder_of_someone_else_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("SKIP: only root can give folders away\n");
		skip();
	}
	assert_int_equal(
		chown(ep_tmp_path(&tmp, "var/lib/edgeprof"), 65534, 65534), 0);
	refused("belongs to user id 65534");
}

static void a_link_in_place_of_the_folder_is_refused(void **state)
{
	(void)state;
	assert_int_equal(rename(ep_tmp_path(&tmp, "var/lib/edgeprof"),
				ep_tmp_path(&tmp, "var/lib/elsewhere")),
			 0);
	ep_tmp_symlink(&tmp, "elsewhere", "var/lib/edgeprof");
	refused("symbolic link");
}

static void a_file_in_place_of_the_folder_is_refused(void **state)
{
	(void)state;
	assert_int_equal(rename(ep_tmp_path(&tmp, "var/lib/edgeprof"),
				ep_tmp_path(&tmp, "var/lib/elsewhere")),
			 0);
	ep_tmp_puts(&tmp, "var/lib/edgeprof", "");
	refused("not a folder");
}

/* name: "lock-" or "journal-" and the host's. */
static void swap_for_link(const char *prefix)
{
	char path[1024];

	snprintf(path, sizeof(path), "var/lib/edgeprof/%s%s", prefix,
		 journal.name + strlen("journal-"));
	unlinkat(tmp.fd, path, 0);
	ep_tmp_puts(&tmp, "target", "");
	ep_tmp_symlink(&tmp, "../../../target", path);
}

static void a_link_in_place_of_the_lock_is_refused(void **state)
{
	(void)state;
	swap_for_link("lock-");
	refused("not an ordinary file");
}

static void a_link_in_place_of_the_journal_is_refused(void **state)
{
	(void)state;
	swap_for_link("journal-");
	refused("not an ordinary file");
	assert_int_equal(faccessat(tmp.fd, "target", F_OK, 0), 0);
}

static void a_journal_with_a_second_name_is_refused(void **state)
{
	char path[256];

	(void)state;
	put_three();
	snprintf(path, sizeof(path), "var/lib/edgeprof/%s", journal.name);
	assert_int_equal(linkat(tmp.fd, path, tmp.fd, "second", 0), 0);
	refused("not an ordinary file");
}

int main(void)
{
#define JOURNAL_TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		JOURNAL_TEST(everything_comes_back_from_the_file),
		JOURNAL_TEST(
			a_line_torn_at_any_byte_is_as_if_it_was_not_written),
		JOURNAL_TEST(a_changed_byte_costs_its_line_only),
		JOURNAL_TEST(what_follows_a_torn_line_is_read),
		JOURNAL_TEST(another_boot_is_known_by_its_id),
		JOURNAL_TEST(a_host_that_was_renamed_finds_its_journal),
		JOURNAL_TEST(a_file_that_is_no_journal_is_refused_and_left),
		JOURNAL_TEST(nothing_is_made_where_nothing_is_to_be_read),
		JOURNAL_TEST(the_folder_and_files_are_private),
		JOURNAL_TEST(a_folder_that_others_may_write_to_is_refused),
		JOURNAL_TEST(a_folder_of_someone_else_is_refused),
		JOURNAL_TEST(a_link_in_place_of_the_folder_is_refused),
		JOURNAL_TEST(a_file_in_place_of_the_folder_is_refused),
		JOURNAL_TEST(a_link_in_place_of_the_lock_is_refused),
		JOURNAL_TEST(a_link_in_place_of_the_journal_is_refused),
		JOURNAL_TEST(a_journal_with_a_second_name_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
