/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charges of phases against closed forms. */
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

#define VOLTS 5.0

static const struct support_mark phases[] = {
	{ 0.5037, "prefill", 50, 0 },
	{ 2.0061, "generation", -1, 0 },
	{ 3.5029, "late", -1, 0 },
	{ 3.9, "", -1, 0 },
};

/* 1 A, then 2.5 A, and half an ampere back. */
static double turning_uc(double t)
{
	if (t < 1)
		return 1e6 * t;
	return 1e6 * (t < 2 ? 1 + 2.5 * (t - 1) : 3.5 - 0.5 * (t - 2));
}

/* The same as what never falls, in J at 5 V. */
static double steps_uc(double t)
{
	double first = t < 0.5 ? t : 0.5;

	return 1e7 + 1e6 * (first + 2 * fmax(0, t - 0.5));
}

static double steps_uj(double t)
{
	return VOLTS * steps_uc(t);
}

static double rising_uj(double t)
{
	return 1e8 + 4e6 * t;
}

static double restarted_uc(double t)
{
	return 1e6 * (t < 1.205 ? 20 + t : t - 1.205);
}

static double steady_uw(double t)
{
	(void)t;
	return 4e6;
}

#define ENERGY                                                           \
	.name = "energy", .quantity = EP_ENERGY_UJ, .shape = EP_COUNTER, \
	.role = EP_ROLE_TOTAL
#define CHARGE .name = "charge", .quantity = EP_CHARGE_UC, .shape = EP_COUNTER

static struct ep_report *analyze(const struct support_sensor *sensors,
				 size_t count, const char *total)
{
	const struct support_run run = { .idle_s = 2,
					 .run_s = 4,
					 .tail_s = 0.5,
					 .sensors = sensors,
					 .sensor_count = count,
					 .total = total,
					 .marks = phases,
					 .mark_count = 4 };

	return support_run_analyze(&run);
}

static struct ep_report *analyze_turning(struct support_sensor sensor)
{
	const struct support_channel channels[] = {
		{ { ENERGY }, rising_uj },
		{ { CHARGE, .flags = EP_CHANNEL_SIGNED }, turning_uc },
	};

	sensor.id = "ina";
	sensor.channels = channels;
	sensor.channel_count = 2;
	return analyze(&sensor, 1, "ina.energy");
}

static const struct ep_metric *charge(const struct ep_row *row)
{
	return support_metric(row, "charge_c");
}

static double term(const struct ep_metric *m, const char *name)
{
	for (size_t i = 0; i < m->term_count; i++)
		if (strcmp(m->terms[i].name, name) == 0)
			return m->terms[i].u;
	return 0;
}

static void a_border_between_two_reads_is_exact(void **state)
{
	struct ep_report *r =
		analyze_turning((struct support_sensor){ .late_s = 0 });
	const struct ep_metric *m = charge(support_phase(r, "prefill"));

	(void)state;
	assert_int_equal(m->status, EP_STATUS_OK);
	assert_string_equal(m->reason, "");
	support_near(m->value, 0.4963 + 2.5 - 0.5 * 0.0061, 2e-6);
	support_near(charge(support_phase(r, "idle"))->value, 1.999, 2e-6);
	support_near(charge(support_total(r, "run"))->value, 2.5, 2e-6);
	ep_report_free(r);
}

static void what_flows_back_is_below_zero(void **state)
{
	struct ep_report *r =
		analyze_turning((struct support_sensor){ .late_s = 0.0023 });
	const struct ep_metric *m = charge(support_phase(r, "generation"));

	(void)state;
	assert_int_equal(m->status, EP_STATUS_OK);
	support_near(m->value, -0.5 * (3.5029 - 2.0061), 2e-6);
	assert_true(m->u95 > 0);
	assert_false(support_warned(r, "counter-reset"));
	ep_report_free(r);
}

static void phases_add_up_to_the_run(void **state)
{
	struct ep_report *r =
		analyze_turning((struct support_sensor){ .late_s = 0.0023 });
	double sum = 0;

	(void)state;
	for (size_t i = 0; i + 1 < r->total_count; i++)
		sum += charge(&r->totals[i])->value;
	support_near(sum, charge(support_total(r, "run"))->value, 1e-9);
	ep_report_free(r);
}

/* At a steady voltage each is that of the energy over the voltage. */
static void its_terms_are_those_of_an_energy_counter(void **state)
{
	static const char *const names[] = { "gain", "resolution", "border",
					     "interpolated", "latency" };
	const struct support_channel channels[] = {
		{ { ENERGY, .gain_ppm = 10000, .resolution = 5000,
		    .refresh_ns = 20 * EP_NS_PER_MS },
		  steps_uj },
		{ { CHARGE, .flags = EP_CHANNEL_SIGNED, .gain_ppm = 10000,
		    .resolution = 1000, .refresh_ns = 20 * EP_NS_PER_MS },
		  steps_uc },
	};
	const struct support_sensor sensor = { .id = "ina",
					       .span_ns = 2 * EP_NS_PER_MS,
					       .flags = EP_SAMPLE_UNPROVEN,
					       .channels = channels,
					       .channel_count = 2 };
	static const struct support_mark marks[] = { { 0.5, "work", -1, 0 } };
	const struct support_run run = { .run_s = 4,
					 .tail_s = 0.5,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "ina.energy",
					 .marks = marks,
					 .mark_count = 1 };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_row *work = support_phase(r, "work");
	const struct ep_metric *m = charge(work);
	const struct ep_metric *energy = support_metric(work, "energy_j");

	(void)state;
	support_near(m->value, 7, 1e-5);
	support_near(term(m, "gain"), 0.01 / sqrt(3) * m->value, 1e-9);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_true(term(m, names[i]) > 0);
		support_near(term(m, names[i]), term(energy, names[i]) / VOLTS,
			     1e-6);
	}
	support_near(m->u95, energy->u95 / VOLTS, 1e-5);
	ep_report_free(r);
}

static bool within_a_phase(double t)
{
	return t > 1.2 && t < 1.8;
}

static bool over_a_border(double t)
{
	return t > 1.7 && t < 2.3;
}

static void a_hole_costs_only_where_a_border_is(void **state)
{
	struct ep_report *r = analyze_turning(
		(struct support_sensor){ .skip_line = within_a_phase });
	const struct ep_metric *m = charge(support_phase(r, "prefill"));

	(void)state;
	assert_int_equal(m->status, EP_STATUS_OK);
	support_near(m->value, 0.4963 + 2.5 - 0.5 * 0.0061, 2e-6);
	ep_report_free(r);
	r = analyze_turning(
		(struct support_sensor){ .skip_line = over_a_border });
	m = charge(support_phase(r, "prefill"));
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_non_null(strstr(m->reason, "not covered by samples"));
	assert_true(term(m, "gap") > 0);
	ep_report_free(r);
}

/* As a chip that was reset is told: its counts are missing from then on. */
static bool lost(double t, size_t channel)
{
	return t > 2.995 && channel == 1;
}

static void what_was_lost_is_not_measured(void **state)
{
	struct ep_report *r =
		analyze_turning((struct support_sensor){ .skip_cell = lost });
	const struct ep_metric *m = charge(support_phase(r, "late"));

	(void)state;
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_true(isnan(m->value));
	assert_string_equal(m->reason, "no sample in it");
	m = charge(support_total(r, "run"));
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_non_null(strstr(m->reason, "not covered by samples"));
	m = charge(support_phase(r, "prefill"));
	assert_int_equal(m->status, EP_STATUS_OK);
	ep_report_free(r);
}

/* One that cannot go back was reset: the step is nobody's. */
static void a_reset_is_no_charge(void **state)
{
	const struct support_channel channels[] = {
		{ { ENERGY }, rising_uj },
		{ { CHARGE }, restarted_uc },
	};
	const struct support_sensor sensor = { .id = "ina",
					       .channels = channels,
					       .channel_count = 2 };
	struct ep_report *r = analyze(&sensor, 1, "ina.energy");
	const struct ep_metric *m = charge(support_phase(r, "prefill"));

	(void)state;
	assert_true(support_warned(r, "counter-reset"));
	support_near(m->value, 2.0061 - 0.5037 - 0.01, 2e-6);
	assert_non_null(strstr(m->reason, "not covered by samples"));
	ep_report_free(r);
}

static void refused(const struct ep_report *r, const char *reason)
{
	const struct ep_metric *m = charge(support_total(r, "run"));

	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_true(isnan(m->value));
	assert_string_equal(m->reason, reason);
}

static void only_the_totals_charge_is_the_runs(void **state)
{
	const struct support_channel power = {
		{ .name = "p", .quantity = EP_POWER_UW, .role = EP_ROLE_TOTAL },
		steady_uw
	};
	const struct support_channel ina[] = {
		{ { ENERGY }, rising_uj },
		{ { CHARGE, .flags = EP_CHANNEL_SIGNED }, turning_uc },
		{ { CHARGE, .flags = EP_CHANNEL_SIGNED }, turning_uc },
	};
	struct support_channel twice[3];
	struct support_sensor sensors[] = {
		{ .id = "psu", .channels = &power, .channel_count = 1 },
		{ .id = "ina", .channels = ina, .channel_count = 2 },
	};
	struct ep_report *r = analyze(sensors, 2, "psu.p");

	(void)state;
	refused(r, "psu, which measures the total, counts no charge");
	ep_report_free(r);
	r = analyze(sensors, 2, "psu.p,ina.energy");
	refused(r, "the total is a sum of several channels: nothing counts the "
		   "charge of all of them");
	ep_report_free(r);
	r = analyze(sensors, 2, NULL);
	refused(r, "nothing measures the total, so no charge is the run's");
	ep_report_free(r);
	memcpy(twice, ina, sizeof(twice));
	twice[2].ch.name[0] = 'C';
	sensors[1].channels = twice;
	sensors[1].channel_count = 3;
	r = analyze(sensors, 2, "ina.energy");
	refused(r, "ina, which measures the total, counts more than one "
		   "charge");
	ep_report_free(r);
}

static void without_a_counter_there_is_no_row(void **state)
{
	const struct support_channel energy = { { ENERGY }, rising_uj };
	const struct support_sensor sensor = { .id = "ina",
					       .channels = &energy,
					       .channel_count = 1 };
	struct ep_report *r = analyze(&sensor, 1, "ina.energy");

	(void)state;
	for (size_t i = 0; i < r->total_count; i++)
		assert_null(ep_row_metric(&r->totals[i], "charge_c"));
	ep_report_free(r);
	assert_string_equal(ep_metric_unit("run.charge_c"), "C");
	assert_string_equal(ep_metric_unit("discharge_count"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_border_between_two_reads_is_exact),
		cmocka_unit_test(what_flows_back_is_below_zero),
		cmocka_unit_test(phases_add_up_to_the_run),
		cmocka_unit_test(its_terms_are_those_of_an_energy_counter),
		cmocka_unit_test(a_hole_costs_only_where_a_border_is),
		cmocka_unit_test(what_was_lost_is_not_measured),
		cmocka_unit_test(a_reset_is_no_charge),
		cmocka_unit_test(only_the_totals_charge_is_the_runs),
		cmocka_unit_test(without_a_counter_there_is_no_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
