/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_METRIC_FIND_H
#define EP_PROFILER_ANALYZE_METRIC_FIND_H

#include "base/err.h"
#include "profiler/analyze/model.h"

/* "generation.j_per_token" of the totals.  -ENOENT names the nearest figure
 * there is; -ENOMEM. */
int ep_report_find(const struct ep_report *r, const char *name,
		   const struct ep_metric **ret,
		   struct ep_err *err) EP_MUST_CHECK;

#endif
