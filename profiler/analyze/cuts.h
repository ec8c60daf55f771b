/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_CUTS_H
#define EP_PROFILER_ANALYZE_CUTS_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Instants that cut time into cells: cell i is [at[i], at[i + 1]).  Once
 * sealed, at[0] is INT64_MIN and the last is INT64_MAX, so every instant lies
 * in a cell; cell_count = count - 1.
 */
struct ep_cuts {
	int64_t *at;
	size_t count, room;
};

int ep_cuts_add(struct ep_cuts *c, int64_t t_ns) EP_MUST_CHECK;
/* Sorts, removes doubles, adds the ends.  Once. */
int ep_cuts_seal(struct ep_cuts *c) EP_MUST_CHECK;
void ep_cuts_done(struct ep_cuts *c);
/* The cell of a sealed list that holds t_ns. */
size_t ep_cuts_find(const struct ep_cuts *c, int64_t t_ns);

static inline size_t ep_cuts_cells(const struct ep_cuts *c)
{
	return c->count > 0 ? c->count - 1 : 0;
}

#endif
