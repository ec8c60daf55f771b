/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_STUDY_MEMORY_H
#define EP_PROFILER_ANALYZE_STUDY_MEMORY_H

#include "base/err.h"
#include "profiler/analyze/summary.h"

/*
 * The resident set over time, of the first run of each configuration that
 * counts and has its trace.csv.
 */
#define EP_STUDY_MEMORY_LINES_MAX 40
#define EP_STUDY_MEMORY_BYTES_MAX ((int64_t)256 * 1024 * 1024) /* read */
#define EP_STUDY_MEMORY_STRETCHES 600

struct ep_memory_line {
	size_t config; /* index */
	char folder[24];
	double start_s, step_s; /* since the gate; between two values */
	/* Of each stretch of rows the smallest and the largest, so that no peak
	 * is missing; NAN before the program has begun.  Owned. */
	double *values;
	size_t count;
};
struct ep_study_memory {
	struct ep_memory_line *lines; /* owned */
	size_t count;
	size_t without_count; /* configurations without such a run */
	size_t more_count;    /* beyond the maxima */
};

/* A run that is missing or damaged is counted, no error.  -ENOMEM. */
int ep_study_memory_read(int dir_fd, const struct ep_summary *s,
			 struct ep_study_memory *ret) EP_MUST_CHECK;
void ep_study_memory_done(struct ep_study_memory *m);

#endif
