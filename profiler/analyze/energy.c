/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/energy_parts.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

/* What the terms of one set are made from. */
struct work {
	const struct ep_analysis *a;
	const struct ep_meter *m;
	struct ep_set set;
	struct ep_energy *ret;
	struct ep_part_sums sums[EP_RUN_TOTAL_MAX];
	double part_j[EP_RUN_TOTAL_MAX];
	double half_width_s; /* of a border, from reading: span, staleness */
	double update_s;     /* between updates, of the slowest channel */
	double held_j;
};

static bool in_set(struct ep_set set, size_t at, size_t segment)
{
	return at < set.count && set.segments[at] == segment;
}

/* Time between fresh values of a channel. */
static double update_s(const struct ep_part *p)
{
	return fmax(ep_part_cell_s(p), p->refresh_s);
}

static void look_at_reading(struct work *w)
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

/* One outer border of the set. */
static void add_edge(struct work *w, size_t border)
{
	struct ep_energy *e = w->ret;
	struct ep_sides s = ep_meter_sides(w->a, w->m, border);
	double a_t = ep_border_slack_s(w->a, border) + w->half_width_s;
	double edge = fmax(fabs(s.before_w), fabs(s.after_w));
	double step = s.after_w - s.before_w;
	double u;

	ep_budget_add(&e->budget, "border", ep_u_border(edge, a_t));
	ep_budget_add(&e->power, "border",
		      ep_u_border(edge - e->mean_w, a_t) / e->duration_s);
	u = ep_u_interpolated(step, w->update_s);
	ep_budget_add(&e->budget, "interpolated", u);
	ep_budget_add(&e->power, "interpolated", u / e->duration_s);
	e->u_time_s =
		hypot(e->u_time_s, ep_u_limit(ep_border_slack_s(w->a, border)));
	for (size_t i = 0; i < w->m->part_count; i++) {
		const struct ep_part *p = &w->m->parts[i];
		double window = (double)ep_part_channel(p)->window_ns * 1e-9;

		if (ep_part_channel(p)->shape == EP_COUNTER || !(window > 0))
			continue;
		s = ep_part_sides(w->a, w->m, i, border);
		u = ep_u_window(s.after_w - s.before_w, window);
		ep_budget_add(&e->budget, "window", u);
		ep_budget_add(&e->power, "window", u / e->duration_s);
	}
}

static double either(double wanted, double other)
{
	if (!isnan(wanted))
		return wanted;
	return isnan(other) ? 0 : other;
}

/* A delay common to both ends of a stretch, of each channel its own. */
static void add_latency(struct work *w, size_t first, size_t last)
{
	double u = 0;

	for (size_t i = 0; i < w->m->part_count; i++) {
		struct ep_sides start = ep_part_sides(w->a, w->m, i, first);
		struct ep_sides end = ep_part_sides(w->a, w->m, i, last + 1);

		u += ep_u_latency(either(start.before_w, start.after_w),
				  either(end.before_w, end.after_w),
				  ep_part_delay_s(&w->m->parts[i]));
	}
	ep_budget_add(&w->ret->budget, "latency", u);
	ep_budget_add(&w->ret->power, "latency", u / w->ret->duration_s);
}

/* Borders where the set begins or ends; inner ones cancel. */
static size_t add_edges(struct work *w)
{
	size_t stretches = 0, first = 0;

	for (size_t i = 0; i < w->set.count; i++) {
		size_t s = w->set.segments[i];

		if (i == 0 || !in_set(w->set, i - 1, s - 1)) {
			add_edge(w, s);
			first = s;
		}
		if (in_set(w->set, i + 1, s + 1))
			continue;
		add_edge(w, s + 1);
		stretches++;
		add_latency(w, first, s);
	}
	return stretches;
}

/* What one count of its factors, or their offsets, make of a power. */
static double product_w(const struct work *w, const struct ep_part *p,
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

static void add_resolution(struct work *w, size_t part, size_t stretches)
{
	const struct ep_part *p = &w->m->parts[part];
	const struct ep_channel *c = ep_part_channel(p);
	const struct ep_part_sums *s = &w->sums[part];
	double lsb = (double)c->resolution * p->unit, n = s->reads, var = 0, u;

	if (c->resolution == 0 && (c->flags & EP_CHANNEL_PRODUCT))
		lsb = product_w(w, p, false);
	if (n > 1)
		var = fmax(0, (s->s2 - s->s1 * s->s1 / n) / (n - 1));
	if (c->shape == EP_COUNTER)
		u = ep_u_resolution_counter(lsb) * sqrt((double)stretches);
	else
		u = ep_u_resolution_gauge(lsb, w->ret->duration_s, s->fresh,
					  sqrt(var));
	ep_budget_add(&w->ret->budget, "resolution", u);
	ep_budget_add(&w->ret->power, "resolution", u / w->ret->duration_s);
}

static void add_sampling(struct work *w, size_t part)
{
	const struct ep_part *p = &w->m->parts[part];
	const struct ep_part_sums *s = &w->sums[part];
	double poll = ep_part_cell_s(p);
	double refresh = p->refresh_s, u;

	if (ep_part_channel(p)->shape == EP_COUNTER)
		return;
	/* Repeats do not shorten the interval of fresh values. */
	u = ep_u_sampling(refresh > 1.5 * poll ? refresh * refresh * s->d2
					       : s->h2d2);
	ep_budget_add(&w->ret->budget, "sampling", u);
	ep_budget_add(&w->ret->power, "sampling", u / w->ret->duration_s);
}

/* Gain: linear over the rails of one chip, which share a reference; apart for
 * different sensors.  Offsets apart for every channel. */
static void add_limits(struct work *w, size_t part)
{
	const struct ep_meter *m = w->m;
	const struct ep_channel *c = ep_part_channel(&m->parts[part]);
	struct ep_energy *e = w->ret;
	double gain = 0, gain_w = 0, offset, u;
	bool first = true;

	for (size_t i = 0; i < m->part_count; i++) {
		const struct ep_channel *other = ep_part_channel(&m->parts[i]);

		if (m->parts[i].stream != m->parts[part].stream)
			continue;
		first = first && i >= part;
		u = ep_u_limit((double)other->gain_ppm * 1e-6) *
		    fabs(w->part_j[i]);
		gain += u;
		gain_w += u / w->sums[i].cover_s;
	}
	if (first) {
		ep_budget_add(&e->budget, "gain", gain);
		ep_budget_add(&e->power, "gain", gain_w);
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

/* Half the spread seen is the amplitude a locked sampling may have missed;
 * where it saw none, half of what the load adds to idle. */
static double missed_amplitude_w(const struct work *w)
{
	double idle = isnan(w->m->idle_w) ? 0 : w->m->idle_w, half = 0;
	bool gauge = false;

	for (size_t i = 0; i < w->m->part_count; i++) {
		if (ep_part_channel(&w->m->parts[i])->shape == EP_COUNTER)
			continue;
		gauge = true;
		if (w->sums[i].max > w->sums[i].min)
			half += (w->sums[i].max - w->sums[i].min) / 2;
	}
	if (gauge && !(half > 0))
		half = fabs(w->ret->mean_w - idle) / 2;
	return half;
}

static void add_locking(struct work *w)
{
	const struct ep_phase *p =
		&w->a->part.segments[w->set.segments[0]].phase;
	double t = w->ret->duration_s, half, u;

	if (w->a->run.jitter || w->set.count != 1 || p->steps_count <= 0 ||
	    !ep_sampling_locked((double)p->steps_count / t, 1 / w->update_s, t))
		return;
	half = missed_amplitude_w(w);
	if (!(half > 0))
		return;
	u = ep_u_limit(half) * t;
	w->ret->locked = true;
	ep_budget_add(&w->ret->budget, "locking", u);
	ep_budget_add(&w->ret->power, "locking", u / t);
}

/* What was not seen may have had twice the power, or none. */
static void add_gap(struct work *w)
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

static void add_terms(struct work *w)
{
	size_t stretches;

	look_at_reading(w);
	stretches = add_edges(w);
	for (size_t i = 0; i < w->m->part_count; i++) {
		add_limits(w, i);
		add_resolution(w, i, stretches);
		add_sampling(w, i);
	}
	add_locking(w);
	add_gap(w);
}

static double peak_of(const struct work *w, bool *ret_bound)
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

/* Less than one average of the device, or than its values can judge. */
static bool is_too_short(const struct work *w, const struct ep_channel *c)
{
	struct ep_energy *e = w->ret;

	if ((double)c->window_ns * 1e-9 > e->duration_s) {
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
static bool add_up(struct work *w)
{
	struct ep_energy *e = w->ret;

	e->cover_s = HUGE_VAL;
	e->fresh_count = HUGE_VAL;
	for (size_t i = 0; i < w->set.count; i++) {
		const struct ep_phase *p =
			&w->a->part.segments[w->set.segments[i]].phase;

		e->duration_s += (double)(p->end_ns - p->start_ns) * 1e-9;
	}
	for (size_t i = 0; i < w->m->part_count; i++) {
		ep_part_sum(w->a, &w->m->parts[i], w->set, &w->sums[i]);
		w->part_j[i] = w->sums[i].sum;
		for (size_t k = 0; k < w->set.count; k++)
			w->part_j[i] += ep_part_window_j(w->a, w->m, i,
							 w->set.segments[k]);
		e->energy_j += w->part_j[i];
		/* Each over the time that it was seen itself. */
		e->mean_w += w->part_j[i] / w->sums[i].cover_s;
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
	if (w->set.count == 0 || !(e->cover_s > 0) || e->fresh_count < 1) {
		(void)ep_str_copy(e->reason, sizeof(e->reason),
				  "no sample in it");
		return false;
	}
	return true;
}

void ep_energy_measure(const struct ep_analysis *a, const struct ep_meter *m,
		       struct ep_set set, struct ep_energy *ret)
{
	struct work w = { .a = a, .m = m, .set = set, .ret = ret };

	memset(ret, 0, sizeof(*ret));
	ret->peak_w = (double)NAN;
	if (m->part_count == 0 || m->reason[0]) {
		(void)ep_str_copy(ret->reason, sizeof(ret->reason), m->reason);
		ret->energy_j = (double)NAN;
		return;
	}
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
