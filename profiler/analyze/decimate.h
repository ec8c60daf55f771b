/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_DECIMATE_H
#define EP_PROFILER_ANALYZE_DECIMATE_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Series of any length in bounded memory for charts: rows go into stretches of
 * equal length, and each stretch keeps the smallest and the largest value of
 * every series.  Stretches start at one row and double whenever there are too
 * many of them, so no extremum is ever lost, only when exactly it was.
 */
struct ep_extrema {
	double first, second; /* smallest and largest, the earlier one first;
			       * NAN: no value in the whole stretch */
};

struct ep_decimate {
	size_t series_count;
	size_t stretch_max; /* even */
	size_t stretch_count;
	uint64_t rows_per_stretch; /* 1, 2, 4 ... */
	uint64_t row_count;
	struct ep_extrema *extrema; /* [stretch * series_count + series] */
};

/* stretch_max >= 2.  -ENOMEM, -EINVAL. */
int ep_decimate_init(struct ep_decimate *d, size_t series_count,
		     size_t stretch_max) EP_MUST_CHECK;
void ep_decimate_done(struct ep_decimate *d);
/* The next row; NAN where a series has no value. */
void ep_decimate_add(struct ep_decimate *d, const double *values);

static inline const struct ep_extrema *
ep_decimate_at(const struct ep_decimate *d, size_t stretch, size_t series)
{
	return &d->extrema[stretch * d->series_count + series];
}

#endif
