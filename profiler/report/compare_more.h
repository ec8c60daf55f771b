/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_COMPARE_MORE_H
#define EP_PROFILER_REPORT_COMPARE_MORE_H

#include "profiler/report/compare.h"
#include "profiler/report/json_out.h"

/*
 * What is said of all metrics together, of clusters and of change points, in
 * sentences that are the same in every format.
 */
#define EP_COMPARE_MORE_LINES 40
struct ep_compare_more {
	const char *head; /* "All metrics together:" */
	const char *key;  /* "together" */
	char texts[EP_COMPARE_MORE_LINES][400];
	size_t count; /* 0: not wanted */
	bool full;    /* more lines than there is room for */
};
enum ep_compare_part {
	EP_COMPARE_TOGETHER,
	EP_COMPARE_CLUSTERS,
	EP_COMPARE_CHANGES,
	EP_COMPARE_PARTS,
};
void ep_compare_more(const struct ep_comparison *c, enum ep_compare_part part,
		     struct ep_compare_more *ret);

/* As above, of what the view wants to be told; false: nothing of that part. */
bool ep_compare_tells(const struct ep_compare_view *v,
		      enum ep_compare_part part, struct ep_compare_more *ret);

/* "from run 13 on +4.1 %", of the first shift; false: there is none. */
bool ep_compare_say_shift(const struct ep_comparison_metric *m, size_t shift,
			  char *ret, size_t size);

/* "together", "clusters" and, in an open metric, "change_points". */
void ep_compare_json_more(struct ep_json_out *o, const struct ep_comparison *c);
void ep_compare_json_drift(struct ep_json_out *o, const struct ep_drift *d);

#endif
