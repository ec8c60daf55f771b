/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_PMIC_COST_H
#define EP_PROFILER_RECORD_PMIC_COST_H

#include "base/env.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define EP_PMIC_COST_ROUNDS 4

/*
 * What reading the Pi 5's power chip costs the programs beside it.  The
 * firmware answers requests for power and for clocks one after the other, so
 * polling may delay a clock change.  A workload of bursts on every CPU runs in
 * turns without and with polling.
 */
struct ep_pmic_cost {
	int64_t poll_ns;   /* median time one poll took */
	int64_t period_ns; /* what the sensor's schedule asks for */
	double share;	   /* of wall time in calls, 0..1 */
	int64_t poll_count, error_count;
	/* Work done per second without (quiet) and with polling, per round,
	 * and the means; only their ratio says something. */
	double quiet[EP_PMIC_COST_ROUNDS], polled[EP_PMIC_COST_ROUNDS];
	double quiet_rate, polled_rate;
	/* Half the range of the quiet rounds, of their mean: smaller
	 * differences say nothing. */
	double spread;
	/* cpufreq transitions of all policies per second; NAN: not told
	 * (stats/total_trans is missing). */
	double quiet_transitions, polled_transitions;
	char governor[32];  /* "" unknown */
	char notes[8][200]; /* of the sensor: call costs and the schedule */
	size_t note_count;
};

/*
 * Takes 2 * EP_PMIC_COST_ROUNDS * round_ns.  Fails as the sensor's open does:
 * -ENOENT (no such device here), -EACCES, -ENOTTY, with what to do.
 */
int ep_pmic_cost_measure(const struct ep_env *env, int64_t round_ns,
			 struct ep_pmic_cost *ret,
			 struct ep_err *err) EP_MUST_CHECK;

#endif
