/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_COVERAGE_H
#define EP_TESTS_UNIT_SUPPORT_COVERAGE_H

#include "base/rng.h"
#include "profiler/analyze/model.h"
#include "tests/unit/support_run.h"

/*
 * Simulated runs of which the truth is known.  EDGEPROF_COVERAGE_RUNS tells how
 * many of each scenario (make coverage: 10000); a few hundred otherwise.
 */
#define SUPPORT_TWO_PI 6.283185307179586

/* The run being simulated. */
struct support_simulation {
	struct ep_rng rng;
	double idle_w, load_w, gain, noise_w, drift_w_per_s;
	double wave_w, wave_hz, phase;
	double from_s, to_s; /* of the load */
};
extern struct support_simulation support_sim;

struct support_tally {
	int64_t runs, covered;
	double u_sum, error_sum2;
};

int64_t support_coverage_runs(void);
/* A seed for each scenario. */
void support_coverage_begin(uint64_t scenario);
double support_normal(void); /* of mean 0 and standard deviation 1 */
double support_limit(void);  /* -1 to 1, all as likely */
/* What the meter of support_sim reads at t_s, microwatts. */
double support_seen_uw(double t_s);
struct support_channel support_coverage_channel(int64_t gain_ppm);
/* The metric must be measured and have an interval. */
void support_coverage_note(struct support_tally *t, const struct ep_metric *m,
			   double truth);
/* Fails outside [low, high]; fewer runs tell the rate less well, so two
 * standard errors are left to them. */
void support_coverage_judge(const struct support_tally *t, const char *name,
			    double low, double high);

#endif
