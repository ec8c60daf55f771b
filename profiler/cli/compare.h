/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_COMPARE_H
#define EP_PROFILER_CLI_COMPARE_H

#include "profiler/analyze/comparison.h"
#include "profiler/report/compare.h"
#include "profiler/study/observe.h"

/* edgeprof compare: from the command line to the view that is printed. */

#define EP_COMPARE_WHERE_MAX 16

struct ep_compare_options {
	/* Folders of each group, between "--"; into argv. */
	char **folders[EP_GROUPS_MAX];
	size_t folder_counts[EP_GROUPS_MAX];
	size_t group_count;
	char **words; /* what folders[] points into; owned */
	const char *csv, *group_column, *by, *pair, *baseline, *output;
	char **metrics; /* owned; NULL: the usual ones */
	const char *where[EP_COMPARE_WHERE_MAX]; /* "threads=2" */
	size_t where_count;
	const struct ep_compare_format *format;
	struct ep_contrast_options contrast;
	struct ep_comparison_wants told; /* --together ... */
	bool has_test, keep_cold, help;
};
int ep_compare_options_parse(int argc, char **argv,
			     struct ep_compare_options *o,
			     struct ep_err *err) EP_MUST_CHECK;
void ep_compare_options_done(struct ep_compare_options *o);
extern const char ep_compare_help[];

/* Lines for people. */
#define EP_COMPARE_LINES_MAX 64
struct ep_compare_lines {
	char texts[EP_COMPARE_LINES_MAX][400];
	size_t count;
};
void ep_compare_say(struct ep_compare_lines *l, const char *format, ...)
	EP_PRINTF(2, 3);

/* Everything between the files and the view. */
struct ep_compare_work {
	const struct ep_compare_options *o;
	struct ep_observations seen;
	char (*group_names)[160];
	size_t group_count, baseline;
	char **metrics; /* owned, NULL-terminated */
	size_t metric_count;
	double *values; /* [rows][metrics]; owned */
	struct ep_compare_lines warnings, cold;
};

/* Reads all that was named and puts every row into its group (EP_TABLE_NONE:
 * none). */
int ep_compare_read(struct ep_compare_work *w,
		    struct ep_err *err) EP_MUST_CHECK;
/* --where, --by, --group and the names of groups. */
int ep_compare_by_column(struct ep_compare_work *w, const char *column,
			 struct ep_err *err) EP_MUST_CHECK;
int ep_compare_where(struct ep_compare_work *w,
		     struct ep_err *err) EP_MUST_CHECK;
/* The metrics that were asked for, or the usual ones, and their values. */
int ep_compare_metrics(struct ep_compare_work *w,
		       struct ep_err *err) EP_MUST_CHECK;
/* Cold starts out of their groups, unless they are to be kept. */
void ep_compare_cold(struct ep_compare_work *w);
/* What the groups differ in beside the thing under test. */
void ep_compare_facts(struct ep_compare_work *w);
/* Shifts in the course of a study are a warning, without being asked for. */
void ep_compare_drift(struct ep_compare_work *w, const struct ep_comparison *c);
/* What the budgets of the runs say of the figures. */
void ep_compare_known(const struct ep_compare_work *w, struct ep_comparison *c);

#endif
