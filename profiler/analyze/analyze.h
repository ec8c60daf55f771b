/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_ANALYZE_H
#define EP_PROFILER_ANALYZE_ANALYZE_H

#include "base/err.h"
#include "profiler/analyze/model.h"

/*
 * Reads the raw part of a run folder (run.json, events.csv, ticks.csv,
 * sensors/) and computes everything.  Streaming: memory does not grow with the
 * length of the traces, only with phases and tokens.
 *
 * trace_fd: -1, or where trace.csv is written in the same pass.
 * A folder cut short by SIGKILL or a full disk works up to its last full line
 * and is marked incomplete.  -ENOENT (no run.json), -EBADMSG (not a run folder
 * or hostile content), -ENODATA (nothing was recorded), each with a sentence.
 * The caller owns *ret and ends it with ep_report_free().
 */
int ep_analyze_run(int dir_fd, int trace_fd, struct ep_report **ret,
		   struct ep_err *err) EP_MUST_CHECK;

#endif
