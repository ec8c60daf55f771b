/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_INFLUX_H
#define EP_PROFILER_EXPORT_INFLUX_H

#include "profiler/export/carrier.h"
#include "profiler/export/runs.h"

/* InfluxDB's line protocol: measurement,tag=... field=... nanoseconds */

/* A parcel is sent when it has so many points or bytes; a quarter of what most receivers
 * and proxies before them take without being asked. */
#define EP_INFLUX_POINTS 5000
#define EP_INFLUX_BLOCK ((size_t)256 * 1024)
#define EP_INFLUX_BUFFER_MAX ((size_t)16 * 1024 * 1024)

struct ep_influx {
	struct ep_carrier *carrier;
	const struct ep_export_run *run;
	struct ep_buf buf;
	size_t line_begin;
	int64_t count; /* points in buf */
	bool any;      /* the point on its way has a field */
};

struct ep_influx_tag {
	const char *name, *value;
};

/* One point: begin with the run's labels and tag (or NULL), fields, end with
 * what they returned.  A point without a field is none. */
int ep_influx_begin(struct ep_influx *in, const char *measurement,
		    const struct ep_influx_tag *tag) EP_MUST_CHECK;
int ep_influx_end(struct ep_influx *in, int r, int64_t t_ns,
		  struct ep_err *err) EP_MUST_CHECK;
int ep_influx_flush(struct ep_influx *in, struct ep_err *err) EP_MUST_CHECK;

/* Fields; no number is written that is not finite, no text that is empty. */
int ep_influx_number(struct ep_influx *in, const char *key,
		     double value) EP_MUST_CHECK;
int ep_influx_integer(struct ep_influx *in, const char *key,
		      int64_t value) EP_MUST_CHECK;
int ep_influx_text(struct ep_influx *in, const char *key,
		   const char *value) EP_MUST_CHECK;

/* ",name=value" with both escaped; nothing when value is "". */
int ep_influx_tag(struct ep_buf *b, const char *name,
		  const char *value) EP_MUST_CHECK;
/* For a query; false when it does not fit. */
bool ep_influx_quote(const char *text, char *ret, size_t size);

#endif
