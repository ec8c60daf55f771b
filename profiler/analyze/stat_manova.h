/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_STAT_MANOVA_H
#define EP_PROFILER_ANALYZE_STAT_MANOVA_H

#include "base/err.h"

#include <stddef.h>

/* Whether groups differ in several metrics at once, as summary.manova() of R
 * has it. */
enum ep_manova_test {
	EP_MANOVA_WILKS,
	EP_MANOVA_PILLAI,
	EP_MANOVA_HOTELLING, /* Hotelling-Lawley, R's F */
	EP_MANOVA_MCKEON,    /* the same trace, McKeon's F */
	EP_MANOVA_ROY,	     /* F is an upper bound: p a lower one */
	EP_MANOVA_COUNT,
};
const char *ep_manova_name(enum ep_manova_test t); /* "wilks" */

/* Of a metric among others. */
enum ep_use {
	EP_USED,
	EP_CONSTANT,  /* does not vary (MANOVA: inside the groups) */
	EP_DEPENDENT, /* a linear combination of those before it */
	EP_EMPTY,     /* has no value where the others have */
};

struct ep_manova {
	struct ep_manova_line {
		double value, f, df, df2, p; /* NAN: not defined */
	} tests[EP_MANOVA_COUNT];
	size_t rows, groups, metrics; /* that went into it */
	const char *reason;	      /* NULL: computed */
};

/*
 * rows of metrics values each, row by row, none missing; group of each row, or
 * NULL: one group of paired differences, against 0 (Hotelling's T2).  use
 * [metrics] tells what became of each.  -ENOMEM.
 */
struct ep_manova_input {
	const double *values;
	const size_t *group;
	size_t rows, metrics, groups;
};
int ep_stat_manova(const struct ep_manova_input *in, enum ep_use *use,
		   struct ep_manova *ret) EP_MUST_CHECK;

#endif
