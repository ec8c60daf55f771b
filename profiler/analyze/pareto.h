/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_PARETO_H
#define EP_PROFILER_ANALYZE_PARETO_H

#include "base/err.h"

#include <stddef.h>

/* One choice: less cost is better, more gain is better. */
struct ep_pareto_point {
	double cost, gain; /* NAN: not measured, on no front */
};

/*
 * The points that none is better than: *ret_front[*ret_count] are indices in
 * the order of growing cost; of equal points the first is taken.  *ret_knee is
 * the index of the one furthest off the straight line between the two ends of
 * the front, both axes scaled to its extent, on its better side; -1 when the
 * front has fewer than three points or none lies off the line.
 * -ENOMEM.  The caller frees *ret_front.
 */
int ep_pareto(const struct ep_pareto_point *points, size_t count,
	      size_t **ret_front, size_t *ret_count,
	      ptrdiff_t *ret_knee) EP_MUST_CHECK;

#endif
