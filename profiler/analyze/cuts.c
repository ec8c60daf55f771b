/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/cuts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ep_cuts_add(struct ep_cuts *c, int64_t t_ns)
{
	if (c->count == c->room) {
		size_t room = c->room ? c->room * 2 : 64;
		int64_t *at = realloc(c->at, room * sizeof(*at));

		if (!at)
			return -ENOMEM;
		c->at = at;
		c->room = room;
	}
	c->at[c->count++] = t_ns;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

int ep_cuts_seal(struct ep_cuts *c)
{
	size_t kept = 1;
	int code = ep_cuts_add(c, INT64_MIN);

	if (code == 0)
		code = ep_cuts_add(c, INT64_MAX);
	if (code < 0)
		return code;
	qsort(c->at, c->count, sizeof(*c->at), by_value);
	for (size_t i = 1; i < c->count; i++)
		if (c->at[i] != c->at[kept - 1])
			c->at[kept++] = c->at[i];
	c->count = kept;
	return 0;
}

void ep_cuts_done(struct ep_cuts *c)
{
	if (!c)
		return;
	free(c->at);
	memset(c, 0, sizeof(*c));
}

size_t ep_cuts_find(const struct ep_cuts *c, int64_t t_ns)
{
	size_t lo = 0, hi = c->count - 1;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (c->at[mid] <= t_ns)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}
