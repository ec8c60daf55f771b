/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_SECTION_H
#define EP_PROFILER_ANALYZE_SECTION_H

#include "base/err.h"
#include "profiler/analyze/uncertainty.h"

/*
 * What a reader asks of a report beyond what the run says of itself: battery
 * life, cost, another run beside it.  Every such section is facts (what was
 * asked, and at what price), rows of figures, and notes; formats print them
 * without knowing what they are about.  They are in no derived file.
 */
struct ep_section_fact {
	const char *key; /* "usable_share": of JSON and CSV */
	char label[24];	 /* for people */
	double number;	 /* NAN: it is a text */
	char text[420];	 /* for people, always there */
};

#define EP_SECTION_METRICS_MAX 10
struct ep_section_row {
	char scope[80];	   /* "run"; unique in its section */
	char what[120];	   /* the same in words */
	char verdict[120]; /* in words; "" none */
	struct ep_metric *metrics;
	size_t metric_count;
};

#define EP_SECTION_FACTS_MAX 16
#define EP_SECTION_ROWS_MAX 100000
#define EP_SECTION_NOTES_MAX 16
struct ep_section {
	const char *key;     /* "battery" */
	const char *heading; /* "Battery" */
	const char *rows_are;
	/* Of a study: its rows are configurations (scope "3", what its
	 * levels), and key and heading are these texts. */
	bool by_config;
	char key_text[96], heading_text[200];
	struct ep_section_fact facts[EP_SECTION_FACTS_MAX];
	size_t fact_count;
	struct ep_section_row *rows;
	size_t row_count;
	char notes[EP_SECTION_NOTES_MAX][400];
	size_t note_count;
};

#define EP_SECTIONS_MAX 96
struct ep_sections {
	struct ep_section *items[EP_SECTIONS_MAX];
	size_t count;
};

/* An empty section at the end of *list, which is made when it is NULL;
 * rows_are heads the rows' names ("one inference is").  NULL: no memory. */
struct ep_section *ep_section_new(struct ep_sections **list, const char *key,
				  const char *heading, const char *rows_are);
/* The same at the end of r's. */
struct ep_section *ep_section_add(struct ep_report *r, const char *key,
				  const char *heading, const char *rows_are);
void ep_sections_free(struct ep_sections *s);

/* Past their maxima the last fact and the last note are replaced; a row is
 * then NULL, as without memory. */
/* A text; the caller may set its number. */
struct ep_section_fact *ep_section_fact(struct ep_section *s, const char *key,
					const char *label, const char *format,
					...) EP_PRINTF(4, 5);
void ep_section_note(struct ep_section *s, const char *format, ...)
	EP_PRINTF(2, 3);
struct ep_section_row *ep_section_row(struct ep_section *s, const char *scope,
				      const char *what);
/* A copy of a row at the end of s, with no more memory than it needs; NULL: no
 * memory. */
struct ep_section_row *ep_section_row_copy(struct ep_section *s,
					   const struct ep_section_row *from);
/* A metric of row, not measured for no reason.  Never NULL while a row has
 * room, which is for the caller to see to. */
struct ep_metric *ep_section_metric(struct ep_section_row *row,
				    const char *name);

/*
 * Figures made of others.  Begin with the figures it is made of: m takes their
 * worst status and its reason, and no u95 where one of them has none; false:
 * one of them was not measured, and m is refused for that reason.  Then the
 * value with its budget.
 */
bool ep_derive_begin(struct ep_metric *m, const struct ep_metric *const *from,
		     size_t count);
void ep_derive_end(struct ep_metric *m, double value,
		   const struct ep_budget *b);
/* m = factor * from, with a relative standard uncertainty of the factor that
 * is named ("" none). */
void ep_derive_scaled(struct ep_metric *m, const struct ep_metric *from,
		      double factor, const char *name, double relative_u);
/* A term that is the same in every figure of one meter: it adds up, and cancels
 * in a ratio as far as its relative size is the same. */
bool ep_term_is_common(const char *name);
/* Of pooled runs: what their meter has in common, of all causes. */
#define EP_TERM_METER "meter"
/* The terms of m as a budget times factor. */
void ep_derive_terms(struct ep_budget *b, const struct ep_metric *m,
		     double factor);

/* totals.<scope>.<name>; NULL: not there. */
const struct ep_metric *ep_report_total(const struct ep_report *r,
					const char *scope, const char *name);

#endif
