/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/analyze.h"
#include "profiler/analyze/group_uncertainty.h"
#include "tests/unit/support_coverage.h"

/*
 * How often the 95 % interval of a figure holds the truth, over simulated runs
 * of which the truth is known: through run folders and the whole analysis.
 */

static const struct support_mark phase_marks[] = {
	{ 0.1, "prefill", 100, 0 },
	{ 1.1, "", -1, 0 },
};

/* One phase of a second. */
static struct ep_report *phase_run(int64_t gain_ppm)
{
	const struct support_channel channel =
		support_coverage_channel(gain_ppm);
	const struct support_sensor sensor = { .id = "psu",
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .run_s = 1.2,
					 .tail_s = 0.02,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p",
					 .marks = phase_marks,
					 .mark_count = 2 };

	return support_run_analyze(&run);
}

static const struct ep_metric *energy_of(const struct ep_report *r,
					 const char *phase)
{
	return support_metric(support_phase(r, phase), "energy_j");
}

static void normal_errors_alone(void **state)
{
	struct support_tally t = { 0 };

	(void)state;
	support_coverage_begin(1);
	for (int64_t i = support_coverage_runs(); i > 0; i--) {
		struct ep_report *r;

		support_sim.idle_w = 6 + 2 * support_limit();
		support_sim.noise_w = 0.3;
		r = phase_run(0);
		support_coverage_note(&t, energy_of(r, "prefill"),
				      support_sim.idle_w);
		ep_report_free(r);
	}
	support_coverage_judge(&t, "normal only", 0.93, 0.97);
}

/* One limit from a data sheet, and little else: 1.155 of it is the interval. */
static void a_gain_limit(void **state)
{
	struct support_tally t = { 0 };

	(void)state;
	support_coverage_begin(2);
	for (int64_t i = support_coverage_runs(); i > 0; i--) {
		struct ep_report *r;

		support_sim.idle_w = 6 + 2 * support_limit();
		support_sim.noise_w = 0.1;
		support_sim.gain = 1 + 0.02 * support_limit();
		r = phase_run(20000);
		support_coverage_note(&t, energy_of(r, "prefill"),
				      support_sim.idle_w);
		ep_report_free(r);
	}
	support_coverage_judge(&t, "gain-dominated", 0.99, 1);
}

/* Start and end are known to 20 ms either way, each by itself. */
static struct ep_report *blurred_run(void)
{
	static const char events[] =
		"t_ns,span_ns,event,request,phase,tokens,evidence,source,text\n"
		"999990000000,0,start,,,,,,\n"
		"1000000000000,40000000,gate,,,,,,\n"
		"1001000000000,40000000,exit,,,,,,exit 0\n"
		"1001060000000,0,end,,,,,,\n";
	const struct support_channel channel = support_coverage_channel(0);
	const struct support_sensor sensor = { .id = "psu",
					       .from_s = -0.06,
					       .to_s = 1.06,
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .run_s = 1,
					 .tail_s = 0.06,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p" };
	struct support_folder folder;
	struct ep_report *r = NULL;
	struct ep_err err = { 0 };

	support_run_make(&run, &folder);
	support_run_write(&folder, "events.csv", events, sizeof(events) - 1);
	if (ep_analyze_run(folder.fd, -1, &r, &err) < 0)
		fail_msg("%s", err.text);
	support_run_remove(&folder);
	return r;
}

static void borders_known_badly(void **state)
{
	struct support_tally t = { 0 };

	(void)state;
	support_coverage_begin(3);
	for (int64_t i = support_coverage_runs(); i > 0; i--) {
		double truth_s = 1 + 0.02 * (support_limit() + support_limit());
		struct ep_report *r;

		support_sim.idle_w = 8;
		support_sim.noise_w = 0.1;
		r = blurred_run();
		support_coverage_note(
			&t, support_metric(support_total(r, "run"), "energy_j"),
			8 * truth_s);
		ep_report_free(r);
	}
	support_coverage_judge(&t, "border-dominated", 0.93, 1);
}

/* What differs from run to run is not in the interval of one. */
static void four_runs(void **state)
{
	struct support_tally t = { 0 };
	int64_t groups = (support_coverage_runs() + 3) / 4;

	(void)state;
	support_coverage_begin(4);
	for (int64_t i = 0; i < groups; i++) {
		struct ep_group_run runs[4] = { { .value = 0 } };
		struct ep_group_figure f;

		support_sim.gain = 1 + 0.001 * support_limit();
		support_sim.noise_w = 0.1;
		for (size_t k = 0; k < 4; k++) {
			struct ep_report *r;
			const struct ep_metric *m;

			support_sim.idle_w = 6 + 0.2 * support_normal();
			r = phase_run(1000);
			m = energy_of(r, "prefill");
			runs[k].value = m->value;
			runs[k].u95 = m->u95;
			runs[k].u_common = ep_group_common(m);
			assert_true(runs[k].u_common > 0);
			ep_report_free(r);
		}
		ep_group_uncertainty(runs, 4, &f);
		assert_int_equal(f.run_count, 4);
		t.runs++;
		t.covered += fabs(f.mean - 6) <= f.u95;
		t.u_sum += f.u95;
		t.error_sum2 += (f.mean - 6) * (f.mean - 6);
	}
	/* Groups of the full number of runs are a fourth of it. */
	support_coverage_judge(&t, "4 runs", 0.93, 0.97);
}

/* Lines of a slow meter that is read at random within each interval. */
static void write_jittered(const struct support_folder *folder, double h,
			   double to_s)
{
	char text[16384];
	size_t used = 0;

	used += (size_t)snprintf(text, sizeof(text),
				 "t_ns,span_ns,flags,p_uw\n");
	for (double at = -2 * h; at < to_s + 2 * h; at += h) {
		double t = at + h * support_limit() / 2;

		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%lld,0,0,%lld\n",
			(long long)(SUPPORT_GATE_NS + llround(t * 1e9)),
			(long long)llround(support_seen_uw(t)));
		assert_true(used < sizeof(text));
	}
	support_run_write(folder, "sensors/psu.csv", text, used);
}

static struct ep_report *token_run(bool jitter, int tokens)
{
	const struct support_mark marks[] = {
		{ 0.5, "generation", -1, tokens },
		{ 6.5, "", -1, 0 },
	};
	const struct support_channel channel = support_coverage_channel(0);
	const struct support_sensor sensor = { .id = "psu",
					       .poll_ns = 100 * EP_NS_PER_MS,
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .interval_ns = 100 * EP_NS_PER_MS,
					 .run_s = 7,
					 .tail_s = 0.2,
					 .jitter = jitter,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p",
					 .marks = marks,
					 .mark_count = 2 };
	struct support_folder folder;
	struct ep_report *r = NULL;
	struct ep_err err = { 0 };

	support_run_make(&run, &folder);
	if (jitter)
		write_jittered(&folder, 0.1, 7);
	if (ep_analyze_run(folder.fd, -1, &r, &err) < 0)
		fail_msg("%s", err.text);
	support_run_remove(&folder);
	return r;
}

/* Tokens in 6 s, and the power with them; read ten times a second. */
static double begin_tokens(double hz)
{
	double a, b;

	support_sim.load_w = 6;
	support_sim.wave_w = 3;
	support_sim.wave_hz = hz;
	support_sim.phase = SUPPORT_TWO_PI * ep_rng_unit(&support_sim.rng);
	a = SUPPORT_TWO_PI * hz * 0.5 + support_sim.phase;
	b = SUPPORT_TWO_PI * hz * 6.5 + support_sim.phase;
	return 6 * 6 + 3 * (sin(b) - sin(a)) / (SUPPORT_TWO_PI * hz);
}

static void power_that_follows_tokens(void **state)
{
	struct support_tally t = { 0 };

	(void)state;
	support_coverage_begin(5);
	for (int64_t i = support_coverage_runs(); i > 0; i--) {
		double truth = begin_tokens(26.36);
		struct ep_report *r = token_run(true, 159);

		support_coverage_note(&t, energy_of(r, "generation"), truth);
		ep_report_free(r);
	}
	support_coverage_judge(&t, "token-periodic", 0.93, 0.97);
}

static void locked_sampling_has_no_interval(void **state)
{
	int64_t n = support_coverage_runs();

	(void)state;
	support_coverage_begin(6);
	for (int64_t i = 0; i < n; i++) {
		struct ep_report *r;
		const struct ep_metric *m;

		(void)begin_tokens(30);
		support_sim.noise_w = 0.05;
		r = token_run(false, 181);
		m = energy_of(r, "generation");
		assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
		assert_non_null(strstr(m->reason, "locked"));
		assert_true(isfinite(m->value));
		assert_true(isnan(m->u95));
		ep_report_free(r);
	}
}

/* Idle power goes up or down all the while; what comes on top does not. */
static struct ep_report *drift_run(double idle_s, double tail_s)
{
	const struct support_channel channel = support_coverage_channel(0);
	const struct support_sensor sensor = { .id = "psu",
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .interval_ns = 20 * EP_NS_PER_MS,
					 .idle_s = idle_s,
					 .run_s = 2,
					 .tail_s = tail_s,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p" };

	return support_run_analyze(&run);
}

static void drift(const char *name, uint64_t scenario, double idle_s,
		  double tail_s)
{
	struct support_tally t = { 0 };

	support_coverage_begin(scenario);
	support_sim.from_s = 0;
	support_sim.to_s = 2;
	for (int64_t i = support_coverage_runs(); i > 0; i--) {
		struct ep_report *r;

		support_sim.idle_w = 3;
		support_sim.load_w = 5;
		support_sim.noise_w = 0.1;
		support_sim.drift_w_per_s = 0.05 * support_normal();
		r = drift_run(idle_s, tail_s);
		support_coverage_note(
			&t,
			support_metric(support_total(r, "run"), "energy_net_j"),
			10);
		ep_report_free(r);
	}
	support_coverage_judge(&t, name, 0.93, 1);
}

static void idle_power_drifts(void **state)
{
	(void)state;
	drift("idle drift", 7, 3, 4);
}

/* A run that is nearer to what comes after it than to its baseline is further
 * from the baseline's power than half of what it drifted in all. */
static void idle_power_drifts_after_a_long_baseline(void **state)
{
	(void)state;
	drift("idle drift, long baseline", 8, 10, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_errors_alone),
		cmocka_unit_test(a_gain_limit),
		cmocka_unit_test(borders_known_badly),
		cmocka_unit_test(four_runs),
		cmocka_unit_test(power_that_follows_tokens),
		cmocka_unit_test(locked_sampling_has_no_interval),
		cmocka_unit_test(idle_power_drifts),
		cmocka_unit_test(idle_power_drifts_after_a_long_baseline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
