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

#include "base/buf.h"
#include "profiler/analyze/series.h"
#include "tests/unit/support_tmp.h"

/* Within eps; the value itself where eps is 0. */
static void near(double is, double wanted, double eps)
{
	if (!(fabs(is - wanted) <= eps))
		fail_msg("%.17g is not %.17g", is, wanted);
}

static const char run_json[] =
	"{\"interval_ns\": 10000000, \"sensors\": ["
	"{\"id\": \"pmic\", \"channels\": ["
	"{\"name\": \"core\", \"shape\": \"gauge\", \"role\": \"part\", "
	"\"flags\": [\"estimated\"]},"
	"{\"name\": \"all\", \"shape\": \"counter\", \"role\": \"total\", "
	"\"flags\": []}]}]}";

static void open_report(struct ep_report *r)
{
	*r = (struct ep_report){ .gate_ns = 1000000000 };
	r->run = json_loads(run_json, 0, NULL);
	assert_non_null(r->run);
}

static void read_set(const char *trace, struct ep_series_set *s)
{
	struct ep_report r;
	struct ep_tmp tmp;

	open_report(&r);
	ep_tmp_make(&tmp);
	if (trace)
		ep_tmp_puts(&tmp, "trace.csv", trace);
	assert_int_equal(ep_series_read(tmp.fd, &r, s), 0);
	json_decref(r.run);
	ep_tmp_remove(&tmp);
}

static const char head[] = "time_s,phase,request,tokens,power_w,pmic.core_w,"
			   "pmic.all_j,cache_misses_count\n";

static void columns_are_what_run_json_says(void **state)
{
	struct ep_series_set s;
	char text[512];

	(void)state;
	(void)snprintf(text, sizeof(text),
		       "%s-0.01,idle,,0,,,,\n"
		       "0,\"a,b\",1,1,2.5,-0.000001,0.05,12\n"
		       "0.01,run,,0,123456789012345678.5,1e3,,0\n",
		       head);
	read_set(text, &s);
	assert_string_equal(s.reason, "");
	assert_int_equal(s.count, 4);
	near(s.start_s, -0.01, 0);
	assert_int_equal(s.grid.row_count, 3);
	assert_string_equal(s.series[0].name, "power");
	assert_true(s.series[0].total);
	assert_string_equal(s.series[1].name, "pmic.core");
	assert_int_equal(s.series[1].role, EP_ROLE_PART);
	assert_true(s.series[1].estimated);
	assert_false(s.series[1].rate);
	/* What came within a row, per second: J are W then. */
	assert_true(s.series[2].rate);
	assert_int_equal(s.series[2].quantity, EP_ENERGY_UJ);
	assert_string_equal(s.series[3].name, "cache_misses");
	assert_true(s.series[3].rate);
	assert_true(isnan(ep_decimate_at(&s.grid, 0, 0)->first));
	near(ep_decimate_at(&s.grid, 1, 0)->first, 2.5, 0);
	near(ep_decimate_at(&s.grid, 1, 1)->first, -1e-6, 0);
	near(ep_decimate_at(&s.grid, 1, 2)->first, 5, 1e-12);
	near(ep_decimate_at(&s.grid, 1, 3)->first, 1200, 1e-9);
	near(ep_decimate_at(&s.grid, 2, 0)->first, 123456789012345678.5, 0);
	near(ep_decimate_at(&s.grid, 2, 1)->first, 1000, 0);
	ep_series_done(&s);
}

static void a_damaged_trace_leaves_a_reason(void **state)
{
	static const char *const rows[] = {
		"",			/* no rows */
		"0,run,,0,1,1,1\n",	/* a cell is missing */
		"0,run,,0,1,1,1,1,1\n", /* one too many */
		"0,run,,0,1x,1,1,1\n",	/* no number */
		"0,run,,0,nan,1,1,1\n", /* no number either */
		"0,run,,0,-,1,1,1\n",	/* nor this */
		",run,,0,1,1,1,1\n",	/* no time */
		"0,run,,0,1,1,1,1\n0.5,run,,0,1,1,1,1\n", /* rows missing */
		"0,\"run,,0,1,1,1,1\n",			  /* an open quote */
	};
	struct ep_series_set s;
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(text, sizeof(text), "%s%s", head, rows[i]);
		read_set(text, &s);
		assert_non_null(strstr(s.reason, "trace.csv is damaged"));
		assert_int_equal(s.count, 0);
		assert_null(s.series);
		ep_series_done(&s);
	}
	read_set("time_s,power_w\n0,1\n", &s);
	assert_non_null(strstr(s.reason, "trace.csv is damaged"));
	ep_series_done(&s);
	read_set(NULL, &s);
	assert_string_equal(s.reason, "the folder has no trace.csv");
	ep_series_done(&s);
}

static void moments_and_missed_ticks(void **state)
{
	struct ep_series_set s;
	struct ep_report r;
	struct ep_tmp tmp;
	char text[512];

	(void)state;
	open_report(&r);
	ep_tmp_make(&tmp);
	(void)snprintf(text, sizeof(text), "%s0,run,,0,1,1,1,1\n", head);
	ep_tmp_puts(&tmp, "trace.csv", text);
	ep_tmp_puts(&tmp, "ticks.csv",
		    "due_ns,late_ns,missed\n1000000000,5,0\n"
		    "1030000000,5,2\n");
	assert_int_equal(ep_series_read(tmp.fd, &r, &s), 0);
	assert_int_equal(s.missed_count, 1);
	near(s.missed[0].time_s, 0.03, 1e-12);
	assert_int_equal(s.missed[0].count, 2);
	assert_int_equal(s.moment_count, 0);
	ep_series_done(&s);
	ep_series_done(NULL);
	json_decref(r.run);
	ep_tmp_remove(&tmp);
}

static void more_columns_than_are_drawn_are_counted(void **state)
{
	struct ep_series_set s;
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_buf_adds(&b, "time_s,phase,request,tokens,power_w"),
			 0);
	for (int i = 0; i < 300; i++)
		assert_int_equal(ep_buf_addf(&b, ",e%d_count", i), 0);
	assert_int_equal(ep_buf_adds(&b, "\n0,run,,0,7"), 0);
	for (int i = 0; i < 300; i++)
		assert_int_equal(ep_buf_addf(&b, ",%d", i), 0);
	assert_int_equal(ep_buf_adds(&b, "\n"), 0);
	read_set(b.data, &s);
	assert_int_equal(s.count, EP_SERIES_MAX);
	assert_int_equal(s.more_count, 301 - EP_SERIES_MAX);
	near(ep_decimate_at(&s.grid, 0, 255)->first, 25400, 1e-9);
	ep_series_done(&s);
	ep_buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_what_run_json_says),
		cmocka_unit_test(a_damaged_trace_leaves_a_reason),
		cmocka_unit_test(moments_and_missed_ticks),
		cmocka_unit_test(more_columns_than_are_drawn_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
