/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_CSV_FILES_H
#define EP_PROFILER_REPORT_CSV_FILES_H

#include "base/buf.h"
#include "profiler/analyze/model.h"

/*
 * The contents of phases.csv, tokens.csv and requests.csv, appended to b.
 * Cells without a value are empty.  -ENOMEM, -EFBIG.
 */
int ep_csv_phases(const struct ep_report *report,
		  struct ep_buf *b) EP_MUST_CHECK;
int ep_csv_tokens(const struct ep_report *report,
		  struct ep_buf *b) EP_MUST_CHECK;
int ep_csv_requests(const struct ep_report *report,
		    struct ep_buf *b) EP_MUST_CHECK;

/* Cells, each followed by `end` (',' or '\n'); used by all three. */
struct ep_csv_out {
	struct ep_buf *b;
	int error; /* the first failure; later calls do nothing */
};
void ep_csv_put(struct ep_csv_out *o, const char *text, char end);
void ep_csv_put_number(struct ep_csv_out *o, double value, char end);
void ep_csv_put_count(struct ep_csv_out *o, int64_t value, char end);
/* NAN where there is none; an estimate only where the row's energy_j is one. */
double ep_csv_value(const struct ep_row *row, const struct ep_metric *m);
/* Untrusted text: quoted where needed. */
void ep_csv_put_quoted(struct ep_csv_out *o, const char *text, char end);

#endif
