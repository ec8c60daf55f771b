/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_RUNS_H
#define EP_PROFILER_EXPORT_RUNS_H

#include "profiler/analyze/model.h"
#include "profiler/analyze/run.h"
#include "profiler/export/export.h"
#include "profiler/export/wall.h"

/* What tells a run from others: its name, the board, factors of a study. */
#define EP_EXPORT_LABELS_MAX 48
struct ep_export_label {
	char name[64];
	char value[200];
};

struct ep_export_run {
	const struct ep_export *x;
	size_t index;	/* 1, 2, ... of those that are exported */
	char name[300]; /* "out", "study/0001" */
	struct ep_export_label labels[EP_EXPORT_LABELS_MAX];
	size_t label_count;
	struct ep_report *report;
	struct ep_run recorded; /* its events */
	struct ep_wall wall;
	int trace_fd; /* trace.csv, at its beginning */
};

/*
 * Calls each() for the run, or for every valid run of the study in turn, and
 * says what was left out.  Ends with the first result of each() that is not 0.
 */
struct ep_export_visitor {
	int (*each)(void *ctx, struct ep_export_run *run, struct ep_err *err);
	void *ctx;
	bool needs_clock; /* a run without a wall clock is refused */
};
int ep_export_runs(const struct ep_export *x, const struct ep_export_visitor *v,
		   struct ep_err *err) EP_MUST_CHECK;

/* A label, unless there is one of that name or value is NULL or "". */
void ep_export_label(struct ep_export_run *run, const char *name,
		     const char *value);

/* An event of events.csv that is worth a mark beside the figures. */
bool ep_export_is_told(const char *event);

/* Which runs of a study count, by its results.csv. */
struct ep_export_results;
int ep_export_results_read(const struct ep_export *x,
			   struct ep_export_results **ret,
			   struct ep_err *err) EP_MUST_CHECK;
void ep_export_results_free(struct ep_export_results *r);
/* Labels a run of the study; NULL it counts, else why not. */
const char *ep_export_results_judge(struct ep_export_results *r,
				    struct ep_export_run *run);

#endif
