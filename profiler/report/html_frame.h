/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_HTML_FRAME_H
#define EP_PROFILER_REPORT_HTML_FRAME_H

#include "profiler/report/html_assets.h"
#include "profiler/report/html_out.h"

/* What all pages have. */

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

/* <section> and its heading; the caller ends it. */
void ep_html_section(struct ep_html *h, const char *title);
/* <table> in a box that scrolls by itself; the caller writes its rows. */
void ep_html_table_begin(struct ep_html *h, const char *class_name);
void ep_html_table_end(struct ep_html *h);

#endif
