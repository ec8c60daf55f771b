/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "profiler/report/render.h"
#include "tests/unit/support_report.h"
#include "tests/unit/support_tmp.h"

static const char *const names[] = { "phases.csv", "tokens.csv", "requests.csv",
				     "report.json" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static ino_t inode(const struct ep_tmp *tmp, const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(tmp->fd, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_ino;
}

/* Sets a file's times: seconds after some fixed instant. */
static void set_time(const struct ep_tmp *tmp, const char *name, time_t second)
{
	const struct timespec at = { .tv_sec = 1700000000 + second };
	const struct timespec times[2] = { at, at };

	assert_int_equal(utimensat(tmp->fd, name, times, 0), 0);
}

/* A folder whose trace.csv is current. */
static void make_current(const struct ep_tmp *tmp,
			 const struct ep_report *report)
{
	struct ep_err err;

	ep_tmp_puts(tmp, "run.json", "{}");
	ep_tmp_puts(tmp, "events.csv", "t_ns\n");
	ep_tmp_puts(tmp, "sensors/rapl.csv", "t_ns\n");
	ep_tmp_puts(tmp, "trace.csv", "time_s,phase\n0,load\n");
	assert_int_equal(ep_report_write_files(tmp->fd, report, &err), 0);
	set_time(tmp, "run.json", 0);
	set_time(tmp, "events.csv", 1);
	set_time(tmp, "sensors/rapl.csv", 1);
	set_time(tmp, "trace.csv", 2);
	set_time(tmp, "report.json", 2);
	assert_true(ep_report_trace_is_current(tmp->fd));
}

static void writes_all_files_and_replaces_only_changes(void **state)
{
	struct ep_report *r = support_report();
	ino_t before[NAMES];
	struct ep_tmp tmp;
	struct ep_err err;

	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(ep_report_write_files(tmp.fd, r, &err), 0);
	for (size_t i = 0; i < NAMES; i++)
		before[i] = inode(&tmp, names[i]);
	assert_int_equal(ep_report_write_files(tmp.fd, r, &err), 0);
	for (size_t i = 0; i < NAMES; i++)
		assert_int_equal(inode(&tmp, names[i]), before[i]);
	r->token_energy_j[1] = 1.3;
	/* The old files stay open somewhere, so no inode is used again. */
	assert_int_equal(linkat(tmp.fd, "tokens.csv", tmp.fd, "kept", 0), 0);
	assert_int_equal(ep_report_write_files(tmp.fd, r, &err), 0);
	assert_int_equal(inode(&tmp, "phases.csv"), before[0]);
	assert_int_not_equal(inode(&tmp, "tokens.csv"), before[1]);
	assert_int_equal(inode(&tmp, "report.json"), before[3]);
	ep_tmp_remove(&tmp);
	ep_report_free(r);
}

static void same_size_but_other_bytes_is_a_change(void **state)
{
	struct ep_report *r = support_report();
	struct ep_buf b;
	struct ep_tmp tmp;
	struct ep_err err;

	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(ep_report_write_files(tmp.fd, r, &err), 0);
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_file_read(tmp.fd, "phases.csv", &b), 0);
	b.data[b.len - 2] = '!';
	assert_int_equal(ep_file_replace(tmp.fd, "phases.csv", b.data, b.len),
			 0);
	assert_int_equal(ep_report_write_files(tmp.fd, r, &err), 0);
	ep_buf_reset(&b);
	assert_int_equal(ep_file_read(tmp.fd, "phases.csv", &b), 0);
	assert_int_not_equal(b.data[b.len - 2], '!');
	ep_buf_done(&b);
	ep_tmp_remove(&tmp);
	ep_report_free(r);
}

static void links_and_fifos_in_the_way_are_replaced(void **state)
{
	struct ep_report *r = support_report();
	struct ep_tmp tmp;
	struct ep_err err;
	struct stat st;

	(void)state;
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "precious", "mine");
	ep_tmp_symlink(&tmp, "precious", "phases.csv");
	assert_int_equal(mkfifo(ep_tmp_path(&tmp, "tokens.csv"), 0600), 0);
	assert_int_equal(mkfifo(ep_tmp_path(&tmp, "report.json"), 0600), 0);
	assert_false(ep_report_trace_is_current(tmp.fd));
	assert_int_equal(ep_report_write_files(tmp.fd, r, &err), 0);
	for (size_t i = 0; i < NAMES; i++) {
		assert_int_equal(
			fstatat(tmp.fd, names[i], &st, AT_SYMLINK_NOFOLLOW), 0);
		assert_true(S_ISREG(st.st_mode));
	}
	assert_int_equal(fstatat(tmp.fd, "precious", &st, 0), 0);
	assert_int_equal(st.st_size, 4);
	ep_tmp_remove(&tmp);
	ep_report_free(r);
}

static void a_folder_in_the_way_is_named(void **state)
{
	struct ep_report *r = support_report();
	struct ep_err err = { 0 };
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	ep_tmp_mkdir(&tmp, "requests.csv");
	assert_int_equal(ep_report_write_files(tmp.fd, r, &err), -EISDIR);
	assert_non_null(strstr(err.text, "requests.csv"));
	ep_tmp_remove(&tmp);
	ep_report_free(r);
}

static void a_read_only_folder_is_refused_with_eacces(void **state)
{
	struct ep_report *r = support_report();
	struct ep_tmp tmp;
	int status;
	pid_t pid;

	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(fchmod(tmp.fd, 0555), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		struct ep_err err;

		if (geteuid() == 0 && setuid(65534) < 0)
			_exit(2);
		_exit(ep_report_write_files(tmp.fd, r, &err) == -EACCES ? 0
									: 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(fchmod(tmp.fd, 0755), 0);
	ep_tmp_remove(&tmp);
	ep_report_free(r);
}

static void files_made_by_root_belong_to_the_folders_owner(void **state)
{
	struct ep_report *r = support_report();
	struct ep_tmp tmp;
	struct ep_err err;
	struct stat st;

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIP: only root can give files away\n");
		ep_report_free(r);
		skip();
	}
	ep_tmp_make(&tmp);
	assert_int_equal(fchown(tmp.fd, 65534, 65534), 0);
	assert_int_equal(ep_report_write_files(tmp.fd, r, &err), 0);
	for (size_t i = 0; i < NAMES; i++) {
		assert_int_equal(fstatat(tmp.fd, names[i], &st, 0), 0);
		assert_int_equal(st.st_uid, 65534);
		assert_int_equal(st.st_gid, 65534);
	}
	ep_tmp_remove(&tmp);
	ep_report_free(r);
}

static void trace_is_outdated_when_missing_or_older_than_raw(void **state)
{
	static const char *const raw[] = { "run.json", "events.csv",
					   "sensors/rapl.csv" };
	struct ep_report *r = support_report();
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	assert_false(ep_report_trace_is_current(tmp.fd));
	make_current(&tmp, r);
	for (size_t i = 0; i < sizeof(raw) / sizeof(raw[0]); i++) {
		set_time(&tmp, raw[i], 3);
		assert_false(ep_report_trace_is_current(tmp.fd));
		set_time(&tmp, raw[i], 2);
		assert_true(ep_report_trace_is_current(tmp.fd));
	}
	assert_int_equal(unlinkat(tmp.fd, "trace.csv", 0), 0);
	assert_false(ep_report_trace_is_current(tmp.fd));
	ep_tmp_remove(&tmp);
	ep_report_free(r);
}

static void trace_is_outdated_when_changed_after_the_report(void **state)
{
	struct ep_report *r = support_report();
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	make_current(&tmp, r);
	/* The same size, touched later. */
	set_time(&tmp, "trace.csv", 3);
	assert_false(ep_report_trace_is_current(tmp.fd));
	/* Made anew: report.json moves after it. */
	ep_report_trace_done(tmp.fd);
	assert_true(ep_report_trace_is_current(tmp.fd));
	/* Another size at the same time. */
	ep_tmp_puts(&tmp, "trace.csv", "time_s,phase\n");
	set_time(&tmp, "trace.csv", 2);
	assert_false(ep_report_trace_is_current(tmp.fd));
	ep_tmp_remove(&tmp);
	ep_report_free(r);
}

static void trace_of_another_build_is_outdated(void **state)
{
	static const char other[] = "{\n  \"schema\": \"edgeprof.report/1\",\n"
				    "  \"build\": \"0.0.9-1-1\",\n";
	struct ep_report *r = support_report();
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	make_current(&tmp, r);
	ep_tmp_puts(&tmp, "report.json", other);
	set_time(&tmp, "report.json", 5);
	assert_false(ep_report_trace_is_current(tmp.fd));
	ep_tmp_puts(&tmp, "report.json", "");
	assert_false(ep_report_trace_is_current(tmp.fd));
	assert_int_equal(unlinkat(tmp.fd, "report.json", 0), 0);
	assert_false(ep_report_trace_is_current(tmp.fd));
	ep_tmp_remove(&tmp);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_all_files_and_replaces_only_changes),
		cmocka_unit_test(same_size_but_other_bytes_is_a_change),
		cmocka_unit_test(links_and_fifos_in_the_way_are_replaced),
		cmocka_unit_test(a_folder_in_the_way_is_named),
		cmocka_unit_test(a_read_only_folder_is_refused_with_eacces),
		cmocka_unit_test(
			files_made_by_root_belong_to_the_folders_owner),
		cmocka_unit_test(
			trace_is_outdated_when_missing_or_older_than_raw),
		cmocka_unit_test(
			trace_is_outdated_when_changed_after_the_report),
		cmocka_unit_test(trace_of_another_build_is_outdated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
