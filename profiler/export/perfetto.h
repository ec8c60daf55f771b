/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_PERFETTO_H
#define EP_PROFILER_EXPORT_PERFETTO_H

#include "profiler/export/carrier.h"
#include "profiler/export/rows.h"
#include "profiler/export/runs.h"
#include "profiler/report/json_out.h"

/*
 * The JSON trace format that Perfetto and chrome://tracing read: one process
 * for each run, whose counters, slices and instants are written as they come.
 * Times are microseconds since the recording began.
 */
#define EP_PERFETTO_BLOCK ((size_t)256 * 1024)
/* A block and the event that fills it; texts of a run are bounded. */
#define EP_PERFETTO_BUFFER_MAX ((size_t)64 * 1024 * 1024)

enum {
	EP_PERFETTO_PHASES = 1,
	EP_PERFETTO_TOKENS,
	EP_PERFETTO_EVENTS,
	/* Requests at the same time are on rows of their own. */
	EP_PERFETTO_REQUESTS = 100,
};

struct ep_perfetto {
	struct ep_carrier *carrier;
	struct ep_buf buf;
	bool any;      /* an event came before */
	int64_t count; /* events in buf */
	const struct ep_export_run *run;
	int pid;
	int64_t begin_ns; /* 0 of the trace */
};

/* An event with ph, ts and pid; the caller adds the rest and ends it. */
void ep_perfetto_begin(struct ep_perfetto *p, struct ep_json_out *o, char ph,
		       int64_t t_ns);
int ep_perfetto_end(struct ep_perfetto *p, struct ep_json_out *o,
		    struct ep_err *err) EP_MUST_CHECK;
int ep_perfetto_flush(struct ep_perfetto *p, struct ep_err *err) EP_MUST_CHECK;

/* Phases, requests, tokens and events. */
int ep_perfetto_slices(struct ep_perfetto *p, struct ep_err *err) EP_MUST_CHECK;
/* The columns of trace.csv, from the row that was read. */
int ep_perfetto_counters(struct ep_perfetto *p, struct ep_rows *rows,
			 struct ep_err *err) EP_MUST_CHECK;

#endif
