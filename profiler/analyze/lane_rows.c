/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/lane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RING_ROWS 64
#define RING_BYTES_MAX ((size_t)256 << 20)

int ep_lane_set_rows(struct ep_lane *l, int64_t zero_ns, int64_t step_ns,
		     int64_t first_row)
{
	struct ep_lane_rows *r = &l->rows;

	r->sum = calloc(RING_ROWS * l->slot_count, sizeof(*r->sum));
	r->cover_s = calloc(RING_ROWS * l->slot_count, sizeof(*r->cover_s));
	if (!r->sum || !r->cover_s)
		return -ENOMEM;
	r->zero_ns = zero_ns;
	r->step_ns = step_ns;
	r->base = first_row;
	r->ring = RING_ROWS;
	return 0;
}

static int64_t row_of(const struct ep_lane_rows *r, int64_t t)
{
	int64_t k = (t - r->zero_ns) / r->step_ns;

	return k - (t < r->zero_ns + k * r->step_ns);
}

static size_t place_of(const struct ep_lane_rows *r, int64_t k)
{
	return (size_t)((uint64_t)k & (r->ring - 1));
}

/* A larger ring that reaches row k. */
static int grow(struct ep_lane *l, int64_t k)
{
	struct ep_lane_rows *r = &l->rows, bigger = *r;
	size_t n = l->slot_count, need = (size_t)(k - r->base) + 1;

	while (bigger.ring < need) {
		bigger.ring *= 2;
		if (bigger.ring > RING_BYTES_MAX / 16 / n)
			return -EFBIG;
	}
	bigger.sum = calloc(bigger.ring * n, sizeof(*r->sum));
	bigger.cover_s = calloc(bigger.ring * n, sizeof(*r->cover_s));
	if (!bigger.sum || !bigger.cover_s) {
		free(bigger.sum);
		free(bigger.cover_s);
		return -ENOMEM;
	}
	for (size_t i = 0; i < r->ring; i++) {
		size_t from = place_of(r, r->base + (int64_t)i) * n;
		size_t to = place_of(&bigger, r->base + (int64_t)i) * n;

		memcpy(bigger.sum + to, r->sum + from, n * sizeof(*r->sum));
		memcpy(bigger.cover_s + to, r->cover_s + from,
		       n * sizeof(*r->cover_s));
	}
	free(r->sum);
	free(r->cover_s);
	*r = bigger;
	return 0;
}

void ep_lane_rows_add(struct ep_lane *l, const struct ep_lane_piece *p)
{
	struct ep_lane_rows *r = &l->rows;
	double h = (double)(p->t1 - p->t0), f0 = 0;
	int64_t k = row_of(r, p->t0);
	int64_t end = r->zero_ns + (k + 1) * r->step_ns;
	int64_t last = row_of(r, p->t1);

	if (last - r->base >= (int64_t)r->ring && l->failed == 0)
		l->failed = grow(l, last);
	if (l->failed < 0 || p->t1 <= r->zero_ns + r->base * r->step_ns)
		return;
	if (k < r->base) {
		k = r->base;
		end = r->zero_ns + (k + 1) * r->step_ns;
		f0 = (double)(end - r->step_ns - p->t0) / h;
	}
	for (; f0 < 1; k++, end += r->step_ns) {
		double f1 = end >= p->t1 ? 1 : (double)(end - p->t0) / h;
		double fa = f1 - f0, fb = f1 * f1 - f0 * f0;
		size_t at = place_of(r, k) * l->slot_count + p->first;
		double *restrict sum = r->sum + at;
		double *restrict cover = r->cover_s + at;
		const double *restrict a = l->a + p->first;
		const double *restrict b = l->b + p->first;

		f0 = f1;
		for (size_t i = 0; i < p->count; i++)
			sum[i] += fa * a[i] + fb * b[i];
		for (size_t i = 0; i < p->count; i++)
			cover[i] += fa * h * 1e-9;
	}
}

void ep_lane_row(const struct ep_lane *l, int64_t k, size_t slot,
		 double *ret_sum, double *ret_cover_s)
{
	const struct ep_lane_rows *r = &l->rows;
	size_t at = place_of(r, k) * l->slot_count + slot;

	*ret_sum = 0;
	*ret_cover_s = 0;
	if (k < r->base || k - r->base >= (int64_t)r->ring)
		return;
	*ret_sum = r->sum[at];
	*ret_cover_s = r->cover_s[at];
}

void ep_lane_free_rows(struct ep_lane *l, int64_t base)
{
	struct ep_lane_rows *r = &l->rows;

	for (; r->base < base; r->base++) {
		size_t at = place_of(r, r->base) * l->slot_count;

		memset(r->sum + at, 0, l->slot_count * sizeof(*r->sum));
		memset(r->cover_s + at, 0, l->slot_count * sizeof(*r->cover_s));
	}
}
