/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energies of a counter that is told only when it has counted. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/model.h"
#include "tests/unit/support_run.h"

#define WATTS 10
static double spacing_s;

/* Not at a pulse: they lie half a spacing off the gate. */
static bool no_pulse(double t)
{
	double n = t / spacing_s + 0.5;

	return fabs(n - floor(n + 0.5)) * spacing_s > 0.004;
}

static double count_uj(double t)
{
	return floor(t / spacing_s + 0.5 + 0.5) * spacing_s * WATTS * 1e6 + 5e9;
}

static struct ep_report *analyze(double every_s, double idle_s, double run_s,
				 const struct support_mark *marks)
{
	const struct support_channel channel = {
		{ .name = "energy",
		  .quantity = EP_ENERGY_UJ,
		  .shape = EP_COUNTER,
		  .role = EP_ROLE_TOTAL,
		  .resolution = (int64_t)(every_s * WATTS * 1e6) },
		count_uj
	};
	const struct support_sensor sensor = { .id = "meter",
					       .channels = &channel,
					       .channel_count = 1,
					       .skip_line = no_pulse };
	struct support_run run = {
		.idle_s = idle_s,
		.run_s = run_s,
		.tail_s = every_s,
		.sensors = &sensor,
		.sensor_count = 1,
		.total = "meter.energy",
		.marks = marks,
		.mark_count = marks ? 3 : 0,
	};

	spacing_s = every_s;
	return support_run_analyze(&run);
}

static const struct ep_metric *run_energy(const struct ep_report *r)
{
	return support_metric(support_total(r, "run"), "energy_j");
}

static void pulses_interpolate_at_the_borders(void **state)
{
	static const struct support_mark marks[] = {
		{ 1.06, "prefill", 50, 0 },
		{ 1.09, "generation", -1, 40 },
		{ 3.5029, "", -1, 0 },
	};
	struct ep_report *r = analyze(0.1, 2, 4, marks);
	const struct ep_metric *m = run_energy(r);

	(void)state;
	support_near(m->value, 40, 0.02);
	assert_int_equal(m->status, EP_STATUS_OK);
	/* A pulse at each end: 1 J / sqrt(6), twice. */
	assert_true(m->u95 > 0.8 && m->u95 < 1);
	m = support_metric(support_phase(r, "generation"), "energy_j");
	support_near(m->value, 24.129, 0.02);
	/* Between two pulses: there is nothing to go by. */
	m = support_metric(support_phase(r, "prefill"), "energy_j");
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	ep_report_free(r);
}

static void few_pulses_are_low_confidence(void **state)
{
	struct ep_report *r = analyze(1, 3, 3, NULL);
	const struct ep_metric *m = run_energy(r);

	(void)state;
	support_near(m->value, 30, 0.2);
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_true(m->u95 > 8);
	ep_report_free(r);
}

/* The second pulse comes long after the first busy second. */
static void a_slow_pulse_does_not_stand_still(void **state)
{
	struct ep_report *r = analyze(20, 5, 200, NULL);
	const struct ep_metric *m = run_energy(r);

	(void)state;
	assert_false(r->health[0].standing_still);
	/* From the first pulse, at 10 s, to the end. */
	support_near(m->value, 1900, 1);
	assert_true(fabs(m->value - 2000) <= m->u95);
	ep_report_free(r);
}

/* 1000 a kilowatt-hour at 10 W: the count goes on for six minutes unread. */
static void a_pulse_each_six_minutes_is_no_gap_of_energy(void **state)
{
	struct ep_report *r = analyze(360, 5, 3600, NULL);
	const struct ep_metric *m = run_energy(r);

	(void)state;
	/* Pulses at 3, 9 ... 57 minutes; the ends are not known. */
	support_near(m->value, 9 * 3600.0, 1);
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_true(fabs(m->value - 36000) <= m->u95);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pulses_interpolate_at_the_borders),
		cmocka_unit_test(few_pulses_are_low_confidence),
		cmocka_unit_test(a_slow_pulse_does_not_stand_still),
		cmocka_unit_test(a_pulse_each_six_minutes_is_no_gap_of_energy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
