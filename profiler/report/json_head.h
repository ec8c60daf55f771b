/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_JSON_HEAD_H
#define EP_PROFILER_REPORT_JSON_HEAD_H

#include "base/buf.h"

#include <stdint.h>

/* Appends the bytes with which a current report.json begins: schema, build and
 * the size of the trace.csv made with it. */
int ep_json_head(struct ep_buf *b, int64_t trace_bytes) EP_MUST_CHECK;

#endif
