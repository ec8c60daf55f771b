/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run was measured under: other programs, heat, clock, swap, signals. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/clock.h"
#include "drivers/vmstat.h"
#include "profiler/analyze/analyze.h"
#include "profiler/report/render.h"
#include "tests/unit/support_report.h"
#include "tests/unit/support_run.h"

/* Of four CPUs the program keeps one busy, edgeprof 5 % of one, others one and
 * a half while it runs. */
static double tree_ns(double t)
{
	return t > 0 ? t * 1e9 : 0;
}

static double system_ns(double t)
{
	return 5e9 + (t > 0 ? t * 2.55e9 : 0);
}

static double warms_up(double t)
{
	return 40000 + (t > 0 ? 10000 * t : 0);
}

static double stays_cool(double t)
{
	(void)t;
	return 35000;
}

static double slow_clock(double t)
{
	return t < 1 ? 2.0e9 : 1.6e9;
}

static double fast_clock(double t)
{
	(void)t;
	return 2.4e9;
}

#define SECONDS(name_, value_)             \
	{                                  \
		{ .name = name_,           \
		  .quantity = EP_TIME_NS,  \
		  .shape = EP_COUNTER,     \
		  .refresh_ns = 4000000 }, \
			(value_)           \
	}
#define GAUGE(name_, quantity_, value_)                              \
	{                                                            \
		{ .name = name_, .quantity = (quantity_) }, (value_) \
	}

static const struct support_channel busy[] = {
	SECONDS("tree_busy", tree_ns),
	SECONDS("system_busy", system_ns),
};
static const struct support_channel zones[] = {
	GAUGE("cpu_thermal", EP_TEMP_MC, warms_up),
	GAUGE("gpu_thermal", EP_TEMP_MC, stays_cool),
};
static const struct support_channel clocks[] = {
	GAUGE("policy0_requested", EP_FREQ_HZ, slow_clock),
	GAUGE("policy4_requested", EP_FREQ_HZ, fast_clock),
};
static const struct support_sensor sensors[] = {
	{ .id = "cpu_use",
	  .target = true,
	  .channels = busy,
	  .channel_count = 2 },
	{ .id = "thermal",
	  .poll_ns = 200 * EP_NS_PER_MS,
	  .channels = zones,
	  .channel_count = 2 },
	{ .id = "cpu_clock", .channels = clocks, .channel_count = 2 },
};
static const char *const facts[] = { "self.cpu_ns=125000000",
				     "swap_in.pages=12", "stopped_by=15",
				     NULL };
static const struct support_run script = { .idle_s = 0.5,
					   .run_s = 2,
					   .tail_s = 0.5,
					   .sensors = sensors,
					   .sensor_count = 3,
					   .facts = facts };

static const char board[] =
	"{\"host\": {\"machine\": \"%s\", \"cpus_online\": 4},"
	" \"cpufreq\": ["
	"  {\"policy\": 0, \"governor\": \"%s\", \"driver\": \"cpufreq-dt\","
	"   \"min_hz\": %s, \"max_hz\": 2000000000},"
	"  {\"policy\": 4, \"governor\": \"performance\","
	"   \"driver\": \"cpufreq-dt\", \"min_hz\": 600000000,"
	"   \"max_hz\": 2400000000}]}";

/* run.json with what says what machine it was. */
static void add_to_run(struct support_folder *f, const char *more)
{
	char *text = support_run_read(f, "run.json", NULL);
	json_t *run = json_loads(text, 0, NULL);
	json_t *extra = json_loads(more, 0, NULL);

	free(text);
	assert_non_null(run);
	assert_non_null(extra);
	assert_int_equal(json_object_update(run, extra), 0);
	text = json_dumps(run, 0);
	support_run_write(f, "run.json", text, strlen(text));
	free(text);
	json_decref(run);
	json_decref(extra);
}

static struct ep_conditions measure(const struct support_run *run,
				    const char *more)
{
	struct ep_conditions c;
	struct support_folder f;
	struct ep_report *r = NULL;
	struct ep_err err = { 0 };

	support_run_make(run, &f);
	add_to_run(&f, more);
	if (ep_analyze_run(f.fd, -1, &r, &err) < 0)
		fail_msg("%s", err.text);
	c = r->conditions;
	ep_report_free(r);
	support_run_remove(&f);
	return c;
}

static struct ep_conditions measure_on(const char *machine,
				       const char *governor, const char *min_hz)
{
	char more[800];

	(void)snprintf(more, sizeof(more), board, machine, governor, min_hz);
	return measure(&script, more);
}

static void everything_is_told_that_is_known(void **state)
{
	struct ep_conditions c =
		measure_on("aarch64", "performance", "1000000000");

	(void)state;
	/* (2.55 - 1 - 0.05) s a second of the 4 s that four CPUs have. */
	support_near(c.background_cpu_share, 1.5 / 4, 0.005);
	support_near(c.temperature_start_c, 40, 1);
	support_near(c.temperature_end_c, 60, 1);
	/* 2 GHz for one second and 1.6 for the other: 10 % short. */
	support_near(c.frequency_shortfall, 0.1, 0.005);
	assert_int_equal(c.swap_in_count, 12);
	assert_int_equal(c.stopped_by, SIGTERM);
}

static void a_free_clock_promises_nothing(void **state)
{
	(void)state;
	/* Policy 4 keeps to its promise. */
	support_near(measure_on("aarch64", "ondemand", "600000000")
			     .frequency_shortfall,
		     0, 1e-12);
	/* --freq: both ends are the same. */
	support_near(measure_on("aarch64", "userspace", "2000000000")
			     .frequency_shortfall,
		     0.1, 0.005);
	assert_true(isnan(measure_on("x86_64", "performance", "600000000")
				  .frequency_shortfall));
	assert_true(isnan(measure_on("i686", "performance", "600000000")
				  .frequency_shortfall));
}

static void what_nobody_recorded_is_not_known(void **state)
{
	struct support_run run = { .run_s = 1 };
	struct ep_conditions c = measure(&run, "{}");

	(void)state;
	assert_true(isnan(c.background_cpu_share));
	assert_true(isnan(c.temperature_start_c));
	assert_true(isnan(c.temperature_end_c));
	assert_true(isnan(c.frequency_shortfall));
	assert_int_equal(c.swap_in_count, -1);
	assert_int_equal(c.stopped_by, 0);
}

static void a_run_too_short_says_nothing_of_others(void **state)
{
	struct support_run run = script;
	struct ep_conditions c;

	(void)state;
	run.run_s = 0.1;
	c = measure(&run, "{\"host\": {\"cpus_online\": 4}}");
	assert_true(isnan(c.background_cpu_share));
	support_near(c.temperature_end_c, 41, 2);
	/* Nor does a machine that does not say how many CPUs it has. */
	c = measure(&script, "{\"host\": {\"cpus_online\": 0}}");
	assert_true(isnan(c.background_cpu_share));
}

static void hostile_facts_are_not_believed(void **state)
{
	static const char *const lies[] = { "swap_in.pages=-5",
					    "stopped_by=100000", NULL };
	struct support_run run = script;
	struct ep_conditions c;

	(void)state;
	run.facts = lies;
	c = measure(&run, "{\"cpufreq\": [1, {}, {\"policy\": \"x\"}],"
			  " \"host\": 3}");
	assert_int_equal(c.swap_in_count, -1);
	assert_int_equal(c.stopped_by, 0);
	assert_true(isnan(c.frequency_shortfall));
}

static void pages_from_swap_are_counted_by_the_kernel(void **state)
{
	int64_t count = -7;

	(void)state;
	assert_int_equal(ep_vmstat_parse_swap_in("nr_free 1\npswpin 42\n"
						 "pswpout 7\n",
						 &count),
			 0);
	assert_int_equal(count, 42);
	assert_int_equal(ep_vmstat_parse_swap_in("pswpin 3\n", &count), 0);
	assert_int_equal(count, 3);
	assert_int_equal(
		ep_vmstat_parse_swap_in("pswpinx 1\nxpswpin 2\n", &count),
		-ENODATA);
	assert_int_equal(ep_vmstat_parse_swap_in("", &count), -ENODATA);
	assert_int_equal(ep_vmstat_parse_swap_in("pswpin\n", &count), -ENODATA);
	assert_int_equal(ep_vmstat_parse_swap_in("pswpin \n", &count),
			 -EBADMSG);
	assert_int_equal(ep_vmstat_parse_swap_in("pswpin 1x\n", &count),
			 -EBADMSG);
	assert_int_equal(ep_vmstat_parse_swap_in("pswpin -1\n", &count),
			 -EBADMSG);
	assert_int_equal(count, 3);
	assert_int_equal(ep_vmstat_swap_in(&count), 0);
	assert_true(count >= 0);
}

static void render(const struct ep_report *report, struct ep_buf *b)
{
	const struct ep_render_options options = { .folder = "./out" };
	const struct ep_format *f = ep_format_find("md", NULL);

	assert_non_null(f);
	ep_buf_init(b, (size_t)64 << 20);
	assert_int_equal(f->render(report, &options, b), 0);
}

static void conditions_are_told_as_far_as_known(void **state)
{
	struct ep_report *r = support_report_of_requests(1);
	struct ep_buf b;

	(void)state;
	render(r, &b);
	assert_non_null(strstr(b.data, "other programs had 1.2 % of the CPUs' "
				       "time, hottest zone 48.2 \xc2\xb0"
				       "C at the start, 61.7 \xc2\xb0"
				       "C at the end"));
	assert_null(strstr(b.data, "swapped in"));
	ep_buf_done(&b);
	r->conditions = (struct ep_conditions){
		.background_cpu_share = (double)NAN,
		.temperature_start_c = (double)NAN,
		.temperature_end_c = (double)NAN,
		.frequency_shortfall = 0.1,
		.swap_in_count = 12,
	};
	render(r, &b);
	assert_non_null(strstr(b.data, "clock 10 % below what was asked, 12 "
				       "pages swapped in"));
	assert_null(strstr(b.data, "other programs"));
	ep_buf_done(&b);
	r->conditions.frequency_shortfall = (double)NAN;
	r->conditions.swap_in_count = -1;
	render(r, &b);
	assert_null(strstr(b.data, "conditions"));
	ep_buf_done(&b);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_told_that_is_known),
		cmocka_unit_test(a_free_clock_promises_nothing),
		cmocka_unit_test(what_nobody_recorded_is_not_known),
		cmocka_unit_test(a_run_too_short_says_nothing_of_others),
		cmocka_unit_test(hostile_facts_are_not_believed),
		cmocka_unit_test(pages_from_swap_are_counted_by_the_kernel),
		cmocka_unit_test(conditions_are_told_as_far_as_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
