/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a charge is good for: the arithmetic, and the section of a report. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/asked.h"
#include "profiler/analyze/section.h"
#include "tests/unit/support_run.h"

#define ONE_PERCENT 10000 /* ppm */

static double load_uw(double t)
{
	return t < 0 ? 3e6 : 5e6;
}

static const struct support_channel power = { { .name = "power",
						.quantity = EP_POWER_UW,
						.role = EP_ROLE_TOTAL,
						.refresh_ns = 10 * EP_NS_PER_MS,
						.gain_ppm = ONE_PERCENT },
					      load_uw };
static const struct support_sensor psu = { .id = "psu",
					   .channels = &power,
					   .channel_count = 1 };
/* 40 s at 5 W are 200 J, of which 30 s are generation and 2 s load. */
static const struct support_mark marks[] = {
	{ 0, "load", -1, 0 },
	{ 2, "prefill", 80, 0 },
	{ 10, "generation", -1, 100 },
	{ 40, "", -1, 0 },
};
static const struct support_run run = { .idle_s = 5,
					.run_s = 40,
					.tail_s = 1,
					.sensors = &psu,
					.sensor_count = 1,
					.total = "psu.power",
					.marks = marks,
					.mark_count = 4 };

static const struct ep_section *section(const struct ep_report *r,
					const char *key)
{
	for (size_t i = 0; r->sections && i < r->sections->count; i++)
		if (strcmp(r->sections->items[i]->key, key) == 0)
			return r->sections->items[i];
	fail_msg("no section %s", key);
	return NULL;
}

static const struct ep_metric *figure(const struct ep_report *r,
				      const char *key, const char *scope,
				      const char *name)
{
	const struct ep_section *s = section(r, key);

	for (size_t i = 0; i < s->row_count; i++)
		for (size_t k = 0; k < s->rows[i].metric_count; k++)
			if (strcmp(s->rows[i].scope, scope) == 0 &&
			    strcmp(s->rows[i].metrics[k].name, name) == 0)
				return &s->rows[i].metrics[k];
	fail_msg("no %s.%s.%s", key, scope, name);
	return NULL;
}

static double value(const struct ep_report *r, const char *scope,
		    const char *name)
{
	const struct ep_metric *m = figure(r, "battery", scope, name);

	if (m->status != EP_STATUS_OK)
		fail_msg("%s is %s: %s", name, ep_status_name(m->status),
			 m->reason);
	return m->value;
}

static void the_published_charge_and_duty(void **state)
{
	const struct ep_battery b = { .energy_wh = 18.84,
				      .usable = 1,
				      .yield = 1 };
	struct ep_duty d = { 200, 40, 3, 30 };
	double charge = ep_battery_j(&b), hours = 0;

	(void)state;
	support_near(charge, 67824, 1e-9);
	/* "less than seven hours" on it is more than 2.691 W. */
	support_near(charge / (7 * 3600.0), 2.691, 0.0005);
	assert_int_equal(ep_battery_duty_hours(charge, &d, &hours), 0);
	support_near(hours, 5.13818, 5e-6);
	support_near(floor(hours * 30), 154, 0);
	support_near(ep_battery_hours(charge, &d), 3.768, 1e-9);
	d.rate_per_h = 90;
	assert_int_equal(ep_battery_duty_hours(charge, &d, &hours), 0);
	support_near(hours, 3.768, 1e-9);
	d.rate_per_h = 91;
	hours = -1;
	assert_int_equal(ep_battery_duty_hours(charge, &d, &hours), -ERANGE);
	support_near(hours, -1, 0);
	support_near(ep_battery_words(67824, 200, 100), 25434, 1e-9);
	support_near(EP_READING_TOKENS_PER_S, 16.0 / 3, 1e-12);
}

static void shares_multiply(void **state)
{
	const struct ep_battery b = {
		.energy_wh = 10, .usable = 0.8, .yield = 0.9, .tolerance = 0.05
	};

	(void)state;
	support_near(ep_battery_j(&b), 36000 * 0.72, 1e-9);
	support_near(ep_battery_u(&b), 0.05 / sqrt(3), 1e-12);
}

static void energies_need_their_unit(void **state)
{
	static const struct {
		const char *text;
		double wh;
	} good[] = {
		{ "18.84Wh", 18.84 },	    { "18840mAh@3.7V", 69.708 },
		{ "18840mWh", 18.84 },	    { "0.5kWh", 500 },
		{ "5Ah@12V", 60 },	    { "3600J", 1 },
		{ "5000mAh@3700mV", 18.5 },
	};
	static const struct {
		const char *text;
		int code;
		const char *why;
	} bad[] = {
		{ "18.84", -EINVAL, "18.84 of what? give 18.84Wh" },
		{ "18840mAh", -EINVAL, "at which voltage? give 18840mAh@3.7V" },
		{ "5Ah", -EINVAL, "at which voltage" },
		{ "18,84Wh", -EINVAL, "is no energy" },
		{ "18.84wh", -EINVAL, "is no energy" },
		{ "18.84 Wh", -EINVAL, "is no energy" },
		{ "18.84W", -EINVAL, "is no energy" },
		{ "Wh", -EINVAL, "is no energy" },
		{ "nanWh", -EINVAL, "is no energy" },
		{ "5Ah@", -EINVAL, "is no energy" },
		{ "5Ah@3", -EINVAL, "is no energy" },
		{ "5Ah@-3V", -EINVAL, "is no energy" },
		{ "5Wh@3V", -EINVAL, "is no energy" },
		{ "-3Wh", -ERANGE, "above 0Wh" },
		{ "0Wh", -ERANGE, "above 0Wh" },
		{ "1e9Wh", -ERANGE, "at most 1000000Wh" },
		{ "", -EINVAL, "is no energy" },
	};
	struct ep_err err;
	double wh;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(ep_battery_parse(good[i].text, &wh, &err), 0);
		support_near(wh, good[i].wh, 1e-9);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		wh = -7;
		assert_int_equal(ep_battery_parse(bad[i].text, &wh, &err),
				 bad[i].code);
		support_near(wh, -7, 0);
		if (!strstr(err.text, bad[i].why))
			fail_msg("'%s': %s", bad[i].text, err.text);
	}
}

static struct ep_report *ask(const struct ep_asked *q)
{
	struct ep_report *r = support_run_analyze(&run);
	struct ep_err err = { 0 };

	if (ep_asked_answer(r, q, &err) < 0)
		fail_msg("%s", err.text);
	return r;
}

static struct ep_asked with_battery(double duty_per_h)
{
	struct ep_asked q;

	ep_asked_init(&q);
	q.has_battery = true;
	q.battery.energy_wh = 18.84;
	q.duty_per_h = duty_per_h;
	return q;
}

static void a_run_is_one_inference_of_a_charge(void **state)
{
	const struct ep_asked q = with_battery(30);
	struct ep_report *r = ask(&q);

	(void)state;
	support_near(value(r, "run", "energy_j"), 200, 1e-3);
	support_near(value(r, "run", "hours_per_charge"), 3.768, 1e-4);
	support_near(value(r, "run", "inferences_per_charge"), 339, 0);
	support_near(value(r, "run", "words_per_charge"), 25434, 1);
	/* The baseline's last reading is already that of the program. */
	support_near(value(r, "run", "duty_hours_per_charge"), 5.13818, 2e-3);
	support_near(value(r, "run", "duty_inferences_per_charge"), 154, 0);
	/* Without its load: 38 s at 5 W. */
	support_near(value(r, "request", "energy_j"), 190, 1e-3);
	support_near(value(r, "request", "inferences_per_charge"), 356, 0);
	support_near(value(r, "generation", "energy_j"), 150, 1e-3);
	support_near(value(r, "generation", "words_per_charge"),
		     67824 * 0.75 * 100 / 150, 1);
	ep_report_free(r);
}

/* One gain for busy and idle alike; the charge has its own. */
static void gain_and_capacity_add_once(void **state)
{
	struct ep_asked q = with_battery(30);
	double gain = 0.01 / sqrt(3), charge = 0.05 / sqrt(3);
	const char *const names[] = { "hours_per_charge",
				      "duty_hours_per_charge" };
	struct ep_report *r = ask(&q);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct ep_metric *m =
			figure(r, "battery", "run", names[i]);

		support_near(m->u95 / m->value, 2 * gain, 1e-4);
	}
	ep_report_free(r);
	q.battery.tolerance = 0.05;
	r = ask(&q);
	for (size_t i = 0; i < 2; i++) {
		const struct ep_metric *m =
			figure(r, "battery", "run", names[i]);

		support_near(m->u95 / m->value, 2 * hypot(gain, charge), 1e-4);
	}
	ep_report_free(r);
}

static void a_baseline_without_the_model_is_told(void **state)
{
	const struct ep_asked q = with_battery(30);
	struct ep_report *r = ask(&q);
	const struct ep_metric *m =
		figure(r, "battery", "request", "duty_hours_per_charge");

	(void)state;
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_non_null(strstr(m->reason, "without the model in memory"));
	ep_report_free(r);
}

static void an_hour_is_too_short(void **state)
{
	const struct ep_asked q = with_battery(91);
	struct ep_report *r = support_run_analyze(&run);
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(ep_asked_answer(r, &q, &err), -ERANGE);
	assert_non_null(strstr(err.text, "91 inferences of 40 s"));
	assert_non_null(strstr(err.text, "3640 s of each hour"));
	assert_non_null(strstr(err.text, "at most 90/h fit"));
	ep_report_free(r);
}

static void nothing_measured_gives_no_life(void **state)
{
	const struct ep_asked q = with_battery(30);
	struct support_run bare = run;
	const struct ep_metric *m;
	struct ep_report *r;
	struct ep_err err;

	(void)state;
	bare.sensors = NULL;
	bare.sensor_count = 0;
	bare.total = NULL;
	r = support_run_analyze(&bare);
	assert_int_equal(ep_asked_answer(r, &q, &err), 0);
	m = figure(r, "battery", "run", "hours_per_charge");
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_true(isnan(m->value));
	assert_true(m->reason[0] != '\0');
	m = figure(r, "battery", "run", "duty_hours_per_charge");
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	ep_report_free(r);
	bare = run;
	bare.idle_s = 0;
	r = support_run_analyze(&bare);
	assert_int_equal(ep_asked_answer(r, &q, &err), 0);
	m = figure(r, "battery", "run", "duty_hours_per_charge");
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_non_null(strstr(m->reason, "--idle"));
	ep_report_free(r);
}

static void slower_than_reading(void **state)
{
	const struct ep_asked q = with_battery((double)NAN);
	struct ep_report *r = ask(&q);
	const struct ep_section *s = section(r, "reading");

	(void)state;
	/* 99 steps in 30 s. */
	support_near(figure(r, "reading", "generation", "reading_ratio")->value,
		     3.3 / (16.0 / 3), 1e-6);
	assert_int_equal(s->note_count, 1);
	assert_string_equal(s->notes[0], "slower than people read");
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_charge_and_duty),
		cmocka_unit_test(shares_multiply),
		cmocka_unit_test(energies_need_their_unit),
		cmocka_unit_test(a_run_is_one_inference_of_a_charge),
		cmocka_unit_test(gain_and_capacity_add_once),
		cmocka_unit_test(a_baseline_without_the_model_is_told),
		cmocka_unit_test(an_hour_is_too_short),
		cmocka_unit_test(nothing_measured_gives_no_life),
		cmocka_unit_test(slower_than_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
