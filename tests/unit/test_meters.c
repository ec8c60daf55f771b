/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Meters side by side, against closed forms. */
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

#define POWER(title, its_role)                                      \
	.name = title, .quantity = EP_POWER_UW, .role = (its_role), \
	.refresh_ns = 10 * EP_NS_PER_MS

static double w8_uw(double t)
{
	(void)t;
	return 8e6;
}

static double w84_uw(double t)
{
	(void)t;
	return 8.4e6;
}

static double w5_uw(double t)
{
	(void)t;
	return 5e6;
}

static double w3_uw(double t)
{
	(void)t;
	return 3e6;
}

static double still_uj(double t)
{
	(void)t;
	return 1e9;
}

static struct support_run make(const struct support_sensor *sensors,
			       size_t count, const char *total)
{
	struct support_run run = {
		.idle_s = 4,
		.run_s = 4,
		.tail_s = 0.5,
		.sensors = sensors,
		.sensor_count = count,
		.total = total,
	};

	return run;
}

static const struct ep_metric *whole(const struct ep_report *r,
				     const struct ep_metric *m)
{
	return &m[r->total_count - 1];
}

static void two_meters_are_compared(void **state)
{
	const struct support_channel a = {
		{ POWER("p", EP_ROLE_TOTAL), .gain_ppm = 10000 }, w8_uw
	};
	const struct support_channel b = {
		{ POWER("p", EP_ROLE_TOTAL), .gain_ppm = 20000 }, w84_uw
	};
	const struct support_sensor sensors[] = {
		{ .id = "b", .channels = &b, .channel_count = 1 },
		{ .id = "a", .channels = &a, .channel_count = 1 },
	};
	const struct support_run run = make(sensors, 2, "a.p");
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_meter_row *m = r->meters;

	(void)state;
	assert_int_equal(r->meter_count, 2);
	assert_true(m[0].primary);
	assert_string_equal(m[0].what, "a.p");
	assert_false(m[1].primary);
	assert_string_equal(m[1].what, "b.p");
	assert_string_equal(m[1].sensor, "b");
	support_near(whole(r, m[0].energy_j)->value, 32, 1e-6);
	support_near(whole(r, m[1].energy_j)->value, 33.6, 1e-6);
	support_near(whole(r, m[1].mean_w)->value, 8.4, 1e-6);
	support_near(whole(r, m[1].mean_w)->u95, 2 * 8.4 * 0.02 / sqrt(3),
		     1e-6);
	support_near(m[1].idle_w.value, 8.4, 1e-9);
	support_near(whole(r, m[1].difference_j)->value, 1.6, 1e-6);
	support_near(whole(r, m[1].difference_j)->u95,
		     2 / sqrt(3) * hypot(0.32, 0.672), 1e-6);
	assert_int_equal(whole(r, m[0].difference_j)->status,
			 EP_STATUS_NOT_MEASURED);
	assert_int_equal(m[1].count_j.status, EP_STATUS_NOT_MEASURED);
	assert_true(m[0].has_limits && m[1].has_limits);
	assert_int_equal(m[1].declared_refresh_ns, 10 * EP_NS_PER_MS);
	assert_true(isnan(m[1].measured_refresh_s));
	ep_report_free(r);
}

/* Two rails are its total, the third is a part. */
static void a_meter_adds_up_its_totals(void **state)
{
	const struct support_channel rails[] = {
		{ { POWER("core", EP_ROLE_TOTAL), .gain_ppm = 10000 }, w3_uw },
		{ { POWER("ddr", EP_ROLE_TOTAL) }, w5_uw },
		{ { POWER("gpu", EP_ROLE_PART) }, w8_uw },
	};
	const struct support_channel plug = { { POWER("p", EP_ROLE_NONE) },
					      w84_uw };
	const struct support_sensor sensors[] = {
		{ .id = "pmic", .channels = rails, .channel_count = 3 },
		{ .id = "plug", .channels = &plug, .channel_count = 1 },
	};
	struct support_run run = make(sensors, 2, "plug.p");
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	assert_int_equal(r->meter_count, 2);
	assert_string_equal(r->meters[0].what, "plug.p");
	assert_string_equal(r->meters[1].what, "pmic, 2 channels");
	support_near(whole(r, r->meters[1].energy_j)->value, 32, 1e-6);
	support_near(r->meters[1].idle_w.value, 8, 1e-9);
	/* One rail without limits leaves the sum without. */
	assert_false(r->meters[1].has_limits);
	ep_report_free(r);

	run.total = "pmic.core,pmic.ddr";
	run.total_source = "board";
	run.total_title = "PMIC sum";
	r = support_run_analyze(&run);
	assert_string_equal(r->total_name, "PMIC sum");
	assert_int_equal(r->meter_count, 2);
	assert_string_equal(r->meters[0].what, "PMIC sum");
	assert_string_equal(r->meters[1].what, "plug.p");
	support_near(whole(r, r->meters[1].difference_j)->value, 1.6, 1e-6);
	ep_report_free(r);
}

/* Its rails rise and fall together: so do their sum's blocks. */
static double restless_uw(double t)
{
	return (int)floor(t + 1e-6) % 2 ? 2.2e6 : 1.8e6;
}

static void rails_that_move_together_spread_together(void **state)
{
	const struct support_channel rails[] = {
		{ { POWER("a", EP_ROLE_TOTAL) }, restless_uw },
		{ { POWER("b", EP_ROLE_TOTAL) }, restless_uw },
	};
	const struct support_channel one = { { POWER("p", EP_ROLE_NONE) },
					     restless_uw };
	const struct support_channel psu = { { POWER("p", EP_ROLE_NONE) },
					     w8_uw };
	const struct support_sensor sensors[] = {
		{ .id = "psu", .channels = &psu, .channel_count = 1 },
		{ .id = "two", .channels = rails, .channel_count = 2 },
		{ .id = "one", .channels = &one, .channel_count = 1 },
	};
	const struct support_run run = make(sensors, 3, "psu.p");
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	assert_int_equal(r->meter_count, 3);
	assert_true(r->meters[2].idle_w.u95 > 0.1);
	support_near(r->meters[1].idle_w.u95, 2 * r->meters[2].idle_w.u95,
		     1e-6);
	ep_report_free(r);
}

static void what_is_negotiated_is_no_figure(void **state)
{
	const struct support_channel ports[] = {
		{ { POWER("agreed", EP_ROLE_TOTAL),
		    .flags = EP_CHANNEL_NEGOTIATED },
		  w84_uw },
		{ { POWER("p", EP_ROLE_TOTAL) }, w8_uw },
	};
	const struct support_sensor sensor = { .id = "usb",
					       .channels = ports,
					       .channel_count = 2 };
	struct support_run run = make(&sensor, 1, "usb.p");
	struct support_folder folder;
	struct ep_report *r;
	char *trace;

	(void)state;
	support_run_make(&run, &folder);
	trace = support_run_trace(&folder, &r);
	support_run_remove(&folder);
	assert_non_null(strstr(trace, "usb.agreed_w"));
	assert_int_equal(r->channel_count, 1);
	assert_string_equal(r->channels[0].name, "usb.p");
	assert_int_equal(r->meter_count, 1);
	support_near(whole(r, r->meters[0].energy_j)->value, 32, 1e-6);
	free(trace);
	ep_report_free(r);
	run.total = "usb.agreed";
	r = support_run_analyze(&run);
	assert_string_equal(r->total_reason,
			    "usb.agreed is negotiated: never a total");
	assert_int_equal(
		support_metric(support_total(r, "run"), "energy_j")->status,
		EP_STATUS_NOT_MEASURED);
	ep_report_free(r);
}

static void meters_are_shown_where_the_total_fails(void **state)
{
	const struct support_channel rapl = { { .name = "e",
						.quantity = EP_ENERGY_UJ,
						.shape = EP_COUNTER,
						.role = EP_ROLE_TOTAL },
					      still_uj };
	const struct support_channel plug = { { POWER("p", EP_ROLE_TOTAL) },
					      w84_uw };
	const struct support_sensor sensors[] = {
		{ .id = "rapl", .channels = &rapl, .channel_count = 1 },
		{ .id = "plug", .channels = &plug, .channel_count = 1 },
	};
	const struct support_run run = make(sensors, 2, "rapl.e");
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	assert_int_equal(r->meter_count, 2);
	assert_int_equal(whole(r, r->meters[0].energy_j)->status,
			 EP_STATUS_NOT_MEASURED);
	support_near(whole(r, r->meters[1].energy_j)->value, 33.6, 1e-6);
	assert_int_equal(whole(r, r->meters[1].difference_j)->status,
			 EP_STATUS_NOT_MEASURED);
	assert_non_null(strstr(whole(r, r->meters[1].difference_j)->reason,
			       "stands still"));
	ep_report_free(r);
}

static void more_totals_than_can_be_added_are_refused(void **state)
{
	struct support_channel rails[33];
	const struct support_channel psu = { { POWER("p", EP_ROLE_NONE) },
					     w8_uw };
	const struct support_sensor sensors[] = {
		{ .id = "psu", .channels = &psu, .channel_count = 1 },
		{ .id = "many", .channels = rails, .channel_count = 33 },
	};
	const struct support_run run = make(sensors, 2, "psu.p");
	struct ep_report *r;

	(void)state;
	for (size_t i = 0; i < 33; i++) {
		struct support_channel rail = { { POWER("", EP_ROLE_TOTAL) },
						w3_uw };

		rail.ch.name[0] = (char)(i < 26 ? 'a' + i : 'A' + i - 26);
		rails[i] = rail;
	}
	r = support_run_analyze(&run);
	assert_int_equal(r->meter_count, 2);
	assert_string_equal(whole(r, r->meters[1].energy_j)->reason,
			    "many has more than 32 totals");
	ep_report_free(r);
}

static void phases_that_a_meter_cannot_judge_are_not_measured(void **state)
{
	static const struct support_mark marks[] = {
		{ 0.5, "prefill", 50, 0 },
		{ 1.5, "", -1, 0 },
	};
	const struct support_channel plug = {
		{ POWER("p", EP_ROLE_TOTAL), .min_window_ns = 2 * EP_NS_PER_S },
		w8_uw
	};
	const struct support_sensor sensor = { .id = "plug",
					       .channels = &plug,
					       .channel_count = 1 };
	struct support_run run = make(&sensor, 1, "plug.p");
	const struct ep_metric *m;
	struct ep_report *r;

	(void)state;
	run.marks = marks;
	run.mark_count = 2;
	r = support_run_analyze(&run);
	m = support_metric(support_phase(r, "prefill"), "energy_j");
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_string_equal(m->reason,
			    "1 s is shorter than the 2 s this meter can judge");
	support_near(support_metric(support_total(r, "run"), "energy_j")->value,
		     32, 1e-6);
	support_near(r->idle_power_w.value, 8, 1e-9);
	assert_true(support_warned(r, "phase-short"));
	ep_report_free(r);
	run.idle_s = 1;
	r = support_run_analyze(&run);
	assert_int_equal(r->idle_power_w.status, EP_STATUS_NOT_MEASURED);
	assert_non_null(
		strstr(r->idle_power_w.reason, "can judge: use --idle 2s"));
	assert_int_equal(
		support_metric(support_total(r, "run"), "energy_net_j")->status,
		EP_STATUS_NOT_MEASURED);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_meters_are_compared),
		cmocka_unit_test(a_meter_adds_up_its_totals),
		cmocka_unit_test(rails_that_move_together_spread_together),
		cmocka_unit_test(what_is_negotiated_is_no_figure),
		cmocka_unit_test(meters_are_shown_where_the_total_fails),
		cmocka_unit_test(more_totals_than_can_be_added_are_refused),
		cmocka_unit_test(
			phases_that_a_meter_cannot_judge_are_not_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
