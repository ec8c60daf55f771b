/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lies before the first and after the last sample, what is old, what was
 * lost and what was not read. */
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

static double w5_uw(double t)
{
	(void)t;
	return 5e6;
}

static double ramp_w(double t)
{
	return 6 + 1.5 * t;
}

static double ramp_uw(double t)
{
	return 1e6 * ramp_w(t);
}

static double ramp_j(double from, double to)
{
	return 6 * (to - from) + 0.75 * (to * to - from * from);
}

/* What a meter shows that averages half a second and is a quarter late. */
static double late_ramp_uw(double t)
{
	return ramp_uw(t - 0.5);
}

struct meter {
	double (*value)(double t_s);
	int64_t poll_ns, window_ns;
	double idle_s, run_s, late_s;
};

static struct ep_report *analyze(const struct meter *m)
{
	const struct support_channel channel = { { .name = "p",
						   .quantity = EP_POWER_UW,
						   .role = EP_ROLE_TOTAL,
						   .gain_ppm = 1000,
						   .refresh_ns = m->poll_ns,
						   .window_ns = m->window_ns },
						 m->value };
	const struct support_sensor sensor = { .id = "um",
					       .poll_ns = m->poll_ns,
					       .late_s = m->late_s,
					       .flags = EP_SAMPLE_UNPROVEN,
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .idle_s = m->idle_s,
					 .run_s = m->run_s,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "um.p" };

	return support_run_analyze(&run);
}

static const struct ep_metric *joules(const struct ep_report *r)
{
	return support_metric(support_total(r, "run"), "energy_j");
}

static double term(const struct ep_metric *m, const char *name)
{
	for (size_t i = 0; i < m->term_count; i++)
		if (strcmp(m->terms[i].name, name) == 0)
			return m->terms[i].u;
	return 0;
}

/* The last of two values a second, at 4.0 s, stands for 3.25 s to 3.75 s. */
static void the_last_value_is_held_to_the_end(void **state)
{
	const struct meter um = { w5_uw,       500 * EP_NS_PER_MS,
				  EP_NS_PER_S, 2,
				  4.2,	       0 };
	struct ep_report *r = analyze(&um);
	const struct ep_metric *m = joules(r);

	(void)state;
	support_near(m->value, 21, 1e-6);
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_string_equal(m->reason, "0.45 s of 4.2 s lie beyond the "
				       "samples: the nearest held there");
	support_near(term(m, "gap"), 5 * 0.45 / sqrt(3), 1e-6);
	support_near(
		support_metric(support_total(r, "run"), "power_mean_w")->value,
		5, 1e-6);
	assert_int_equal(r->health[0].gap_count, 0);
	ep_report_free(r);
}

static void what_is_held_is_within_its_uncertainty(void **state)
{
	const struct meter um = { late_ramp_uw, 500 * EP_NS_PER_MS,
				  EP_NS_PER_S,	2,
				  4.2,		0 };
	struct ep_report *r = analyze(&um);
	const struct ep_metric *m = joules(r);

	(void)state;
	/* 0.45 s at 11.25 W instead of the rest of the ramp, and what a
	 * window is thought to hide of a step at the gate. */
	support_near(m->value,
		     ramp_j(0, 3.5) + 0.25 * ramp_w(3.5) + 0.45 * ramp_w(3.5),
		     0.2);
	assert_true(fabs(m->value - ramp_j(0, 4.2)) <= m->u95);
	ep_report_free(r);
}

static void little_that_is_held_leaves_a_figure_good(void **state)
{
	const struct meter tc = {
		w5_uw, 100 * EP_NS_PER_MS, 200 * EP_NS_PER_MS, 2, 4.05, 0
	};
	struct ep_report *r = analyze(&tc);
	const struct ep_metric *m = joules(r);

	(void)state;
	support_near(m->value, 20.25, 1e-6);
	assert_int_equal(m->status, EP_STATUS_OK);
	assert_non_null(strstr(m->reason, "0.1 s of 4.05 s"));
	support_near(term(m, "gap"), 5 * 0.1 / sqrt(3), 1e-6);
	ep_report_free(r);
}

/* No baseline: the first value comes 0.3 s after the gate. */
static void the_first_value_is_held_from_the_gate(void **state)
{
	const struct meter slow = { ramp_uw, 500 * EP_NS_PER_MS, 0, 0, 4, 0.3 };
	struct ep_report *r = analyze(&slow);
	const struct ep_metric *m = joules(r);

	(void)state;
	/* 0.05 s before, and none after: 3.8 s and a quarter. */
	support_near(m->value,
		     0.3 * ramp_w(0.3) + ramp_j(0.3, 3.8) + 0.2 * ramp_w(3.8),
		     1e-5);
	support_near(term(m, "gap"), 11.7 * 0.05 / sqrt(3), 0.2);
	assert_true(fabs(m->value - ramp_j(0, 4)) <= m->u95);
	ep_report_free(r);
}

static void a_sensor_that_died_is_not_held(void **state)
{
	const struct support_channel channel = {
		{ .name = "p", .quantity = EP_POWER_UW, .role = EP_ROLE_TOTAL },
		w5_uw
	};
	const struct support_sensor sensor = { .id = "psu",
					       .from_s = -2,
					       .to_s = 3,
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .idle_s = 2,
					 .run_s = 4,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p" };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_metric *m = joules(r);

	(void)state;
	support_near(m->value, 15.025, 1e-6);
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_string_equal(m->reason, "0.995 s of 4 s not covered by samples");
	ep_report_free(r);
}

/* Every value is one refresh old, which the device does not tell. */
static double old_uw(double t)
{
	return ramp_uw(t - 0.05);
}

static void an_old_value_is_within_the_latency(void **state)
{
	const struct meter plug = { old_uw, 50 * EP_NS_PER_MS, 0, 2, 4, 0 };
	struct ep_report *r = analyze(&plug);
	const struct ep_metric *m = joules(r);

	(void)state;
	support_near(m->value, ramp_j(-0.05, 3.95), 0.01);
	assert_true(term(m, "latency") > 0.05 * 5.5 / sqrt(3));
	assert_true(fabs(m->value - ramp_j(0, 4)) <= m->u95);
	ep_report_free(r);
}

/* 0.2 W of noise now and then on a square load that takes a second. */
static double square_uw(double t)
{
	long long k = llround(t * 100);

	return (k / 100 % 2 ? 7e6 : 3e6) + (k % 7 == 0 || k % 11 == 0) * 2e5;
}

/* How long a value stays is the load's doing; the device is faster. */
static void a_steady_load_is_no_slow_sensor(void **state)
{
	const struct support_channel channel = { { .name = "p",
						   .quantity = EP_POWER_UW,
						   .role = EP_ROLE_TOTAL,
						   .gain_ppm = 1000 },
						 square_uw };
	const struct support_sensor sensor = { .id = "psu",
					       .flags = EP_SAMPLE_UNPROVEN,
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .idle_s = 2,
					 .run_s = 4,
					 .tail_s = 0.5,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p" };
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	assert_true(term(joules(r), "sampling") < 0.1);
	ep_report_free(r);
}

static int lost_once(double t)
{
	return fabs(t - 1) < 1e-6 ? EP_SAMPLE_GAP : 0;
}

static bool away(double t)
{
	return t > 0.5 && t < 0.9995;
}

static struct ep_report *analyze_lost(bool (*skip)(double))
{
	const struct support_channel channel = {
		{ .name = "p", .quantity = EP_POWER_UW, .role = EP_ROLE_TOTAL },
		ramp_uw
	};
	const struct support_sensor sensor = { .id = "psu",
					       .channels = &channel,
					       .channel_count = 1,
					       .more_flags = lost_once,
					       .skip_line = skip };
	const struct support_run run = { .idle_s = 2,
					 .run_s = 4,
					 .tail_s = 0.5,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p" };

	return support_run_analyze(&run);
}

static void lost_values_are_a_gap_that_is_bridged(void **state)
{
	struct ep_report *r = analyze_lost(NULL);

	(void)state;
	support_near(joules(r)->value, ramp_j(0, 4), 1e-5);
	assert_int_equal(r->health[0].gap_count, 1);
	support_near(r->health[0].max_gap_s, 0.01, 1e-9);
	assert_true(support_warned(r, "sensor-gaps"));
	ep_report_free(r);
	/* The flag after a silence is the same gap. */
	r = analyze_lost(away);
	assert_int_equal(r->health[0].gap_count, 1);
	support_near(r->health[0].max_gap_s, 0.5, 1e-6);
	ep_report_free(r);
}

/* The second channel has its turn four times a second. */
static bool not_its_turn(double t, size_t channel)
{
	return channel == 1 && llround(t * 100) % 25 != 0;
}

static void a_cell_that_is_not_read_is_no_gap(void **state)
{
	const struct support_channel channels[] = {
		{ { .name = "core",
		    .quantity = EP_POWER_UW,
		    .role = EP_ROLE_TOTAL },
		  w5_uw },
		{ { .name = "other",
		    .quantity = EP_POWER_UW,
		    .role = EP_ROLE_TOTAL },
		  ramp_uw },
	};
	const struct support_sensor sensor = { .id = "pmic",
					       .channels = channels,
					       .channel_count = 2,
					       .spare_cell = not_its_turn };
	const struct support_run run = { .idle_s = 2,
					 .run_s = 4,
					 .tail_s = 0.5,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "pmic.core,pmic.other" };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_metric *peak =
		support_metric(support_total(r, "run"), "power_peak_w");

	(void)state;
	support_near(joules(r)->value, 20 + ramp_j(0, 4), 1e-4);
	assert_int_equal(joules(r)->status, EP_STATUS_OK);
	assert_int_equal(r->health[1].gap_count, 0);
	assert_int_equal(r->health[1].error_count, 0);
	assert_true(r->health[1].read_count * 20 < r->health[0].read_count);
	assert_false(support_warned(r, "sensor-gaps"));
	assert_int_equal(peak->status, EP_STATUS_NOT_MEASURED);
	assert_non_null(strstr(peak->reason, "read in turn"));
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_value_is_held_to_the_end),
		cmocka_unit_test(what_is_held_is_within_its_uncertainty),
		cmocka_unit_test(little_that_is_held_leaves_a_figure_good),
		cmocka_unit_test(the_first_value_is_held_from_the_gate),
		cmocka_unit_test(a_sensor_that_died_is_not_held),
		cmocka_unit_test(an_old_value_is_within_the_latency),
		cmocka_unit_test(a_steady_load_is_no_slow_sensor),
		cmocka_unit_test(lost_values_are_a_gap_that_is_bridged),
		cmocka_unit_test(a_cell_that_is_not_read_is_no_gap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
