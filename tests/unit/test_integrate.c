/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of phases against closed forms. */
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

static struct ep_report *analyze_gauge(double (*power_uw)(double), double late)
{
	const struct support_channel channel = { { GAUGE }, power_uw };
	const struct support_sensor sensor = { .id = "psu",
					       .late_s = late,
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = make(&sensor, "psu.power");

	return support_run_analyze(&run);
}

static double ramp_uw(double t)
{
	return 1e6 * (6 + 1.5 * t);
}

static double ramp_j(double from, double to)
{
	return 6 * (to - from) + 0.75 * (to * to - from * from);
}

static void a_ramp_is_exact_at_any_border(void **state)
{
	struct ep_report *r = analyze_gauge(ramp_uw, 0.0023);

	(void)state;
	support_near(joules(support_phase(r, "prefill")),
		     ramp_j(0.5037, 2.0061), 5e-6);
	support_near(joules(support_phase(r, "generation")),
		     ramp_j(2.0061, 3.5029), 5e-6);
	support_near(joules(support_total(r, "run")), ramp_j(0, 4), 5e-6);
	ep_report_free(r);
}

static void phases_and_gaps_add_up_to_the_run(void **state)
{
	struct ep_report *r = analyze_gauge(ramp_uw, 0.0023);
	double sum = 0, time = 0;

	(void)state;
	for (size_t i = 0; i + 1 < r->total_count; i++) {
		sum += joules(&r->totals[i]);
		time += support_metric(&r->totals[i], "duration_s")->value;
	}
	support_near(sum, joules(support_total(r, "run")), 1e-9);
	support_near(time, 4, 1e-9);
	ep_report_free(r);
}

static double step_uw(double t)
{
	return t < 2.0061 ? 2e6 : 8e6;
}

static void a_step_is_within_its_uncertainty(void **state)
{
	struct ep_report *r = analyze_gauge(step_uw, 0);
	const struct ep_metric *m =
		support_metric(support_phase(r, "generation"), "energy_j");
	double want = 8 * (3.5029 - 2.0061);

	(void)state;
	/* Half an interval of half the step at most. */
	support_near(m->value, want, 6 * 0.005);
	assert_true(fabs(m->value - want) <= m->u95);
	support_near(joules(support_total(r, "run")),
		     2 * 2.0061 + 8 * (4 - 2.0061), 0.001 * 20);
	ep_report_free(r);
}

/* A plateau repeats one value for a second; then a step. */
static double plateau_uw(double t)
{
	if (t < 1)
		return 3e6;
	return t < 3 ? 7e6 : 4e6;
}

static void a_plateau_stays_a_plateau(void **state)
{
	struct ep_report *r = analyze_gauge(plateau_uw, 0);

	(void)state;
	support_near(joules(support_total(r, "run")), 3 + 14 + 4, 0.001 * 21);
	support_near(support_metric(support_phase(r, "prefill"), "power_peak_w")
			     ->value,
		     7, 1e-9);
	ep_report_free(r);
}

static double sine_uw(double t)
{
	return 1e6 * (5 + 3 * sin(2 * M_PI * 37 * t));
}

static double sine_j(double from, double to)
{
	double w = 2 * M_PI * 37;

	return 5 * (to - from) - 3 / w * (cos(w * to) - cos(w * from));
}

static void a_37_hz_sine_is_within_a_thousandth(void **state)
{
	struct ep_report *r = analyze_gauge(sine_uw, 0.0017);

	(void)state;
	support_near(joules(support_phase(r, "generation")),
		     sine_j(2.0061, 3.5029), 0.001 * 7.5);
	support_near(joules(support_total(r, "run")), sine_j(0, 4), 0.001 * 20);
	ep_report_free(r);
}

/* 37 Hz on an energy counter, which wraps three times in the run. */
static double sine_counter_uj(double t)
{
	return 1e9 + 1e6 * sine_j(-10, t);
}

static void a_counter_is_unwrapped(void **state)
{
	const struct support_channel channel = { { COUNTER, .wrap = 7000000 },
						 sine_counter_uj };
	const struct support_sensor sensor = { .id = "rapl",
					       .late_s = 0.001,
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = make(&sensor, "rapl.energy");
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	support_near(joules(support_phase(r, "prefill")),
		     sine_j(0.5037, 2.0061), 0.001 * 7.5);
	support_near(joules(support_total(r, "run")), sine_j(0, 4), 0.001 * 20);
	assert_false(support_warned(r, "counter-reset"));
	ep_report_free(r);
}

static double turning_uc(double t)
{
	return 1e6 * (t < 2 ? t : 4 - 2 * t);
}

/* One that has a sign is no reset when it goes back; another is. */
static void a_signed_counter_goes_back(void **state)
{
	struct support_channel channels[] = {
		{ { COUNTER }, sine_counter_uj },
		{ { .name = "charge",
		    .quantity = EP_CHARGE_UC,
		    .shape = EP_COUNTER,
		    .flags = EP_CHANNEL_SIGNED },
		  turning_uc },
	};
	const struct support_sensor sensor = { .id = "ina",
					       .channels = channels,
					       .channel_count = 2 };
	const struct support_run run = make(&sensor, "ina.energy");

	(void)state;
	for (int is_signed = 1; is_signed >= 0; is_signed--) {
		struct ep_report *r;

		channels[1].ch.flags = is_signed ? EP_CHANNEL_SIGNED : 0;
		r = support_run_analyze(&run);
		assert_int_equal(support_warned(r, "counter-reset"),
				 !is_signed);
		ep_report_free(r);
	}
}

static double steady_counter_uj(double t)
{
	return 1e9 + 5e6 * t;
}

static double volts_uv(double t)
{
	(void)t;
	return 5.1e6;
}

static double amps_ua(double t)
{
	return 1e6 * (1 + 0.25 * t);
}

static void products_are_computed(void **state)
{
	const struct support_channel channels[] = {
		{ { .name = "v",
		    .quantity = EP_VOLTAGE_UV,
		    .resolution = 1250 },
		  volts_uv },
		{ { .name = "i",
		    .quantity = EP_CURRENT_UA,
		    .resolution = 1000 },
		  amps_ua },
		{ { .name = "rail",
		    .quantity = EP_POWER_UW,
		    .role = EP_ROLE_TOTAL,
		    .flags = EP_CHANNEL_PRODUCT,
		    .refresh_ns = 10 * EP_NS_PER_MS,
		    .volts_index = 0,
		    .amps_index = 1 },
		  NULL },
	};
	const struct support_sensor sensor = { .id = "ina",
					       .channels = channels,
					       .channel_count = 3 };
	const struct support_run run = make(&sensor, "ina.rail");
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	support_near(joules(support_total(r, "run")), 5.1 * (4 + 0.125 * 16),
		     1e-5);
	assert_string_equal(r->channels[0].name, "ina.rail");
	assert_int_equal(r->channel_count, 1);
	ep_report_free(r);
}

/* What a device shows that averages the last 100 ms of step_uw. */
static double averaged_step_uw(double t)
{
	double in = (t - 2.0061) / 0.1;

	return 2e6 + 6e6 * (in < 0 ? 0 : in > 1 ? 1 : in);
}

static void an_averaging_window_is_centred_and_corrected(void **state)
{
	const struct support_channel channel = {
		{ GAUGE, .window_ns = 100 * EP_NS_PER_MS }, averaged_step_uw
	};
	const struct support_sensor sensor = { .id = "psu",
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = make(&sensor, "psu.power");
	struct ep_report *r = support_run_analyze(&run);
	double want = 8 * (3.5029 - 2.0061);

	(void)state;
	support_near(joules(support_phase(r, "generation")), want,
		     0.001 * want);
	support_near(joules(support_phase(r, "prefill")), 2 * (2.0061 - 0.5037),
		     0.005);
	/* What the window smears over the border is no peak of prefill. */
	support_near(support_metric(support_phase(r, "prefill"), "power_peak_w")
			     ->value,
		     2, 1e-3);
	ep_report_free(r);
}

static double still_uj(double t)
{
	(void)t;
	return 123456;
}

static void a_counter_that_stands_still_is_not_measured(void **state)
{
	const struct support_channel channel = { { COUNTER }, still_uj };
	const struct support_sensor sensor = { .id = "rapl",
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = make(&sensor, "rapl.energy");
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_metric *m =
		support_metric(support_total(r, "run"), "energy_j");

	(void)state;
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_string_equal(m->reason, "rapl.energy: counter stands still");
	assert_true(isnan(m->value));
	assert_true(r->health[0].standing_still);
	assert_true(isnan(r->health[0].measured_refresh_s));
	assert_true(support_warned(r, "no-total"));
	ep_report_free(r);
}

static void totals_of_two_sensors_are_added_parts_are_not(void **state)
{
	const struct support_channel a[] = {
		{ { COUNTER }, steady_counter_uj },
		{ { .name = "part",
		    .quantity = EP_POWER_UW,
		    .role = EP_ROLE_PART,
		    .refresh_ns = 1 },
		  step_uw },
	};
	const struct support_channel b[] = { { { GAUGE }, ramp_uw } };
	const struct support_sensor sensors[] = {
		{ .id = "a", .channels = a, .channel_count = 2 },
		{ .id = "b",
		  .poll_ns = 35 * EP_NS_PER_MS,
		  .channels = b,
		  .channel_count = 1 },
	};
	struct support_run run = make(sensors, "a.energy,b.power");
	struct ep_report *r;

	(void)state;
	run.sensor_count = 2;
	r = support_run_analyze(&run);
	assert_string_equal(r->total_name, "a.energy + b.power");
	support_near(joules(support_total(r, "run")), 20 + ramp_j(0, 4), 1e-4);
	assert_int_equal(r->channel_count, 3);
	assert_true(r->channels[0].primary);
	assert_false(r->channels[1].primary);
	support_near(r->channels[1].energy_j[r->total_count - 1].value,
		     2 * 2.0061 + 8 * (4 - 2.0061), 0.02);
	support_near(r->channels[2].energy_j[r->total_count - 1].value,
		     ramp_j(0, 4), 1e-4);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ramp_is_exact_at_any_border),
		cmocka_unit_test(phases_and_gaps_add_up_to_the_run),
		cmocka_unit_test(a_step_is_within_its_uncertainty),
		cmocka_unit_test(a_plateau_stays_a_plateau),
		cmocka_unit_test(a_37_hz_sine_is_within_a_thousandth),
		cmocka_unit_test(a_counter_is_unwrapped),
		cmocka_unit_test(a_signed_counter_goes_back),
		cmocka_unit_test(products_are_computed),
		cmocka_unit_test(an_averaging_window_is_centred_and_corrected),
		cmocka_unit_test(a_counter_that_stands_still_is_not_measured),
		cmocka_unit_test(totals_of_two_sensors_are_added_parts_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
