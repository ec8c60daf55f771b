/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_HTML_PARTS_H
#define EP_PROFILER_REPORT_HTML_PARTS_H

#include "profiler/report/html_frame.h"
#include "profiler/report/render.h"

/* Only for html*.c: the parts of a page. */

/* The headline figures of a run. */
void ep_html_tiles(struct ep_html *h, const struct ep_report *r);
/* Where the charts over time go, and what they draw. */
void ep_html_timeline(struct ep_html *h, const struct ep_report *r,
		      const struct ep_series_set *s);
void ep_html_timeline_data(struct ep_html *h, const struct ep_report *r,
			   const struct ep_series_set *s);
/* Every figure's uncertainty budget, folded. */
void ep_html_budgets(struct ep_html *h, const struct ep_report *r);

extern const struct ep_study_format ep_study_format_html; /* html_study.c */

#endif
