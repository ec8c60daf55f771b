/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_GROUP_UNCERTAINTY_H
#define EP_PROFILER_ANALYZE_GROUP_UNCERTAINTY_H

#include "profiler/analyze/metric.h"

#include <jansson.h>

/*
 * One figure of several runs of the same thing.  What is common to them (gain,
 * offset, calibration) is never divided by their number; borders and sampling
 * are in their spread already.
 */
struct ep_group_run {
	double value;	 /* NAN: not measured in this run */
	double u95;	 /* of this run alone; NAN none */
	double u_common; /* gain, offset, calibration; 0 none */
	/* Fresh samples where they are few; 0: it needs no pooling. */
	int64_t sample_count;
	/* In that case, how much of the mean the run makes: its time or its
	 * tokens. */
	double weight;
};

struct ep_group_figure {
	size_t run_count; /* that have a value */
	double mean;
	double sd;	 /* NAN: of one run */
	double u;	 /* of the mean */
	double df;	 /* infinite: no spread */
	double k;	 /* t(0.975, df) */
	double u95;	 /* k u; of one run its own */
	double u_common; /* the part of u that more runs do not make smaller */
	enum ep_status status;
	char reason[160]; /* what u95 does not hold, or why there is none */
};

/*
 * u^2 = s^2/n + u_common^2 with t of its effective degrees of freedom.  Runs
 * without a value are left out.  One run: its own u95, "run-to-run spread
 * unknown".
 */
void ep_group_uncertainty(const struct ep_group_run *runs, size_t count,
			  struct ep_group_figure *ret);

/* What is common to all runs in the figure of one, as report.json has it. */
double ep_group_common(const struct ep_metric *m);
double ep_group_common_json(const json_t *figure);
/* value, u95, u_common and sample_count of a figure of report.json; weight
 * stays. */
void ep_group_read_json(const json_t *figure, struct ep_group_run *ret);

#endif
