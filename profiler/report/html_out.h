/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_HTML_OUT_H
#define EP_PROFILER_REPORT_HTML_OUT_H

#include "base/buf.h"
#include "profiler/report/json_out.h"

#include <stddef.h>

/* Writes HTML.  The first failure stays in error, later calls do nothing. */
struct ep_html {
	struct ep_buf *b;
	int error;
};

/* Markup of our own, as it is. */
void ep_html_raw(struct ep_html *h, const char *markup);
void ep_html_bytes(struct ep_html *h, const char *data, size_t len);
/* Untrusted text as content of an element or of an attribute in quotes; broken
 * UTF-8, control bytes and what changes the direction of a line become '?'. */
void ep_html_text(struct ep_html *h, const char *text);
/* <tag>text</tag>; class_name "" none.  Tag and class are ours. */
void ep_html_element(struct ep_html *h, const char *tag, const char *class_name,
		     const char *text);
/* Lower case words joined by '-': an id made of a heading. */
void ep_html_slug(struct ep_html *h, const char *text);
/* Up to nine significant digits; "null" when not finite. */
void ep_html_number(struct ep_html *h, double value);

/*
 * Data for the page's scripts: <script type="application/json" id="ID">, and
 * its end.  In between ep_json_*() with the returned writer, whose text cannot
 * end the element.
 */
struct ep_json_out ep_html_data_begin(struct ep_html *h, const char *id);
void ep_html_data_end(struct ep_html *h, const struct ep_json_out *o);

#endif
