/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_COMPARISON_PARTS_H
#define EP_PROFILER_ANALYZE_COMPARISON_PARTS_H

#include "profiler/analyze/comparison.h"

/* Inside comparison*.c. */

/*
 * The pairs of a group with the baseline: means of the rows of a key that is on
 * both sides, in the order of the baseline's keys.  values: [pair_count] of
 * each side for each metric, metric by metric, the baseline first; NAN missing.
 */
struct ep_pairs {
	double *values; /* owned */
	size_t count;
};
int ep_pairs_make(const struct ep_comparison_input *in, size_t group,
		  struct ep_pairs *ret, struct ep_pairing *told) EP_MUST_CHECK;
void ep_pairs_done(struct ep_pairs *p);

/* Tests over all groups, success rates and rank correlations.  -ENOMEM. */
int ep_comparison_many(const struct ep_comparison_input *in,
		       struct ep_comparison *c) EP_MUST_CHECK;

#endif
