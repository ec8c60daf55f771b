/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_SUMMARY_PARTS_H
#define EP_PROFILER_ANALYZE_SUMMARY_PARTS_H

#include "base/str.h"
#include "profiler/analyze/section.h"
#include "profiler/analyze/summary.h"

struct ep_asked;

/* The parts of summary*.c; nobody else includes this. */

#define EP_SUMMARY_PHASES_MAX 64
#define EP_SUMMARY_MACHINES_MAX 8

/* One figure of one run. */
struct ep_summary_value {
	uint32_t config, metric, run;
	enum ep_status status;
	double value, u95, u_common;
};

struct ep_summary_parser {
	struct ep_summary *s;
	char **fields;
	size_t column_count, phase_column, folder_column; /* 0: none */
	/* Where a metric's columns stand; 0 nowhere. */
	struct ep_summary_columns {
		size_t value, u95, u_common, status;
	} at[EP_SUMMARY_METRICS_MAX];
	struct ep_summary_value *values;
	size_t value_count, value_room, config_room, run_room;
	char last_run[96];  /* config, run and order of the line before */
	size_t last_config; /* of the line before */
	/* What there is: names of the columns, of the phases, and for each
	 * phase whether a column has a value in it. */
	char (*columns)[80];
	char phases[EP_SUMMARY_PHASES_MAX][32];
	unsigned char *seen[EP_SUMMARY_PHASES_MAX];
	size_t phase_count;
	uint64_t *config_phases;    /* of each configuration's valid runs */
	size_t bad_count, bad_line; /* cells that are no finite numbers */
	char machines[EP_SUMMARY_MACHINES_MAX][80];
	size_t machine_count, machines_more;
	bool mixed_ids;
	struct ep_err *err;
	size_t line;
};

int ep_summary_damaged(const struct ep_summary_parser *p, const char *what);
/* Header and lines into configurations, runs, values. */
int ep_summary_lines(struct ep_summary_parser *p, char *text) EP_MUST_CHECK;
int ep_summary_run_add(struct ep_summary_parser *p,
		       struct ep_summary_config *c) EP_MUST_CHECK;
/* Means and intervals from the values. */
int ep_summary_cells(struct ep_summary_parser *p) EP_MUST_CHECK;
void ep_summary_doubts(const struct ep_summary_parser *p);
/* A small report whose totals are the means of a configuration, for what is
 * asked of reports; ends with ep_summary_pooled_free(). */
int ep_summary_pooled(const struct ep_summary *s,
		      const struct ep_summary_config *c,
		      struct ep_report **ret) EP_MUST_CHECK;
void ep_summary_pooled_free(struct ep_report *r);
void ep_summary_metric_of(const struct ep_summary_cell *cell, const char *name,
			  struct ep_metric *ret);
/* The section of --best. */
int ep_summary_best(struct ep_summary *s, const struct ep_asked *q,
		    struct ep_err *err) EP_MUST_CHECK;
/* A sentence at the end of its notes; none where there is no room. */
void ep_summary_note(struct ep_summary *s, const char *format, ...)
	EP_PRINTF(2, 3);

#endif
