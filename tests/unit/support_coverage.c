/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_coverage.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"

#define RUNS_DEFAULT 250
#define RUNS_FULL 10000

struct support_simulation support_sim;

int64_t support_coverage_runs(void)
{
	const char *text = getenv("EDGEPROF_COVERAGE_RUNS");
	int64_t n = RUNS_DEFAULT;

	if (text && ep_num_parse_i64(text, &n) < 0)
		fail_msg("EDGEPROF_COVERAGE_RUNS=%s is no number", text);
	return n;
}

double support_normal(void)
{
	double u = 1 - ep_rng_unit(&support_sim.rng),
	       v = ep_rng_unit(&support_sim.rng);

	return sqrt(-2 * log(u)) * cos(SUPPORT_TWO_PI * v);
}

double support_limit(void)
{
	return 2 * ep_rng_unit(&support_sim.rng) - 1;
}

static double true_w(double t)
{
	double p = support_sim.idle_w + support_sim.drift_w_per_s * t;

	if (t < support_sim.from_s || t >= support_sim.to_s)
		return p;
	return p + support_sim.load_w +
	       support_sim.wave_w *
		       cos(SUPPORT_TWO_PI * support_sim.wave_hz * t +
			   support_sim.phase);
}

double support_seen_uw(double t)
{
	return 1e6 * (support_sim.gain * true_w(t) +
		      support_sim.noise_w * support_normal());
}

void support_coverage_begin(uint64_t scenario)
{
	memset(&support_sim, 0, sizeof(support_sim));
	ep_rng_init(&support_sim.rng, 20261121, scenario);
	support_sim.gain = 1;
	support_sim.from_s = -HUGE_VAL;
	support_sim.to_s = HUGE_VAL;
}

void support_coverage_note(struct support_tally *t, const struct ep_metric *m,
			   double truth)
{
	double error = m->value - truth;

	assert_int_equal(m->status, EP_STATUS_OK);
	assert_true(isfinite(m->u95));
	t->runs++;
	t->covered += fabs(error) <= m->u95;
	t->u_sum += m->u95;
	t->error_sum2 += error * error;
}

void support_coverage_judge(const struct support_tally *t, const char *name,
			    double low, double high)
{
	double n = (double)t->runs, rate = (double)t->covered / n;
	double room = t->runs >= RUNS_FULL ? 0 : 2 * sqrt(low * (1 - low) / n);

	print_message("%-18s %6.0f runs: %6.2f %% (mean u95 %.4g, rms error "
		      "%.4g)\n",
		      name, n, 100 * rate, t->u_sum / n,
		      sqrt(t->error_sum2 / n));
	if (rate < low - room || rate > high + room)
		fail_msg("%s: %.2f %% is not within %.0f and %.0f %%", name,
			 100 * rate, 100 * low, 100 * high);
}

struct support_channel support_coverage_channel(int64_t gain_ppm)
{
	return (struct support_channel){ { .name = "p",
					   .quantity = EP_POWER_UW,
					   .role = EP_ROLE_TOTAL,
					   .gain_ppm = gain_ppm },
					 support_seen_uw };
}
