/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies where samples are missing, repeated or too few. */
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

#define POWER                                                        \
	.name = "power", .quantity = EP_POWER_UW, .shape = EP_GAUGE, \
	.role = EP_ROLE_TOTAL
#define GAUGE POWER, .refresh_ns = 10 * EP_NS_PER_MS
#define COUNTER                                                          \
	.name = "energy", .quantity = EP_ENERGY_UJ, .shape = EP_COUNTER, \
	.role = EP_ROLE_TOTAL, .refresh_ns = EP_NS_PER_MS

static const struct support_mark two_phases[] = {
	{ 0.5037, "prefill", 50, 0 },
	{ 2.0061, "generation", -1, 40 },
	{ 3.5029, "", -1, 0 },
};

static struct support_run make(const struct support_sensor *sensor,
			       const char *total)
{
	struct support_run run = {
		.idle_s = 2,
		.run_s = 4,
		.tail_s = 0.5,
		.sensors = sensor,
		.sensor_count = 1,
		.total = total,
		.marks = two_phases,
		.mark_count = 3,
	};

	return run;
}

static double joules(const struct ep_row *row)
{
	const struct ep_metric *m = support_metric(row, "energy_j");

	if (m->status == EP_STATUS_NOT_MEASURED)
		fail_msg("%s: %s", row->phase.name, m->reason);
	return m->value;
}

static double ramp_uw(double t)
{
	return 1e6 * (6 + 1.5 * t);
}

static double ramp_j(double from, double to)
{
	return 6 * (to - from) + 0.75 * (to * to - from * from);
}

static double step_uw(double t)
{
	return t < 2.0061 ? 2e6 : 8e6;
}

/* Restarted from 0 in the middle of generation. */
static double reset_counter_uj(double t)
{
	return t < 2.5 ? 1e9 + 5e6 * t : 5e6 * (t - 2.5);
}

static void a_reset_is_a_gap_of_one_interval(void **state)
{
	const struct support_channel channel = { { COUNTER },
						 reset_counter_uj };
	const struct support_sensor sensor = { .id = "meter",
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = make(&sensor, "meter.energy");
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_metric *m =
		support_metric(support_phase(r, "generation"), "energy_j");

	(void)state;
	support_near(m->value, 5 * (3.5029 - 2.0061 - 0.01), 1e-5);
	assert_non_null(strstr(m->reason, "not covered"));
	assert_int_equal(m->status, EP_STATUS_OK);
	assert_int_equal(r->health[0].gap_count, 1);
	assert_true(support_warned(r, "counter-reset"));
	ep_report_free(r);
}

static bool short_gap(double t)
{
	return t > 2.5 && t < 2.585;
}

static bool long_gap(double t)
{
	return t > 2.5 && t < 3.0;
}

static struct ep_report *analyze_gap(bool (*gap)(double))
{
	static const struct support_channel channel = { { GAUGE }, ramp_uw };
	const struct support_sensor sensor = { .id = "psu",
					       .channels = &channel,
					       .channel_count = 1,
					       .skip_line = gap };
	const struct support_run run = make(&sensor, "psu.power");

	return support_run_analyze(&run);
}

static void a_short_gap_is_bridged(void **state)
{
	struct ep_report *r = analyze_gap(short_gap);
	const struct ep_metric *m =
		support_metric(support_phase(r, "generation"), "energy_j");

	(void)state;
	support_near(m->value, ramp_j(2.0061, 3.5029), 5e-6);
	assert_int_equal(m->status, EP_STATUS_OK);
	assert_int_equal(r->health[0].gap_count, 0);
	ep_report_free(r);
}

static void a_long_gap_is_not_filled(void **state)
{
	struct ep_report *r = analyze_gap(long_gap);
	const struct ep_metric *m =
		support_metric(support_phase(r, "generation"), "energy_j");

	(void)state;
	/* Samples at 2.50 and 3.00 hold for half an interval. */
	support_near(m->value, ramp_j(2.0061, 2.505) + ramp_j(2.995, 3.5029),
		     1e-3);
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_non_null(strstr(m->reason, "0.49 s"));
	assert_int_equal(r->health[0].gap_count, 1);
	support_near(r->health[0].max_gap_s, 0.5, 1e-6);
	assert_true(fabs(m->value - ramp_j(2.0061, 3.5029)) <= m->u95);
	ep_report_free(r);
}

static double ramp_uj(double t)
{
	return 1e6 * (100 + ramp_j(0, t));
}

static bool gap_at_border(double t)
{
	return t > 1.905 && t < 2.2;
}

static struct ep_report *analyze_counter_gap(bool (*gap)(double),
					     int64_t wrap_uj)
{
	struct support_channel channel = { { COUNTER, .wrap = 0 }, ramp_uj };
	const struct support_sensor sensor = { .id = "meter",
					       .channels = &channel,
					       .channel_count = 1,
					       .skip_line = gap };
	const struct support_run run = make(&sensor, "meter.energy");

	channel.ch.wrap = (uint64_t)wrap_uj;
	return support_run_analyze(&run);
}

/* A counter counts on while nobody reads it. */
static void a_counter_bridges_a_gap_within_a_phase(void **state)
{
	const int64_t wraps[] = { 0, 15000000 };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct ep_report *r = analyze_counter_gap(long_gap, wraps[i]);
		const struct ep_metric *m = support_metric(
			support_phase(r, "generation"), "energy_j");

		support_near(m->value, ramp_j(2.0061, 3.5029), 1e-4);
		assert_int_equal(m->status, EP_STATUS_OK);
		assert_int_equal(r->health[0].gap_count, 1);
		support_near(r->health[0].max_gap_s, 0.5, 1e-6);
		assert_true(support_warned(r, "sensor-gaps"));
		ep_report_free(r);
	}
}

/* Which phase got how much of it cannot be told. */
static void a_counter_does_not_bridge_a_border(void **state)
{
	struct ep_report *r = analyze_counter_gap(gap_at_border, 0);
	const struct ep_metric *m =
		support_metric(support_phase(r, "prefill"), "energy_j");

	(void)state;
	support_near(m->value, ramp_j(0.5037, 1.9), 1e-4);
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_non_null(strstr(m->reason, "not covered"));
	assert_int_equal(r->health[0].gap_count, 1);
	ep_report_free(r);
}

static bool every_third_cell(double t, size_t channel)
{
	return channel == 0 && llround(t * 100) % 3 == 0;
}

static void missing_cells_are_bridged_by_the_channel_alone(void **state)
{
	const struct support_channel channels[] = {
		{ { GAUGE }, ramp_uw },
		{ { .name = "other", .quantity = EP_POWER_UW }, step_uw },
	};
	const struct support_sensor sensor = { .id = "psu",
					       .late_s = 0.0031,
					       .channels = channels,
					       .channel_count = 2,
					       .skip_cell = every_third_cell };
	const struct support_run run = make(&sensor, "psu.power");
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	support_near(joules(support_total(r, "run")), ramp_j(0, 4), 5e-6);
	support_near(joules(support_phase(r, "prefill")),
		     ramp_j(0.5037, 2.0061), 5e-6);
	assert_true(r->health[0].error_count > 100);
	assert_int_equal(r->health[0].gap_count, 0);
	assert_int_equal(r->health[1].error_count, 0);
	ep_report_free(r);
}

/* A device that makes a value every 50 ms, read every 10 ms. */
static double held_ramp_uw(double t)
{
	return ramp_uw(floor(t / 0.05 + 1e-9) * 0.05);
}

static void duplicates_keep_their_time(void **state)
{
	const struct support_channel channel = { { POWER }, held_ramp_uw };
	const struct support_sensor sensor = { .id = "psu",
					       .flags = EP_SAMPLE_UNPROVEN,
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = make(&sensor, "psu.power");
	struct ep_report *r = support_run_analyze(&run);
	double lag = 0.02 * 1.5; /* of the plateau behind the ramp, W */

	(void)state;
	support_near(joules(support_total(r, "run")), ramp_j(0, 4) - lag * 4,
		     0.001 * 36);
	support_near(r->health[0].measured_refresh_s, 0.05, 1e-9);
	support_near(r->health[0].poll_s, 0.01, 1e-9);
	assert_true(r->health[0].repeat_count >
		    r->health[0].read_count * 3 / 4);
	ep_report_free(r);
}

static void a_phase_shorter_than_a_refresh_is_not_trusted(void **state)
{
	static const struct support_mark marks[] = {
		{ 1.0, "prefill", 50, 0 },
		{ 1.03, "generation", -1, 2 },
		{ 1.036, "", -1, 0 },
	};
	const struct support_channel channel = { { GAUGE }, ramp_uw };
	const struct support_sensor sensor = { .id = "psu",
					       .late_s = 0.008,
					       .channels = &channel,
					       .channel_count = 1 };
	struct support_run run = make(&sensor, "psu.power");
	struct ep_report *r;
	const struct ep_metric *m;

	(void)state;
	run.marks = marks;
	r = support_run_analyze(&run);
	m = support_metric(support_phase(r, "prefill"), "energy_j");
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_string_equal(m->reason, "3 fresh samples; about 2 repetitions "
				       "would do");
	m = support_metric(support_phase(r, "generation"), "energy_j");
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_true(isnan(m->value));
	assert_string_equal(m->reason,
			    "no sample in it; about 9 repetitions would do");
	support_near(joules(support_total(r, "run")), ramp_j(0, 4), 5e-6);
	assert_true(support_warned(r, "phase-short"));
	ep_report_free(r);
}

static double eight_uw(double t)
{
	(void)t;
	return 8e6;
}

/* Two parts of a total, one of which is gone for half of the run: each has its
 * own time, else the mean would be of more than both together. */
static void a_mean_of_parts_is_never_more_than_they_drew(void **state)
{
	static const struct support_channel channel = { { GAUGE }, eight_uw };
	const struct support_sensor sensors[] = {
		{ .id = "a", .channels = &channel, .channel_count = 1 },
		{ .id = "b",
		  .channels = &channel,
		  .channel_count = 1,
		  .to_s = 2,
		  .from_s = -2 },
	};
	struct support_run run = make(sensors, "a.power,b.power");
	struct ep_report *r;
	const struct ep_row *whole;

	(void)state;
	run.sensor_count = 2;
	r = support_run_analyze(&run);
	whole = support_total(r, "run");
	support_near(support_metric(whole, "energy_j")->value, 8 * 4 + 8 * 2,
		     0.1);
	support_near(support_metric(whole, "power_mean_w")->value, 16, 0.1);
	support_near(support_metric(whole, "power_peak_w")->value, 16, 0.1);
	assert_int_equal(support_metric(whole, "power_mean_w")->status,
			 EP_STATUS_LOW_CONFIDENCE);
	/* It is told like a gap that ends. */
	assert_int_equal(r->health[0].gap_count, 0);
	assert_int_equal(r->health[1].gap_count, 1);
	support_near(r->health[1].max_gap_s, 2, 0.05);
	assert_true(support_warned(r, "sensor-gaps"));
	ep_report_free(r);
}

static bool from_2_5_on(double t, size_t channel)
{
	(void)channel;
	return t > 2.5;
}

static void what_fails_to_the_end_has_a_gap_of_that_length(void **state)
{
	static const struct support_channel channel = { { GAUGE }, ramp_uw };
	const struct support_sensor sensor = { .id = "psu",
					       .channels = &channel,
					       .channel_count = 1,
					       .skip_cell = from_2_5_on };
	const struct support_run run = make(&sensor, "psu.power");
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	assert_int_equal(r->health[0].gap_count, 1);
	support_near(r->health[0].max_gap_s, 1.5, 0.02);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reset_is_a_gap_of_one_interval),
		cmocka_unit_test(a_short_gap_is_bridged),
		cmocka_unit_test(a_long_gap_is_not_filled),
		cmocka_unit_test(a_counter_bridges_a_gap_within_a_phase),
		cmocka_unit_test(a_counter_does_not_bridge_a_border),
		cmocka_unit_test(
			missing_cells_are_bridged_by_the_channel_alone),
		cmocka_unit_test(duplicates_keep_their_time),
		cmocka_unit_test(a_phase_shorter_than_a_refresh_is_not_trusted),
		cmocka_unit_test(a_mean_of_parts_is_never_more_than_they_drew),
		cmocka_unit_test(
			what_fails_to_the_end_has_a_gap_of_that_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
