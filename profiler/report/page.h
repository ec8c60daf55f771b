/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_PAGE_H
#define EP_PROFILER_REPORT_PAGE_H

#include "profiler/report/cell.h"
#include "profiler/report/render.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * What the formats for people have in common: page.c walks the model once, in
 * the order of a report, and hands headings, facts and tables to the format.
 * Every text it hands over is clean (ep_width_clean).
 */
#define EP_TABLE_COLUMNS_MAX 16
#define EP_TABLE_ROWS_MAX 48

struct ep_table_column {
	char head[40];
	char unit[24]; /* second line of the head; may be "" */
	bool left;     /* else aligned to the right */
};

struct ep_table {
	struct ep_table_column columns[EP_TABLE_COLUMNS_MAX];
	size_t column_count;
	char (*cells)[EP_TABLE_COLUMNS_MAX][EP_CELL_BYTES]; /* [row_room] */
	size_t row_count, row_room; /* EP_TABLE_ROWS_MAX at least */
};

/* Failures are kept in ctx; later calls then do nothing. */
struct ep_page_ops {
	void (*title)(void *ctx, const char *text);
	void (*heading)(void *ctx, const char *text);
	void (*fact)(void *ctx, const char *label, const char *text);
	void (*table)(void *ctx, const struct ep_table *table);
	void (*note)(void *ctx, const char *text);
	void (*warning)(void *ctx, const char *text, const char *advice);
};

/* Why figures are missing, one entry for each reason. */
#define EP_GAPS_MAX 12

struct ep_gap {
	char reason[160];
	char what[240];
};

struct ep_page {
	const struct ep_report *report;
	const struct ep_render_options *options;
	const struct ep_page_ops *ops;
	void *ctx;
	struct ep_cell_marks marks;
	struct ep_table *table; /* scratch, one at a time */
	struct ep_gap gaps[EP_GAPS_MAX];
	size_t gap_count;
	size_t gap_more_count;
};

/* -ENOMEM. */
int ep_page_build(const struct ep_report *report,
		  const struct ep_render_options *options,
		  const struct ep_page_ops *ops, void *ctx) EP_MUST_CHECK;

/* Parts of the page, each in a file of its own. */
void ep_page_phases(struct ep_page *page);  /* page_phases.c */
void ep_page_events(struct ep_page *page);  /* page_events.c */
void ep_page_latency(struct ep_page *page); /* page_requests.c */
void ep_page_requests(struct ep_page *page);
void ep_page_told(struct ep_page *page); /* page_told.c */
void ep_page_client(struct ep_page *page);
void ep_page_found(struct ep_page *page);	/* page_phases.c */
void ep_page_client_cost(struct ep_page *page); /* page_client.c */
void ep_page_attached(struct ep_page *page);
void ep_page_models(struct ep_page *page); /* page_models.c */
/* Was a running process recorded without a command beside it? */
bool ep_page_is_alone(const struct ep_page *page);
/* page_sections.c; the page's table has room for their rows. */
void ep_page_sections(struct ep_page *page, const struct ep_sections *s);
size_t ep_page_sections_rows(const struct ep_sections *s); /* the most */
void ep_page_channels(struct ep_page *page);		   /* page_sensors.c */
void ep_page_sensors(struct ep_page *page);
void ep_page_meters(struct ep_page *page); /* page_meters.c */
void ep_page_calibrated(struct ep_page *page);
void ep_page_environment(struct ep_page *page); /* page_environment.c */
void ep_page_recording(struct ep_page *page);	/* page_recording.c */
void ep_page_generation(struct ep_page *page);	/* page_generation.c */

/* The same of a study (page_study.c). */
int ep_page_study_build(const struct ep_summary *study,
			const struct ep_render_options *options,
			const struct ep_page_ops *ops, void *ctx) EP_MUST_CHECK;

/* Shared by the parts. */
/* NULL: no memory. */
struct ep_table *ep_page_table_new(size_t rows);
void ep_page_table_free(struct ep_table *t);
void ep_page_table_start(struct ep_page *page);
/* Adds a column; returns its index, or -1 when there is no room. */
int ep_page_table_column(struct ep_page *page, const char *head,
			 const char *unit, bool left);
/* Hands the table over when it has rows. */
void ep_page_table_end(struct ep_page *page);
void ep_page_fact(struct ep_page *page, const char *label, const char *format,
		  ...) EP_PRINTF(3, 4);
void ep_page_note(struct ep_page *page, const char *format, ...)
	EP_PRINTF(2, 3);
/* Remembers that what is missing for this reason; once for each pair. */
void ep_page_gap(struct ep_page *page, const char *what, const char *reason);
void ep_page_gaps_end(struct ep_page *page); /* prints and forgets them */

/* Adds a name to a list "a, b"; past its end one "..." stands for the rest. */
void ep_page_list_add(char *list, size_t size, const char *name);
/* Whose accuracy is not known; nothing when the list is empty. */
void ep_page_unknown(struct ep_page *page, const char *list);

/* A text of run.json at key, or inside the object at key; "" when absent. */
const char *ep_page_run_text(const struct ep_page *page, const char *object,
			     const char *key);

#endif
