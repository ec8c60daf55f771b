/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_PAGE_TOTALS_H
#define EP_PROFILER_REPORT_PAGE_TOTALS_H

#include "profiler/report/page.h"

/* Tables with one row for each of the report's totals. */

enum ep_show {
	EP_SHOW_PLUS_MINUS,
	EP_SHOW_ROUNDED,
	EP_SHOW_BYTES,
	EP_SHOW_MAH, /* of coulombs, with what is uncertain of it */
};

struct ep_totals_spec {
	const char *metric;
	const char *head;
	const char *unit;
	enum ep_show how;
};

/* Which rows a table shows. */
typedef bool ep_totals_filter(const struct ep_row *row);
ep_totals_filter ep_totals_every_row;
ep_totals_filter ep_totals_token_row; /* has, or should have, tokens */

/* The rows that fit a table, and one of them; the whole run always fits. */
size_t ep_totals_shown(const struct ep_report *report);
const struct ep_row *ep_totals_at(const struct ep_report *report, size_t i);
/* Is there one that has, or should have, tokens? */
bool ep_totals_any_tokens(const struct ep_report *report);

/* Starts the page's table with the column of phase names. */
void ep_totals_table(struct ep_page *page, ep_totals_filter *wanted);
/* Adds a metric's column.  What is not measured goes to the page's gaps; when
 * no row has a value, there is no column. */
void ep_totals_column(struct ep_page *page, ep_totals_filter *wanted,
		      const struct ep_totals_spec *spec);

#endif
