/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_ROWS_H
#define EP_PROFILER_EXPORT_ROWS_H

#include "base/err.h"
#include "profiler/analyze/series.h"

#include <stddef.h>
#include <stdint.h>

/* trace.csv of a run, row by row; memory does not grow with its length. */
struct ep_rows {
	int fd; /* borrowed */
	char *block;
	size_t begin, end;
	bool eof;
	int columns; /* of the file */
	int64_t gate_ns;
	uint64_t line;
	/* Of the columns after the fixed four: what they mean, and what they
	 * are called in the file ("rapl.package_0_j"). */
	struct ep_series_set set;
	char **names;
	size_t count;
	int64_t interval_ns;

	/* The row that ep_rows_next() read. */
	int64_t t_ns; /* where it begins, CLOCK_MONOTONIC */
	char phase[64];
	int64_t request; /* -1: none */
	int64_t tokens;	 /* -1: nobody counts them */
	double *values;	 /* [count]; NAN: not measured */
};

/* -EBADMSG it is no trace.csv, -ENOMEM, with a sentence. */
int ep_rows_open(struct ep_rows *r, int fd, const struct ep_report *report,
		 struct ep_err *err) EP_MUST_CHECK;
/* 1 a row, 0 the end, -errno with a sentence. */
int ep_rows_next(struct ep_rows *r, struct ep_err *err) EP_MUST_CHECK;
void ep_rows_close(struct ep_rows *r);

#endif
