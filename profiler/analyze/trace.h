/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_TRACE_H
#define EP_PROFILER_ANALYZE_TRACE_H

#include "profiler/analyze/analysis.h"

/* The first row: where the baseline begins, or the gate. */
int64_t ep_trace_first_row(const struct ep_run *run);

/*
 * Reads every stream to its end; with fd >= 0 writes trace.csv to it on the
 * way, row by row.  raw_bytes is the size of the raw files: more rows than that
 * are -EBADMSG, since a time in events.csv must then be wrong.  -errno of a
 * read or write.
 */
int ep_trace_write(struct ep_analysis *a, int fd, int64_t raw_bytes,
		   struct ep_err *err) EP_MUST_CHECK;

#endif
