/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/energy_work.h"
#include "profiler/analyze/pool.h"

#include <math.h>
#include <string.h>

/* Others, such as what a program does last, are nobody's repetitions. */
static bool repeats(const struct ep_phase *p)
{
	return strcmp(p->name, EP_PHASE_LOAD) == 0 ||
	       strcmp(p->name, EP_PHASE_PREFILL) == 0 ||
	       strcmp(p->name, EP_PHASE_GENERATION) == 0;
}

/* Stretches of the set, and the requests they belong to. */
void ep_energy_pool_look(struct ep_energy_work *w)
{
	struct ep_pool *pool = &w->ret->pool;
	int32_t request = 0;

	pool->repeats = w->set.count > 0;
	for (size_t i = 0; i < w->set.count; i++) {
		const struct ep_phase *p =
			&w->a->part.segments[w->set.segments[i]].phase;

		pool->repeats = pool->repeats && repeats(p);
		pool->stretch_count += !ep_energy_goes_on(w, i);
		pool->request_count += p->request > 0 && p->request != request;
		if (p->request > 0)
			request = p->request;
	}
	pool->sample_count = w->ret->fresh_count;
	pool->stretch_s =
		w->ret->duration_s /
		(double)(pool->stretch_count ? pool->stretch_count : 1);
	pool->update_s = w->update_s;
}

bool ep_energy_pool(struct ep_energy_work *w)
{
	struct ep_energy *e = w->ret;
	double u = 0;

	if (!ep_pool_is_slow(&e->pool) || e->pool.stretch_count < 2)
		return false;
	/* The difference of a counter is a sum over stretches as it is. */
	for (size_t i = 0; i < w->m->part_count; i++)
		if (ep_part_channel(&w->m->parts[i])->shape == EP_COUNTER ||
		    !(w->sums[i].reads >= 1))
			return false;
	e->energy_j = e->mean_w = 0;
	for (size_t i = 0; i < w->m->part_count; i++) {
		const struct ep_part_sums *s = &w->sums[i];
		double n = s->reads, mean = s->first + s->s1 / n;
		double var =
			n > 1 ? fmax(0, (s->s2 - s->s1 * s->s1 / n) / (n - 1))
			      : 0;

		w->part_j[i] = mean * e->duration_s;
		for (size_t k = 0; k < w->set.count; k++)
			w->part_j[i] += ep_part_window_j(w->a, w->m, i,
							 w->set.segments[k]);
		e->energy_j += w->part_j[i];
		e->part_w[i] = w->part_j[i] / e->duration_s;
		e->mean_w += e->part_w[i];
		/* Rails of one board move together. */
		u += sqrt(var / fmax(1, s->fresh));
	}
	ep_budget_add(&e->budget, "sampling", u * e->duration_s);
	ep_budget_add(&e->power, "sampling", u);
	e->pooled = true;
	return true;
}
