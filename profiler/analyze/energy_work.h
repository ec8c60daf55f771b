/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_ENERGY_WORK_H
#define EP_PROFILER_ANALYZE_ENERGY_WORK_H

#include "profiler/analyze/energy_parts.h"

/* What the terms of one set are made from; private to energy*.c. */
struct ep_energy_work {
	const struct ep_analysis *a;
	const struct ep_meter *m;
	struct ep_set set;
	struct ep_energy *ret;
	struct ep_part_sums sums[EP_RUN_TOTAL_MAX];
	double part_j[EP_RUN_TOTAL_MAX];
	/* Of each channel over all stretches: what a delay takes away. */
	double late_w[EP_RUN_TOTAL_MAX];
	double half_width_s; /* of a border, from reading: span, staleness */
	double update_s;     /* between updates, of the slowest channel */
	double held_j;
};

static inline double ep_energy_segment_s(const struct ep_energy_work *w,
					 size_t at)
{
	const struct ep_phase *p =
		&w->a->part.segments[w->set.segments[at]].phase;

	return (double)(p->end_ns - p->start_ns) * 1e-9;
}

/* Whether the segment at that place of the set goes on from the one before it,
 * or into the one after it. */
static inline bool ep_energy_goes_on(const struct ep_energy_work *w, size_t at)
{
	return at + 1 < w->set.count &&
	       w->set.segments[at + 1] == w->set.segments[at] + 1;
}

/* Border, interpolation, window and latency at the ends of each stretch of
 * the set; inner borders cancel. */
void ep_energy_edges(struct ep_energy_work *w);
/* Samples in step with tokens. */
void ep_energy_locking(struct ep_energy_work *w);
/* Counts stretches and requests; how often it takes to be sure. */
void ep_energy_pool_look(struct ep_energy_work *w);
/* Few samples in each of many stretches: their mean in place of what lies
 * between them.  False: the set is not of that kind. */
bool ep_energy_pool(struct ep_energy_work *w);

#endif
