/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_COMPARISON_H
#define EP_PROFILER_ANALYZE_COMPARISON_H

#include "base/err.h"
#include "profiler/analyze/comparison_more.h"
#include "profiler/analyze/contrast.h"
#include "profiler/analyze/stat_groups.h"

/*
 * Groups of observations side by side: every metric of every group against the
 * baseline, all groups together, and what to be careful of.
 */
#define EP_GROUPS_MAX 64
#define EP_METRICS_MAX 256

struct ep_comparison_row {
	size_t group;
	const char *key;      /* of its pair; NULL: unpaired */
	const double *values; /* [metric_count]; NAN missing */
	/* Of a study: which, with what, and when; NULL and 0: no study, in the
	 * order in which the rows stand. */
	const char *study, *config;
	double order;
};
struct ep_comparison_input {
	const char *const *group_names;
	size_t group_count, baseline;
	const char *const *metrics;
	size_t metric_count;
	const struct ep_comparison_row *rows;
	size_t row_count;
	const char *pair_by; /* NULL: unpaired */
	struct ep_comparison_wants wants;
};

/* What is known of a metric of a group beside the spread, by the budgets of its
 * runs (metrics.md 4): relative standard uncertainties; NAN unknown. */
struct ep_known {
	double absolute_u95; /* of the mean; in its unit */
	double gain, offset; /* relative to the mean */
	double calibration;
	char sensor[160]; /* board and channels that it is read from */
};

struct ep_group_column {
	struct ep_sample values; /* owned, in the order of the rows */
	struct ep_describe describe;
	size_t missing_count; /* rows without this metric */
	struct ep_known known;
};

/* Of all groups, and of each pair of them (i < j) at ep_pair_index(). */
struct ep_many {
	struct ep_stat anova, welch_anova, kruskal, levene;
	struct ep_stat *tukey, *games_howell; /* owned; NULL: two groups */
	size_t success_count, beyond_noise_count, rival_count;
	double success_low, success_high; /* Wilson */
};

struct ep_comparison_metric {
	char name[128];
	size_t follows; /* the metric it is a transform of, or itself */
	bool higher_is_better;
	struct ep_group_column *groups; /* [group_count]; owned */
	/* Against the baseline, [group_count]; that of the baseline itself is
	 * not filled.  Owned. */
	struct ep_contrast *contrasts;
	double *comparison_u95; /* of mean / mean of the baseline; owned */
	/* [group_count]: the baseline's values, then its own, both [pair_count]
	 * and NAN where missing; NULL without pairs.  Owned. */
	double **pairs;
	struct ep_many many;
	struct ep_drift drift;
};

struct ep_pairing {
	size_t pair_count;		 /* with the baseline */
	char (*keys)[48];		 /* [pair_count], cut; owned */
	size_t only_here, only_baseline; /* keys without a partner */
	char only_here_keys[200], only_baseline_keys[200];
	size_t repeated; /* keys with several rows: their mean */
};

struct ep_comparison {
	struct ep_contrast_options options;
	char (*group_names)[160];
	size_t *row_counts;
	size_t group_count, baseline;
	struct ep_comparison_metric *metrics;
	size_t metric_count;
	char pair_by[128];	     /* "" unpaired */
	struct ep_pairing *pairings; /* [group_count] */
	struct ep_stat *spearman;    /* [metric_count^2]; NULL: one metric */
	struct ep_together together;
	struct ep_row_clusters clusters;
};

/* -EINVAL when there is nothing to compare (with a sentence), -ENOMEM. */
int ep_compare(const struct ep_comparison_input *in,
	       const struct ep_contrast_options *o, struct ep_comparison *ret,
	       struct ep_err *err) EP_MUST_CHECK;
void ep_comparison_done(struct ep_comparison *c);
/* Once known[] of the columns is filled: comparison_u95. */
void ep_comparison_uncertainty(struct ep_comparison *c);

/* Of groups i < j of k: its place in a list of all pairs. */
size_t ep_pair_index(size_t i, size_t j, size_t k);
/* By the last part of its name; a rate or a yield. */
bool ep_metric_higher_is_better(const char *name);

#endif
