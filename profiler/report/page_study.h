/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_PAGE_STUDY_H
#define EP_PROFILER_REPORT_PAGE_STUDY_H

#include "profiler/report/render.h"

/* Which figures of a study text and Markdown show, a table for each group; CSV
 * and JSON have all of them. */
#define EP_STUDY_GROUP_MAX 6
struct ep_study_group {
	const char *title, *note; /* note NULL: none */
	struct ep_study_group_figure {
		const char *metric, *label; /* to metric NULL */
	} figures[EP_STUDY_GROUP_MAX + 1];
};
extern const struct ep_study_group ep_study_groups[]; /* to title NULL */
extern const char *const ep_study_metrics[];	      /* NULL-terminated */

extern const struct ep_study_format ep_study_format_csv;  /* csv_study.c */
extern const struct ep_study_format ep_study_format_json; /* json_study.c */

#endif
