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

/* comparison_more.h, as far as it is wanted.  -ENOMEM. */
int ep_comparison_together(const struct ep_comparison_input *in,
			   struct ep_comparison *c) EP_MUST_CHECK;
int ep_comparison_clusters(const struct ep_comparison_input *in,
			   struct ep_comparison *c) EP_MUST_CHECK;
int ep_comparison_drift(const struct ep_comparison_input *in,
			struct ep_comparison *c) EP_MUST_CHECK;
void ep_comparison_more_done(struct ep_comparison *c);

/* Metrics that say something of their own and have values in every group. */
int ep_comparison_select(const struct ep_comparison *c,
			 enum ep_use **ret) EP_MUST_CHECK;
size_t ep_comparison_used(const struct ep_comparison *c,
			  const enum ep_use *use);
/* The row has all metrics that are used. */
bool ep_comparison_complete(const struct ep_comparison_row *row,
			    const struct ep_comparison *c,
			    const enum ep_use *use);

#endif
