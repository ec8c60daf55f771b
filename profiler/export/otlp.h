/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_OTLP_H
#define EP_PROFILER_EXPORT_OTLP_H

#include "profiler/export/carrier.h"
#include "profiler/export/rows.h"
#include "profiler/export/runs.h"
#include "profiler/report/json_out.h"

/*
 * OTLP 1 in its JSON encoding: metrics to /v1/metrics, one trace for each run
 * to /v1/traces.  In a file one request is one line.
 */
#define EP_OTLP_POINTS 1000
#define EP_OTLP_BLOCK ((size_t)256 * 1024)
#define EP_OTLP_ROWS 1000
#define EP_OTLP_BUFFER_MAX ((size_t)64 * 1024 * 1024)
#define EP_OTLP_SPANS 200
#define EP_OTLP_SPAN_EVENTS 1000 /* more are counted in the span */

struct ep_otlp {
	struct ep_carrier *carrier;
	const struct ep_export_run *run;
	struct ep_buf buf;
	struct ep_json_out o;
	int64_t count; /* points or spans in buf */
	bool open;
	char trace_id[33];  /* hex */
	int64_t seen_count; /* tokens in spans */
	int64_t cut_count;  /* of them, only counted in their span */
};

/* A request up to its list of "metrics" or "spans", and its end, which sends
 * it. */
void ep_otlp_begin(struct ep_otlp *ot, bool spans);
int ep_otlp_send(struct ep_otlp *ot, bool spans,
		 struct ep_err *err) EP_MUST_CHECK;

/* {"key": ..., "value": {...}} */
void ep_otlp_text(struct ep_json_out *o, const char *key, const char *value);
void ep_otlp_integer(struct ep_json_out *o, const char *key, int64_t value);
void ep_otlp_number(struct ep_json_out *o, const char *key, double value);
void ep_otlp_bool(struct ep_json_out *o, const char *key, bool value);
/* "key": "nanoseconds since 1970" of a CLOCK_MONOTONIC instant. */
void ep_otlp_time(struct ep_otlp *ot, const char *key, int64_t t_ns);

int ep_otlp_figures(struct ep_otlp *ot, struct ep_err *err) EP_MUST_CHECK;
int ep_otlp_rows(struct ep_otlp *ot, struct ep_rows *rows,
		 struct ep_err *err) EP_MUST_CHECK;
int ep_otlp_spans(struct ep_otlp *ot, struct ep_err *err) EP_MUST_CHECK;

#endif
