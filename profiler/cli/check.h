/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_CHECK_H
#define EP_PROFILER_CLI_CHECK_H

#include "profiler/analyze/check.h"
#include "profiler/cli/compare.h"
#include "profiler/report/check.h"
#include "profiler/study/observe.h"

#include <sys/types.h>

/* edgeprof check: from the command line to the result that is printed. */

#define EP_CHECK_LIMITS_MAX 64
#define EP_CHECK_BASELINES_MAX 64
#define EP_CHECK_METRICS_MAX 64

struct ep_check_options {
	char **folders; /* into argv */
	size_t folder_count;
	char *baselines[EP_CHECK_BASELINES_MAX];
	size_t baseline_count;
	struct ep_check_limit limits[EP_CHECK_LIMITS_MAX];
	size_t limit_count;
	char **metrics; /* of --metric; owned; NULL: those of the limits */
	struct ep_check_rules rules;
	const struct ep_check_format *format;
	const char *output;
	bool has_margin, help;
};
int ep_check_options_parse(int argc, char **argv, struct ep_check_options *o,
			   struct ep_err *err) EP_MUST_CHECK;
void ep_check_options_done(struct ep_check_options *o);
extern const char ep_check_help[];

/* Repetitions of one thing: run folders, or a configuration of a study. */
struct ep_check_member {
	size_t id;	/* of its rows in what was seen */
	char *key;	/* "n=10, threads=2"; "" no factors; owned */
	char name[200]; /* "study: threads=2, n=10" */
	struct ep_check_figure *figures; /* [metric_count]; owned */
};
struct ep_check_side {
	struct ep_check_member *members;
	size_t count;
};
struct ep_check_work {
	const struct ep_check_options *o;
	const char *metrics[EP_CHECK_METRICS_MAX + 1]; /* NULL-terminated */
	bool with_baseline[EP_CHECK_METRICS_MAX];
	size_t metric_count;
	struct ep_observations seen;
	struct ep_check_side now, base;
	size_t id_count;
	char **names; /* every figure of the studies; owned */
	size_t name_count;
	struct {
		dev_t dev;
		ino_t ino;
	} * places; /* of the folders; owned */
	size_t place_count;
	struct ep_compare_lines warnings;
	struct ep_check_result result; /* its items are owned */
};
void ep_check_work_done(struct ep_check_work *w);

/* Which figures are to be read. */
int ep_check_metrics(struct ep_check_work *w, struct ep_err *err) EP_MUST_CHECK;
/* Folders as groups of repetitions with their figures. */
int ep_check_gather(struct ep_check_work *w, struct ep_check_side *side,
		    char *const *folders, size_t count,
		    struct ep_err *err) EP_MUST_CHECK;
/* Every metric is known in some folder.  -EINVAL names the nearest. */
int ep_check_names(const struct ep_check_work *w,
		   struct ep_err *err) EP_MUST_CHECK;
/* The items of a member against its baseline, from the first one on. */
int ep_check_against(struct ep_check_work *w, const struct ep_check_member *m,
		     struct ep_check_item *items,
		     struct ep_err *err) EP_MUST_CHECK;
/* Boards and meters that differ within a member or between the two. */
void ep_check_boards(struct ep_check_work *w, const struct ep_check_member *m,
		     const struct ep_check_member *base);
/* ep_compare_say() of what was not said before. */
void ep_check_warn(struct ep_check_work *w, const char *text);

#endif
