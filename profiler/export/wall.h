/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_WALL_H
#define EP_PROFILER_EXPORT_WALL_H

#include "base/err.h"
#include "profiler/analyze/run.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Wall-clock time of instants of a run, from the clock pairs it recorded.
 * Where somebody set the wall clock during the run, all of it is told by the
 * clock as it was afterwards: time never runs backwards.
 */
struct ep_wall {
	struct ep_wall_pair {
		int64_t mono_ns, offset_ns;
	} * pairs;	   /* ascending */
	size_t count;	   /* 0: the run knows no wall clock */
	int64_t set_by_ns; /* how far it was set during the run, in sum */
};

/* -ENOMEM */
int ep_wall_read(const struct ep_run *run, struct ep_wall *ret) EP_MUST_CHECK;
void ep_wall_done(struct ep_wall *w);
/* Nanoseconds since 1970 of a CLOCK_MONOTONIC instant; count is above 0. */
int64_t ep_wall_ns(const struct ep_wall *w, int64_t mono_ns);

#endif
