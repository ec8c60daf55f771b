/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/energy_work.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

/* So much of the time may lie in stretches that the device cannot tell from
 * what surrounds them. */
#define SMEARED_SHARE 0.05

/* Time between fresh values of a channel. */
static double update_s(const struct ep_part *p)
{
	return fmax(ep_part_cell_s(p), p->refresh_s);
}

static void look_at_reading(struct ep_energy_work *w)
{
	for (size_t i = 0; i < w->m->part_count; i++) {
		const struct ep_part *p = &w->m->parts[i];
		double half = ep_stream_span_ns(p->stream) * 0.5e-9;
		double refresh = p->refresh_s;
		bool stale = p->stream->unproven_count > 0;

		/* An unproven counter lags by up to a refresh: centred, half
		 * of that either way, and half of it as a delay. */
		if (stale && ep_part_channel(p)->shape == EP_COUNTER)
			half += refresh / 2;
		w->half_width_s = fmax(w->half_width_s, half);
		w->update_s = fmax(w->update_s, update_s(p));
	}
}

/* What one count of its factors, or their offsets, make of a power. */
static double product_w(const struct ep_energy_work *w, const struct ep_part *p,
			bool offsets)
{
	const struct ep_channel *c = ep_part_channel(p);
	const struct ep_channel *all = p->stream->sensor->channels;
	const struct ep_channel *of_volts = &all[c->volts_index];
	const struct ep_channel *of_amps = &all[c->amps_index];
	struct ep_part volts = ep_part_of(p->stream, (size_t)c->volts_index);
	struct ep_part amps = ep_part_of(p->stream, (size_t)c->amps_index);
	struct ep_part_sums v, i;

	ep_part_sum(w->a, &volts, w->set, &v);
	ep_part_sum(w->a, &amps, w->set, &i);
	if (!(v.cover_s > 0) || !(i.cover_s > 0))
		return 0;
	return ep_u_product_lsb(
		v.sum / v.cover_s,
		(double)(offsets ? of_volts->offset : of_volts->resolution) *
			volts.unit,
		i.sum / i.cover_s,
		(double)(offsets ? of_amps->offset : of_amps->resolution) *
			amps.unit);
}

/* What rounding makes of a gauge: independent of sample to sample where noise
 * of half a count stirs it, else the same over all of a steady phase. */
static double gauge_resolution_j(const struct ep_energy_work *w,
				 const struct ep_part *p, double lsb)
{
	double stirred = 0, steady = 0;

	for (size_t i = 0; i < w->set.count; i++) {
		struct ep_set one = { &w->set.segments[i], 1 };
		double t = ep_energy_segment_s(w, i), n, var = 0, u;
		struct ep_part_sums s;

		ep_part_sum(w->a, p, one, &s);
		n = s.reads;
		if (n > 1)
			var = fmax(0, (s.s2 - s.s1 * s.s1 / n) / (n - 1));
		u = ep_u_resolution_gauge(lsb, t, s.fresh, sqrt(var));
		if (s.fresh > 1 && sqrt(var) >= lsb / 2)
			stirred = hypot(stirred, u);
		else
			steady += u;
	}
	return hypot(stirred, steady);
}

static size_t stretches_of(const struct ep_energy_work *w)
{
	size_t count = 0;

	for (size_t i = 0; i < w->set.count; i++)
		count += !ep_energy_goes_on(w, i);
	return count;
}

static void add_resolution(struct ep_energy_work *w, size_t part)
{
	const struct ep_part *p = &w->m->parts[part];
	const struct ep_channel *c = ep_part_channel(p);
	double lsb = (double)c->resolution * p->unit, u;

	if (c->resolution == 0 && (c->flags & EP_CHANNEL_PRODUCT))
		lsb = product_w(w, p, false);
	if (c->shape == EP_COUNTER)
		u = ep_u_resolution_counter(lsb) *
		    sqrt((double)stretches_of(w));
	else
		u = gauge_resolution_j(w, p, lsb);
	ep_budget_add(&w->ret->budget, "resolution", u);
	ep_budget_add(&w->ret->power, "resolution", u / w->ret->duration_s);
}

static bool is_slow(const struct ep_part *p)
{
	return p->refresh_s > 1.5 * ep_part_cell_s(p);
}

/* Squares of interval times step of one channel. */
static double own_h2d2(const struct ep_energy_work *w, size_t part)
{
	const struct ep_part *p = &w->m->parts[part];
	const struct ep_part_sums *s = &w->sums[part];

	if (ep_part_channel(p)->shape == EP_COUNTER)
		return 0;
	/* Repeats do not shorten the interval of fresh values. */
	return is_slow(p) ? p->refresh_s * p->refresh_s * s->d2 : s->h2d2;
}

/* What channels that are read together add to that by moving together. */
static double common_h2d2(const struct ep_energy_work *w, size_t part)
{
	const struct ep_part *p = &w->m->parts[part];
	const struct ep_lane *l = ep_stream_lane_of(p->stream, p->channel);
	double d2 = 0, h2d2 = 0;

	if (!w->m->fine || w->m->part_count < 2 || !l->both)
		return 0;
	for (size_t i = 0; i < part; i++)
		if (ep_stream_lane_of(w->m->parts[i].stream,
				      w->m->parts[i].channel) == l)
			return 0;
	for (size_t i = 0; i < w->set.count; i++) {
		d2 += l->both[2 * ((size_t)w->set.segments[i] + 1)];
		h2d2 += l->both[2 * ((size_t)w->set.segments[i] + 1) + 1];
	}
	return p->unit * p->unit *
	       (is_slow(p) ? p->refresh_s * p->refresh_s * d2 : h2d2);
}

static void add_sampling(struct ep_energy_work *w)
{
	double sum = 0, u;

	if (w->ret->pooled)
		return;
	for (size_t i = 0; i < w->m->part_count; i++)
		sum += own_h2d2(w, i) + common_h2d2(w, i);
	u = ep_u_sampling(fmax(0, sum));
	ep_budget_add(&w->ret->budget, "sampling", u);
	ep_budget_add(&w->ret->power, "sampling", u / w->ret->duration_s);
}

/* Gain: linear over the rails of one chip, which share a reference; apart for
 * different sensors.  Offsets apart for every channel. */
static void add_limits(struct ep_energy_work *w, size_t part)
{
	const struct ep_meter *m = w->m;
	const struct ep_channel *c = ep_part_channel(&m->parts[part]);
	struct ep_energy *e = w->ret;
	double gain = 0, gain_w = 0, net = 0, offset, u;
	bool first = true;

	for (size_t i = 0; i < m->part_count; i++) {
		const struct ep_channel *other = ep_part_channel(&m->parts[i]);

		if (m->parts[i].stream != m->parts[part].stream)
			continue;
		first = first && i >= part;
		u = ep_u_limit((double)other->gain_ppm * 1e-6);
		gain += u * fabs(w->part_j[i]);
		gain_w += u * fabs(e->part_w[i]);
		net += u * (w->part_j[i] - m->idle_part_w[i] * e->duration_s);
	}
	if (first) {
		ep_budget_add(&e->budget, "gain", gain);
		ep_budget_add(&e->power, "gain", gain_w);
		e->net_gain_j = hypot(e->net_gain_j, net);
	}
	offset = (double)c->offset * m->parts[part].unit;
	if (c->offset == 0 && (c->flags & EP_CHANNEL_PRODUCT))
		offset = product_w(w, &m->parts[part], true);
	offset = ep_u_limit(offset);
	if (c->shape == EP_GAUGE) {
		ep_budget_add(&e->budget, "offset", offset * e->duration_s);
		ep_budget_add(&e->power, "offset", offset);
	}
}

/* What was not seen may have had twice the power, or none. */
static void add_gap(struct ep_energy_work *w)
{
	struct ep_energy *e = w->ret;
	double power = fabs(e->mean_w), u;

	if (!(e->blind_s > 1e-6))
		return;
	if (e->held_s > 0)
		power = fmax(power, fabs(w->held_j) / e->held_s);
	u = ep_u_limit(power * e->blind_s);
	ep_budget_add(&e->budget, "gap", u);
	ep_budget_add(&e->power, "gap", u / e->duration_s);
}

static void add_terms(struct ep_energy_work *w)
{
	ep_energy_edges(w);
	for (size_t i = 0; i < w->m->part_count; i++) {
		add_limits(w, i);
		add_resolution(w, i);
	}
	add_sampling(w);
	ep_energy_locking(w);
	add_gap(w);
}

static double peak_of(const struct ep_energy_work *w, bool *ret_bound)
{
	double sum = 0;

	for (size_t i = 0; i < w->m->part_count; i++) {
		const struct ep_stream *s = w->m->parts[i].stream;
		const struct ep_lane *l =
			ep_stream_lane_of(s, w->m->parts[i].channel);
		double peak = -1;
		bool seen = false;

		for (size_t j = 0; j < i && !seen; j++)
			seen = w->m->parts[j].stream == s &&
			       ep_stream_lane_of(s, w->m->parts[j].channel) ==
				       l;
		if (seen)
			continue;
		for (size_t k = 0; k < w->set.count; k++)
			peak = fmax(peak, l->peak[w->set.segments[k] + 1]);
		if (peak < 0)
			return (double)NAN;
		*ret_bound = i > 0;
		sum += peak * 1e-6;
	}
	return sum;
}

/* Time of the stretches that are shorter than one average of the device. */
static double smeared_s(const struct ep_energy_work *w, double window_s)
{
	double sum = 0, stretch = 0;

	for (size_t i = 0; i < w->set.count; i++) {
		stretch += ep_energy_segment_s(w, i);
		if (ep_energy_goes_on(w, i))
			continue;
		sum += stretch < window_s ? stretch : 0;
		stretch = 0;
	}
	return sum;
}

/* Less than one average of the device, or than its values can judge. */
static bool is_too_short(const struct ep_energy_work *w,
			 const struct ep_channel *c)
{
	struct ep_energy *e = w->ret;

	if (smeared_s(w, (double)c->window_ns * 1e-9) >
	    SMEARED_SHARE * e->duration_s) {
		(void)ep_str_copy(e->reason, sizeof(e->reason),
				  "shorter than the device's averaging window");
		return true;
	}
	if ((double)c->min_window_ns * 1e-9 <= e->duration_s)
		return false;
	(void)ep_str_format(e->reason, sizeof(e->reason),
			    "%.3g s is shorter than the %.3g s this meter can "
			    "judge",
			    e->duration_s, (double)c->min_window_ns * 1e-9);
	return true;
}

/* Energy and coverage; false when there is nothing to work on. */
static bool add_up(struct ep_energy_work *w)
{
	struct ep_energy *e = w->ret;

	e->cover_s = HUGE_VAL;
	e->fresh_count = HUGE_VAL;
	for (size_t i = 0; i < w->set.count; i++)
		e->duration_s += ep_energy_segment_s(w, i);
	for (size_t i = 0; i < w->m->part_count; i++) {
		ep_part_sum(w->a, &w->m->parts[i], w->set, &w->sums[i]);
		w->part_j[i] = w->sums[i].sum;
		for (size_t k = 0; k < w->set.count; k++)
			w->part_j[i] += ep_part_window_j(w->a, w->m, i,
							 w->set.segments[k]);
		e->energy_j += w->part_j[i];
		/* Each over the time that it was seen itself. */
		e->part_w[i] = w->part_j[i] / w->sums[i].cover_s;
		e->mean_w += e->part_w[i];
		e->cover_s = fmin(e->cover_s, w->sums[i].cover_s);
		e->held_s = fmax(e->held_s, w->sums[i].held_s);
		e->blind_s =
			fmax(e->blind_s, e->duration_s - w->sums[i].cover_s +
						 w->sums[i].held_s);
		w->held_j += w->sums[i].held;
		e->fresh_count = fmin(e->fresh_count, w->sums[i].fresh);
		if (is_too_short(w, ep_part_channel(&w->m->parts[i])))
			return false;
	}
	ep_energy_pool_look(w);
	if (w->set.count == 0 || !(e->cover_s > 0) || e->fresh_count < 1) {
		ep_pool_text(&e->pool, e->reason);
		if (!e->reason[0])
			(void)ep_str_copy(e->reason, sizeof(e->reason),
					  "no sample in it");
		return false;
	}
	(void)ep_energy_pool(w);
	return true;
}

void ep_energy_measure(const struct ep_analysis *a, const struct ep_meter *m,
		       struct ep_set set, struct ep_energy *ret)
{
	struct ep_energy_work w = { .a = a, .m = m, .set = set, .ret = ret };

	memset(ret, 0, sizeof(*ret));
	ret->peak_w = (double)NAN;
	if (m->part_count == 0 || m->reason[0]) {
		(void)ep_str_copy(ret->reason, sizeof(ret->reason), m->reason);
		ret->energy_j = (double)NAN;
		return;
	}
	look_at_reading(&w);
	if (!add_up(&w)) {
		ret->energy_j = (double)NAN;
		return;
	}
	add_terms(&w);
	if (m->fine)
		ret->peak_w = peak_of(&w, &ret->peak_is_bound);
	/* Blocks leave out what is left over at borders; the whole does not. */
	if (ret->peak_w < ret->mean_w)
		ret->peak_w = ret->mean_w;
}
