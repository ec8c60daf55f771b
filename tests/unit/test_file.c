/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"
#include "tests/unit/support_tmp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int make(void **state)
{
	static struct ep_tmp tmp;

	ep_tmp_make(&tmp);
	*state = &tmp;
	return 0;
}

static int clear(void **state)
{
	ep_tmp_remove(*state);
	return 0;
}

static int count_entries(const struct ep_tmp *tmp)
{
	struct stat st;
	int n = 0;

	/* Names these tests may leave behind. */
	for (int i = 0; i < 3; i++) {
		char name[64];

		snprintf(name, sizeof(name), ".report.json.%x-%d",
			 (unsigned)getpid(), i);
		n += fstatat(tmp->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	}
	return n;
}

static void check_content(const struct ep_tmp *tmp, const char *name,
			  const char *want)
{
	struct ep_buf b;

	ep_buf_init(&b, 1000);
	assert_int_equal(ep_file_read(tmp->fd, name, &b), 0);
	assert_string_equal(b.data, want);
	ep_buf_done(&b);
}

static void mkdir_makes_one_folder_or_says_why(void **state)
{
	const struct ep_tmp *tmp = *state;
	struct ep_err err = { 0, "" };

	assert_int_equal(ep_file_mkdir(ep_tmp_path(tmp, "d"), &err), 0);
	assert_int_equal(ep_file_mkdir(ep_tmp_path(tmp, "d"), &err), 0);
	assert_string_equal(err.text, "");
	assert_int_equal(ep_file_mkdir(ep_tmp_path(tmp, "no/d"), &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "the folder above it"));
	ep_tmp_puts(tmp, "f", "");
	assert_int_equal(ep_file_mkdir(ep_tmp_path(tmp, "f"), &err), -ENOTDIR);
	assert_non_null(strstr(err.text, "/f: not a folder"));
	assert_int_equal(ep_file_mkdir(ep_tmp_path(tmp, "f/d"), &err),
			 -ENOTDIR);
}

static void read_is_bounded_and_appends(void **state)
{
	const struct ep_tmp *tmp = *state;
	struct ep_buf b;

	ep_tmp_puts(tmp, "ten", "0123456789");
	ep_tmp_puts(tmp, "empty", "");
	ep_buf_init(&b, 12);
	assert_int_equal(ep_file_read(tmp->fd, "empty", &b), 0);
	assert_int_equal(b.len, 0);
	assert_int_equal(ep_buf_adds(&b, "ab"), 0);
	assert_int_equal(ep_file_read(tmp->fd, "ten", &b), 0);
	assert_string_equal(b.data, "ab0123456789");
	assert_int_equal(ep_file_read(tmp->fd, "ten", &b), -EFBIG);
	assert_string_equal(b.data, "ab0123456789");
	assert_int_equal(ep_file_read(tmp->fd, "none", &b), -ENOENT);
	assert_int_equal(mkdirat(tmp->fd, "d", 0755), 0);
	ep_buf_reset(&b);
	assert_int_equal(ep_file_read(tmp->fd, "d", &b), -EISDIR);
	assert_int_equal(mkfifoat(tmp->fd, "fifo", 0600), 0);
	assert_int_equal(ep_file_read(tmp->fd, "fifo", &b), 0);
	assert_int_equal(b.len, 0);
	ep_buf_done(&b);
}

static void replace_is_atomic_and_leaves_no_draft(void **state)
{
	const struct ep_tmp *tmp = *state;
	int old;
	char text[4] = "";

	assert_int_equal(ep_file_replace(tmp->fd, "report.json", "one", 3), 0);
	check_content(tmp, "report.json", "one");
	old = ep_tmp_open(tmp, "report.json");
	assert_int_equal(ep_file_replace(tmp->fd, "report.json", "two", 3), 0);
	check_content(tmp, "report.json", "two");
	assert_int_equal(pread(old, text, 3, 0), 3);
	assert_string_equal(text, "one");
	close(old);
	assert_int_equal(count_entries(tmp), 0);
}

static void replace_writes_through_no_link(void **state)
{
	const struct ep_tmp *tmp = *state;

	ep_tmp_puts(tmp, "victim", "precious");
	ep_tmp_symlink(tmp, "victim", "report.json");
	assert_int_equal(ep_file_replace(tmp->fd, "report.json", "new", 3), 0);
	check_content(tmp, "victim", "precious");
	check_content(tmp, "report.json", "new");
}

static void a_foreign_draft_is_stepped_over(void **state)
{
	const struct ep_tmp *tmp = *state;
	char name[64];

	snprintf(name, sizeof(name), ".report.json.%x-0", (unsigned)getpid());
	ep_tmp_puts(tmp, "victim", "precious");
	ep_tmp_symlink(tmp, "victim", name);
	assert_int_equal(ep_file_replace(tmp->fd, "report.json", "new", 3), 0);
	check_content(tmp, "victim", "precious");
	assert_int_equal(count_entries(tmp), 1);
}

static void a_full_disk_keeps_the_old_file(void **state)
{
	const struct ep_tmp *tmp = *state;
	struct rlimit before, small;
	char big[5000];

	memset(big, 'x', sizeof(big));
	assert_int_equal(ep_file_replace(tmp->fd, "report.json", "old", 3), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(
		ep_file_replace(tmp->fd, "report.json", big, sizeof(big)),
		-EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	check_content(tmp, "report.json", "old");
	assert_int_equal(count_entries(tmp), 0);
}

static void a_target_that_is_a_folder_fails_clean(void **state)
{
	const struct ep_tmp *tmp = *state;

	assert_int_equal(mkdirat(tmp->fd, "report.json", 0755), 0);
	assert_int_equal(ep_file_replace(tmp->fd, "report.json", "x", 1),
			 -EISDIR);
	assert_int_equal(count_entries(tmp), 0);
}

static void drafts_can_be_abandoned(void **state)
{
	const struct ep_tmp *tmp = *state;
	struct ep_file_draft d;
	char longest[300];
	struct stat st;

	assert_int_equal(ep_file_draft_begin(&d, tmp->fd, "report.json"), 0);
	assert_int_equal(count_entries(tmp), 1);
	assert_int_equal(ep_file_write_all(d.fd, "half", 4), 0);
	ep_file_draft_abandon(&d);
	ep_file_draft_abandon(&d);
	ep_file_draft_abandon(NULL);
	assert_int_equal(ep_file_draft_commit(&d), -EBADF);
	assert_int_equal(count_entries(tmp), 0);
	assert_int_equal(fstatat(tmp->fd, "report.json", &st, 0), -1);

	assert_int_equal(ep_file_draft_begin(&d, tmp->fd, "report.json"), 0);
	assert_int_equal(ep_file_write_all(d.fd, "whole", 5), 0);
	assert_int_equal(ep_file_draft_commit(&d), 0);
	ep_file_draft_abandon(&d);
	check_content(tmp, "report.json", "whole");

	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_int_equal(ep_file_draft_begin(&d, tmp->fd, longest),
			 -ENAMETOOLONG);
	assert_int_equal(ep_file_draft_begin(&d, -1, "x"), -EBADF);
}

static void output_goes_where_a_person_said(void **state)
{
	const struct ep_tmp *tmp = *state;
	char path[600], link[600], name[201];
	struct stat st;
	int fds[2];

	snprintf(path, sizeof(path), "%s/page.html", tmp->path);
	snprintf(link, sizeof(link), "%s/link", tmp->path);
	assert_int_equal(ep_file_output(path, "one", 3), 0);
	check_content(tmp, "page.html", "one");
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(symlink("page.html", link), 0);
	assert_int_equal(ep_file_output(link, "two", 3), 0);
	check_content(tmp, "page.html", "two");
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(ep_file_output(tmp->path, "x", 1), -EISDIR);
	snprintf(link, sizeof(link), "%s/none/page", tmp->path);
	assert_int_equal(ep_file_output(link, "x", 1), -ENOENT);

	memset(name, 'n', 200);
	name[200] = '\0';
	snprintf(link, sizeof(link), "%s/%s", tmp->path, name);
	assert_int_equal(ep_file_output(link, "x", 1), 0);
	check_content(tmp, name, "x");

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	snprintf(link, sizeof(link), "/dev/fd/%d", fds[1]);
	assert_int_equal(ep_file_output(link, "piped", 5), 0);
	assert_int_equal(read(fds[0], name, 5), 5);
	assert_memory_equal(name, "piped", 5);
	close(fds[0]);
	close(fds[1]);
}

static void a_full_disk_keeps_the_old_output(void **state)
{
	const struct ep_tmp *tmp = *state;
	struct rlimit before, small;
	char path[600];
	DIR *d;
	int count = 0;

	snprintf(path, sizeof(path), "%s/page.html", tmp->path);
	assert_int_equal(ep_file_output(path, "old", 3), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 2;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(ep_file_output(path, "longer", 6), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	check_content(tmp, "page.html", "old");
	d = opendir(tmp->path);
	assert_non_null(d);
	for (const struct dirent *e = readdir(d); e; e = readdir(d))
		count += e->d_name[0] != '.' || e->d_name[1] == 'p';
	closedir(d);
	assert_int_equal(count, 1);
}

static void write_all_reports_the_errno(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(ep_file_write_all(-1, "x", 1), -EBADF);
	assert_int_equal(ep_file_write_all(-1, "x", 0), 0);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	close(fds[0]);
	assert_int_equal(ep_file_write_all(fds[1], "x", 1), -EPIPE);
	close(fds[1]);
}

#define FILE_TEST(f) cmocka_unit_test_setup_teardown(f, make, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(mkdir_makes_one_folder_or_says_why),
		FILE_TEST(read_is_bounded_and_appends),
		FILE_TEST(replace_is_atomic_and_leaves_no_draft),
		FILE_TEST(replace_writes_through_no_link),
		FILE_TEST(a_foreign_draft_is_stepped_over),
		FILE_TEST(a_full_disk_keeps_the_old_file),
		FILE_TEST(a_target_that_is_a_folder_fails_clean),
		FILE_TEST(drafts_can_be_abandoned),
		FILE_TEST(output_goes_where_a_person_said),
		FILE_TEST(a_full_disk_keeps_the_old_output),
		FILE_TEST(write_all_reports_the_errno),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
