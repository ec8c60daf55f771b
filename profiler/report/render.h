/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_RENDER_H
#define EP_PROFILER_REPORT_RENDER_H

#include "base/buf.h"
#include "base/err.h"
#include "profiler/analyze/model.h"
#include "profiler/analyze/series.h"
#include "profiler/analyze/summary.h"

#include <stdbool.h>
#include <stdint.h>

struct ep_study_memory; /* profiler/analyze/study_memory.h */

struct ep_render_options {
	bool colour;	    /* text only */
	int columns;	    /* text only; 0 = 80 */
	bool paper;	    /* figures as papers round them (rounded.h) */
	const char *folder; /* shown as where the data is; "" none */
	const struct ep_series_set *series; /* html only; NULL: no charts */
	int64_t trace_bytes; /* json only: size of trace.csv; 0 = not there */
	/* html of a study only; NULL: no chart of it */
	const struct ep_study_memory *memory;
};

/* How a format shows a study. */
struct ep_study_format {
	const char *const *metrics; /* what ep_summary_read() shall find */
	bool wants_memory;	    /* of options, from the runs' folders */
	bool shows_chosen;	    /* of a study, only what --metric named */
	int (*render)(const struct ep_summary *study,
		      const struct ep_render_options *options,
		      struct ep_buf *b);
};

/* A format: renders a const model into b, computes nothing. */
struct ep_format {
	const char *name; /* "text" */
	const char *summary;
	bool wants_series;		     /* of what charts draw */
	const struct ep_study_format *study; /* NULL: it shows none */
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
/*
 * False when trace.csv has to be made again: it is missing, older than a file
 * of the raw part, changed since report.json was written, or of another build.
 */
bool ep_report_trace_is_current(int dir_fd);
/* trace.csv was just made: report.json must be newer than it. */
void ep_report_trace_done(int dir_fd);
/* A new file in a folder gets the folder's owner when root made it. */
void ep_report_own(int dir_fd, int fd);

#endif
