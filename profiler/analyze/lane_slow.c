/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/lane.h"

#include "base/clock.h"

/* The paths of a lane that only some lines take: first reads, missing cells,
 * gaps, wraps, borders. */

static size_t cell_of(const struct ep_cuts *c, size_t hint, int64_t t)
{
	return t >= c->at[hint] && t < c->at[hint + 1] ? hint
						       : ep_cuts_find(c, t);
}

/* A counter is not thought to wrap unseen in so long a silence. */
#define BRIDGE_NS (10 * EP_NS_PER_S)

/*
 * Does the line of slot i go on to t?  A counter counts on unread, so all of
 * its step lies in the cell unless a border does; then how much lies on which
 * side cannot be told.
 */
static bool joins(const struct ep_lane *l, size_t i, int64_t t)
{
	int64_t from = l->value_ns[i];

	if (t - from <= l->slots[i].limit_ns)
		return true;
	return l->slots[i].counter &&
	       (l->slots[i].wrap == 0 || t - from <= BRIDGE_NS) && l->cuts &&
	       cell_of(l->cuts, l->cell, from) == cell_of(l->cuts, l->cell, t);
}

/* How much of a, b lies between fractions f0 and f1. */
static double part_of(const struct ep_lane *l, size_t i, double f0, double f1)
{
	return (f1 - f0) * l->a[i] + (f1 * f1 - f0 * f0) * l->b[i];
}

void ep_lane_spread(struct ep_lane *l, size_t slot, int64_t t0, int64_t t1)
{
	size_t n = l->slot_count, cell = cell_of(l->cuts, l->cell, t0);
	double h = (double)(t1 - t0), f0 = 0;

	for (; f0 < 1; cell++) {
		int64_t end = l->cuts->at[cell + 1];
		double f1 = end >= t1 ? 1 : (double)(end - t0) / h;
		double *stats = l->stats + cell * EP_STAT_COUNT * n;

		stats[EP_STAT_SUM * n + slot] += part_of(l, slot, f0, f1);
		stats[EP_STAT_COVER_S * n + slot] += (f1 - f0) * h * 1e-9;
		f0 = f1;
	}
}

void ep_lane_spread_fine(struct ep_lane *l, size_t k, int64_t t0, int64_t t1)
{
	size_t cell = cell_of(l->fine, l->fine_cell, t0);
	double h = (double)(t1 - t0), f0 = 0;

	for (; f0 < 1; cell++) {
		int64_t end = l->fine->at[cell + 1];
		double f1 = end >= t1 ? 1 : (double)(end - t0) / h;
		size_t at = cell * l->primary_count + k;

		l->fine_sum[at] += part_of(l, l->primary[k], f0, f1);
		l->fine_s[at] += (f1 - f0) * h * 1e-9;
		f0 = f1;
	}
}

/* Is any of it within a window's reach of the cell's ends? */
static bool is_blurred(const struct ep_lane *l, size_t cell, int64_t t0,
		       int64_t t1)
{
	return l->blur_ns > 0 && (t0 < l->cuts->at[cell] + l->blur_ns ||
				  t1 > l->cuts->at[cell + 1] - l->blur_ns);
}

static void close_block(struct ep_lane *l)
{
	double power = l->block_sum / l->block_s;

	if (power > l->peak[l->block_cell])
		l->peak[l->block_cell] = power;
	l->block_sum = l->block_s = 0;
}

/*
 * Peak power is the largest mean over blocks of at least block_need_s that lie
 * in one cell, out of reach of what its window blurs, so that it means a power
 * the device can really resolve.
 */
void ep_lane_peak(struct ep_lane *l, int64_t t0, int64_t t1)
{
	size_t cell = cell_of(l->cuts, l->cell, t0);
	double h = (double)(t1 - t0), f0 = 0;

	for (; f0 < 1; cell++) {
		int64_t end = l->cuts->at[cell + 1];
		double f1 = end >= t1 ? 1 : (double)(end - t0) / h;
		bool blurred = is_blurred(l, cell, t0, t1);

		if (cell != l->block_cell || blurred) {
			l->block_cell = cell;
			l->block_sum = l->block_s = 0;
		}
		for (size_t k = 0; k < l->primary_count && !blurred; k++)
			l->block_sum += part_of(l, l->primary[k], f0, f1);
		l->block_s += blurred ? 0 : (f1 - f0) * h * 1e-9;
		if (!blurred && l->block_s >= l->block_need_s)
			close_block(l);
		f0 = f1;
	}
}

/* a, b of slot over [t0, t1] go to cells and rows. */
static void emit(struct ep_lane *l, size_t i, int64_t t0, int64_t t1)
{
	struct ep_lane_piece one = { t0, t1, i, 1 };

	if (t1 <= t0)
		return;
	if (l->cuts)
		ep_lane_spread(l, i, t0, t1);
	for (size_t k = 0; l->fine && k < l->primary_count; k++)
		if (l->primary[k] == i)
			ep_lane_spread_fine(l, k, t0, t1);
	if (l->rows.ring)
		ep_lane_rows_add(l, &one);
}

/* A gauge stays at x from t0 to t1. */
static void emit_level(struct ep_lane *l, size_t i, int64_t t0, int64_t t1)
{
	if (l->slots[i].counter)
		return;
	l->a[i] = l->x[i] * (double)(t1 - t0) * 1e-9;
	l->b[i] = 0;
	emit(l, i, t0, t1);
	l->a[i] = 0;
}

/*
 * What lies between the run's border and the nearest read: its value, but
 * counted apart, for nobody looked there.
 */
static void emit_held(struct ep_lane *l, size_t i, int64_t t0, int64_t t1)
{
	size_t n = l->slot_count, cell;

	if (!l->cuts || l->slots[i].counter || t1 <= t0)
		return;
	for (cell = cell_of(l->cuts, l->cell, t0); t0 < t1; cell++) {
		double *stats = l->stats + cell * EP_STAT_COUNT * n + i;
		int64_t end = l->cuts->at[cell + 1];
		double s = (double)((end < t1 ? end : t1) - t0) * 1e-9;

		stats[EP_STAT_SUM * n] += l->x[i] * s;
		stats[EP_STAT_COVER_S * n] += s;
		stats[EP_STAT_HELD * n] += l->x[i] * s;
		stats[EP_STAT_HELD_S * n] += s;
		t0 = end < t1 ? end : t1;
	}
}

static void part(struct ep_lane *l, size_t i)
{
	emit_level(l, i, l->value_ns[i], l->value_ns[i] + l->hold_ns);
	l->state[i] = EP_LANE_PARTED;
}

/* The read itself, and the step that led to it (0 when there was none). */
static void note_read(struct ep_lane *l, size_t i, int64_t t, double h)
{
	size_t n = l->slot_count;
	double step = h > 0 ? 2 * l->b[i] / h : 0, off = l->x[i] - l->ref[i];
	double *stats;

	l->health[i].read_count++;
	if (!l->cuts)
		return;
	stats = l->stats + cell_of(l->cuts, l->cell, t) * EP_STAT_COUNT * n + i;
	stats[EP_STAT_READS * n] += 1;
	if (l->slots[i].counter)
		return;
	stats[EP_STAT_D2 * n] += step * step;
	stats[EP_STAT_H2D2 * n] += h * step * (h * step);
	stats[EP_STAT_S1 * n] += off;
	stats[EP_STAT_S2 * n] += off * off;
	if (l->x[i] < stats[EP_STAT_MIN * n])
		stats[EP_STAT_MIN * n] = l->x[i];
	if (l->x[i] > stats[EP_STAT_MAX * n])
		stats[EP_STAT_MAX * n] = l->x[i];
}

static void note_change(struct ep_lane *l, size_t i, int64_t t, int64_t v)
{
	struct ep_lane_health *h = &l->health[i];

	if (l->value[i] == v) {
		h->repeat_count++;
		return;
	}
	if (h->change_ns >= 0)
		ep_hist_add(&h->changes, t - h->change_ns);
	h->change_ns = t;
	if (t <= l->watch_ns)
		h->moved = true;
}

/*
 * How far a counter went, or false when it was reset.  A step over half the
 * modulus is a reset: the recorder polls well below one wrap.
 */
static bool counter_step(const struct ep_lane *l, size_t i, int64_t v,
			 double *ret)
{
	uint64_t wrap = l->slots[i].wrap, now = (uint64_t)v;
	uint64_t before = (uint64_t)l->value[i], step;

	if (l->slots[i].is_signed) {
		*ret = (double)v - (double)l->value[i];
		return true;
	}
	if (v >= l->value[i]) {
		*ret = (double)(now - before);
		return true;
	}
	if (v < 0 || wrap == 0 || before >= wrap || now >= wrap)
		return false;
	step = wrap - before + now;
	if (step > wrap / 2)
		return false;
	*ret = (double)step;
	return true;
}

static void open_slot(struct ep_lane *l, size_t i, int64_t t, int64_t v)
{
	double now = (double)v;

	if (l->state[i] == EP_LANE_NONE) {
		l->ref[i] = now;
		l->health[i].first_ns = t;
		l->x[i] = now;
		if (t + l->shift_ns - l->from_ns <= l->slots[i].limit_ns)
			emit_held(l, i, l->from_ns, t - l->hold_ns);
	} else {
		note_change(l, i, t, v);
	}
	l->x[i] = now;
	emit_level(l, i, t - l->hold_ns, t);
	note_read(l, i, t, 0);
	l->state[i] = EP_LANE_OPEN;
	l->value[i] = v;
}

/* A counter of the child was 0 when the gate opened. */
static void start_at_gate(struct ep_lane *l, size_t i)
{
	l->state[i] = EP_LANE_OPEN;
	l->value[i] = 0;
	l->value_ns[i] = l->gate_ns;
	l->health[i].first_ns = l->gate_ns;
}

/* Continues the line of an open slot; false when it cannot be continued. */
static bool extend(struct ep_lane *l, size_t i, int64_t t, int64_t v)
{
	int64_t t0 = l->value_ns[i], t1 = t;
	double now = (double)v, h;

	if (l->bounded && t0 < l->exit_ns && t1 > l->exit_ns)
		t1 = l->exit_ns;
	h = (double)(t1 - t0) * 1e-9;
	l->b[i] = 0;
	if (l->slots[i].counter) {
		if (!counter_step(l, i, v, &l->a[i])) {
			l->health[i].reset_count++;
			return false;
		}
	} else {
		l->a[i] = h * l->x[i];
		l->b[i] = 0.5 * h * (now - l->x[i]);
	}
	emit(l, i, t0, t1);
	l->x[i] = now;
	note_change(l, i, t, v);
	note_read(l, i, t1 < t ? t1 - 1 : t, h);
	l->value[i] = v;
	return true;
}

/* One read; true when it closed an interval that began with the last line. */
static bool read_slot(struct ep_lane *l, size_t i, int64_t t, int64_t v)
{
	struct ep_lane_health *h = &l->health[i];
	bool virtual_start = false, closed = false, bridged = false;
	bool lost = l->line_lost && l->state[i] != EP_LANE_PARTED;

	if (l->state[i] == EP_LANE_NONE && l->bounded && t > l->gate_ns) {
		start_at_gate(l, i);
		virtual_start = true;
	}
	if (l->state[i] == EP_LANE_OPEN && !virtual_start &&
	    t - l->value_ns[i] > l->slots[i].limit_ns) {
		h->gap_count++;
		lost = false;
		bridged = joins(l, i, t);
		if (!bridged)
			part(l, i);
	}
	h->gap_count += lost;
	bridged |= lost && l->state[i] == EP_LANE_OPEN;
	if ((bridged || l->state[i] == EP_LANE_PARTED) &&
	    t - l->value_ns[i] > h->max_gap_ns)
		h->max_gap_ns = t - l->value_ns[i];
	if (l->state[i] == EP_LANE_OPEN) {
		closed = extend(l, i, t, v);
		h->gap_count += !closed;
	}
	if (!closed)
		open_slot(l, i, t, v);
	closed = closed && l->value_ns[i] == l->line_ns;
	l->value_ns[i] = t;
	return closed;
}

void ep_lane_slow(struct ep_lane *l, int64_t t_ns, const int64_t *values,
		  const uint8_t *present)
{
	bool was_level = l->level, whole = true;

	l->level = true;
	for (size_t i = 0; i < l->slot_count; i++) {
		bool closed = false;

		if (was_level)
			l->value_ns[i] = l->line_ns;
		l->a[i] = l->b[i] = 0;
		if (present[i]) {
			closed = read_slot(l, i, t_ns, values[i]);
		} else {
			l->health[i].error_count += l->line_failed;
			l->level = false;
			if (l->state[i] == EP_LANE_OPEN && !joins(l, i, t_ns)) {
				part(l, i);
				l->health[i].gap_count++;
			}
		}
		whole = whole && (closed || !l->slots[i].primary);
	}
	if (!l->cuts || !l->primary_count)
		return;
	if (whole)
		ep_lane_peak(l, l->line_ns, t_ns);
	else
		l->block_sum = l->block_s = 0;
}

/* A silence that lasts to the end of the run is a gap like others. */
static void note_silence(struct ep_lane *l, size_t i)
{
	struct ep_lane_health *h = &l->health[i];
	int64_t silence_ns = l->to_ns - l->shift_ns - l->value_ns[i];

	if (l->state[i] == EP_LANE_NONE || silence_ns <= l->slots[i].limit_ns)
		return;
	h->gap_count += l->state[i] == EP_LANE_OPEN;
	if (silence_ns > h->max_gap_ns)
		h->max_gap_ns = silence_ns;
}

void ep_lane_pause(struct ep_lane *l, int64_t next_ns)
{
	bool at_end = next_ns == INT64_MAX;

	for (size_t i = 0; i < l->slot_count; i++) {
		if (l->level)
			l->value_ns[i] = l->line_ns;
		if (at_end)
			note_silence(l, i);
		if (l->state[i] != EP_LANE_OPEN ||
		    (!at_end && joins(l, i, next_ns)))
			continue;
		part(l, i);
		l->health[i].gap_count += !at_end;
		if (at_end && l->to_ns - l->value_ns[i] - l->shift_ns <=
				      l->slots[i].limit_ns)
			emit_held(l, i, l->value_ns[i] + l->hold_ns, l->to_ns);
	}
	l->level = false;
}
