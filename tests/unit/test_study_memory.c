/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "profiler/analyze/study_memory.h"
#include "tests/unit/support_tmp.h"

static const char run_json[] = "{\"interval_ns\": 100000000, \"sensors\": []}";
static const char head[] = "time_s,phase,request,tokens,memory.rss_bytes\n";

static const char results[] =
	"study_id,config,run,order,valid,reasons,host,board_serial,f,phase,"
	"folder,j_per_token\n"
	"s,1,1,1,0,bad,h,,a,generation,0001,1\n"
	"s,1,2,2,1,,h,,a,generation,0002,1\n"
	"s,1,3,3,1,,h,,a,generation,0003,1\n"
	"s,2,1,4,1,,h,,b,generation,0004,2\n"
	"s,3,1,5,1,,h,,c,generation,../0002,2\n";

static void read_study(const char *text, struct ep_summary *s)
{
	static const char *const metrics[] = { "generation.j_per_token", NULL };
	char *copy = strdup(text);
	struct ep_err err;

	assert_non_null(copy);
	assert_int_equal(ep_summary_parse(copy, metrics, s, &err), 0);
	free(copy);
}

static void put_run(const struct ep_tmp *tmp, const char *folder,
		    const char *rows)
{
	char name[80], text[4000];

	(void)ep_str_format(name, sizeof(name), "%s/run.json", folder);
	ep_tmp_puts(tmp, name, run_json);
	(void)ep_str_format(name, sizeof(name), "%s/trace.csv", folder);
	(void)ep_str_format(text, sizeof(text), "%s%s", head, rows);
	ep_tmp_puts(tmp, name, text);
}

/* Run 0001 does not count, 0002 has no trace.csv, 0004 is a link, and nobody
 * goes where "../0002" leads. */
static void the_first_run_that_counts_and_has_it(void **state)
{
	struct ep_study_memory m;
	struct ep_summary s;
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	put_run(&tmp, "runs/0001", "0,,,0,9000\n");
	ep_tmp_puts(&tmp, "runs/0002/run.json", run_json);
	put_run(&tmp, "runs/0003",
		"-0.1,idle,,0,\n0,load,1,0,4096\n0.1,load,1,0,16384\n"
		"0.2,load,1,0,8192\n");
	put_run(&tmp, "elsewhere", "0,,,0,7000\n");
	put_run(&tmp, "0002", "0,,,0,7000\n");
	ep_tmp_symlink(&tmp, "../elsewhere", "runs/0004");
	read_study(results, &s);
	assert_int_equal(ep_study_memory_read(tmp.fd, &s, &m), 0);
	assert_int_equal(m.count, 1);
	assert_int_equal(m.without_count, 2);
	assert_int_equal(m.more_count, 0);
	assert_int_equal(m.lines[0].config, 0);
	assert_string_equal(m.lines[0].folder, "runs/0003");
	assert_int_equal(m.lines[0].count, 8);
	assert_true(isnan(m.lines[0].values[0]));
	for (size_t i = 0; i < 2; i++) {
		assert_true(fabs(m.lines[0].values[2 + i] - 4096) < 1e-9);
		assert_true(fabs(m.lines[0].values[4 + i] - 16384) < 1e-9);
		assert_true(fabs(m.lines[0].values[6 + i] - 8192) < 1e-9);
	}
	assert_true(fabs(m.lines[0].start_s + 0.1) < 1e-12);
	assert_true(fabs(m.lines[0].step_s - 0.05) < 1e-12);
	ep_study_memory_done(&m);
	ep_study_memory_done(&m);
	ep_summary_done(&s);
	ep_tmp_remove(&tmp);
}

/* More rows than values: no peak is missing. */
static void long_runs_keep_their_peak(void **state)
{
	struct ep_study_memory m;
	struct ep_summary s;
	struct ep_tmp tmp;
	size_t size = 200000, used;
	char *text = malloc(size);
	double most = 0, least = (double)INFINITY;

	(void)state;
	assert_non_null(text);
	(void)ep_str_copy(text, size, head);
	used = strlen(text);
	for (int i = 0; i < 5000; i++) {
		(void)ep_str_format(text + used, size - used, "%d.%d,,,0,%d\n",
				    i / 10, i % 10, i == 3333 ? 99999 : 5000);
		used += strlen(text + used);
	}
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "runs/0003/run.json", run_json);
	ep_tmp_puts(&tmp, "runs/0003/trace.csv", text);
	read_study(results, &s);
	assert_int_equal(ep_study_memory_read(tmp.fd, &s, &m), 0);
	assert_int_equal(m.count, 1);
	assert_true(m.lines[0].count <= 2 * EP_STUDY_MEMORY_STRETCHES);
	for (size_t i = 0; i < m.lines[0].count; i++) {
		most = fmax(most, m.lines[0].values[i]);
		least = fmin(least, m.lines[0].values[i]);
	}
	assert_true(fabs(most - 99999) < 1e-9);
	assert_true(fabs(least - 5000) < 1e-9);
	assert_true(m.lines[0].step_s * (double)m.lines[0].count >= 500);
	ep_study_memory_done(&m);
	ep_summary_done(&s);
	ep_tmp_remove(&tmp);
	free(text);
}

static void damaged_runs_are_counted(void **state)
{
	static const char *const rows[] = {
		"0,,,0,x\n", /* no number */
		"",	     /* nothing */
	};
	struct ep_study_memory m;
	struct ep_summary s;
	struct ep_tmp tmp;

	(void)state;
	read_study(results, &s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ep_tmp_make(&tmp);
		put_run(&tmp, "runs/0002", rows[i]);
		assert_int_equal(ep_study_memory_read(tmp.fd, &s, &m), 0);
		assert_int_equal(m.count, 0);
		assert_int_equal(m.without_count, 3);
		ep_study_memory_done(&m);
		ep_tmp_remove(&tmp);
	}
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "runs/0002/run.json", "{");
	ep_tmp_puts(&tmp, "runs/0002/trace.csv", "x");
	assert_int_equal(ep_study_memory_read(tmp.fd, &s, &m), 0);
	assert_int_equal(m.count, 0);
	ep_study_memory_done(&m);
	ep_tmp_remove(&tmp);
	ep_summary_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_run_that_counts_and_has_it),
		cmocka_unit_test(long_runs_keep_their_peak),
		cmocka_unit_test(damaged_runs_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
