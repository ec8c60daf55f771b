/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store of a study: what is in it. */
#include <errno.h>
#include <linux/magic.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "profiler/study/store_parts.h"
#include "tests/unit/support_store.h"
#include "tests/unit/support_study.h"

static void a_study_is_made_once(void **state)
{
	struct ep_store *other = NULL;
	struct ep_err err = { 0 };
	struct ep_study study;
	struct support_store s;
	char id[EP_STUDY_ID_BYTES];

	(void)state;
	support_store_open_scene(&s);
	(void)ep_str_copy(id, sizeof(id), ep_store_id(s.store));
	assert_int_equal(strlen(id), EP_STUDY_ID_BYTES - 1);
	support_study_make(&study, 2);
	assert_int_equal(ep_store_create(s.dir, &study, &other, &err), -EEXIST);
	assert_non_null(strstr(err.text, "--resume"));
	assert_null(other);
	ep_study_done(&study);
	support_store_reopen(&s);
	assert_string_equal(ep_store_id(s.store), id);
	assert_int_equal(ep_store_study(s.store)->factor_count, 1);
	support_store_close_scene(&s);
}

static void runs_have_numbers_and_folders_of_their_own(void **state)
{
	struct support_store s;
	char path[300];

	(void)state;
	support_store_open_scene(&s);
	assert_int_equal(support_store_begin(&s, 0, 1), 1);
	assert_int_equal(support_store_begin(&s, 1, 2), 2);
	ep_store_folder(s.store, 2, path, sizeof(path));
	assert_string_equal(strrchr(path, '/'), "/0002");
	/* A folder that nobody knows is not written over; nor is a file or a
	 * link of that name. */
	ep_tmp_mkdir(&s.tmp, "st/runs/0003");
	ep_tmp_puts(&s.tmp, "st/runs/0004", "");
	ep_tmp_symlink(&s.tmp, "/nowhere", "st/runs/0005");
	assert_int_equal(support_store_begin(&s, 1, 3), 6);
	assert_int_equal(support_store_last_order(&s), 3);
	support_store_close_scene(&s);
}

static void what_comes_of_runs(void **state)
{
	struct ep_err err = { 0 };
	struct ep_standing st;
	struct support_store s;

	(void)state;
	support_store_open_scene(&s);
	support_store_run(&s, (struct support_run_made){ .order = 1 });
	support_store_begin(&s, 0, 2);
	support_store_make_folder(
		&s, &(struct support_run_made){
			    .number = 2, .order = 2, .ended = "exit 3" });
	assert_int_equal(support_store_take(&s, 2), 0);
	support_store_begin(&s, 0, 3);
	assert_int_equal(support_store_take(&s, 3), -ENOENT);
	support_store_must(ep_store_lost(s.store, 3, false, "gone", &err),
			   &err);
	support_store_begin(&s, 1, 4);
	support_store_must(ep_store_lost(s.store, 4, true, "no program", &err),
			   &err);
	st = support_store_standing_of(&s, 0);
	assert_int_equal(st.valid_count, 1);
	assert_int_equal(st.rejected_count, 1);
	assert_int_equal(st.lost_count, 1);
	assert_false(st.failed);
	assert_true(support_store_standing_of(&s, 1).failed);
	support_store_close_scene(&s);
}

static void an_interrupted_run_is_as_if_it_had_not_been(void **state)
{
	struct ep_err err = { 0 };
	struct ep_standing st;
	struct support_store s;
	char *text;

	(void)state;
	support_store_open_scene(&s);
	support_store_run(&s, (struct support_run_made){ .order = 1 });
	support_store_begin(&s, 1, 2);
	support_store_make_folder(
		&s, &(struct support_run_made){ .number = 2,
						.config = 1,
						.order = 2,
						.ended = "signal 15",
						.stopped_by = 15 });
	assert_int_equal(support_store_take(&s, 2), -EINTR);
	support_store_begin(&s, 1, 2);
	support_store_must(ep_store_interrupted(s.store, 3, &err), &err);
	st = support_store_standing_of(&s, 1);
	assert_int_equal(st.valid_count + st.rejected_count + st.lost_count, 0);
	assert_int_equal(support_store_last_order(&s), 1);
	text = support_store_export(&s);
	assert_null(strstr(text, ",2,1,2,"));
	free(text);
	support_store_close_scene(&s);
}

static void the_table_has_a_line_for_each_run_and_phase(void **state)
{
	static const char expected[] =
		",config,run,order,valid,reasons,host,board_serial,n,phase,"
		"folder,tokens,energy_j,energy_j_u95,requests\n"
		",2,1,1,1,,desk,S1,2,generation,0001,20,5,0.05,\n"
		",2,1,1,1,,desk,S1,2,run,0001,,10,0.1,0\n"
		",1,2,2,0,rejected: the program ended with exit 3,desk,S1,1,"
		"generation,0002,20,5,0.05,\n"
		",1,2,2,0,rejected: the program ended with exit 3,desk,S1,1,"
		"run,0002,,10,0.1,0\n"
		",1,3,3,0,\"lost: gone, and away\",,,1,,0003,,,,\n";
	struct ep_err err = { 0 };
	struct support_store s;
	char *text;

	(void)state;
	support_store_open_scene(&s);
	support_store_run(&s,
			  (struct support_run_made){ .config = 1, .order = 1 });
	support_store_begin(&s, 0, 2);
	support_store_make_folder(
		&s, &(struct support_run_made){
			    .number = 2, .order = 2, .ended = "exit 3" });
	assert_int_equal(support_store_take(&s, 2), 0);
	support_store_begin(&s, 0, 3);
	support_store_must(
		ep_store_lost(s.store, 3, false, "gone, and away", &err), &err);
	text = support_store_export(&s);
	assert_string_equal(text, expected);
	free(text);
	/* The same from the folders alone. */
	ep_store_close(s.store);
	support_store_must(ep_store_rebuild(s.dir, &err), &err);
	support_store_must(ep_store_open(s.dir, &s.store, &err), &err);
	text = support_store_export(&s);
	assert_string_equal(text, expected);
	free(text);
	support_store_close_scene(&s);
}

static void network_file_systems_are_known(void **state)
{
	(void)state;
	assert_string_equal(ep_store_network(NFS_SUPER_MAGIC), "NFS");
	assert_string_equal(ep_store_network((long)0xff534d42), "CIFS");
	assert_string_equal(ep_store_network((long)(int)0xff534d42), "CIFS");
	assert_string_equal(ep_store_network(0x0bd00bd0), "Lustre");
	assert_null(ep_store_network(EXT4_SUPER_MAGIC));
	assert_null(ep_store_network(TMPFS_MAGIC));
	assert_null(ep_store_network(OVERLAYFS_SUPER_MAGIC));
}

static void means_and_intervals_are_of_valid_runs(void **state)
{
	struct ep_err err = { 0 };
	struct ep_study study;
	double mean = 0;
	struct support_store s;

	(void)state;
	ep_tmp_make(&s.tmp);
	(void)ep_str_copy(s.dir, sizeof(s.dir), ep_tmp_path(&s.tmp, "st"));
	support_study_make(&study, 2);
	study.until_metric = strdup("run.energy_j");
	study.until_share = 0.01;
	study.run_count = study.max_run_count = 3;
	support_store_must(ep_store_create(s.dir, &study, &s.store, &err),
			   &err);
	ep_study_done(&study);
	support_store_run(
		&s, (struct support_run_made){ .order = 1, .energy_j = 9 });
	assert_true(isnan(support_store_standing_of(&s, 0).half_width_share));
	support_store_run(
		&s, (struct support_run_made){ .order = 2, .energy_j = 10 });
	support_store_run(
		&s, (struct support_run_made){ .order = 3, .energy_j = 11 });
	support_store_begin(&s, 0, 4);
	support_store_make_folder(
		&s, &(struct support_run_made){ .number = 4,
						.order = 4,
						.ended = "exit 1",
						.energy_j = 1000 });
	assert_int_equal(support_store_take(&s, 4), 0);
	support_store_must(
		ep_store_mean(s.store, 0, "run.energy_j", &mean, &err), &err);
	assert_true(fabs(mean - 10) < 1e-12);
	/* t(0.975, 2) = 4.302653, s = 1, n = 3 */
	assert_true(fabs(support_store_standing_of(&s, 0).half_width_share -
			 4.30265272991 / sqrt(3) / 10) < 1e-9);
	support_store_must(
		ep_store_mean(s.store, 1, "run.energy_j", &mean, &err), &err);
	assert_true(isnan(mean));
	assert_int_equal(ep_store_mean(s.store, 1, "energy", &mean, &err),
			 -EINVAL);
	support_store_close_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_study_is_made_once),
		cmocka_unit_test(runs_have_numbers_and_folders_of_their_own),
		cmocka_unit_test(what_comes_of_runs),
		cmocka_unit_test(an_interrupted_run_is_as_if_it_had_not_been),
		cmocka_unit_test(the_table_has_a_line_for_each_run_and_phase),
		cmocka_unit_test(network_file_systems_are_known),
		cmocka_unit_test(means_and_intervals_are_of_valid_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
