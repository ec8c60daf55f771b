/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/summary.h"
#include "tests/unit/support_tmp.h"

/* Within eps; the value itself where eps is 0. */
static void near(double is, double wanted, double eps)
{
	if (!(fabs(is - wanted) <= eps))
		fail_msg("%.17g is not %.17g", is, wanted);
}

#define HEAD                                                         \
	"study_id,config,run,order,valid,reasons,host,board_serial," \
	"threads,quant,phase,duration_s,duration_s_u95,j_per_token," \
	"j_per_token_u95\n"

static const char *const metrics[] = {
	"generation.j_per_token",
	"run.duration_s",
	"generation.absent",
	NULL,
};

static int parse(const char *text, struct ep_summary *ret, struct ep_err *err)
{
	char *copy = strdup(text);
	int r;

	assert_non_null(copy);
	r = ep_summary_parse(copy, metrics, ret, err);
	free(copy);
	return r;
}

static const char study[] = HEAD
	/* config 2 before 1: order is by number */
	"s1,2,1,1,1,,h,,4,q4,generation,1,0.1,3,0.2\n"
	"s1,2,1,1,1,,h,,4,q4,run,9,,,\n"
	"s1,1,w1,2,0,warm-up,h,,1,\"q,8\",generation,1,0.1,99,0.2\n"
	"s1,1,1,3,1,,h,,1,\"q,8\",generation,1,0.1,10,0.4\n"
	"s1,1,2,4,1,,h,,1,\"q,8\",generation,1,0.1,14,0.2\n"
	"s1,1,3,5,0,\"rejected: a, <b>\",h,,1,\"q,8\",generation,1,0.1,55,1\n"
	"s1,1,4,6,1,,h,,1,\"q,8\",generation,1,0.1,12,0.3\n";

static void means_over_the_runs_that_count(void **state)
{
	const struct ep_summary_cell *cell;
	struct ep_summary s;
	struct ep_err err;
	int m;

	(void)state;
	assert_int_equal(parse(study, &s, &err), 0);
	assert_string_equal(s.id, "s1");
	assert_int_equal(s.factor_count, 2);
	assert_string_equal(s.factors[1], "quant");
	assert_int_equal(s.config_count, 2);
	assert_int_equal(s.run_count, 6);
	assert_int_equal(s.configs[0].number, 1);
	assert_string_equal(s.configs[0].levels[1], "q,8");
	assert_int_equal(s.configs[0].valid_count, 3);
	assert_int_equal(s.configs[0].warmup_count, 1);
	assert_int_equal(s.configs[0].rejected_count, 1);
	m = ep_summary_find(&s, "generation.j_per_token");
	assert_int_equal(m, 0);
	assert_int_equal(ep_summary_find(&s, "generation.j_per_toke"), -1);
	cell = &s.configs[0].cells[m];
	assert_int_equal(cell->figure.run_count, 3);
	near(cell->figure.mean, 12, 1e-12);
	near(cell->figure.sd, 2, 1e-12);
	/* t(0.975, 2) * 2 / sqrt(3) */
	near(cell->compare_u95, 4.968275, 1e-5);
	/* The meter's part is at most 0.1, that of its best run. */
	near(cell->figure.u_common, 0.1, 1e-12);
	assert_true(cell->figure.u95 >= cell->compare_u95 * 0.9);
	ep_summary_done(&s);
}

static void one_run_has_no_spread(void **state)
{
	const struct ep_summary_cell *cell;
	struct ep_summary s;
	struct ep_err err;

	(void)state;
	assert_int_equal(parse(study, &s, &err), 0);
	cell = &s.configs[1].cells[0];
	near(cell->figure.mean, 3, 0);
	near(cell->figure.u95, 0.2, 1e-12);
	assert_true(isnan(cell->compare_u95));
	/* A figure without an uncertainty, and one that is not there. */
	near(s.configs[1].cells[1].figure.mean, 9, 0);
	assert_true(isnan(s.configs[1].cells[1].figure.u95));
	assert_true(isnan(s.configs[1].cells[2].figure.mean));
	assert_true(s.metrics[0].any && s.metrics[1].any);
	assert_false(s.metrics[2].any);
	ep_summary_done(&s);
}

static void what_does_not_count_is_listed(void **state)
{
	struct ep_summary s;
	struct ep_err err;

	(void)state;
	assert_int_equal(parse(study, &s, &err), 0);
	assert_int_equal(s.rejected_count, 1);
	assert_int_equal(s.rejected[0].config, 1);
	assert_string_equal(s.rejected[0].run, "3");
	assert_string_equal(s.rejected[0].reasons, "rejected: a, <b>");
	ep_summary_done(&s);
}

static void damage_is_told_by_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "empty" },
		{ "a,b\n", "line 1" },
		{ "study_id,config,run,order,valid,reasons,host,board_serial,"
		  "x\n",
		  "phase" },
		{ HEAD "s,1,1,1,1,,h,,4,q\n", "line 2: not as many cells" },
		{ HEAD "s,x,1,1,1,,h,,4,q,run,1,,,\n", "number" },
		{ HEAD "s,1,1,1,1,\"x,h,,4,q,run,1,,,\n", "line 2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_summary s = { .run_count = -7 };
		struct ep_err err = { 0 };

		assert_int_equal(parse(cases[i].text, &s, &err), -EBADMSG);
		assert_non_null(strstr(err.text, cases[i].says));
		assert_int_equal(s.run_count, -7);
	}
}

/* Whether a note of s says so. */
static bool notes(const struct ep_summary *s, const char *text)
{
	for (size_t i = 0; i < s->note_count; i++)
		if (strstr(s->notes[i], text))
			return true;
	return false;
}

static void what_is_no_number_is_missing_and_counted(void **state)
{
	static const char *const cells[] = { "1s",    "nan",  "inf", "-inf",
					     "1e999", "0x10", " 3" };
	struct ep_summary s;
	struct ep_err err;
	char text[600];

	(void)state;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		snprintf(text, sizeof(text),
			 HEAD "s,1,1,1,1,,h,,4,q,run,2,,,\n"
			      "s,1,2,2,1,,h,,4,q,run,%s,,,\n",
			 cells[i]);
		assert_int_equal(parse(text, &s, &err), 0);
		near(s.configs[0].cells[1].figure.mean, 2, 0);
		assert_int_equal(s.configs[0].cells[1].figure.run_count, 1);
		assert_non_null(strstr(s.configs[0].cells[1].figure.reason,
				       "measured in 1 of 2 runs"));
		assert_true(notes(&s, "1 cell is no finite number (the first "
				      "in line 3)"));
		ep_summary_done(&s);
	}
}

#define NEW_HEAD                                                             \
	"study_id,config,run,order,valid,reasons,host,board_serial,threads," \
	"phase,folder,j_per_token,j_per_token_u95,j_per_token_u_common,"     \
	"j_per_token_status\n"

static void statuses_folders_and_what_is_common(void **state)
{
	static const char text[] = NEW_HEAD
		"s,1,1,1,1,,h,,4,generation,0002,10,2,0.5,ok\n"
		"s,1,2,2,1,,h,,4,generation,0007,14,3,0.7,estimated\n"
		"s,1,3,3,1,,h,,4,generation,0008,99,3,0.7,not_measured\n"
		"s,1,4,4,0,rejected: x,h,,4,generation,0009,12,3,0.7,ok\n"
		"s,2,1,5,1,,h,,8,generation,../x,12,3,,low_confidence\n";
	const struct ep_summary_cell *cell;
	struct ep_summary s;
	struct ep_err err;

	(void)state;
	assert_int_equal(parse(text, &s, &err), 0);
	assert_true(s.status_known);
	assert_true(s.estimated);
	cell = &s.configs[0].cells[0];
	assert_int_equal(cell->figure.run_count, 2);
	near(cell->figure.mean, 12, 1e-12);
	near(cell->figure.u_common, 0.6, 1e-12);
	assert_int_equal(cell->figure.status, EP_STATUS_ESTIMATED);
	assert_string_equal(
		cell->figure.reason,
		"estimated in 1 of 2 runs; measured in 2 of 3 runs");
	assert_string_equal(s.runs[cell->runs[0]].folder, "runs/0002");
	assert_string_equal(s.runs[cell->runs[1]].folder, "runs/0007");
	assert_string_equal(s.rejected[0].folder, "runs/0009");
	/* What is common is not known: all of the smallest. */
	near(s.configs[1].cells[0].figure.u_common, 1.5, 1e-12);
	assert_string_equal(s.runs[s.configs[1].cells[0].runs[0]].folder, "");
	ep_summary_done(&s);
}

static void doubts_are_told(void **state)
{
	static const char text[] = HEAD "s,1,1,1,1,,h1,a,4,q,run,1,,,\n"
					"s,1,2,2,1,,h2,b,4,q,run,2,,,\n"
					"s,1,2,2,1,,h2,b,4,q,prefill,2,,,\n"
					"t,2,1,3,1,,h1,a,8,q,run,3,,,\n"
					"s,3,1,4,0,lost: gone,,,9,q,,,,,\n";
	struct ep_summary s;
	struct ep_err err;

	(void)state;
	assert_int_equal(parse(text, &s, &err), 0);
	assert_false(s.status_known);
	assert_true(notes(&s, "of an older edgeprof"));
	assert_true(notes(&s, "2 machines are in this study (h1 a, h2 b)"));
	assert_true(notes(&s, "several studies"));
	assert_true(notes(&s, "1 of 3 configurations have no run that counts: "
			      "3"));
	assert_true(notes(&s, "one run counts of 1 configuration (2)"));
	assert_true(notes(&s, "no phase \"prefill\" in configuration 2"));
	ep_summary_done(&s);
	assert_int_equal(parse(HEAD, &s, &err), 0);
	assert_int_equal(s.config_count, 0);
	assert_true(notes(&s, "no run has been made yet"));
	ep_summary_done(&s);
}

static void names_are_checked_with_suggestions(void **state)
{
	struct ep_summary s;
	struct ep_err err;

	(void)state;
	assert_int_equal(parse(study, &s, &err), 0);
	assert_int_equal(ep_summary_check(&s, "run.duration_s", &err), 0);
	assert_int_equal(ep_summary_check(&s, "run.duratoin_s", &err), -ENOENT);
	assert_non_null(strstr(err.text, "did you mean 'run.duration_s'"));
	assert_int_equal(ep_summary_check(&s, "j_per_token", &err), -ENOENT);
	assert_non_null(strstr(err.text, "generation.j_per_token"));
	assert_int_equal(ep_summary_check(&s, "x", &err), -ENOENT);
	assert_non_null(strstr(err.text, "<phase>.<metric>"));
	ep_summary_done(&s);
}

static void an_unfinished_study_says_so(void **state)
{
	struct ep_summary s;
	struct ep_err err;
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "results.csv", study);
	ep_tmp_puts(&tmp, "study.json",
		    "{\"study\": {\"runs\": 3, \"factors\": [{\"levels\": "
		    "[\"1\", \"4\", \"8\"]}]}}");
	assert_int_equal(ep_summary_read(tmp.fd, metrics, &s, &err), 0);
	assert_true(notes(&s, "1 of 3 configurations have their 3 valid runs"));
	ep_summary_done(&s);
	ep_tmp_remove(&tmp);
}

static void a_folder_tells_title_and_totals(void **state)
{
	struct ep_summary s;
	struct ep_err err;
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(ep_summary_read(tmp.fd, metrics, &s, &err), -ENOENT);
	assert_non_null(strstr(err.text, "results.csv"));
	ep_tmp_puts(&tmp, "results.csv", study);
	ep_tmp_puts(&tmp, "study.json", "{\"study\": {\"title\": \"<t>\"}}");
	ep_tmp_puts(&tmp, "runs/0001/report.json",
		    "{\"total\": {\"name\": \"a.b\", \"estimated\": false, "
		    "\"coverage\": \"c\"}}");
	ep_tmp_puts(&tmp, "runs/0002/report.json",
		    "{\"total\": {\"name\": \"a.x\", \"estimated\": true}}");
	ep_tmp_puts(&tmp, "runs/0003/report.json", "no json");
	ep_tmp_puts(&tmp, "runs/other/report.json",
		    "{\"total\": {\"name\": \"other\"}}");
	assert_int_equal(ep_summary_read(tmp.fd, metrics, &s, &err), 0);
	assert_string_equal(s.title, "<t>");
	assert_string_equal(s.total_name, "a.b");
	assert_string_equal(s.coverage, "c");
	assert_int_equal(s.look_count, 2);
	assert_true(s.estimated);
	assert_true(s.totals_differ);
	ep_summary_done(&s);
	ep_tmp_remove(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(means_over_the_runs_that_count),
		cmocka_unit_test(one_run_has_no_spread),
		cmocka_unit_test(what_does_not_count_is_listed),
		cmocka_unit_test(damage_is_told_by_line),
		cmocka_unit_test(what_is_no_number_is_missing_and_counted),
		cmocka_unit_test(statuses_folders_and_what_is_common),
		cmocka_unit_test(doubts_are_told),
		cmocka_unit_test(names_are_checked_with_suggestions),
		cmocka_unit_test(an_unfinished_study_says_so),
		cmocka_unit_test(a_folder_tells_title_and_totals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
