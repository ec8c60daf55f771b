/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_COMPARISON_MORE_H
#define EP_PROFILER_ANALYZE_COMPARISON_MORE_H

#include "profiler/analyze/stat_change.h"
#include "profiler/analyze/stat_cluster.h"
#include "profiler/analyze/stat_manova.h"

/* What of a comparison is computed beside the metrics one by one. */
struct ep_comparison_wants {
	bool together, clusters, changes;
};

/* All metrics at once; of pairs, the differences of two groups. */
struct ep_together {
	bool wanted;
	struct ep_manova manova;
	enum ep_use *use;  /* [metric_count]; owned */
	size_t incomplete; /* rows (or pairs) without all metrics */
	char reason[300];  /* "": computed */
};

/* Of the rows that have all metrics, each metric in units of its spread. */
struct ep_row_clusters {
	bool wanted;
	struct ep_clustering by[EP_CLUSTER_COUNT];
	enum ep_use *use; /* [metric_count]; owned */
	size_t *rows;	  /* [row_count]: which of the input's rows; owned */
	size_t *groups;	  /* [row_count]: theirs; owned */
	size_t row_count, incomplete;
	char reason[300]; /* "": looked for */
};

/*
 * Of a metric over the rows in the order they were measured in, the mean of
 * each configuration (or else group) taken away: what is left is noise, or
 * drift of the rig.
 */
struct ep_drift {
	bool wanted, by_order; /* by_order: rows had an order of their own */
	struct ep_changes changes;
	double *values; /* [value_count]: without those means; owned */
	double *orders; /* [value_count]: 1 ... without an order; owned */
	size_t value_count;
	double level; /* mean of all values, to make shares of */
	/* The same in words: from where on it is how much higher, or that a
	 * value alone stands apart.  [shift_count]; owned. */
	struct ep_shift {
		size_t at;
		bool alone;
		double by;
	} * shifts;
	size_t shift_count;
};

#endif
