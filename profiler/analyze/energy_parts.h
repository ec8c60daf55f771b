/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_ENERGY_PARTS_H
#define EP_PROFILER_ANALYZE_ENERGY_PARTS_H

#include "profiler/analyze/analysis.h"

/* One channel's statistics in one segment, or in several; SI units. */
struct ep_part_sums {
	double sum; /* J, or unit * s */
	double cover_s, reads, fresh;
	double held, held_s;	 /* of these, beyond the reads */
	double d2, h2d2, s1, s2; /* s1, s2: of reads less first */
	double first;		 /* read of the recording */
	double min, max;
};
void ep_part_sum(const struct ep_analysis *a, const struct ep_part *p,
		 struct ep_set set, struct ep_part_sums *ret);

static inline const struct ep_channel *ep_part_channel(const struct ep_part *p)
{
	return &p->stream->sensor->channels[p->channel];
}

/* Time between two reads of it, seconds. */
static inline double ep_part_cell_s(const struct ep_part *p)
{
	const struct ep_stream *s = p->stream;

	return (double)(s->cell_ns ? s->cell_ns[p->channel] : s->poll_ns) *
	       1e-9;
}

/* Median time between two changes of its value; NAN: it never changed. */
double ep_part_change_s(const struct ep_part *p);
/* What its values may be late, either way of where they are put; seconds. */
double ep_part_delay_s(const struct ep_part *p);

/* Power of a channel before and after border i, W; NAN where unknown. */
struct ep_sides {
	double before_w, after_w;
};
struct ep_sides ep_part_sides(const struct ep_analysis *a,
			      const struct ep_meter *m, size_t part,
			      size_t border);
/* The same of the sum; the other side's where one is unknown, else 0. */
struct ep_sides ep_meter_sides(const struct ep_analysis *a,
			       const struct ep_meter *m, size_t border);
/* What an averaging window hides of the borders of segment i, J. */
double ep_part_window_j(const struct ep_analysis *a, const struct ep_meter *m,
			size_t part, size_t segment);

#endif
