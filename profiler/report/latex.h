/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_LATEX_H
#define EP_PROFILER_REPORT_LATEX_H

#include "base/buf.h"
#include "profiler/report/rounded.h"

#include <stdbool.h>
#include <stddef.h>

/* Only for latex*.c: tables for a paper.  The first failure stays in error and
 * later calls do nothing. */
struct ep_latex {
	struct ep_buf *b;
	int error;
	size_t table_count;
};

void ep_latex_raw(struct ep_latex *l, const char *markup);
void ep_latex_rawf(struct ep_latex *l, const char *format, ...) EP_PRINTF(2, 3);
/* Untrusted text: nothing in it is a command.  What pdfLaTeX has no letter for
 * is written so that LuaLaTeX and XeLaTeX take it from their font. */
void ep_latex_text(struct ep_latex *l, const char *text);
/* Which packages the tables need, and what ep_latex_text() relies on. */
void ep_latex_begin(struct ep_latex *l);

#define EP_LATEX_COLUMNS_MAX 24
#define EP_LATEX_GAPS_MAX 12
#define EP_LATEX_NOTES_MAX 24
#define EP_LATEX_TEXT_BYTES 120

struct ep_latex_column {
	char head[64], unit[40];
	bool is_text;	  /* else figures */
	bool is_modelled; /* all of its figures are a model's */
};

struct ep_latex_cell {
	char text[EP_LATEX_TEXT_BYTES]; /* of a text column */
	struct ep_rounded rounded;
	unsigned flags;
};

struct ep_latex_gap {
	char reason[160], what[240];
};

/* One floating table, or several pages where it is long. */
struct ep_latex_table {
	char label[40]; /* "energy": of \label{tab:edgeprof-energy} */
	char caption_short[120], caption[3000];
	struct ep_latex_column columns[EP_LATEX_COLUMNS_MAX];
	size_t column_count;
	struct ep_latex_cell *cells; /* [row * EP_LATEX_COLUMNS_MAX + column] */
	size_t row_count, row_max;
	struct ep_latex_gap gaps[EP_LATEX_GAPS_MAX];
	size_t gap_count, gap_more_count;
	char notes[EP_LATEX_NOTES_MAX][800];
	size_t note_count, note_more_count;
};

/* NULL: no memory.  Ended by ep_latex_table_end(). */
struct ep_latex_table *ep_latex_table_new(struct ep_latex *l,
					  const char *label);
/* Index of a new column, or -1 when there is no room. */
int ep_latex_column(struct ep_latex_table *t, const char *head,
		    const char *unit, bool is_text);
/* A new row's index; -1 no memory. */
ptrdiff_t ep_latex_row(struct ep_latex_table *t);
struct ep_latex_cell *ep_latex_at(struct ep_latex_table *t, size_t row,
				  int column);
/* A cell without a figure stays empty: it does not apply.  factor: of the unit
 * that the column shows. */
void ep_latex_figure(struct ep_latex_cell *cell, const struct ep_metric *m,
		     double factor);
/* The same without its uncertainty. */
void ep_latex_plain(struct ep_latex_cell *cell, const struct ep_metric *m,
		    double factor);
/* Adds to the caption. */
void ep_latex_caption(struct ep_latex_table *t, const char *format, ...)
	EP_PRINTF(2, 3);
void ep_latex_note(struct ep_latex_table *t, const char *format, ...)
	EP_PRINTF(2, 3);
/* Remembers that what is missing for this reason. */
void ep_latex_gap(struct ep_latex_table *t, const char *what,
		  const char *reason);
/* Writes it when it has rows, then frees it; t may be NULL. */
void ep_latex_table_end(struct ep_latex *l, struct ep_latex_table *t);
void ep_latex_table_drop(struct ep_latex_table *t); /* unwritten */

struct ep_sections;
/* What was asked for beside the figures; s may be NULL.  below: what all
 * captions end with. */
void ep_latex_sections(struct ep_latex *l, const struct ep_sections *s,
		       const char *below);

struct ep_study_format;
extern const struct ep_study_format ep_study_format_latex; /* latex_study.c */

#endif
