/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/uncertainty.h"
#include "tests/unit/support_run.h"

static void a_limit_is_divided_by_root_three(void **state)
{
	(void)state;
	support_near(ep_u_limit(0.03), 0.03 / sqrt(3), 1e-15);
	support_near(ep_u_border(6, 0.002), 6 * 0.002 / sqrt(3), 1e-15);
	support_near(ep_u_border(-6, 0.002), 6 * 0.002 / sqrt(3), 1e-15);
	support_near(ep_u_latency(3, 8, 0.01), 5 * 0.01 / sqrt(3), 1e-15);
}

static void resolution_averages_only_with_noise(void **state)
{
	double u = 0.01 / sqrt(12) * 4;

	(void)state;
	support_near(ep_u_resolution_gauge(0.01, 4, 400, 0.001), u, 1e-15);
	support_near(ep_u_resolution_gauge(0.01, 4, 400, 0.005), u / 20, 1e-15);
	support_near(ep_u_resolution_gauge(0.01, 4, 1, 0.005), u, 1e-15);
	support_near(ep_u_resolution_counter(61e-6), 61e-6 / sqrt(6), 1e-18);
	support_near(ep_u_product_lsb(5, 0.001, 2, 0.00125),
		     hypot(5 * 0.00125, 2 * 0.001), 1e-15);
}

static void border_terms_follow_their_formulas(void **state)
{
	(void)state;
	support_near(ep_u_interpolated(-6, 0.01), 6 * 0.01 / sqrt(30), 1e-15);
	support_near(ep_window_residual_j(6, 0.1), 0.075, 1e-15);
	support_near(ep_u_window(-6, 0.1), 0.075 / sqrt(3), 1e-15);
	support_near(ep_u_sampling(2 * 0.25), 0.5, 1e-15);
}

static void the_mean_of_blocks_needs_two(void **state)
{
	const double blocks[] = { 2.0, 2.2, 1.8, 2.0 };

	(void)state;
	assert_true(isnan(ep_u_mean(blocks, 0)));
	assert_true(isnan(ep_u_mean(blocks, 1)));
	support_near(ep_u_mean(blocks, 4), sqrt(0.08 / 3) / 2, 1e-12);
}

static void a_budget_adds_in_quadrature(void **state)
{
	struct ep_budget b = { .count = 0 }, half = { .count = 0 };

	(void)state;
	ep_budget_add(&b, "gain", 3);
	ep_budget_add(&b, "border", 12);
	ep_budget_add(&b, "gain", -4);
	ep_budget_add(&b, "offset", 0);
	ep_budget_add(&b, "sampling", (double)NAN);
	assert_int_equal(b.count, 2);
	support_near(ep_budget_get(&b, "gain"), 5, 1e-12);
	support_near(ep_budget_u(&b), 13, 1e-12);
	support_near(ep_budget_get(&b, "offset"), 0, 0);
	ep_budget_add_scaled(&half, &b, 0.5);
	support_near(ep_budget_u(&half), 6.5, 1e-12);
}

static void a_full_budget_loses_nothing(void **state)
{
	static const char *const names[] = {
		"a", "b", "c", "d", "e", "f", "g",
		"h", "i", "j", "k", "l", "m", "n"
	};
	struct ep_budget b = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < 14; i++)
		ep_budget_add(&b, names[i], 1);
	assert_int_equal(b.count, EP_TERMS_MAX);
	support_near(ep_budget_u(&b), sqrt(14), 1e-12);
}

static void locking_is_a_slow_beat_of_coarse_samples(void **state)
{
	(void)state;
	/* 25 tokens/s and 25 samples/s never part. */
	assert_true(ep_sampling_locked(25, 25, 4));
	/* The second harmonic meets the sampling. */
	assert_true(ep_sampling_locked(12.5, 25, 4));
	assert_true(ep_sampling_locked(25.4, 25, 4));
	assert_false(ep_sampling_locked(26.36, 25, 4));
	/* A hundred samples per second resolve 20 tokens. */
	assert_false(ep_sampling_locked(20, 100, 4));
	assert_false(ep_sampling_locked(0, 100, 4));
}

static double constant_uw(double t)
{
	(void)t;
	return 8e6;
}

static double step_uw(double t)
{
	return t < 1 ? 2e6 : 8e6;
}

static struct ep_report *analyze(double (*power)(double), int64_t gain_ppm,
				 int64_t offset)
{
	static const struct support_mark marks[] = {
		{ 1, "prefill", 100, 0 },
		{ 2, "generation", -1, 20 },
		{ 3, "", -1, 0 },
	};
	const struct support_channel channel = { { .name = "p",
						   .quantity = EP_POWER_UW,
						   .role = EP_ROLE_TOTAL,
						   .refresh_ns =
							   10 * EP_NS_PER_MS,
						   .gain_ppm = gain_ppm,
						   .offset = offset },
						 power };
	const struct support_sensor sensor = { .id = "psu",
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .idle_s = 4,
					 .run_s = 4,
					 .tail_s = 0.5,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p",
					 .marks = marks,
					 .mark_count = 3 };

	return support_run_analyze(&run);
}

static void a_sensor_without_limits_is_told_of(void **state)
{
	struct ep_report *r = analyze(constant_uw, 0, 0);

	(void)state;
	assert_true(support_warned(r, "accuracy-unknown"));
	ep_report_free(r);
	r = analyze(constant_uw, 0, 50000);
	assert_false(support_warned(r, "accuracy-unknown"));
	ep_report_free(r);
}

static void gain_and_offset_reach_every_figure(void **state)
{
	struct ep_report *r = analyze(constant_uw, 10000, 50000);
	const struct ep_row *row = support_phase(r, "prefill");
	double u = hypot(8 * 0.01, 0.05) / sqrt(3);

	(void)state;
	support_near(support_metric(row, "energy_j")->u95, 2 * u, 1e-6);
	support_near(support_metric(row, "power_mean_w")->u95, 2 * u, 1e-6);
	support_near(support_metric(row, "j_per_token")->u95, 2 * u / 100,
		     1e-8);
	/* Gain of nothing left, offset gone. */
	support_near(support_metric(row, "energy_net_j")->value, 0, 1e-6);
	support_near(support_metric(row, "energy_net_j")->u95, 0, 1e-4);
	support_near(r->idle_power_w.value, 8, 1e-9);
	support_near(r->idle_power_w.u95, 2 * u, 1e-6);
	ep_report_free(r);
}

static void gain_is_linear_over_phases(void **state)
{
	struct ep_report *r = analyze(constant_uw, 10000, 0);

	(void)state;
	support_near(support_metric(support_total(r, "run"), "energy_j")->u95,
		     2 * 32 * 0.01 / sqrt(3), 1e-6);
	ep_report_free(r);
}

static double term(const struct ep_metric *m, const char *name)
{
	for (size_t i = 0; i < m->term_count; i++)
		if (strcmp(m->terms[i].name, name) == 0)
			return m->terms[i].u;
	return 0;
}

static void an_inner_border_cancels_in_the_sum(void **state)
{
	struct ep_report *r = analyze(step_uw, 0, 0);
	const struct ep_metric *other =
		support_metric(support_phase(r, "other"), "energy_j");
	const struct ep_metric *prefill =
		support_metric(support_phase(r, "prefill"), "energy_j");
	const struct ep_metric *run =
		support_metric(support_total(r, "run"), "energy_j");
	double edge = 6 * 0.01 / sqrt(30), sample = 6 * 0.01 / sqrt(2);

	(void)state;
	support_near(term(other, "interpolated"), edge, 1e-6);
	support_near(prefill->u95, 2 * hypot(edge, sample), 1e-6);
	support_near(term(run, "interpolated"), 0, 1e-12);
	support_near(run->u95, 2 * sample, 1e-6);
	ep_report_free(r);
}

/* Marks are stamped to a microsecond. */
static void duration_counts_twice_in_action(void **state)
{
	struct ep_report *r = analyze(constant_uw, 0, 0);
	const struct ep_row *row = support_phase(r, "prefill");
	const struct ep_metric *m = support_metric(row, "action_j_s_per_token");
	double u_t = support_metric(row, "duration_s")->u95 / 2;

	(void)state;
	support_near(m->value, 0.08, 1e-12);
	assert_true(row->slack_s > 0);
	support_near(u_t, row->slack_s * sqrt(2.0 / 3), 1e-15);
	support_near(m->u95, 2 * 2 * u_t * 0.08, 1e-12);
	m = support_metric(row, "edp_j_s_per_token2");
	support_near(m->value, 0.0008, 1e-12);
	ep_report_free(r);
}

/* 25 tokens a second and the power with them, read 25 times a second. */
static double pulsed_uw(double t)
{
	return t < 0.5 ? 2e6 : 5e6 + 3e6 * cos(2 * M_PI * 25 * t);
}

static struct ep_report *analyze_pulsed(bool jitter)
{
	static const struct support_mark marks[] = {
		{ 0.6, "prefill", 10, 0 },
		{ 1, "generation", -1, 101 },
		{ 5.04, "", -1, 0 },
	};
	static const struct support_channel channel = {
		{ .name = "p", .quantity = EP_POWER_UW, .role = EP_ROLE_TOTAL },
		pulsed_uw
	};
	const struct support_sensor sensor = { .id = "psu",
					       .poll_ns = 40 * EP_NS_PER_MS,
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .idle_s = 4,
					 .run_s = 6,
					 .jitter = jitter,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p",
					 .marks = marks,
					 .mark_count = 3 };

	return support_run_analyze(&run);
}

static void locked_sampling_is_not_trusted(void **state)
{
	struct ep_report *r = analyze_pulsed(false);
	const struct ep_metric *m =
		support_metric(support_phase(r, "generation"), "energy_j");

	(void)state;
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_string_equal(m->reason, "sampling locked to tokens");
	/* It saw 8 W throughout; 6 W above idle. */
	support_near(m->value, 8 * 4.04, 1e-3);
	support_near(term(m, "locking"), 3 / sqrt(3) * 4.04, 1e-3);
	assert_true(support_warned(r, "sampling-locked"));
	ep_report_free(r);
	r = analyze_pulsed(true);
	m = support_metric(support_phase(r, "generation"), "energy_j");
	assert_int_equal(m->status, EP_STATUS_OK);
	ep_report_free(r);
}

/* Whole seconds of the baseline differ by 0.4 W. */
static double restless_uw(double t)
{
	if (t >= -0.0005)
		return 8e6;
	return (int)floor(t + 1e-6) % 2 ? 2.2e6 : 1.8e6;
}

static void a_restless_baseline_makes_net_uncertain(void **state)
{
	struct ep_report *r = analyze(restless_uw, 0, 0);
	const struct ep_metric *m =
		support_metric(support_phase(r, "prefill"), "energy_net_j");
	/* Three whole seconds: 1.8, 2.2 and 1.8 W. */
	double u = 0.4 / sqrt(3) / sqrt(3);

	(void)state;
	support_near(r->idle_power_w.value, 2, 0.01);
	support_near(term(&r->idle_power_w, "idle"), u, 0.005);
	support_near(term(m, "idle"), u, 0.005);
	support_near(m->value, 6, 0.01);
	assert_false(
		term(support_metric(support_phase(r, "prefill"), "energy_j"),
		     "idle") > 0);
	ep_report_free(r);
}

/* A second of it has a mean of 5 W, always. */
static double wave_uw(double t)
{
	return 1e6 * (5 + 2 * sin(6.283185307179586 * t));
}

static void two_blocks_do_not_make_a_baseline_sure(void **state)
{
	const struct support_channel channel = {
		{ .name = "p", .quantity = EP_POWER_UW, .role = EP_ROLE_TOTAL },
		wave_uw
	};
	const struct support_sensor sensor = { .id = "psu",
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .idle_s = 2.5,
					 .run_s = 2,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p" };
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	assert_true(term(&r->idle_power_w, "idle") > 0.2);
	/* One channel, one baseline. */
	support_near(r->channels[0].idle_w.value, r->idle_power_w.value, 1e-12);
	support_near(r->channels[0].idle_w.u95, r->idle_power_w.u95, 1e-12);
	ep_report_free(r);
}

static void a_phase_within_one_window_is_not_measured(void **state)
{
	static const struct support_mark marks[] = {
		{ 1, "prefill", 100, 0 },
		{ 1.4, "", -1, 0 },
	};
	const struct support_channel channel = { { .name = "p",
						   .quantity = EP_POWER_UW,
						   .role = EP_ROLE_TOTAL,
						   .window_ns =
							   500 * EP_NS_PER_MS },
						 constant_uw };
	const struct support_sensor sensor = { .id = "psu",
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .idle_s = 2,
					 .run_s = 3,
					 .tail_s = 0.5,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p",
					 .marks = marks,
					 .mark_count = 2 };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_metric *m =
		support_metric(support_phase(r, "prefill"), "energy_j");

	(void)state;
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_non_null(strstr(m->reason, "averaging window"));
	support_near(support_metric(support_total(r, "run"), "energy_j")->value,
		     24, 1e-6);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_is_divided_by_root_three),
		cmocka_unit_test(resolution_averages_only_with_noise),
		cmocka_unit_test(border_terms_follow_their_formulas),
		cmocka_unit_test(the_mean_of_blocks_needs_two),
		cmocka_unit_test(a_budget_adds_in_quadrature),
		cmocka_unit_test(a_full_budget_loses_nothing),
		cmocka_unit_test(locking_is_a_slow_beat_of_coarse_samples),
		cmocka_unit_test(a_sensor_without_limits_is_told_of),
		cmocka_unit_test(gain_and_offset_reach_every_figure),
		cmocka_unit_test(gain_is_linear_over_phases),
		cmocka_unit_test(an_inner_border_cancels_in_the_sum),
		cmocka_unit_test(duration_counts_twice_in_action),
		cmocka_unit_test(locked_sampling_is_not_trusted),
		cmocka_unit_test(a_restless_baseline_makes_net_uncertain),
		cmocka_unit_test(two_blocks_do_not_make_a_baseline_sure),
		cmocka_unit_test(a_phase_within_one_window_is_not_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
