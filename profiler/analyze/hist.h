/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_HIST_H
#define EP_PROFILER_ANALYZE_HIST_H

#include <stddef.h>
#include <stdint.h>

/*
 * A histogram of durations in constant memory: 32 steps per octave (3 %), each
 * with the sum of what fell into it, so a quantile of values that are nearly
 * equal is exact to their spread.
 */
#define EP_HIST_BUCKETS (60 * 32)

struct ep_hist {
	uint32_t count[EP_HIST_BUCKETS];
	double sum_ns[EP_HIST_BUCKETS];
};

static inline void ep_hist_add(struct ep_hist *h, int64_t ns)
{
	uint64_t v = ns > 0 ? (uint64_t)ns : 0;
	unsigned shift = v < 64 ? 0 : 58 - (unsigned)__builtin_clzll(v);
	size_t i = (size_t)shift * 32 + (size_t)(v >> shift);

	h->count[i]++;
	h->sum_ns[i] += (double)v;
}

/* Mean of the bucket that holds quantile q in [0, 1]; NAN when empty. */
double ep_hist_quantile_ns(const struct ep_hist *h, double q);

/*
 * Quantile of type 7 of values[0..count), which is reordered.  NAN when count
 * is 0.
 */
double ep_quantile_f64(double *values, size_t count, double q);

#endif
