/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alarms and the board file's limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/model.h"
#include "tests/unit/support_run.h"

#define ALARM \
	.name = "under_voltage", .quantity = EP_COUNT, .flags = EP_CHANNEL_ALARM

static const struct support_mark marks[] = {
	{ 0.5, "pre", 50, 0 },
	{ 1, "prefill", 50, 0 },
	{ 2, "generation", -1, 40 },
	{ 3, "", -1, 0 },
};

static struct ep_report *analyze(const struct support_channel *channels,
				 size_t count)
{
	const struct support_sensor sensor = { .id = "fw",
					       .channels = channels,
					       .channel_count = count };
	const struct support_run run = { .idle_s = 2,
					 .run_s = 4,
					 .tail_s = 0.5,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .marks = marks,
					 .mark_count = 4 };

	return support_run_analyze(&run);
}

static const char *warning(const struct ep_report *r, const char *code)
{
	for (size_t i = 0; i < r->warning_count; i++)
		if (strcmp(r->warnings[i].code, code) == 0)
			return r->warnings[i].text;
	return "";
}

static double on_in_two_phases(double t)
{
	return t > 1.495 && t < 2.495;
}

static double on_before(double t)
{
	return t < -0.5;
}

static double always_on(double t)
{
	(void)t;
	return 1;
}

static double off(double t)
{
	(void)t;
	return 0;
}

static void an_alarm_makes_the_run_invalid(void **state)
{
	const struct support_channel alarm = { { ALARM }, on_in_two_phases };
	struct ep_report *r = analyze(&alarm, 1);

	(void)state;
	assert_string_equal(warning(r, "alarm"),
			    "fw.under_voltage was on for about 1 s of the "
			    "run's 4 s (prefill, generation)");
	assert_false(r->validity.valid);
	assert_int_equal(r->validity.reason_count, 1);
	assert_string_equal(r->validity.reasons[0],
			    "fw.under_voltage was on during the run");
	ep_report_free(r);
}

static void an_alarm_before_the_run_is_none(void **state)
{
	const struct support_channel alarms[] = {
		{ { ALARM }, on_before },
		/* Latched since the machine came up: no alarm by itself. */
		{ { .name = "since_boot", .quantity = EP_COUNT }, always_on },
	};
	struct ep_report *r = analyze(alarms, 2);

	(void)state;
	assert_false(support_warned(r, "alarm"));
	assert_true(r->validity.valid);
	ep_report_free(r);
}

static void an_alarm_that_is_off_is_none(void **state)
{
	const struct support_channel alarm = { { ALARM }, off };
	struct ep_report *r = analyze(&alarm, 1);

	(void)state;
	assert_false(support_warned(r, "alarm"));
	assert_true(r->validity.valid);
	ep_report_free(r);
}

/* All phases of it, shorter names within longer ones too. */
static void an_alarm_names_every_phase(void **state)
{
	const struct support_channel alarm = { { ALARM }, always_on };
	struct ep_report *r = analyze(&alarm, 1);
	const char *text = warning(r, "alarm");

	(void)state;
	assert_non_null(strstr(text, "4 s of the run's 4 s"));
	assert_non_null(strstr(text, "prefill, generation, "));
	assert_non_null(strstr(text, " pre,"));
	assert_null(strstr(text, "run)"));
	ep_report_free(r);
}

static double ext5v_uv(double t)
{
	return t > 2 && t < 2.1 ? 4.7e6 : 5.05e6;
}

static void limits_are_watched_during_the_run(void **state)
{
	struct support_channel volts = { { .name = "ext5v",
					   .quantity = EP_VOLTAGE_UV,
					   .flags = EP_CHANNEL_LOW |
						    EP_CHANNEL_HIGH,
					   .low = 4750000,
					   .high = 5250000 },
					 ext5v_uv };
	struct ep_report *r = analyze(&volts, 1);

	(void)state;
	assert_string_equal(warning(r, "out-of-limits"),
			    "fw.ext5v fell to 4.7 V; the board file's limit is "
			    "4.75 V");
	assert_true(r->validity.valid);
	ep_report_free(r);
	volts.ch.low = 4700000;
	volts.ch.high = 5000000;
	r = analyze(&volts, 1);
	assert_string_equal(warning(r, "out-of-limits"),
			    "fw.ext5v rose to 5.05 V; the board file's limit "
			    "is 5 V");
	ep_report_free(r);
	volts.ch.flags = EP_CHANNEL_LOW;
	r = analyze(&volts, 1);
	assert_false(support_warned(r, "out-of-limits"));
	ep_report_free(r);
}

static double hot_before_mc(double t)
{
	return t < 0 ? 95e3 : 60e3;
}

static void limits_hold_for_the_run_alone(void **state)
{
	const struct support_channel temp = { { .name = "soc",
						.quantity = EP_TEMP_MC,
						.flags = EP_CHANNEL_HIGH,
						.high = 80000 },
					      hot_before_mc };
	struct ep_report *r = analyze(&temp, 1);

	(void)state;
	assert_false(support_warned(r, "out-of-limits"));
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_alarm_makes_the_run_invalid),
		cmocka_unit_test(an_alarm_before_the_run_is_none),
		cmocka_unit_test(an_alarm_that_is_off_is_none),
		cmocka_unit_test(an_alarm_names_every_phase),
		cmocka_unit_test(limits_are_watched_during_the_run),
		cmocka_unit_test(limits_hold_for_the_run_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
