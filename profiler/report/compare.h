/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_COMPARE_H
#define EP_PROFILER_REPORT_COMPARE_H

#include "base/buf.h"
#include "profiler/analyze/comparison.h"

/* Groups side by side for people and programs. */
struct ep_compare_view {
	const struct ep_comparison *comparison;
	/* What was left out; what makes the comparison doubtful. */
	char (*notes)[400];
	size_t note_count;
	char (*warnings)[400];
	size_t warning_count;
	/* Start-ups that were slow beside the rest, reported apart. */
	char (*cold)[400];
	size_t cold_count;
	/* What text, Markdown, CSV and LaTeX tell; JSON and pages all there is. */
	struct ep_comparison_wants told;
};
struct ep_compare_format {
	const char *name; /* "text" */
	int (*render)(const struct ep_compare_view *view, struct ep_buf *b);
};
const struct ep_compare_format *ep_compare_format_find(const char *name,
						       struct ep_err *err);

/* What stands beside a verdict: of pairs only those that are pairs, so that
 * means and ranges are of the same values. */
const struct ep_describe *ep_compare_shown(const struct ep_comparison *c,
					   const struct ep_comparison_metric *m,
					   size_t group);

int ep_compare_text(const struct ep_compare_view *v,
		    struct ep_buf *b) EP_MUST_CHECK;
int ep_compare_json(const struct ep_compare_view *v,
		    struct ep_buf *b) EP_MUST_CHECK;
int ep_compare_csv(const struct ep_compare_view *v,
		   struct ep_buf *b) EP_MUST_CHECK;
int ep_compare_md(const struct ep_compare_view *v,
		  struct ep_buf *b) EP_MUST_CHECK;
int ep_compare_latex(const struct ep_compare_view *v,
		     struct ep_buf *b) EP_MUST_CHECK;
/* With EP_WITH_HTML. */
int ep_compare_html(const struct ep_compare_view *v,
		    struct ep_buf *b) EP_MUST_CHECK;

#endif
