/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_CHECK_H
#define EP_PROFILER_REPORT_CHECK_H

#include "base/buf.h"
#include "profiler/analyze/check.h"

/* What edgeprof check found, for people and for CI. */
struct ep_check_format {
	const char *name; /* "text" */
	int (*render)(const struct ep_check_result *result, struct ep_buf *b);
};
/* NULL, with the names there are. */
const struct ep_check_format *ep_check_format_find(const char *name,
						   struct ep_err *err);

/* "pass", "FAIL", "pass, cannot tell" ... */
const char *ep_check_label(const struct ep_check_item *item);

int ep_check_text(const struct ep_check_result *result,
		  struct ep_buf *b) EP_MUST_CHECK;
int ep_check_junit(const struct ep_check_result *result,
		   struct ep_buf *b) EP_MUST_CHECK;
int ep_check_md(const struct ep_check_result *result,
		struct ep_buf *b) EP_MUST_CHECK;

#endif
