/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_HTML_ASSETS_H
#define EP_PROFILER_REPORT_HTML_ASSETS_H

#include <stddef.h>

/* What pages are made of, embedded at build: profiler/report/html/ and the
 * libraries of JS_DIR. */
struct ep_html_asset {
	const char *data; /* not NUL ended */
	size_t len;
};
struct ep_html_asset ep_html_asset_css(void);
struct ep_html_asset ep_html_asset_base(void);	  /* base.js */
struct ep_html_asset ep_html_asset_run(void);	  /* run.js */
struct ep_html_asset ep_html_asset_study(void);	  /* plot.js, study.js */
struct ep_html_asset ep_html_asset_compare(void); /* plot.js, compare.js */
struct ep_html_asset ep_html_asset_dygraphs(void);
struct ep_html_asset ep_html_asset_chart(void);

#endif
