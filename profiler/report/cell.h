/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_CELL_H
#define EP_PROFILER_REPORT_CELL_H

#include "profiler/analyze/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Figures as people read them.  Every text fits EP_CELL_BYTES. */
#define EP_CELL_BYTES 64

/* What a legend has to explain. */
struct ep_cell_marks {
	bool plus_minus;
	bool low_confidence;
	bool estimated;
	bool paper; /* asked for: figures as papers round them (rounded.h) */
};

/* About `digits` significant digits, never in exponents within 1e-6..1e15; ""
 * when not finite. */
void ep_cell_number(char *ret, double value, int digits);
/* Both rounded to two significant digits of u95; without one as above. */
void ep_cell_plus_minus(char *ret, double value, double u95);
enum {
	EP_CELL_U95 = 1 << 0,		/* print u95; else only round to it */
	EP_CELL_HEAD_SAYS_EST = 1 << 1, /* the column's head has the mark */
	EP_CELL_WHOLE = 1 << 2,		/* a number of things, with its u95 */
};

/*
 * A metric with its marks: "~" low confidence, "est." estimated; "-" when m is
 * NULL, "not measured" when it is not.
 */
void ep_cell_metric(char *ret, const struct ep_metric *m, unsigned flags,
		    struct ep_cell_marks *marks);
void ep_cell_count(char *ret, int64_t count);	 /* "-" when negative */
void ep_cell_bytes(char *ret, double bytes);	 /* "812.3 MiB" */
void ep_cell_seconds(char *ret, double seconds); /* "10 ms" */
/* status is NOT_MEASURED, or there is no finite value. */
bool ep_cell_missing(const struct ep_metric *m);

#endif
