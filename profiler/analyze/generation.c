/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/alarms.h"
#include "profiler/analyze/associate.h"
#include "profiler/analyze/energy_parts.h"
#include "profiler/analyze/position.h"

#define SAMPLES_PER_BLOCK 5
#define BLOCKS_PER_REQUEST 32

double ep_meter_update_s(const struct ep_meter *m)
{
	double slowest = 0;

	for (size_t i = 0; i < m->part_count; i++)
		slowest = fmax(slowest, fmax(ep_part_cell_s(&m->parts[i]),
					     m->parts[i].refresh_s));
	return slowest;
}

struct maker {
	const struct ep_analysis *a;
	struct ep_generation_profile *p;
	struct ep_alarm_times alarms;
	struct ep_token_step *steps;
	struct ep_token_block *blocks;
	double update_s, common;
};

/* Does token i go on from the one before it? */
static bool goes_on(const struct ep_report *r, size_t i)
{
	return i > 0 && i < r->token_count &&
	       r->tokens[i].request == r->tokens[i - 1].request &&
	       r->tokens[i].t_ns > r->tokens[i - 1].t_ns;
}

static void add_step(struct maker *mk, size_t i)
{
	const struct ep_report *r = mk->a->report;
	const struct ep_token *t = &r->tokens[i];
	struct ep_token_step *s = &mk->steps[mk->p->token_count++];

	s->request = t->request;
	s->index = t->index;
	s->seconds = (double)(t->t_ns - t[-1].t_ns) * 1e-9;
	s->throttled = ep_alarms_touch(&mk->alarms, t[-1].t_ns, t->t_ns);
	/* A meter that is slower than tokens says nothing of a single one. */
	s->energy_j = mk->update_s > 0 && 2 * mk->update_s <= s->seconds
			      ? r->token_energy_j[i]
			      : (double)NAN;
}

/* Blocks of the tokens first ... last, which follow each other. */
static void add_blocks(struct maker *mk, size_t first, size_t last)
{
	const struct ep_analysis *a = mk->a;
	const struct ep_token *t = a->report->tokens;
	double n = (double)(last - first);
	double gap = (double)(t[last].t_ns - t[first].t_ns) * 1e-9 / n;
	double wanted = fmax(ceil(SAMPLES_PER_BLOCK * mk->update_s / gap),
			     ceil(n / BLOCKS_PER_REQUEST));
	size_t m = wanted < 1 ? 1 : wanted > n ? 0 : (size_t)wanted;

	if (m == 0)
		return;
	mk->p->request_count++;
	mk->p->block_tokens = fmax(mk->p->block_tokens, (double)m);
	for (size_t i = first; i + m <= last; i += m) {
		struct ep_token_block *b = &mk->blocks[mk->p->block_count++];
		int64_t length = t[i + m].t_ns - t[i].t_ns;

		b->request = t[i].request;
		b->place = t[i].index + 0.5 * (double)(m + 1);
		b->tokens = (double)m;
		b->seconds = (double)length * 1e-9 / (double)m;
		b->energy_j = (double)NAN;
		if (mk->update_s > 0 && length >= ep_meter_min_ns(&a->total))
			b->energy_j = ep_energy_between(a, &a->total, t[i].t_ns,
							t[i + m].t_ns) /
				      (double)m;
	}
}

/* Without what the meter mixes with the phases before and after. */
static void add_clear_blocks(struct maker *mk, size_t first, size_t last)
{
	const struct ep_token *t = mk->a->report->tokens;
	int64_t blur = mk->update_s > 0 ? mk->a->side_ns : 0;
	int64_t from = t[first].t_ns + blur, to = t[last].t_ns - blur;

	while (first < last && t[first].t_ns < from)
		first++;
	while (last > first && t[last].t_ns > to)
		last--;
	if (last > first)
		add_blocks(mk, first, last);
}

static void walk(struct maker *mk)
{
	const struct ep_report *r = mk->a->report;
	size_t first = 0;

	for (size_t i = 0; i < r->token_count; i++) {
		if (goes_on(r, i))
			add_step(mk, i);
		else
			first = i;
		if (!goes_on(r, i + 1) && i > first)
			add_clear_blocks(mk, first, i);
	}
}

static int by_request(const void *a, const void *b)
{
	const struct ep_token_block *x = a, *y = b;

	if (x->request != y->request)
		return x->request < y->request ? -1 : 1;
	return x->place < y->place ? -1 : x->place > y->place;
}

/* The energy of generation, whose doubts are those of its parts. */
static const struct ep_metric *generation_energy(const struct ep_report *r)
{
	for (size_t i = 0; i < r->total_count; i++)
		if (strcmp(r->totals[i].phase.name, EP_PHASE_GENERATION) == 0)
			return ep_row_metric(&r->totals[i], "energy_j");
	return NULL;
}

static double gain_of(const struct ep_metric *m)
{
	for (size_t i = 0; m && i < m->term_count; i++)
		if (strcmp(m->terms[i].name, "gain") == 0 && fabs(m->value) > 0)
			return m->terms[i].u / fabs(m->value);
	return 0;
}

static void inherit(struct ep_metric *m, const struct ep_metric *from)
{
	if (!from || m->status >= from->status ||
	    from->status == EP_STATUS_NOT_MEASURED || from->sample_count > 0)
		return;
	m->status = from->status;
	if (isnan(from->u95))
		m->u95 = (double)NAN;
	(void)ep_str_copy(m->reason, sizeof(m->reason), from->reason);
}

static int fill(struct maker *mk)
{
	struct ep_generation_profile *p = mk->p;
	const struct ep_metric *e = generation_energy(mk->a->report);
	int code;

	mk->common = gain_of(e);
	walk(mk);
	qsort(mk->blocks, p->block_count, sizeof(*mk->blocks), by_request);
	ep_position_fit(mk->blocks, p->block_count, EP_BLOCK_SECONDS, 0,
			&p->time);
	ep_position_fit(mk->blocks, p->block_count, EP_BLOCK_ENERGY, mk->common,
			&p->energy);
	ep_position_places(mk->blocks, p->block_count, mk->common, p);
	inherit(&p->energy.slope, e);
	inherit(&p->energy.mean, e);
	(void)ep_str_copy(p->alarm, sizeof(p->alarm),
			  mk->alarms.names[0]	? mk->alarms.names
			  : mk->alarms.recorded ? "none was on"
						: "");
	code = ep_position_outliers(mk->steps, p->token_count, p);
	if (code == 0)
		code = ep_position_throttled(mk->steps, p->token_count,
					     mk->common, p);
	inherit(&p->throttled_j, e);
	inherit(&p->other_j, e);
	return code;
}

int ep_generation_make(struct ep_analysis *a)
{
	struct ep_report *r = a->report;
	struct maker mk = { .a = a };
	int code = -ENOMEM;

	if (r->token_count < 2)
		return 0;
	if (!a->total.reason[0])
		mk.update_s = ep_meter_update_s(&a->total);
	mk.p = r->generation = calloc(1, sizeof(*r->generation));
	mk.steps = calloc(r->token_count, sizeof(*mk.steps));
	mk.blocks = calloc(r->token_count, sizeof(*mk.blocks));
	if (mk.p && mk.steps && mk.blocks)
		code = ep_alarms_read(a, &mk.alarms);
	if (code == 0)
		code = fill(&mk);
	ep_alarms_done(&mk.alarms);
	free(mk.steps);
	free(mk.blocks);
	return code;
}
