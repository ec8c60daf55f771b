/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace.csv: columns, labels, and that no energy is lost on the grid. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/csv.h"
#include "base/num.h"
#include "profiler/analyze/analyze.h"
#include "tests/unit/support_run.h"

#define COLUMNS_MAX 32

static double sine_uw(double t)
{
	return 1e6 * (5 + 3 * sin(2 * M_PI * 3 * t));
}

static double slow_mc(double t)
{
	return 40000 + 1000 * t;
}

static double energy_uj(double t)
{
	return 1e9 + 4e6 * t;
}

static double switches(double t)
{
	return t < 0 ? 0 : floor(300 * fmin(t, 2));
}

static const struct support_channel rails[] = {
	{ { .name = "power",
	    .quantity = EP_POWER_UW,
	    .role = EP_ROLE_TOTAL,
	    .refresh_ns = 7 * EP_NS_PER_MS },
	  sine_uw },
	{ { .name = "energy", .quantity = EP_ENERGY_UJ, .shape = EP_COUNTER },
	  energy_uj },
};
static const struct support_channel temps[] = {
	{ { .name = "soc", .quantity = EP_TEMP_MC }, slow_mc },
};
static const struct support_channel events[] = {
	{ { .name = "context-switches",
	    .quantity = EP_COUNT,
	    .shape = EP_COUNTER,
	    .flags = EP_CHANNEL_EVENT },
	  switches },
};

static bool no_temp(double t)
{
	return t > 0.3 && t < 2.0;
}

static const struct support_sensor sensors[] = {
	{ .id = "psu",
	  .poll_ns = 7 * EP_NS_PER_MS,
	  .channels = rails,
	  .channel_count = 2 },
	{ .id = "thermal",
	  .poll_ns = 200 * EP_NS_PER_MS,
	  .late_s = 0.013,
	  .channels = temps,
	  .channel_count = 1,
	  .skip_line = no_temp },
	{ .id = "counters",
	  .target = true,
	  .from_s = 0.003,
	  .to_s = 2.02,
	  .late_s = 0.001,
	  .channels = events,
	  .channel_count = 1 },
};
static const struct support_mark marks[] = {
	{ 0.2512, "prefill", 64, 0 },
	{ 1.0049, "generation", -1, 30 },
	{ 1.9051, "", -1, 0 },
};
static const struct support_run script = { .idle_s = 1,
					   .run_s = 2,
					   .tail_s = 0.5,
					   .sensors = sensors,
					   .sensor_count = 3,
					   .total = "psu.power",
					   .marks = marks,
					   .mark_count = 3 };

/* One row, split; NULL at the end. */
static char *next_row(char **rest, char **fields, int *ret_count)
{
	char *line = *rest, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*rest = end + 1;
	*ret_count = ep_csv_split(line, fields, COLUMNS_MAX);
	return line;
}

static double number(const char *text)
{
	double value;

	if (text[0] == '\0')
		return (double)NAN;
	assert_int_equal(ep_num_parse_f64(text, &value), 0);
	return value;
}

static char *make_trace(struct ep_report **ret_report)
{
	struct support_folder f;
	char *text;

	support_run_make(&script, &f);
	text = support_run_trace(&f, ret_report);
	support_run_remove(&f);
	return text;
}

static void the_columns_have_their_fixed_names(void **state)
{
	char *text = make_trace(NULL);

	(void)state;
	*strchr(text, '\n') = '\0';
	assert_string_equal(text, "time_s,phase,request,tokens,power_w,"
				  "psu.power_w,psu.energy_j,thermal.soc_c,"
				  "context_switches_count");
	free(text);
}

static void rows_lie_on_the_grid_of_the_gate(void **state)
{
	char *text = make_trace(NULL), *rest = text, *f[COLUMNS_MAX];
	int count, k = -100;

	(void)state;
	assert_non_null(next_row(&rest, f, &count));
	for (; next_row(&rest, f, &count); k++) {
		assert_int_equal(count, 9);
		support_near(number(f[0]), k * 0.01, 1e-12);
		if (k == -100)
			assert_string_equal(f[0], "-1");
		if (k == 3)
			assert_string_equal(f[0], "0.03");
	}
	assert_int_equal(k, 250);
	free(text);
}

static void labels_are_those_of_the_middle_of_a_row(void **state)
{
	char *text = make_trace(NULL), *rest = text, *f[COLUMNS_MAX];
	int count;
	double tokens = 0;

	(void)state;
	assert_non_null(next_row(&rest, f, &count));
	for (int k = -100; next_row(&rest, f, &count); k++) {
		const char *want = k < 0      ? "idle"
				   : k < 25   ? "other"
				   : k < 100  ? "prefill"
				   : k <= 190 ? "generation"
				   : k < 200  ? "tail"
					      : "after";
		bool asked = k >= 25 && k <= 190;

		assert_string_equal(f[1], want);
		assert_string_equal(f[2], asked ? "1" : "");
		tokens += number(f[3]);
	}
	support_near(tokens, 30, 0);
	free(text);
}

static void energy_on_the_grid_is_that_of_the_report(void **state)
{
	struct ep_report *r;
	char *text = make_trace(&r), *rest = text, *f[COLUMNS_MAX];
	double power = 0, energy = 0, switched = 0;
	int count;

	(void)state;
	assert_non_null(next_row(&rest, f, &count));
	for (int k = -100; next_row(&rest, f, &count); k++) {
		if (k < 0 || k >= 200)
			continue;
		assert_string_equal(f[4], f[5]);
		power += number(f[4]) * 0.01;
		energy += number(f[6]);
		switched += number(f[8]);
	}
	support_near(power,
		     support_metric(support_total(r, "run"), "energy_j")->value,
		     1e-7);
	support_near(energy, 8, 1e-6);
	support_near(switched, 600, 1e-4);
	ep_report_free(r);
	free(text);
}

static void a_slow_gauge_is_interpolated_and_its_gap_empty(void **state)
{
	char *text = make_trace(NULL), *rest = text, *f[COLUMNS_MAX];
	int count, empty = 0;

	(void)state;
	assert_non_null(next_row(&rest, f, &count));
	for (int k = -100; next_row(&rest, f, &count); k++) {
		double mid = (k + 0.5) * 0.01;

		if (f[7][0] == '\0')
			empty++;
		/* Reads at -0.987, -0.787 ... 0.213, 2.013 ... 2.413. */
		if (mid > -0.98 && mid < 0.21)
			support_near(number(f[7]), 40 + mid, 1e-6);
		if (mid > 0.33 && mid < 1.9)
			assert_string_equal(f[7], "");
	}
	/* Half a poll is held at either side of the gap. */
	support_near(empty, 160, 2);
	free(text);
}

static void the_trace_changes_no_figure(void **state)
{
	struct ep_report *with, *without;
	char *text = make_trace(&with);

	(void)state;
	without = support_run_analyze(&script);
	assert_int_equal(with->phase_count, without->phase_count);
	for (size_t i = 0; i < with->phase_count; i++) {
		const struct ep_row *a = &with->phases[i];
		const struct ep_row *b = &without->phases[i];

		assert_int_equal(a->metric_count, b->metric_count);
		for (size_t m = 0; m < a->metric_count; m++) {
			assert_memory_equal(&a->metrics[m].value,
					    &b->metrics[m].value,
					    sizeof(double));
			assert_memory_equal(&a->metrics[m].u95,
					    &b->metrics[m].u95, sizeof(double));
		}
	}
	ep_report_free(with);
	ep_report_free(without);
	free(text);
}

static void a_missing_total_leaves_power_empty(void **state)
{
	struct support_run run = script;
	struct support_folder folder;
	char *text, *rest, *f[COLUMNS_MAX];
	int count;

	(void)state;
	run.total = "psu.power,gone.power";
	support_run_make(&run, &folder);
	text = rest = support_run_trace(&folder, NULL);
	assert_non_null(next_row(&rest, f, &count));
	while (next_row(&rest, f, &count))
		assert_string_equal(f[4], "");
	free(text);
	support_run_remove(&folder);
}

static double still_uj(double t)
{
	(void)t;
	return 77;
}

static void a_counter_that_stands_still_leaves_cells_empty(void **state)
{
	const struct support_channel still = { { .name = "energy",
						 .quantity = EP_ENERGY_UJ,
						 .shape = EP_COUNTER },
					       still_uj };
	const struct support_sensor sensor = { .id = "rapl",
					       .channels = &still,
					       .channel_count = 1 };
	struct support_run run = script;
	struct support_folder folder;
	char *text, *rest, *f[COLUMNS_MAX];
	int count;

	(void)state;
	run.idle_s = 4;
	run.sensors = &sensor;
	run.sensor_count = 1;
	run.total = "rapl.energy";
	support_run_make(&run, &folder);
	text = rest = support_run_trace(&folder, NULL);
	assert_non_null(next_row(&rest, f, &count));
	while (next_row(&rest, f, &count)) {
		assert_string_equal(f[4], "");
		assert_string_equal(f[5], "");
	}
	free(text);
	support_run_remove(&folder);
}

static void a_claim_of_years_is_refused(void **state)
{
	static const char *const lines[] = { "900000000000000000,0,end,,,,,,",
					     NULL };
	struct support_run run = script;
	struct support_folder folder;
	struct ep_report *r = NULL;
	struct ep_err err = { 0 };

	(void)state;
	run.no_end = true;
	run.lines = lines;
	support_run_make(&run, &folder);
	assert_int_equal(ep_analyze_run(folder.fd, 1, &r, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "more than its files can hold"));
	assert_null(r);
	support_run_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_columns_have_their_fixed_names),
		cmocka_unit_test(rows_lie_on_the_grid_of_the_gate),
		cmocka_unit_test(labels_are_those_of_the_middle_of_a_row),
		cmocka_unit_test(energy_on_the_grid_is_that_of_the_report),
		cmocka_unit_test(
			a_slow_gauge_is_interpolated_and_its_gap_empty),
		cmocka_unit_test(the_trace_changes_no_figure),
		cmocka_unit_test(a_missing_total_leaves_power_empty),
		cmocka_unit_test(
			a_counter_that_stands_still_leaves_cells_empty),
		cmocka_unit_test(a_claim_of_years_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
