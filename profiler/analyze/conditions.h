/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_CONDITIONS_H
#define EP_PROFILER_ANALYZE_CONDITIONS_H

#include "base/err.h"

#include <stdint.h>

struct ep_analysis;

/* What a run was measured under, gate to exit; NAN or -1: not known. */
struct ep_conditions {
	/* CPU time of what is neither the program nor edgeprof, of the time
	 * that all CPUs had. */
	double background_cpu_share;
	/* The hottest thermal zone at the gate and at the exit. */
	double temperature_start_c, temperature_end_c;
	/* How far the mean clock lay below what the governor or --freq fixes,
	 * of the policy that is worst; 0 none. */
	double frequency_shortfall;
	int64_t swap_in_count; /* pages, of the whole machine */
	int stopped_by;	       /* the signal that ended edgeprof; 0 none */
};

/* Once the streams have ended; dir_fd is the run folder.  -errno of a read. */
int ep_conditions_make(struct ep_analysis *a, int dir_fd) EP_MUST_CHECK;

#endif
