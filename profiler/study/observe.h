/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_OBSERVE_H
#define EP_PROFILER_STUDY_OBSERVE_H

#include "profiler/study/table.h"

#include <jansson.h>

/*
 * What is compared: one row for each run (its figures as "phase.metric"), each
 * request of a run (requests.csv), or each line of a CSV file.
 */
#define EP_OBSERVE_NOTES_MAX 64
struct ep_observations {
	struct ep_table table;
	/* Of each row: its group, and its source or EP_TABLE_NONE. */
	size_t *groups, *sources;
	size_t rows_size;
	/* Run folders whose facts and budgets are known. */
	struct ep_source {
		char name[512]; /* as given, or of a study's run */
		size_t group;
		json_t *run;	/* of report.json; owned */
		json_t *totals; /* of report.json; owned */
	} * list;
	size_t source_count;
	/* What was left out, and why. */
	char notes[EP_OBSERVE_NOTES_MAX][400];
	size_t note_count, note_more; /* more: beyond the list */
	bool wants_requests; /* of run folders: a row for each request */
};
void ep_observations_done(struct ep_observations *o);
void ep_observe_note(struct ep_observations *o, const char *format, ...)
	EP_PRINTF(2, 3);

/*
 * A run folder: one row, or one for each of its requests.  Runs that are not
 * valid are noted and left out.
 */
int ep_observe_run(struct ep_observations *o, const char *dir, size_t group,
		   struct ep_err *err) EP_MUST_CHECK;
/* A study folder, from its results.csv: its valid runs, warm-ups left out. */
int ep_observe_study(struct ep_observations *o, const char *dir, size_t group,
		     struct ep_err *err) EP_MUST_CHECK;
/* Either, by what lies in it. */
int ep_observe_folder(struct ep_observations *o, const char *dir, size_t group,
		      struct ep_err *err) EP_MUST_CHECK;
/* Any CSV file; all rows in group 0. */
int ep_observe_csv(struct ep_observations *o, const char *path,
		   struct ep_err *err) EP_MUST_CHECK;
/* Facts and budgets of the first runs of each group of a study, whose rows
 * these are from row on. */
void ep_observe_facts(struct ep_observations *o, const char *dir, size_t row);

#endif
