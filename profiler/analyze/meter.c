/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/energy_parts.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define IDLE_BLOCKS_MAX 4096

int64_t ep_idle_block_ns(const struct ep_run *run)
{
	int64_t length = run->idle_end_ns - run->idle_begin_ns;

	/* The spread of two means may be next to nothing by chance. */
	if (length >= 3 * EP_NS_PER_S)
		return length / EP_NS_PER_S > IDLE_BLOCKS_MAX
			       ? length / IDLE_BLOCKS_MAX
			       : EP_NS_PER_S;
	return length / 4;
}

static void say(struct ep_meter *m, const struct ep_part *p, const char *why)
{
	(void)ep_str_format(m->reason, sizeof(m->reason), "%s.%s: %s",
			    p->stream->sensor->id, ep_part_channel(p)->name,
			    why);
}

/* Whether every part delivers, and what is special about it. */
static void look_at_parts(struct ep_meter *m)
{
	for (size_t i = 0; i < m->part_count; i++) {
		struct ep_part *p = &m->parts[i];
		const struct ep_channel *c = ep_part_channel(p);

		ep_part_settle(p);
		m->estimated |= (c->flags & EP_CHANNEL_ESTIMATED) != 0;
		if (p->stream->reason[0])
			say(m, p, p->stream->reason);
		else if (!p->stream->places[p->channel].in_file)
			say(m, p, "not in the sensor's file");
		else if (c->quantity == EP_ENERGY_UJ && ep_part_stands_still(p))
			say(m, p, "counter stands still");
		if (m->reason[0])
			return;
		m->refresh_unknown |=
			p->stream->unproven_count > 0 && !(p->refresh_s > 0);
	}
}

/* Spread of the block means of the baseline; NAN when it cannot be told. */
static double idle_spread_w(const struct ep_analysis *a,
			    const struct ep_meter *m)
{
	const struct ep_run *run = &a->run;
	int64_t block = ep_idle_block_ns(run);
	double means[IDLE_BLOCKS_MAX];
	size_t count = 0;

	if (block <= 0)
		return (double)NAN;
	for (int64_t t = run->idle_begin_ns;
	     t + block <= run->idle_end_ns && count < IDLE_BLOCKS_MAX;
	     t += block) {
		double joules = ep_energy_between(a, m, t, t + block);

		if (!isnan(joules))
			means[count++] = joules / ((double)block * 1e-9);
	}
	return ep_u_mean(means, count);
}

/* The same of one channel without cells: from its reads, taken as
 * independent after a second. */
static double reads_spread_w(const struct ep_part_sums *s)
{
	double n = s->reads;

	if (n < 2)
		return (double)NAN;
	return sqrt(fmax(0, (s->s2 - s->s1 * s->s1 / n) / (n - 1)) /
		    fmax(1, fmin(n, s->cover_s)));
}

static void measure_idle(const struct ep_analysis *a, struct ep_meter *m)
{
	uint32_t baseline = UINT32_MAX;
	struct ep_set set = { &baseline, 1 };
	struct ep_energy e;
	double spread;

	m->idle_w = m->idle_u_w = (double)NAN;
	for (size_t i = 0; i < a->part.count; i++)
		if (a->part.segments[i].baseline)
			baseline = (uint32_t)i;
	if (baseline == UINT32_MAX)
		return;
	ep_energy_measure(a, m, set, &e);
	if (isnan(e.energy_j) || e.cover_s < 0.5 * e.duration_s)
		return;
	if (m->fine) {
		spread = idle_spread_w(a, m);
	} else {
		struct ep_part_sums s;

		ep_part_sum(a, &m->parts[0], set, &s);
		spread = reads_spread_w(&s);
	}
	if (isnan(spread))
		return;
	m->idle_w = e.energy_j / e.cover_s;
	m->idle_u_w = spread;
	memset(&m->idle_budget, 0, sizeof(m->idle_budget));
	ep_budget_add(&m->idle_budget, "gain", ep_budget_get(&e.power, "gain"));
	ep_budget_add(&m->idle_budget, "offset",
		      ep_budget_get(&e.power, "offset"));
	ep_budget_add(&m->idle_budget, "resolution",
		      ep_budget_get(&e.power, "resolution"));
	ep_budget_add(&m->idle_budget, "idle", m->idle_u_w);
}

void ep_meter_settle(const struct ep_analysis *a, struct ep_meter *m)
{
	m->idle_w = m->idle_u_w = (double)NAN;
	if (m->part_count == 0)
		return;
	look_at_parts(m);
	if (m->reason[0] == '\0')
		measure_idle(a, m);
}
