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
		{ HEAD "s,1,1,1,1,,h,,4,q,run,1s,,,\n", "no number" },
		{ HEAD "s,1,1,1,1,,h,,4,q,run,nan,,,\n", "no number" },
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
		cmocka_unit_test(a_folder_tells_title_and_totals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
