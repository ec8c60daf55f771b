/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/energy_work.h"

#include <math.h>

/* A figure is locked when more of its time is than this. */
#define LOCKED_SHARE 0.05

/* Half the spread seen is the amplitude a locked sampling may have missed;
 * where it saw none, half of what the load adds to idle. */
static double missed_amplitude_w(const struct ep_energy_work *w,
				 uint32_t segment, double t_s)
{
	struct ep_set one = { &segment, 1 };
	double idle = isnan(w->m->idle_w) ? 0 : w->m->idle_w, half = 0;
	double joules = 0;
	bool gauge = false;

	for (size_t i = 0; i < w->m->part_count; i++) {
		struct ep_part_sums s;

		if (ep_part_channel(&w->m->parts[i])->shape == EP_COUNTER)
			continue;
		gauge = true;
		ep_part_sum(w->a, &w->m->parts[i], one, &s);
		joules += s.sum;
		if (s.max > s.min)
			half += (s.max - s.min) / 2;
	}
	if (gauge && !(half > 0))
		half = fabs(joules / t_s - idle) / 2;
	return half;
}

/* The same part of every token is hit in all stretches: they add up. */
void ep_energy_locking(struct ep_energy_work *w)
{
	double locked_s = 0, u = 0;

	if (w->a->run.jitter)
		return;
	for (size_t i = 0; i < w->set.count; i++) {
		uint32_t segment = w->set.segments[i];
		const struct ep_phase *p = &w->a->part.segments[segment].phase;
		double t = ep_energy_segment_s(w, i), half;

		if (p->steps_count <= 0 ||
		    !ep_sampling_locked((double)p->steps_count / t,
					1 / w->update_s, t))
			continue;
		half = missed_amplitude_w(w, segment, t);
		if (!(half > 0))
			continue;
		u += ep_u_limit(half) * t;
		locked_s += t;
	}
	w->ret->locked = locked_s > LOCKED_SHARE * w->ret->duration_s;
	ep_budget_add(&w->ret->budget, "locking", u);
	ep_budget_add(&w->ret->power, "locking", u / w->ret->duration_s);
}
