/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store of a study: what it survives, and what it refuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "profiler/study/store_parts.h"
#include "tests/unit/support_store.h"

static void folders_of_others_are_left_alone(void **state)
{
	struct ep_reasons why;
	struct ep_err err = { 0 };
	struct support_store s, other;
	char folder[300];
	int64_t number;

	(void)state;
	support_store_open_scene(&s);
	support_store_open_scene(&other);
	support_store_make_folder(
		&other, &(struct support_run_made){ .number = 1, .order = 1 });
	(void)ep_str_format(folder, sizeof(folder), "%s/runs/0001", other.dir);
	assert_int_equal(rename(folder, ep_tmp_path(&s.tmp, "st/runs/0009")),
			 0);
	assert_int_equal(ep_store_take(s.store, 9, &why, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "another study"));
	support_store_must(ep_store_recover(s.store, &err), &err);
	assert_int_equal(support_store_standing_of(&s, 0).valid_count, 0);
	/* A run that was begun, and another in its place. */
	number = support_store_begin(&s, 1, 5);
	support_store_make_folder(
		&s, &(struct support_run_made){ .number = number, .order = 5 });
	assert_int_equal(ep_store_take(s.store, number, &why, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "not the run that was begun"));
	support_store_close_scene(&s);
	support_store_close_scene(&other);
}

static void a_copy_counts_once(void **state)
{
	struct support_run_made m = { .number = 1,
				      .order = 1,
				      .started_real_ns = 99 };
	struct ep_err err = { 0 };
	struct support_store s;

	(void)state;
	support_store_open_scene(&s);
	support_store_run(&s, m);
	m.number = 8;
	support_store_make_folder(&s, &m);
	assert_int_equal(support_store_take(&s, 8), -EEXIST);
	support_store_must(ep_store_recover(s.store, &err), &err);
	assert_int_equal(support_store_standing_of(&s, 0).valid_count, 1);
	/* Started at another time it is another run. */
	m.number = 9;
	m.started_real_ns = 100;
	support_store_make_folder(&s, &m);
	support_store_must(ep_store_recover(s.store, &err), &err);
	assert_int_equal(support_store_standing_of(&s, 0).valid_count, 2);
	support_store_close_scene(&s);
}

/* What reached the disk last: the folder or the database. */
static void a_power_cut_loses_nothing_in_either_order(void **state)
{
	struct ep_err err = { 0 };
	struct support_store s;
	struct ep_buf db;
	int fd;

	(void)state;
	support_store_open_scene(&s);
	support_store_run(&s, (struct support_run_made){ .order = 1 });
	support_store_reopen(&s);
	ep_store_close(s.store);
	s.store = NULL;
	fd = ep_tmp_open(&s.tmp, "st");
	ep_buf_init(&db, 1 << 24);
	assert_int_equal(ep_file_read(fd, "study.db", &db), 0);
	support_store_must(ep_store_open(s.dir, &s.store, &err), &err);
	support_store_run(&s,
			  (struct support_run_made){ .config = 1, .order = 2 });
	ep_store_close(s.store);
	s.store = NULL;
	/* The database as it was one run ago. */
	assert_int_equal(ep_file_replace(fd, "study.db", db.data, db.len), 0);
	support_store_must(ep_store_open(s.dir, &s.store, &err), &err);
	assert_int_equal(support_store_standing_of(&s, 1).valid_count, 0);
	assert_int_equal(ep_store_recover(s.store, &err), 1);
	assert_int_equal(support_store_standing_of(&s, 1).valid_count, 1);
	assert_int_equal(support_store_last_order(&s), 2);
	/* A row whose folder never came, and one whose report is empty. */
	support_store_begin(&s, 0, 3);
	support_store_begin(&s, 1, 4);
	ep_tmp_puts(&s.tmp, "st/runs/0004/run.json", "{}");
	ep_tmp_puts(&s.tmp, "st/runs/0004/report.json", "");
	assert_int_equal(ep_store_recover(s.store, &err), 0);
	assert_int_equal(support_store_standing_of(&s, 0).lost_count, 0);
	assert_int_equal(support_store_last_order(&s), 2);
	assert_int_equal(ep_store_recover(s.store, &err), 0);
	ep_buf_done(&db);
	close(fd);
	support_store_close_scene(&s);
}

static void the_clock_may_go_backwards(void **state)
{
	struct support_store s;
	char *text;

	(void)state;
	support_store_open_scene(&s);
	support_store_run(&s, (struct support_run_made){
				      .order = 1, .started_real_ns = 9000 });
	support_store_run(&s, (struct support_run_made){
				      .order = 2, .started_real_ns = 50 });
	assert_int_equal(support_store_last_order(&s), 2);
	text = support_store_export(&s);
	assert_true(strstr(text, ",1,1,1,") < strstr(text, ",1,2,2,"));
	free(text);
	support_store_close_scene(&s);
}

static void two_writers_get_numbers_of_their_own(void **state)
{
	struct support_store s, other;

	(void)state;
	support_store_open_scene(&s);
	other = s;
	other.store = NULL;
	support_store_reopen(&other);
	assert_int_equal(support_store_begin(&s, 0, 1), 1);
	assert_int_equal(support_store_begin(&other, 1, 2), 2);
	assert_int_equal(support_store_begin(&s, 0, 3), 3);
	support_store_make_folder(
		&other, &(struct support_run_made){ .number = 1, .order = 1 });
	assert_int_equal(support_store_take(&other, 1), 1);
	assert_int_equal(support_store_standing_of(&s, 0).valid_count, 1);
	ep_store_close(other.store);
	support_store_close_scene(&s);
}

static int sql(struct support_store *s, const char *text)
{
	sqlite3 *db = NULL;
	int r = sqlite3_open(ep_tmp_path(&s->tmp, "st/study.db"), &db);

	if (r == SQLITE_OK)
		r = sqlite3_exec(db, text, NULL, NULL, NULL);
	if (r != SQLITE_OK)
		print_error("%s\n", sqlite3_errmsg(db));
	sqlite3_close(db);
	return r;
}

/* Its results after a rebuild. */
static char *rebuilt(struct support_store *s)
{
	struct ep_err err = { 0 };

	ep_store_close(s->store);
	support_store_must(ep_store_rebuild(s->dir, &err), &err);
	support_store_must(ep_store_open(s->dir, &s->store, &err), &err);
	return support_store_export(s);
}

static void older_databases_are_migrated(void **state)
{
	struct ep_err err = { 0 };
	struct support_store s;
	char *before, *after;

	(void)state;
	support_store_open_scene(&s);
	support_store_run(&s, (struct support_run_made){ .order = 1 });
	support_store_run(&s,
			  (struct support_run_made){ .config = 1, .order = 2 });
	before = support_store_export(&s);
	ep_store_close(s.store);
	s.store = NULL;
	/* As schema 1 had it: no state 'interrupted', and not what runs have
	 * in common. */
	assert_int_equal(
		sql(&s,
		    "PRAGMA foreign_keys=OFF; BEGIN;"
		    "CREATE TABLE old (number INTEGER PRIMARY KEY, config"
		    " INTEGER NOT NULL REFERENCES config(number), warmup"
		    " INTEGER NOT NULL, repetition INTEGER NOT NULL, attempt"
		    " INTEGER NOT NULL, position INTEGER NOT NULL, state TEXT"
		    " NOT NULL CHECK (state IN ('begun', 'valid', 'rejected',"
		    " 'lost', 'failed')), reasons TEXT NOT NULL DEFAULT '',"
		    " host TEXT NOT NULL DEFAULT '', board TEXT NOT NULL"
		    " DEFAULT '', board_serial TEXT NOT NULL DEFAULT '',"
		    " version TEXT NOT NULL DEFAULT '', started_real_ns"
		    " INTEGER, duration_s REAL, ended TEXT NOT NULL DEFAULT"
		    " '', output_hash TEXT NOT NULL DEFAULT '', environment"
		    " TEXT);"
		    "INSERT INTO old SELECT * FROM run; DROP TABLE run;"
		    "ALTER TABLE old RENAME TO run;"
		    "CREATE INDEX run_config ON run (config);"
		    "CREATE TABLE older (run INTEGER NOT NULL REFERENCES"
		    " run(number) ON DELETE CASCADE, phase TEXT NOT NULL,"
		    " name TEXT NOT NULL, value REAL, u95 REAL, status TEXT"
		    " NOT NULL, PRIMARY KEY (run, phase, name));"
		    "INSERT INTO older SELECT run, phase, name, value, u95,"
		    " status FROM figure; DROP TABLE figure;"
		    "ALTER TABLE older RENAME TO figure;"
		    "PRAGMA user_version=1; COMMIT;"),
		SQLITE_OK);
	support_store_must(ep_store_open(s.dir, &s.store, &err), &err);
	after = support_store_export(&s);
	assert_null(strstr(before, "energy_j_u_common"));
	assert_non_null(strstr(after, ",energy_j_u95,energy_j_u_common,"));
	assert_non_null(strstr(after, ",10,0.1,,"));
	free(after);
	after = rebuilt(&s);
	assert_string_equal(after, before);
	support_store_begin(&s, 0, 3);
	support_store_must(ep_store_interrupted(s.store, 3, &err), &err);
	support_store_reopen(&s);
	free(before);
	free(after);
	support_store_close_scene(&s);
}

static int open_error(struct support_store *s, const char *says)
{
	struct ep_store *store = NULL;
	struct ep_err err = { 0 };
	int r = ep_store_open(s->dir, &store, &err);

	assert_true(r < 0);
	if (!strstr(err.text, says))
		fail_msg("it says '%s', not '%s'", err.text, says);
	return r;
}

static void databases_that_cannot_be_used_name_the_cure(void **state)
{
	struct ep_err err = { 0 };
	struct support_store s;
	char *before, *after;

	(void)state;
	support_store_open_scene(&s);
	support_store_run(&s, (struct support_run_made){ .order = 1 });
	before = support_store_export(&s);
	ep_store_close(s.store);
	s.store = NULL;
	assert_int_equal(sql(&s, "PRAGMA user_version=77"), SQLITE_OK);
	assert_int_equal(open_error(&s, "--rebuild"), -EBADMSG);
	support_store_must(ep_store_rebuild(s.dir, &err), &err);
	assert_int_equal(sql(&s, "UPDATE study SET id = 'x'"), SQLITE_OK);
	assert_int_equal(open_error(&s, "belongs to another study"), -EBADMSG);
	ep_tmp_puts(&s.tmp, "st/study.db",
		    "no database at all, but longer than nothing");
	assert_int_equal(open_error(&s, "is damaged"), -EBADMSG);
	support_store_must(ep_store_rebuild(s.dir, &err), &err);
	support_store_must(ep_store_open(s.dir, &s.store, &err), &err);
	after = support_store_export(&s);
	assert_string_equal(after, before);
	free(before);
	free(after);
	/* The old one is kept aside. */
	close(ep_tmp_open(&s.tmp, "st/study.db.old"));
	ep_store_close(s.store);
	s.store = NULL;
	ep_tmp_puts(&s.tmp, "st/study.json", "{\"id\": 3}");
	assert_int_equal(open_error(&s, "study.json is damaged"), -EBADMSG);
	unlinkat(s.tmp.fd, "st/study.json", 0);
	assert_int_equal(open_error(&s, "holds no study"), -ENOENT);
	support_store_close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_of_others_are_left_alone),
		cmocka_unit_test(a_copy_counts_once),
		cmocka_unit_test(a_power_cut_loses_nothing_in_either_order),
		cmocka_unit_test(the_clock_may_go_backwards),
		cmocka_unit_test(two_writers_get_numbers_of_their_own),
		cmocka_unit_test(older_databases_are_migrated),
		cmocka_unit_test(databases_that_cannot_be_used_name_the_cure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
