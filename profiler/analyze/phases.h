/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_PHASES_H
#define EP_PROFILER_ANALYZE_PHASES_H

#include "profiler/analyze/run.h"
#include "runners/runner.h"
#include "runners/text.h"

/* A piece of the recording; pieces follow each other without gap. */
struct ep_segment {
	struct ep_phase phase;
	bool baseline; /* idle power is taken from it */
	bool inside;   /* between gate and exit */
	bool found;    /* an observer saw it; false: what lies between */
};

struct ep_partition {
	struct ep_segment *segments; /* from begin_ns to end_ns */
	size_t count;
	struct ep_timeline timeline;	  /* of the observer that was believed;
					tokens in time order */
	const struct ep_observer_ops *by; /* who was believed; or NULL */
	char note[256];	       /* how phases were found, or why not */
	char implausible[256]; /* "" or what an observer cannot believe */
	/* What the program itself printed, beside what was observed. */
	struct ep_text_verdict log;
	size_t dropped_count; /* phases outside the run or hidden by others */
	size_t clipped_count; /* phases that overlapped another */
};

/*
 * Asks observers (NULL-terminated, best evidence first) for phases and makes
 * the partition of the recording: idle, phases, "other" between them, "tail"
 * after the last, "after" the exit.  Without phases gate to exit is one
 * "other".  -ENOMEM, -EFBIG; part is empty then.
 */
int ep_partition_make(const struct ep_run *run,
		      const struct ep_observer_ops *const *observers,
		      struct ep_partition *part,
		      struct ep_err *err) EP_MUST_CHECK;
void ep_partition_done(struct ep_partition *part);

#endif
