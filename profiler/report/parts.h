/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_PARTS_H
#define EP_PROFILER_REPORT_PARTS_H

#include "base/err.h"
#include "profiler/analyze/model.h"

/*
 * The phases of one request side by side, as request tables show them.
 * Durations are NAN and counts -1 where the request has no such phase.
 */
struct ep_request_parts {
	const struct ep_row *row; /* of report->requests */
	double load_s, prefill_s, generation_s;
	int64_t prompt_count, cached_count, output_count;
	double tokens_per_s; /* steps over generation_s; NAN not measured */
};

/* One entry for each of report->requests, in that order; -ENOMEM.  The caller
 * frees *ret; it borrows from the report. */
int ep_request_parts_build(const struct ep_report *report,
			   struct ep_request_parts **ret) EP_MUST_CHECK;

#endif
