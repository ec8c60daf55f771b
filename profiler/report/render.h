/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_RENDER_H
#define EP_PROFILER_REPORT_RENDER_H

#include "base/buf.h"
#include "base/err.h"
#include "profiler/analyze/model.h"

#include <stdbool.h>

struct ep_render_options {
	bool colour; /* text only */
	int columns; /* text only; 0 = 80 */
	const char *folder; /* shown as where the data is; "" none */
};

/* A format: renders a const model into b, computes nothing. */
struct ep_format {
	const char *name; /* "text" */
	const char *summary;
	int (*render)(const struct ep_report *report,
		      const struct ep_render_options *options,
		      struct ep_buf *b);
};
extern const struct ep_format *const ep_formats[]; /* NULL-terminated */
const struct ep_format *ep_format_find(const char *name, struct ep_err *err);

/*
 * The derived files but trace.csv: phases.csv, tokens.csv, requests.csv,
 * report.json, each replaced atomically when its content changed.  Derived
 * content holds no present time and no host.  -errno with a sentence.
 */
int ep_report_write_files(int dir_fd, const struct ep_report *report,
			  struct ep_err *err) EP_MUST_CHECK;

#endif
