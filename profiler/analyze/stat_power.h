/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_STAT_POWER_H
#define EP_PROFILER_ANALYZE_STAT_POWER_H

#include "profiler/analyze/stat.h"

/*
 * How many runs would tell.  Never from an observed difference: that repeats
 * the p-value in other words.
 */
#define EP_RUNS_MAX 1000000

/* The smallest n (of each group; of pairs) with a power of 80 % at 5 %; 0 when
 * it is not defined, EP_RUNS_MAX when it is that or more. */
struct ep_design {
	double sd; /* within groups; of differences when paired */
	bool paired;
};
size_t ep_stat_runs_to_differ(const struct ep_design *d, double difference);
/* TOST where the true difference is 0. */
size_t ep_stat_runs_to_equate(const struct ep_design *d, double margin);
/* The 95 % interval of the difference becomes +-half_width. */
size_t ep_stat_runs_to_width(const struct ep_design *d, double half_width);

/*
 * Equivalence within margin (0.02: 2 %): the 90 % interval of the ratio of
 * geometric means B / A lies in 1 - margin ... 1 / (1 - margin), by logarithms;
 * with a value <= 0, that of the difference in +-margin * |mean A|.
 */
struct ep_tost {
	bool log_scale;
	double estimate, low, high; /* ratio, or difference; 90 % */
	double bound_low, bound_high;
	double p; /* the larger of the two one-sided; NAN: reason */
	bool equivalent;
	const char *reason;
};
/* pairs: a.x[i] belongs to b.x[i].  -ENOMEM. */
int ep_stat_tost(struct ep_sample a, struct ep_sample b, bool paired,
		 double margin, struct ep_tost *ret);

#endif
