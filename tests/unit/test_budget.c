/* SPDX-License-Identifier: GPL-3.0-or-later */
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

/* Terms of the uncertainty budget that several stretches, channels or moments
 * have in common. */

#define MARKS(m) .marks = (m), .mark_count = sizeof(m) / sizeof((m)[0])
#define POWER(...)                                                           \
	{                                                                    \
		.name = "p", .quantity = EP_POWER_UW, .role = EP_ROLE_TOTAL, \
		__VA_ARGS__                                                  \
	}

static double term(const struct ep_metric *m, const char *name)
{
	for (size_t i = 0; i < m->term_count; i++)
		if (strcmp(m->terms[i].name, name) == 0)
			return m->terms[i].u;
	return 0;
}

static const struct ep_metric *total(const struct ep_report *r,
				     const char *scope, const char *name)
{
	return support_metric(support_total(r, scope), name);
}

static struct ep_report *analyze(const struct support_channel *channels,
				 size_t count, struct support_run *run,
				 int64_t poll_ns)
{
	const struct support_sensor sensor = {
		.id = "psu",
		.poll_ns = poll_ns,
		.flags = channels->ch.refresh_ns ? EP_SAMPLE_UNPROVEN : 0,
		.channels = channels,
		.channel_count = count
	};

	run->sensors = &sensor;
	run->sensor_count = 1;
	if (!run->total)
		run->total = "psu.p";
	return support_run_analyze(run);
}

/* 8 W in [0.5, 1) and [1.5, 2) and so on, else 2 W. */
static double twice_uw(double t)
{
	return t >= 0.5 && fmod(t + 1e-9, 1) >= 0.5 ? 8e6 : 2e6;
}

static void a_delay_is_the_same_in_every_stretch(void **state)
{
	static const struct support_mark marks[] = {
		{ 0.5, "work", -1, 0 },
		{ 1, "", -1, 0 },
		{ 1.5, "work", -1, 0 },
		{ 2, "", -1, 0 },
	};
	const struct support_channel c = {
		POWER(.refresh_ns = 10 * EP_NS_PER_MS), twice_uw
	};
	struct support_run run = { .run_s = 2.4, .tail_s = 0.5, MARKS(marks) };
	struct ep_report *r = analyze(&c, 1, &run, 10 * EP_NS_PER_MS);
	double one = term(support_metric(support_phase(r, "work"), "energy_j"),
			  "latency");

	(void)state;
	support_near(one, 6 * 0.01 / sqrt(3), 1e-6);
	support_near(term(total(r, "work", "energy_j"), "latency"), 2 * one,
		     1e-6);
	/* Over all of it nothing goes in or out. */
	support_near(term(total(r, "run", "energy_j"), "latency"), 0, 1e-9);
	ep_report_free(r);
}

static double level_uw(double t)
{
	return t < 1 ? 3.004e6 : 6.003e6;
}

static void rounding_of_steady_phases_adds_up(void **state)
{
	static const struct support_mark marks[] = {
		{ 1, "work", -1, 0 },
		{ 3, "", -1, 0 },
	};
	const struct support_channel c = { POWER(.resolution = 10000),
					   level_uw };
	struct support_run run = { .run_s = 3, .tail_s = 0.5, MARKS(marks) };
	struct ep_report *r = analyze(&c, 1, &run, 10 * EP_NS_PER_MS);

	(void)state;
	support_near(term(total(r, "work", "energy_j"), "resolution"),
		     0.01 / sqrt(12) * 2, 1e-9);
	/* The step between the phases is no noise that would average it. */
	support_near(term(total(r, "run", "energy_j"), "resolution"),
		     0.01 / sqrt(12) * 3, 1e-9);
	ep_report_free(r);
}

static double busy_uw(double t)
{
	return t < -0.0005 ? 2e6 : 8e6;
}

static double steady_uw(double t)
{
	(void)t;
	return 4e6;
}

static void gain_of_net_is_that_of_each_channel(void **state)
{
	const struct support_channel c[] = {
		{ POWER(.gain_ppm = 10000), busy_uw },
		{ { .name = "q",
		    .quantity = EP_POWER_UW,
		    .role = EP_ROLE_TOTAL },
		  steady_uw },
	};
	struct support_run run = {
		.idle_s = 4, .run_s = 2, .tail_s = 0.5, .total = "psu.p,psu.q"
	};
	struct ep_report *r = analyze(c, 2, &run, 10 * EP_NS_PER_MS);

	(void)state;
	support_near(total(r, "run", "energy_j")->value, 24, 1e-6);
	support_near(term(total(r, "run", "energy_j"), "gain"),
		     16 * 0.01 / sqrt(3), 1e-6);
	/* 6 W over idle, all of it in the channel with that gain. */
	support_near(term(total(r, "run", "energy_net_j"), "gain"),
		     12 * 0.01 / sqrt(3), 1e-3);
	ep_report_free(r);
}

static double moved_uw(double t)
{
	if (t < -0.0005)
		return 2e6;
	return t < 2.0005 ? 8e6 : 2.6e6;
}

static struct ep_report *moved(double tail_s)
{
	const struct support_channel c = { POWER(.gain_ppm = 1), moved_uw };
	struct support_run run = { .idle_s = 4, .run_s = 2, .tail_s = tail_s };

	return analyze(&c, 1, &run, 10 * EP_NS_PER_MS);
}

static void idle_after_the_run_counts(void **state)
{
	struct ep_report *r = moved(3);
	double u = 0.6 / sqrt(12);

	(void)state;
	support_near(r->idle_power_w.value, 2, 0.01);
	support_near(term(&r->idle_power_w, "idle"), u, 0.003);
	support_near(term(total(r, "run", "energy_net_j"), "idle"), 2 * u,
		     0.006);
	ep_report_free(r);
	/* Too little is left of it once the machine has settled. */
	r = moved(1.5);
	assert_true(term(&r->idle_power_w, "idle") < 0.01);
	ep_report_free(r);
}

/* 25 tokens a second and the power with them, read 25 times a second. */
static double pulsed_uw(double t)
{
	return 5e6 + 3e6 * cos(2 * M_PI * 25 * t);
}

static void locking_reaches_sums(void **state)
{
	static const struct support_mark marks[] = {
		{ 0.6, "prefill", 10, 0 },   { 1, "generation", -1, 51 },
		{ 3.04, "", -1, 0 },	     { 3.6, "prefill", 10, 0 },
		{ 4, "generation", -1, 51 }, { 6.04, "", -1, 0 },
	};
	const struct support_channel c = { POWER(.gain_ppm = 0), pulsed_uw };
	struct support_run run = { .run_s = 7, .tail_s = 0.5, MARKS(marks) };
	struct ep_report *r = analyze(&c, 1, &run, 40 * EP_NS_PER_MS);
	const struct ep_metric *sum = total(r, "generation", "energy_j");
	double one =
		term(support_metric(support_phase(r, "generation"), "energy_j"),
		     "locking");

	(void)state;
	assert_true(one > 0);
	support_near(term(sum, "locking"), 2 * one, 1e-6);
	support_near(term(total(r, "run", "energy_j"), "locking"), 2 * one,
		     1e-6);
	assert_int_equal(sum->status, EP_STATUS_LOW_CONFIDENCE);
	assert_true(isnan(sum->u95));
	assert_true(isnan(total(r, "run", "energy_j")->u95));
	assert_true(isnan(total(r, "generation", "j_per_token")->u95));
	assert_int_equal(total(r, "prefill", "energy_j")->status, EP_STATUS_OK);
	ep_report_free(r);
}

static void many_short_phases_are_no_long_one(void **state)
{
	static const struct support_mark marks[] = {
		{ 0.5, "work", -1, 0 }, { 0.8, "", -1, 0 },
		{ 1.5, "work", -1, 0 }, { 1.8, "", -1, 0 },
		{ 2.5, "work", -1, 0 }, { 2.8, "", -1, 0 },
	};
	const struct support_channel c = {
		POWER(.window_ns = 500 * EP_NS_PER_MS), steady_uw
	};
	struct support_run run = { .run_s = 4, .tail_s = 1, MARKS(marks) };
	struct ep_report *r = analyze(&c, 1, &run, 10 * EP_NS_PER_MS);
	const struct ep_metric *m = total(r, "work", "energy_j");

	(void)state;
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_non_null(strstr(m->reason, "averaging window"));
	assert_int_equal(total(r, "run", "energy_j")->status, EP_STATUS_OK);
	ep_report_free(r);
}

static double wave_uw(double t)
{
	return 5e6 + 2e6 * cos(2 * M_PI * 7 * t);
}

static double double_uw(double t)
{
	return 2 * wave_uw(t);
}

static double against_uw(double t)
{
	return 10e6 - wave_uw(t);
}

static double sampling_of(double (*one)(double), double (*other)(double))
{
	static const struct support_mark marks[] = {
		{ 0.5, "work", -1, 0 },
		{ 2.5, "", -1, 0 },
	};
	const struct support_channel c[] = {
		{ POWER(.gain_ppm = 0), one },
		{ { .name = "q",
		    .quantity = EP_POWER_UW,
		    .role = EP_ROLE_TOTAL },
		  other ? other : one },
	};
	struct support_run run = { .run_s = 3,
				   .tail_s = 0.5,
				   .total = other ? "psu.p,psu.q" : "psu.p",
				   MARKS(marks) };
	struct ep_report *r =
		analyze(c, other ? 2 : 1, &run, 10 * EP_NS_PER_MS);
	double u = term(total(r, "work", "energy_j"), "sampling");

	ep_report_free(r);
	return u;
}

static void rails_that_move_together_are_sampled_as_one(void **state)
{
	double alone = sampling_of(wave_uw, NULL);

	(void)state;
	assert_true(alone > 0.01);
	support_near(sampling_of(double_uw, NULL), 2 * alone, 1e-6);
	support_near(sampling_of(wave_uw, wave_uw), 2 * alone, 1e-6);
	/* What one takes the other gives back. */
	support_near(sampling_of(wave_uw, against_uw), 0, 1e-5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_delay_is_the_same_in_every_stretch),
		cmocka_unit_test(rounding_of_steady_phases_adds_up),
		cmocka_unit_test(gain_of_net_is_that_of_each_channel),
		cmocka_unit_test(idle_after_the_run_counts),
		cmocka_unit_test(locking_reaches_sums),
		cmocka_unit_test(many_short_phases_are_no_long_one),
		cmocka_unit_test(rails_that_move_together_are_sampled_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
