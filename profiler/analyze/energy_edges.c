/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/energy_work.h"

#include <math.h>

/* One outer border of the set. */
static void add_edge(struct ep_energy_work *w, size_t border)
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
	u = e->pooled ? 0 : ep_u_interpolated(step, w->update_s);
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

/* What a delay common to both ends of a stretch moves in and out of it. */
static void note_latency(struct ep_energy_work *w, size_t first, size_t last)
{
	for (size_t i = 0; i < w->m->part_count; i++) {
		struct ep_sides start = ep_part_sides(w->a, w->m, i, first);
		struct ep_sides end = ep_part_sides(w->a, w->m, i, last + 1);

		w->late_w[i] += either(start.before_w, start.after_w) -
				either(end.before_w, end.after_w);
	}
}

/* One delay for all stretches of a channel, and for all rails of a chip. */
static void add_latency(struct ep_energy_work *w)
{
	double u = 0;

	for (size_t i = 0; i < w->m->part_count; i++)
		u += ep_u_latency(w->late_w[i], 0,
				  ep_part_delay_s(&w->m->parts[i]));
	ep_budget_add(&w->ret->budget, "latency", u);
	ep_budget_add(&w->ret->power, "latency", u / w->ret->duration_s);
}

void ep_energy_edges(struct ep_energy_work *w)
{
	size_t first = 0;

	for (size_t i = 0; i < w->set.count; i++) {
		size_t s = w->set.segments[i];

		if (i == 0 || !ep_energy_goes_on(w, i - 1)) {
			add_edge(w, s);
			first = s;
		}
		if (ep_energy_goes_on(w, i))
			continue;
		add_edge(w, s + 1);
		note_latency(w, first, s);
	}
	add_latency(w);
}
