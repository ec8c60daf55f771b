/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/energy_parts.h"

#include <math.h>
#include <string.h>

static const struct ep_lane *lane_of(const struct ep_part *p, size_t *ret_slot)
{
	const struct ep_stream_place *place = &p->stream->places[p->channel];

	if (!place->in_file || !place->tracked || p->stream->lane_count == 0)
		return NULL;
	*ret_slot = place->slot;
	return &p->stream->lanes[place->lane].lane;
}

struct ep_part ep_part_of(const struct ep_stream *stream, size_t channel)
{
	struct ep_part p = { stream, channel, 1, 0 };
	int scale = ep_quantity_si_scale(
		stream->sensor->channels[channel].quantity);

	for (; scale > 0; scale--)
		p.unit /= 10;
	return p;
}

void ep_part_settle(struct ep_part *p)
{
	const struct ep_channel *c = ep_part_channel(p);
	size_t slot = 0;
	const struct ep_lane *l = lane_of(p, &slot);
	double least;

	p->refresh_s = (double)c->refresh_ns * 1e-9;
	if (c->refresh_ns > 0 || !l)
		return;
	/* Nothing changes twice within one refresh; how much longer values
	 * stay is the load's doing. */
	least = ep_hist_quantile_ns(&l->health[slot].changes, 0.1);
	if (!isnan(least))
		p->refresh_s = least * 1e-9;
}

/*
 * An unproven value is 0 to one refresh old: half of that as an average over
 * many reads of one value, all of it where each is read but once.  Where it is
 * put is in the middle of that already when the sensor says so with a window
 * of two refreshes; and for a counter, whose borders count half of it.
 */
double ep_part_delay_s(const struct ep_part *p)
{
	const struct ep_channel *c = ep_part_channel(p);
	double refresh = p->refresh_s;

	if (p->stream->unproven_count == 0)
		return 0;
	if (c->shape == EP_COUNTER ||
	    (c->refresh_ns > 0 && c->window_ns == 2 * c->refresh_ns))
		return refresh / 2;
	return (refresh + fmin(refresh, ep_part_cell_s(p))) / 2;
}

double ep_part_change_s(const struct ep_part *p)
{
	size_t slot = 0;
	const struct ep_lane *l = lane_of(p, &slot);

	return l ? ep_hist_quantile_ns(&l->health[slot].changes, 0.5) * 1e-9
		 : (double)NAN;
}

bool ep_part_stands_still(const struct ep_part *p)
{
	size_t slot = 0;
	const struct ep_lane *l = lane_of(p, &slot);

	/* One that is told only when it has changed was never seen to stand. */
	return l && l->slots[slot].counter && l->health[slot].read_count >= 2 &&
	       l->health[slot].repeat_count > 0 && !l->health[slot].moved;
}

static double segment_s(const struct ep_analysis *a, size_t segment)
{
	const struct ep_phase *p = &a->part.segments[segment].phase;

	return (double)(p->end_ns - p->start_ns) * 1e-9;
}

/* Reads that can be new values: all of them when the device proves it, else
 * one per refresh, rounded when all stretches are added up. */
static double fresh_of(const struct ep_part *p, double reads, double t_s)
{
	if (p->stream->unproven_count == 0 || !(p->refresh_s > 0))
		return reads;
	return fmin(reads, t_s / p->refresh_s);
}

void ep_part_sum(const struct ep_analysis *a, const struct ep_part *p,
		 struct ep_set set, struct ep_part_sums *ret)
{
	size_t slot = 0;
	const struct ep_lane *l = lane_of(p, &slot);
	double unit = p->unit;

	memset(ret, 0, sizeof(*ret));
	ret->min = HUGE_VAL;
	ret->max = -HUGE_VAL;
	if (!l || !l->stats)
		return;
	ret->first = l->ref[slot] * unit;
	for (size_t i = 0; i < set.count; i++) {
		const double *s = ep_lane_stats(l, set.segments[i] + 1, 0);
		size_t n = l->slot_count;

		s += slot;
		ret->sum += s[EP_STAT_SUM * n] * unit;
		ret->cover_s += s[EP_STAT_COVER_S * n];
		ret->held += s[EP_STAT_HELD * n] * unit;
		ret->held_s += s[EP_STAT_HELD_S * n];
		ret->reads += s[EP_STAT_READS * n];
		ret->fresh += fresh_of(p, s[EP_STAT_READS * n],
				       segment_s(a, set.segments[i]));
		ret->d2 += s[EP_STAT_D2 * n] * unit * unit;
		ret->h2d2 += s[EP_STAT_H2D2 * n] * unit * unit;
		ret->s1 += s[EP_STAT_S1 * n] * unit;
		ret->s2 += s[EP_STAT_S2 * n] * unit * unit;
		ret->min = fmin(ret->min, s[EP_STAT_MIN * n] * unit);
		ret->max = fmax(ret->max, s[EP_STAT_MAX * n] * unit);
	}
	ret->fresh = floor(ret->fresh + 0.5);
}

/* Mean power of a primary channel between two cuts of fine. */
static double cells_mean_w(const struct ep_analysis *a, const struct ep_part *p,
			   int64_t from_ns, int64_t to_ns)
{
	size_t slot = 0, k = 0;
	const struct ep_lane *l = lane_of(p, &slot);
	double sum = 0, s = 0;

	if (!l || !l->fine || to_ns <= from_ns)
		return (double)NAN;
	while (k < l->primary_count && l->primary[k] != slot)
		k++;
	if (k == l->primary_count)
		return (double)NAN;
	for (size_t c = ep_cuts_find(&a->fine, from_ns);
	     a->fine.at[c + 1] <= to_ns; c++) {
		sum += l->fine_sum[c * l->primary_count + k];
		s += l->fine_s[c * l->primary_count + k];
	}
	return s > 0 ? sum / s * 1e-6 : (double)NAN;
}

static double segment_mean_w(const struct ep_analysis *a,
			     const struct ep_part *p, size_t segment)
{
	uint32_t one = (uint32_t)segment;
	struct ep_set set = { &one, 1 };
	struct ep_part_sums sums;

	ep_part_sum(a, p, set, &sums);
	return sums.cover_s > 0 ? sums.sum / sums.cover_s : (double)NAN;
}

/* Power just after the start of segment (or before its end). */
static double side_w(const struct ep_analysis *a, const struct ep_meter *m,
		     size_t part, size_t segment, bool at_start)
{
	const struct ep_phase *p = &a->part.segments[segment].phase;
	int64_t far = a->side_ns + a->side_width_ns, from, to;
	double mean = (double)NAN;

	if (at_start) {
		from = p->start_ns + a->side_ns;
		to = p->start_ns + far < p->end_ns ? p->start_ns + far
						   : p->end_ns;
	} else {
		from = p->end_ns - far > p->start_ns ? p->end_ns - far
						     : p->start_ns;
		to = p->end_ns - a->side_ns;
	}
	if (m->fine)
		mean = cells_mean_w(a, &m->parts[part], from, to);
	return isnan(mean) ? segment_mean_w(a, &m->parts[part], segment) : mean;
}

struct ep_sides ep_part_sides(const struct ep_analysis *a,
			      const struct ep_meter *m, size_t part,
			      size_t border)
{
	struct ep_sides s = { (double)NAN, (double)NAN };

	if (border > 0)
		s.before_w = side_w(a, m, part, border - 1, false);
	if (border < a->part.count)
		s.after_w = side_w(a, m, part, border, true);
	return s;
}

struct ep_sides ep_meter_sides(const struct ep_analysis *a,
			       const struct ep_meter *m, size_t border)
{
	struct ep_sides sum = { 0, 0 };

	for (size_t i = 0; i < m->part_count; i++) {
		struct ep_sides s = ep_part_sides(a, m, i, border);

		sum.before_w += s.before_w;
		sum.after_w += s.after_w;
	}
	if (isnan(sum.before_w))
		sum.before_w = sum.after_w;
	if (isnan(sum.after_w))
		sum.after_w = sum.before_w;
	if (isnan(sum.before_w))
		sum.before_w = sum.after_w = 0;
	return sum;
}

double ep_border_slack_s(const struct ep_analysis *a, size_t border)
{
	const struct ep_segment *s = a->part.segments;
	int64_t slack = 0, span = 0, at;

	if (border > 0)
		slack = s[border - 1].phase.slack_ns;
	if (border < a->part.count && s[border].phase.slack_ns > slack)
		slack = s[border].phase.slack_ns;
	at = border < a->part.count ? s[border].phase.start_ns
				    : s[border - 1].phase.end_ns;
	if (at == a->run.gate_ns)
		span = a->run.gate_span_ns;
	else if (at == a->run.exit_ns)
		span = a->run.exit_span_ns;
	/* Gate and exit are events of our own: no observer's slack. */
	if (at == a->run.gate_ns || at == a->run.exit_ns)
		slack = span / 2;
	return (double)slack * 1e-9;
}

double ep_part_window_j(const struct ep_analysis *a, const struct ep_meter *m,
			size_t part, size_t segment)
{
	const struct ep_channel *c = ep_part_channel(&m->parts[part]);
	double w = (double)c->window_ns * 1e-9, sum = 0;
	struct ep_sides s;

	if (c->shape == EP_COUNTER || !(w > 0))
		return 0;
	s = ep_part_sides(a, m, part, segment);
	if (!isnan(s.before_w) && !isnan(s.after_w))
		sum += ep_window_residual_j(s.after_w - s.before_w, w);
	s = ep_part_sides(a, m, part, segment + 1);
	if (!isnan(s.before_w) && !isnan(s.after_w))
		sum += ep_window_residual_j(s.before_w - s.after_w, w);
	return sum;
}

double ep_energy_between(const struct ep_analysis *a, const struct ep_meter *m,
			 int64_t from_ns, int64_t to_ns)
{
	double t_s = (double)(to_ns - from_ns) * 1e-9, sum = 0;

	if (m->part_count == 0 || m->reason[0])
		return (double)NAN;
	for (size_t i = 0; i < m->part_count; i++) {
		size_t slot = 0, k = 0;
		const struct ep_lane *l = lane_of(&m->parts[i], &slot);
		double s = 0;

		if (!l || !l->fine)
			return (double)NAN;
		while (k + 1 < l->primary_count && l->primary[k] != slot)
			k++;
		for (size_t c = ep_cuts_find(&a->fine, from_ns);
		     a->fine.at[c + 1] <= to_ns; c++) {
			sum += l->fine_sum[c * l->primary_count + k] * 1e-6;
			s += l->fine_s[c * l->primary_count + k];
		}
		if (s < 0.95 * t_s)
			return (double)NAN;
	}
	return sum;
}
