/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_STAT_GROUPS_H
#define EP_PROFILER_ANALYZE_STAT_GROUPS_H

#include "profiler/analyze/stat.h"

/* Several groups.  A group without values makes a test NAN, with a reason. */
struct ep_stat ep_stat_anova(const struct ep_sample *g, size_t k);
struct ep_stat ep_stat_welch_anova(const struct ep_sample *g, size_t k);
int ep_stat_kruskal(const struct ep_sample *g, size_t k, struct ep_stat *ret);
/* Of distances from the medians.  -ENOMEM. */
int ep_stat_levene(const struct ep_sample *g, size_t k, struct ep_stat *ret);

/*
 * Two of k groups, estimate = mean of g[j] - mean of g[i]; value is the
 * studentized range q; 95 % over all pairs together.
 */
struct ep_stat ep_stat_tukey(const struct ep_sample *g, size_t k, size_t i,
			     size_t j);
struct ep_stat ep_stat_games_howell(const struct ep_sample *g, size_t k,
				    size_t i, size_t j);

#endif
