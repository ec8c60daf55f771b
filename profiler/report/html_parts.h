/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_HTML_PARTS_H
#define EP_PROFILER_REPORT_HTML_PARTS_H

#include "profiler/report/html_assets.h"
#include "profiler/report/html_out.h"
#include "profiler/report/render.h"

/* Only for html*.c: the parts of a page. */

#define EP_HTML_SCRIPTS_MAX 4

/*
 * A whole document in one file that needs no other: <head> with a policy that
 * allows nothing but the scripts and the style whose hashes it names.
 */
struct ep_html_frame {
	const char *title; /* untrusted */
	struct ep_html_asset scripts[EP_HTML_SCRIPTS_MAX];
	size_t script_count;
	const char *library; /* name and copyright of what draws; NULL none */
};
void ep_html_frame_begin(struct ep_html *h, const struct ep_html_frame *f);
void ep_html_frame_end(struct ep_html *h, const struct ep_html_frame *f);

/* <table> in a box that scrolls by itself; the caller writes its rows. */
void ep_html_table_begin(struct ep_html *h, const char *class_name);
void ep_html_table_end(struct ep_html *h);

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
