/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/energy_parts.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

#define IDLE_BLOCKS_MAX 4096
/* What ends leaves the machine busy for a moment. */
#define SETTLE_NS EP_NS_PER_S
#define AFTER_NS_MIN (900 * EP_NS_PER_MS)

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

bool ep_after_bounds(const struct ep_analysis *a, int64_t *ret_from_ns,
		     int64_t *ret_to_ns)
{
	const struct ep_run *run = &a->run;
	int64_t settle = 2 * a->side_ns;

	if (!run->exit_seen || !run->end_seen)
		return false;
	*ret_from_ns = run->exit_ns + (settle > SETTLE_NS ? settle : SETTLE_NS);
	*ret_to_ns = run->end_ns;
	return *ret_to_ns - *ret_from_ns >= AFTER_NS_MIN;
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

/* What the baseline and the quiet end of the recording differ by, W; 0 where
 * the end is too short or was not seen. */
static double idle_drift_w(const struct ep_analysis *a,
			   const struct ep_meter *m)
{
	int64_t from, to;
	double joules;

	if (!ep_after_bounds(a, &from, &to))
		return 0;
	joules = ep_energy_between(a, m, from, to);
	if (isnan(joules))
		return 0;
	return m->idle_w - joules / ((double)(to - from) * 1e-9);
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

/* What moves one rail moves the others. */
static double parts_spread_w(const struct ep_analysis *a,
			     const struct ep_meter *m, struct ep_set set)
{
	double sum = 0;

	for (size_t i = 0; i < m->part_count; i++) {
		struct ep_part_sums s;

		ep_part_sum(a, &m->parts[i], set, &s);
		sum += reads_spread_w(&s);
	}
	return sum;
}

static void explain_idle(struct ep_meter *m, const struct ep_energy *e)
{
	double need_s = (double)ep_meter_min_ns(m) * 1e-9;

	if (e->duration_s < need_s)
		(void)ep_str_format(m->idle_reason, sizeof(m->idle_reason),
				    "the baseline of %.3g s is shorter than "
				    "the %.3g s this meter can judge: use "
				    "--idle %.3gs",
				    e->duration_s, need_s, need_s);
	else
		(void)ep_str_format(m->idle_reason, sizeof(m->idle_reason),
				    "the baseline: %s",
				    e->reason[0] ? e->reason
						 : "less than half of it was "
						   "seen");
}

static void measure_idle(const struct ep_analysis *a, struct ep_meter *m)
{
	uint32_t baseline = UINT32_MAX;
	struct ep_set set = { &baseline, 1 };
	struct ep_energy e;
	double spread;

	for (size_t i = 0; i < a->part.count; i++)
		if (a->part.segments[i].baseline)
			baseline = (uint32_t)i;
	if (baseline == UINT32_MAX)
		return;
	ep_energy_measure(a, m, set, &e);
	if (isnan(e.energy_j) || e.cover_s < 0.5 * e.duration_s) {
		explain_idle(m, &e);
		return;
	}
	if (m->fine)
		spread = idle_spread_w(a, m);
	else
		spread = parts_spread_w(a, m, set);
	if (isnan(spread)) {
		(void)ep_str_copy(m->idle_reason, sizeof(m->idle_reason),
				  "the baseline is too short to tell how "
				  "steady it is");
		return;
	}
	m->idle_w = e.mean_w;
	memcpy(m->idle_part_w, e.part_w, sizeof(m->idle_part_w));
	m->idle_spread_w = spread;
	if (m->fine)
		m->idle_drift_w = idle_drift_w(a, m);
	m->idle_u_w = ep_u_idle(spread, m->idle_drift_w, 0.5);
	memset(&m->idle_budget, 0, sizeof(m->idle_budget));
	ep_budget_add(&m->idle_budget, "gain", ep_budget_get(&e.power, "gain"));
	ep_budget_add(&m->idle_budget, "offset",
		      ep_budget_get(&e.power, "offset"));
	ep_budget_add(&m->idle_budget, "resolution",
		      ep_budget_get(&e.power, "resolution"));
	ep_budget_add(&m->idle_budget, "idle", m->idle_u_w);
}

double ep_meter_idle_u_w(const struct ep_analysis *a, const struct ep_meter *m,
			 struct ep_set set)
{
	const struct ep_run *run = &a->run;
	double before = (double)(run->idle_begin_ns - run->gate_ns) / 2;
	double sum = 0, length = 0, after;
	int64_t from, to;

	/* Middles, in ns from the gate; the baseline ends there. */
	before += (double)(run->idle_end_ns - run->gate_ns) / 2;
	if (!ep_after_bounds(a, &from, &to))
		return m->idle_u_w;
	after = (double)(from - run->gate_ns) / 2 +
		(double)(to - run->gate_ns) / 2;
	for (size_t i = 0; i < set.count; i++) {
		const struct ep_phase *p =
			&a->part.segments[set.segments[i]].phase;
		double n = (double)(p->end_ns - p->start_ns);

		sum += n * ((double)(p->start_ns - run->gate_ns) + n / 2);
		length += n;
	}
	if (!(length > 0))
		return m->idle_u_w;
	return ep_u_idle(m->idle_spread_w, m->idle_drift_w,
			 (sum / length - before) / (after - before));
}

void ep_meter_settle(const struct ep_analysis *a, struct ep_meter *m)
{
	m->idle_w = m->idle_u_w = (double)NAN;
	(void)ep_str_copy(m->idle_reason, sizeof(m->idle_reason),
			  "no baseline was recorded (--idle)");
	if (m->part_count == 0)
		return;
	look_at_parts(m);
	if (m->reason[0] == '\0')
		measure_idle(a, m);
}

bool ep_meter_has_limits(const struct ep_meter *m)
{
	for (size_t i = 0; i < m->part_count; i++) {
		const struct ep_channel *c = ep_part_channel(&m->parts[i]);

		if (c->gain_ppm == 0 && c->offset == 0)
			return false;
	}
	return true;
}

int64_t ep_meter_min_ns(const struct ep_meter *m)
{
	int64_t min_ns = 0;

	for (size_t i = 0; i < m->part_count; i++)
		if (ep_part_channel(&m->parts[i])->min_window_ns > min_ns)
			min_ns = ep_part_channel(&m->parts[i])->min_window_ns;
	return min_ns;
}
