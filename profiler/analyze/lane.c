/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/lane.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELL_BYTES_MAX ((size_t)1 << 30)

static int alloc_slots(struct ep_lane *l, size_t n)
{
	l->slots = calloc(n, sizeof(*l->slots));
	l->primary = calloc(n, sizeof(*l->primary));
	l->value = calloc(n, sizeof(*l->value));
	l->value_ns = calloc(n, sizeof(*l->value_ns));
	l->state = calloc(n, sizeof(*l->state));
	l->x = calloc(n, sizeof(*l->x));
	l->a = calloc(n, sizeof(*l->a));
	l->b = calloc(n, sizeof(*l->b));
	l->ref = calloc(n, sizeof(*l->ref));
	l->health = calloc(n, sizeof(*l->health));
	return l->slots && l->primary && l->value && l->value_ns && l->state &&
			       l->x && l->a && l->b && l->ref && l->health
		       ? 0
		       : -ENOMEM;
}

int ep_lane_init(struct ep_lane *l, const struct ep_lane_slot *slots,
		 size_t count)
{
	memset(l, 0, sizeof(*l));
	l->line_ns = INT64_MIN;
	l->from_ns = INT64_MAX;
	l->to_ns = INT64_MIN / 2;
	l->watch_ns = INT64_MAX;
	l->min_limit_ns = INT64_MAX;
	if (alloc_slots(l, count) < 0) {
		ep_lane_done(l);
		return -ENOMEM;
	}
	l->slot_count = count;
	for (size_t i = 0; i < count; i++) {
		l->slots[i] = slots[i];
		l->health[i].change_ns = -1;
		if (!slots[i].counter)
			l->gauge_count = i + 1;
		if (slots[i].primary)
			l->primary[l->primary_count++] = i;
		if (slots[i].limit_ns < l->min_limit_ns)
			l->min_limit_ns = slots[i].limit_ns;
	}
	return 0;
}

static void init_cell(struct ep_lane *l, size_t cell)
{
	double *stats = l->stats + cell * EP_STAT_COUNT * l->slot_count;

	for (size_t i = 0; i < l->slot_count; i++) {
		stats[EP_STAT_MIN * l->slot_count + i] = HUGE_VAL;
		stats[EP_STAT_MAX * l->slot_count + i] = -HUGE_VAL;
	}
	l->peak[cell] = -1;
}

static size_t primary_gauges(const struct ep_lane *l)
{
	size_t count = 0;

	for (size_t k = 0; k < l->primary_count; k++)
		count += l->primary[k] < l->gauge_count;
	return count;
}

int ep_lane_set_cells(struct ep_lane *l, const struct ep_cuts *cuts,
		      const struct ep_cuts *fine)
{
	size_t row = EP_STAT_COUNT * l->slot_count * sizeof(double);
	size_t cells = cuts ? ep_cuts_cells(cuts) : 0;
	size_t fines = fine && l->primary_count ? ep_cuts_cells(fine) : 0;

	if (cells > CELL_BYTES_MAX / (row + 1) ||
	    fines > CELL_BYTES_MAX / 16 / (l->primary_count + 1))
		return -EFBIG;
	if (cells) {
		l->cuts = cuts;
		l->stats = calloc(cells, row);
		l->peak = calloc(cells, sizeof(*l->peak));
		if (!l->stats || !l->peak)
			return -ENOMEM;
		for (size_t i = 0; i < cells; i++)
			init_cell(l, i);
		if (primary_gauges(l) > 1) {
			l->both = calloc(cells, 2 * sizeof(*l->both));
			if (!l->both)
				return -ENOMEM;
		}
	}
	if (fines) {
		l->fine = fine;
		l->fine_sum = calloc(fines, l->primary_count * sizeof(double));
		l->fine_s = calloc(fines, l->primary_count * sizeof(double));
		if (!l->fine_sum || !l->fine_s)
			return -ENOMEM;
	}
	return 0;
}

void ep_lane_done(struct ep_lane *l)
{
	if (!l)
		return;
	free(l->slots);
	free(l->primary);
	free(l->value);
	free(l->value_ns);
	free(l->state);
	free(l->x);
	free(l->a);
	free(l->b);
	free(l->ref);
	free(l->health);
	free(l->stats);
	free(l->peak);
	free(l->both);
	free(l->fine_sum);
	free(l->fine_s);
	free(l->rows.sum);
	free(l->rows.cover_s);
	memset(l, 0, sizeof(*l));
}

/* a, b and x of every gauge. */
static void gauges_plain(struct ep_lane *l, double h, const int64_t *v)
{
	double *restrict x = l->x, *restrict a = l->a, *restrict b = l->b;

	for (size_t i = 0; i < l->gauge_count; i++) {
		double now = (double)v[i];

		a[i] = h * x[i];
		b[i] = 0.5 * h * (now - x[i]);
		x[i] = now;
	}
}

/* The same, and into the statistics of the present cell. */
static void gauges_stats(struct ep_lane *l, double h, const int64_t *v)
{
	size_t n = l->slot_count;
	double *restrict x = l->x, *restrict a = l->a, *restrict b = l->b;
	double *restrict stats = l->stats + l->cell * EP_STAT_COUNT * n;
	const double *restrict ref = l->ref;

	for (size_t i = 0; i < l->gauge_count; i++) {
		double now = (double)v[i], step = now - x[i];
		double off = now - ref[i];

		a[i] = h * x[i];
		b[i] = 0.5 * h * step;
		x[i] = now;
		stats[EP_STAT_SUM * n + i] += a[i] + b[i];
		stats[EP_STAT_COVER_S * n + i] += h;
		stats[EP_STAT_READS * n + i] += 1;
		stats[EP_STAT_D2 * n + i] += step * step;
		stats[EP_STAT_H2D2 * n + i] += h * step * (h * step);
		stats[EP_STAT_S1 * n + i] += off;
		stats[EP_STAT_S2 * n + i] += off * off;
		if (now < stats[EP_STAT_MIN * n + i])
			stats[EP_STAT_MIN * n + i] = now;
		if (now > stats[EP_STAT_MAX * n + i])
			stats[EP_STAT_MAX * n + i] = now;
	}
}

static void counters(struct ep_lane *l, double h, const int64_t *v, bool inside)
{
	size_t n = l->slot_count;
	double *restrict stats =
		inside ? l->stats + l->cell * EP_STAT_COUNT * n : NULL;

	for (size_t i = l->gauge_count; i < n; i++) {
		l->a[i] = (double)((uint64_t)v[i] - (uint64_t)l->value[i]);
		l->b[i] = 0;
	}
	for (size_t i = l->gauge_count; stats && i < n; i++) {
		stats[EP_STAT_SUM * n + i] += l->a[i];
		stats[EP_STAT_COVER_S * n + i] += h;
		stats[EP_STAT_READS * n + i] += 1;
	}
}

static void note_changes(struct ep_lane *l, int64_t t, const int64_t *v)
{
	for (size_t i = 0; i < l->slot_count; i++) {
		struct ep_lane_health *hl = &l->health[i];

		hl->read_count++;
		if (v[i] == l->value[i]) {
			hl->repeat_count++;
			continue;
		}
		if (hl->change_ns >= 0)
			ep_hist_add(&hl->changes, t - hl->change_ns);
		hl->change_ns = t;
		if (t <= l->watch_ns)
			hl->moved = true;
		l->value[i] = v[i];
	}
}

/* The line reaches into another cell: slot by slot. */
static void straddle(struct ep_lane *l, int64_t t0, int64_t t1, double h)
{
	size_t n = l->slot_count, cell;
	double *stats;

	for (size_t i = 0; i < n; i++)
		ep_lane_spread(l, i, t0, t1);
	for (cell = l->cell; l->cuts->at[cell + 1] <= t1; cell++)
		;
	stats = l->stats + cell * EP_STAT_COUNT * n;
	for (size_t i = 0; i < n; i++) {
		double step = i < l->gauge_count ? 2 * l->b[i] / h : 0;
		double off = l->x[i] - l->ref[i];

		stats[EP_STAT_READS * n + i] += 1;
		if (i >= l->gauge_count)
			continue;
		stats[EP_STAT_D2 * n + i] += step * step;
		stats[EP_STAT_H2D2 * n + i] += h * step * (h * step);
		stats[EP_STAT_S1 * n + i] += off;
		stats[EP_STAT_S2 * n + i] += off * off;
		if (l->x[i] < stats[EP_STAT_MIN * n + i])
			stats[EP_STAT_MIN * n + i] = l->x[i];
		if (l->x[i] > stats[EP_STAT_MAX * n + i])
			stats[EP_STAT_MAX * n + i] = l->x[i];
	}
}

/* Rails that move together: the steps of their sum. */
static void add_both(struct ep_lane *l, int64_t t, double h)
{
	size_t cell = l->cell;
	double sum = 0, own = 0;

	if (!l->cuts)
		return;
	while (l->cuts->at[cell + 1] <= t)
		cell++;
	for (size_t k = 0; k < l->primary_count; k++) {
		double step = 2 * l->b[l->primary[k]] / h;

		if (l->primary[k] >= l->gauge_count)
			continue;
		sum += step;
		own += step * step;
	}
	l->both[2 * cell] += sum * sum - own;
	l->both[2 * cell + 1] += h * h * (sum * sum - own);
}

static void add_fine(struct ep_lane *l, int64_t t, double h)
{
	size_t at = l->fine_cell * l->primary_count;

	for (size_t k = 0; k < l->primary_count; k++) {
		if (t > l->fine->at[l->fine_cell + 1]) {
			ep_lane_spread_fine(l, k, l->line_ns, t);
			continue;
		}
		l->fine_sum[at + k] +=
			l->a[l->primary[k]] + l->b[l->primary[k]];
		l->fine_s[at + k] += h;
	}
}

/* Every slot has a value at both ends and nothing special happens. */
static void fast(struct ep_lane *l, int64_t t, const int64_t *v)
{
	double h = (double)(t - l->line_ns) * 1e-9;
	bool inside = l->cuts && t < l->cuts->at[l->cell + 1];

	if (inside)
		gauges_stats(l, h, v);
	else
		gauges_plain(l, h, v);
	counters(l, h, v, inside);
	note_changes(l, t, v);
	if (l->cuts && !inside)
		straddle(l, l->line_ns, t, h);
	if (l->both)
		add_both(l, t, h);
	if (l->fine)
		add_fine(l, t, h);
	if (l->cuts && l->primary_count)
		ep_lane_peak(l, l->line_ns, t);
	if (l->rows.ring) {
		struct ep_lane_piece all = { l->line_ns, t, 0, l->slot_count };

		ep_lane_rows_add(l, &all);
	}
}

static bool is_fast(const struct ep_lane *l, int64_t t, const int64_t *v,
		    const uint8_t *present)
{
	unsigned all = 1, back = 0;

	if (!l->level || l->line_lost || t - l->line_ns > l->min_limit_ns ||
	    (l->bounded && l->line_ns < l->exit_ns && t > l->exit_ns))
		return false;
	for (size_t i = 0; i < l->slot_count; i++)
		all &= present[i];
	for (size_t i = l->gauge_count; i < l->slot_count; i++)
		back |= v[i] < l->value[i];
	return all && !back;
}

void ep_lane_line(struct ep_lane *l, int64_t t_ns, const int64_t *values,
		  const uint8_t *present)
{
	if (is_fast(l, t_ns, values, present))
		fast(l, t_ns, values);
	else
		ep_lane_slow(l, t_ns, values, present);
	l->line_ns = t_ns;
	while (l->cuts && l->cuts->at[l->cell + 1] <= t_ns)
		l->cell++;
	while (l->fine && l->fine->at[l->fine_cell + 1] <= t_ns)
		l->fine_cell++;
}

int64_t ep_lane_settled_ns(const struct ep_lane *l, int64_t next_ns)
{
	int64_t settled = l->line_ns;

	if (l->level)
		return settled;
	if (next_ns > settled)
		settled = next_ns;
	for (size_t i = 0; i < l->slot_count; i++) {
		int64_t t;

		if (l->state[i] == EP_LANE_OPEN)
			t = l->value_ns[i];
		else if (next_ns > INT64_MIN)
			t = next_ns - l->hold_ns;
		else
			return INT64_MIN;
		if (l->state[i] == EP_LANE_NONE && l->bounded && t > l->gate_ns)
			t = l->gate_ns;
		if (t < settled)
			settled = t;
	}
	return settled;
}
