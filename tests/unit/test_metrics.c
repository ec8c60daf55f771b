/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures per token, per request and of the run. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/model.h"
#include "tests/unit/support_run.h"

static double load_uw(double t)
{
	return t < 0.05 ? 2e6 : 5.692e6;
}

static const struct support_channel power = { { .name = "power",
						.quantity = EP_POWER_UW,
						.role = EP_ROLE_TOTAL,
						.refresh_ns =
							10 * EP_NS_PER_MS },
					      load_uw };
static const struct support_sensor psu = { .id = "psu",
					   .channels = &power,
					   .channel_count = 1 };

static double value(const struct ep_row *row, const char *name)
{
	const struct ep_metric *m = support_metric(row, name);

	if (m->status != EP_STATUS_OK)
		fail_msg("%s is %s: %s", name, ep_status_name(m->status),
			 m->reason);
	return m->value;
}

static void refused(const struct ep_row *row, const char *name,
		    const char *reason)
{
	const struct ep_metric *m = support_metric(row, name);

	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_true(isnan(m->value));
	assert_true(isnan(m->u95));
	if (!strstr(m->reason, reason))
		fail_msg("%s: '%s'", name, m->reason);
}

/* 284.6 J in 50 s for 100 tokens. */
static void action_is_energy_times_time_per_token(void **state)
{
	static const struct support_mark marks[] = {
		{ 0.5, "prefill", 80, 0 },
		{ 1.0, "generation", -1, 100 },
		{ 51.0, "", -1, 0 },
	};
	const struct support_run run = { .idle_s = 2,
					 .run_s = 51.5,
					 .tail_s = 0.1,
					 .sensors = &psu,
					 .sensor_count = 1,
					 .total = "psu.power",
					 .marks = marks,
					 .mark_count = 3 };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_row *g = support_phase(r, "generation");
	const struct ep_row *p = support_phase(r, "prefill");

	(void)state;
	assert_int_equal(g->phase.tokens_count, 100);
	assert_int_equal(g->phase.steps_count, 99);
	support_near(value(g, "energy_j"), 284.6, 1e-6);
	support_near(value(g, "action_j_s_per_token"), 142.3, 1e-6);
	support_near(value(g, "edp_j_s_per_token2"), 1.423, 1e-8);
	support_near(value(g, "j_per_token"), 284.6 / 99, 1e-8);
	support_near(value(g, "tokens_per_s"), 99.0 / 50, 1e-9);
	support_near(value(g, "energy_net_j"), 284.6 - 2 * 50, 1e-6);
	support_near(value(g, "net_j_per_token"), 184.6 / 99, 1e-8);
	support_near(value(g, "power_mean_w"), 5.692, 1e-9);
	support_near(value(g, "power_peak_w"), 5.692, 1e-9);
	support_near(value(p, "j_per_token"), 5.692 * 0.5 / 80, 1e-9);
	support_near(value(p, "tokens_per_s"), 160, 1e-6);
	/* The totals of one request are that request's. */
	g = support_total(r, "generation");
	support_near(value(g, "action_j_s_per_token"), 142.3, 1e-6);
	assert_int_equal(r->request_count, 1);
	support_near(value(&r->requests[0], "j_per_output_token"),
		     5.692 * 50.5 / 100, 1e-8);
	support_near(value(support_total(r, "run"), "j_per_output_token"),
		     5.692 * 50.5 / 100, 1e-8);
	assert_null(ep_row_metric(support_phase(r, "tail"), "j_per_token"));
	ep_report_free(r);
}

static void one_token_has_no_step(void **state)
{
	static const struct support_mark marks[] = {
		{ 0.5, "prefill", 80, 0 },
		{ 1.0, "generation", -1, 1 },
		{ 1.2, "", -1, 0 },
	};
	const struct support_run run = { .idle_s = 2,
					 .run_s = 2,
					 .sensors = &psu,
					 .sensor_count = 1,
					 .total = "psu.power",
					 .marks = marks,
					 .mark_count = 3 };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_row *g = support_phase(r, "generation");

	(void)state;
	assert_int_equal(g->phase.steps_count, 0);
	refused(g, "j_per_token", "steps = 0");
	refused(g, "tokens_per_s", "steps = 0");
	refused(g, "action_j_s_per_token", "steps = 0");
	support_near(value(g, "energy_j"), 5.692 * 0.2, 1e-9);
	ep_report_free(r);
}

static void requests_have_latencies(void **state)
{
	static const struct support_mark marks[] = {
		{ 0.2, "prefill", 10, 0 },    { 0.7, "generation", -1, 150 },
		{ 2.2, "", -1, 0 },	      { 2.5, "prefill", 20, 0 },
		{ 2.6, "generation", -1, 5 }, { 3.1, "", -1, 0 },
	};
	const struct support_run run = { .idle_s = 2,
					 .run_s = 4,
					 .sensors = &psu,
					 .sensor_count = 1,
					 .total = "psu.power",
					 .marks = marks,
					 .mark_count = 6 };
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	assert_int_equal(r->request_count, 2);
	support_near(value(&r->requests[0], "ttft_s"), 0.5, 1e-9);
	support_near(value(&r->requests[0], "itl_p50_s"), 0.01, 1e-9);
	support_near(value(&r->requests[0], "itl_p99_s"), 0.01, 1e-9);
	support_near(value(&r->requests[1], "ttft_s"), 0.1, 1e-9);
	support_near(value(&r->requests[1], "itl_p90_s"), 0.1, 1e-9);
	refused(&r->requests[1], "itl_p99_s", "fewer than 100");
	/* Rates of the totals are ratios of sums. */
	support_near(value(support_total(r, "generation"), "tokens_per_s"),
		     153 / 2.0, 1e-9);
	assert_int_equal(support_total(r, "generation")->phase.tokens_count,
			 155);
	assert_int_equal(r->token_count, 155);
	assert_true(isnan(r->token_energy_j[0]));
	support_near(r->token_energy_j[1], 5.692 * 0.01, 1e-9);
	assert_true(isnan(r->token_energy_j[150]));
	support_near(r->token_energy_j[154], 5.692 * 0.1, 1e-9);
	assert_true(support_warned(r, "unequal-requests"));
	ep_report_free(r);
}

static double rate_1000(double t)
{
	return t < 0 ? 0 : t > 2.005 ? 2005 : 1000 * t;
}

static double rate_500(double t)
{
	return rate_1000(t) / 2;
}

static double enabled_ns(double t)
{
	return t < 0 ? 0 : 1e9 * fmin(t, 2.005);
}

static double running_ns(double t)
{
	return enabled_ns(t) / 2;
}

static double rss_bytes(double t)
{
	return t < 1 ? 1e8 : 3e8;
}

#define EVENT(n, more, f)                             \
	{                                             \
		{ .name = n,                          \
		  .quantity = EP_COUNT,               \
		  .shape = EP_COUNTER,                \
		  .flags = EP_CHANNEL_EVENT | (more), \
		  .resolution = 1 },                  \
			f                             \
	}
#define TIME(n, f)                                                            \
	{                                                                     \
		{ .name = n, .quantity = EP_TIME_NS, .shape = EP_COUNTER }, f \
	}

static const struct support_channel events[] = {
	EVENT("context_switches", 0, rate_1000),
	EVENT("cycles", EP_CHANNEL_HARDWARE, rate_1000),
	EVENT("instructions", EP_CHANNEL_HARDWARE, rate_500),
	TIME("hw1_enabled", enabled_ns),
	TIME("hw1_running", running_ns),
};
static const struct support_channel memory[] = {
	{ { .name = "rss", .quantity = EP_SIZE_BYTES }, rss_bytes },
};

/* Counted from the gate on to the exit, whatever the time of the reads. */
static void counts_are_whole_and_scaled(void **state)
{
	static const struct support_mark marks[] = {
		{ 0.5, "prefill", 100, 0 },
		{ 1.0, "generation", -1, 50 },
		{ 2.0, "", -1, 0 },
	};
	const struct support_sensor sensors[] = {
		{ .id = "counters",
		  .target = true,
		  .late_s = 0.007,
		  .from_s = 0.001,
		  .to_s = 2.02,
		  .channels = events,
		  .channel_count = 5 },
		{ .id = "memory",
		  .poll_ns = 200 * EP_NS_PER_MS,
		  .target = true,
		  .from_s = 0.001,
		  .to_s = 2.2,
		  .channels = memory,
		  .channel_count = 1 },
	};
	static const char *const facts[] = { "child.maxrss_bytes=400000000",
					     NULL };
	const struct support_run run = { .run_s = 2.005,
					 .tail_s = 0.2,
					 .sensors = sensors,
					 .sensor_count = 2,
					 .marks = marks,
					 .mark_count = 3,
					 .facts = facts };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_row *all = support_total(r, "run");
	const struct ep_row *prefill = support_phase(r, "prefill");
	const struct ep_metric *m;

	(void)state;
	support_near(value(all, "context_switches_count"), 2005, 1e-6);
	support_near(value(prefill, "context_switches_count"), 500, 0.5);
	support_near(value(prefill, "context_switches_per_token"), 5, 0.005);
	support_near(value(all, "cycles_count"), 4010, 1e-6);
	m = support_metric(prefill, "cycles_count");
	assert_string_equal(m->reason, "scaled: counted 50 % of the time");
	support_near(value(all, "ipc"), 0.5, 1e-3);
	refused(all, "cache_misses_per_token", "no hardware PMU");
	refused(all, "page_faults_count", "not among");
	support_near(value(prefill, "rss_peak_bytes"), 1e8, 0);
	support_near(value(support_phase(r, "generation"), "rss_peak_bytes"),
		     3e8, 0);
	support_near(value(all, "rss_peak_bytes"), 4e8, 0);
	refused(all, "energy_j", "no power sensor");
	refused(prefill, "j_per_token", "no power sensor");
	ep_report_free(r);
}

static void without_counters_getrusage_answers(void **state)
{
	const struct support_sensor sensors[] = {
		{ .id = "counters",
		  .target = true,
		  .failed = true,
		  .reason = "perf_event_open: Permission denied" },
	};
	static const char *const facts[] = { "child.nvcsw=40", "child.nivcsw=2",
					     "child.minflt=900",
					     "child.majflt=1", NULL };
	const struct support_run run = { .run_s = 2,
					 .sensors = sensors,
					 .sensor_count = 1,
					 .facts = facts };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_row *all = support_total(r, "run");

	(void)state;
	support_near(value(all, "context_switches_count"), 42, 0);
	support_near(value(all, "page_faults_count"), 901, 0);
	assert_string_equal(support_metric(all, "page_faults_count")->reason,
			    "getrusage of the child, whole run");
	refused(support_phase(r, "other"), "page_faults_count",
		"Permission denied");
	support_near(value(all, "major_faults_count"), 1, 0);
	refused(support_phase(r, "other"), "major_faults_count",
		"Permission denied");
	refused(all, "swap_in_count", "no memory sensor");
	refused(all, "cache_misses_count", "Permission denied");
	assert_true(support_warned(r, "counters-refused"));
	ep_report_free(r);
}

static void estimates_are_always_marked(void **state)
{
	const struct support_channel model = { { .name = "total",
						 .quantity = EP_POWER_UW,
						 .role = EP_ROLE_TOTAL,
						 .flags = EP_CHANNEL_ESTIMATED,
						 .refresh_ns =
							 10 * EP_NS_PER_MS },
					       load_uw };
	const struct support_sensor sensor = { .id = "estimate",
					       .channels = &model,
					       .channel_count = 1 };
	const struct support_run run = { .idle_s = 2,
					 .run_s = 2,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "estimate.total" };
	struct ep_report *r = support_run_analyze(&run);
	static const char *const names[] = { "energy_j", "energy_net_j",
					     "power_mean_w", "power_peak_w" };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(
			support_metric(support_total(r, "run"), names[i])
				->status,
			EP_STATUS_ESTIMATED);
	assert_int_equal(r->idle_power_w.status, EP_STATUS_ESTIMATED);
	assert_true(r->total_estimated);
	assert_true(r->channels[0].estimated);
	assert_true(support_warned(r, "estimated"));
	ep_report_free(r);
}

static void without_a_baseline_net_is_not_measured(void **state)
{
	const struct support_run run = { .run_s = 2,
					 .sensors = &psu,
					 .sensor_count = 1,
					 .total = "psu.power" };
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	refused(support_total(r, "run"), "energy_net_j", "no baseline");
	support_near(value(support_total(r, "run"), "energy_j"),
		     2 * 0.045 + 5.692 * 1.955, 1e-9);
	assert_true(support_warned(r, "no-baseline"));
	ep_report_free(r);
}

static void units_follow_names(void **state)
{
	(void)state;
	assert_string_equal(ep_metric_unit("net_j_per_token"), "J/token");
	assert_string_equal(ep_metric_unit("power_mean_w"), "W");
	assert_string_equal(ep_metric_unit("energy_net_j"), "J");
	assert_string_equal(ep_metric_unit("itl_p50_s"), "s");
	assert_string_equal(ep_metric_unit("cache_misses_per_token"),
			    "1/token");
	assert_string_equal(ep_metric_unit("cache_misses_count"), "");
	assert_string_equal(ep_status_name(EP_STATUS_LOW_CONFIDENCE),
			    "low_confidence");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(action_is_energy_times_time_per_token),
		cmocka_unit_test(one_token_has_no_step),
		cmocka_unit_test(requests_have_latencies),
		cmocka_unit_test(counts_are_whole_and_scaled),
		cmocka_unit_test(without_counters_getrusage_answers),
		cmocka_unit_test(estimates_are_always_marked),
		cmocka_unit_test(without_a_baseline_net_is_not_measured),
		cmocka_unit_test(units_follow_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
