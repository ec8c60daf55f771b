/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_POOL_H
#define EP_PROFILER_ANALYZE_POOL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Slow meters: a phase holds fewer fresh samples than a figure needs, but the
 * same phase of many requests, or of many runs, holds enough together.
 */
#define EP_POOL_SAMPLES_MIN 5
#define EP_POOL_TEXT_BYTES 96

struct ep_pool {
	size_t stretch_count; /* that do not touch each other */
	size_t request_count; /* they belong to; 0 none */
	bool repeats;	      /* a phase that happens in every request */
	double sample_count;  /* fresh, of the poorest channel, in all */
	double stretch_s;     /* mean length of a stretch */
	double update_s;      /* between updates, of the slowest channel */
};

/* Fewer samples in a stretch than a figure of one stretch needs. */
bool ep_pool_is_slow(const struct ep_pool *p);
/* How many stretches would hold enough samples; 0: enough are there, nobody
 * knows, or nobody repeats such a phase. */
double ep_pool_wanted(const struct ep_pool *p);
/* "pooled over 20 requests, 37 samples", "3 fresh samples; about 2 repetitions
 * would do"; "" when each stretch has enough. */
void ep_pool_text(const struct ep_pool *p, char ret[EP_POOL_TEXT_BYTES]);

#endif
