/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/pareto.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct entry {
	struct ep_pareto_point at;
	size_t index;
};

/* Cheapest first; of the same cost the one that gains most, then the first. */
static int by_cost(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->at.cost < y->at.cost || x->at.cost > y->at.cost)
		return x->at.cost < y->at.cost ? -1 : 1;
	if (x->at.gain < y->at.gain || x->at.gain > y->at.gain)
		return x->at.gain > y->at.gain ? -1 : 1;
	return x->index < y->index ? -1 : 1;
}

/* Keeps those that gain more than every cheaper one. */
static size_t keep_front(struct entry *entries, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (kept == 0 || entries[i].at.gain > entries[kept - 1].at.gain)
			entries[kept++] = entries[i];
	return kept;
}

static ptrdiff_t find_knee(const struct entry *front, size_t count)
{
	double best = 1e-9, width, height;
	ptrdiff_t knee = -1;

	if (count < 3)
		return -1;
	width = front[count - 1].at.cost - front[0].at.cost;
	height = front[count - 1].at.gain - front[0].at.gain;
	for (size_t i = 1; i + 1 < count; i++) {
		double x = (front[i].at.cost - front[0].at.cost) / width;
		double y = (front[i].at.gain - front[0].at.gain) / height;

		if (y - x > best) {
			best = y - x;
			knee = (ptrdiff_t)front[i].index;
		}
	}
	return knee;
}

int ep_pareto(const struct ep_pareto_point *points, size_t count,
	      size_t **ret_front, size_t *ret_count, ptrdiff_t *ret_knee)
{
	struct entry *entries = calloc(count + 1, sizeof(*entries));
	size_t *front = calloc(count + 1, sizeof(*front));
	size_t used = 0;

	if (!entries || !front) {
		free(entries);
		free(front);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		if (isfinite(points[i].cost) && isfinite(points[i].gain))
			entries[used++] = (struct entry){ points[i], i };
	if (used > 0)
		qsort(entries, used, sizeof(*entries), by_cost);
	used = keep_front(entries, used);
	for (size_t i = 0; i < used; i++)
		front[i] = entries[i].index;
	*ret_knee = find_knee(entries, used);
	*ret_front = front;
	*ret_count = used;
	free(entries);
	return 0;
}
