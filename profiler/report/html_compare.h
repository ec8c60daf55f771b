/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_HTML_COMPARE_H
#define EP_PROFILER_REPORT_HTML_COMPARE_H

#include "profiler/report/compare.h"
#include "profiler/report/html_frame.h"

/* Only for html_compare*.c.  Past these a page would be too large to open; it
 * says so, and --format json has everything. */
#define EP_HTML_OBSERVATIONS_MAX 200000
#define EP_HTML_TESTED_MAX 500 /* contrasts with all their tests */
#define EP_HTML_PAIRWISE_MAX 4000

/* The mean of a group over that of the baseline. */
struct ep_html_ratio {
	double ratio, low, high; /* 95 % */
	/* What the meters have in common is in it; else the spread alone. */
	bool with_meters;
};
struct ep_html_ratio ep_html_ratio(const struct ep_comparison *c,
				   const struct ep_comparison_metric *m,
				   size_t group);

/* Observations of a group that the page holds: all, or evenly many of them in
 * the order of their size, the ends among them. */
size_t ep_html_drawn(const struct ep_comparison *c,
		     const struct ep_comparison_metric *m, size_t group);

/* <td> with three digits, and all of them for CSV; "-" when not finite. */
void ep_html_cell(struct ep_html *h, double value);
/* The same with its half-width. */
void ep_html_cell_pm(struct ep_html *h, double value, double u);

void ep_html_cell_p(struct ep_html *h, double p);
/* A table that can be folded: summary, heads of which the first left_count
 * are left, rows, end. */
void ep_html_fold_begin(struct ep_html *h, const char *summary, bool open);
void ep_html_heads(struct ep_html *h, const char *const *heads, size_t count,
		   size_t left_count);
#define EP_HTML_HEADS(h, heads, left) \
	ep_html_heads(h, heads, sizeof(heads) / sizeof((heads)[0]), left)
void ep_html_fold_end(struct ep_html *h);

/* "J/token" of "generation.j_per_token". */
const char *ep_html_unit(const struct ep_comparison_metric *m);

void ep_html_verdicts(struct ep_html *h, const struct ep_comparison *c);
/* The tables. */
void ep_html_ratios(struct ep_html *h, const struct ep_comparison *c);
void ep_html_described(struct ep_html *h, const struct ep_comparison *c,
		       const struct ep_comparison_metric *m);
void ep_html_tests(struct ep_html *h, const struct ep_comparison *c,
		   const struct ep_comparison_metric *m);
/* Tests over all metrics, and clusters that nobody named. */
void ep_html_together(struct ep_html *h, const struct ep_comparison *c);
/* Whether a metric drifts in the order of measurement. */
void ep_html_drift(struct ep_html *h, const struct ep_comparison *c,
		   size_t metric);
void ep_html_correlations(struct ep_html *h, const struct ep_comparison *c);
void ep_html_compare_data(struct ep_html *h, const struct ep_comparison *c);

#endif
