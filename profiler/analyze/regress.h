/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_REGRESS_H
#define EP_PROFILER_ANALYZE_REGRESS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Least squares of y on columns and a constant, by QR.  A column that does not
 * vary, or that is a sum of the columns before it (what is left of it is below
 * EP_REGRESS_TOLERANCE of its length), is left out.
 */
#define EP_REGRESS_TOLERANCE 1e-7
#define EP_REGRESS_COLUMNS_MAX 16
/* A spread below this share of the mean is rounding. */
#define EP_REGRESS_STEADY 1e-10

enum ep_regress_use {
	EP_REGRESS_USED,
	EP_REGRESS_CONSTANT,
	EP_REGRESS_COLLINEAR,
};

struct ep_regress {
	size_t row_count, used_count;
	enum ep_regress_use use[EP_REGRESS_COLUMNS_MAX];
	double slope[EP_REGRESS_COLUMNS_MAX];	    /* NAN: left out */
	double se[EP_REGRESS_COLUMNS_MAX];	    /* of the slopes; NAN */
	double correlation[EP_REGRESS_COLUMNS_MAX]; /* with y, alone; NAN */
	double mean;
	double residual_sd; /* over rows - used - 1; NAN */
	double r2;	    /* NAN: y does not vary */
	double df;
};

/* x[row * columns + column].  -EINVAL: too many columns, or not finite;
 * -ENODATA: fewer rows than columns + 2; -ENOMEM. */
int ep_regress(const double *x, const double *y, size_t rows, size_t columns,
	       struct ep_regress *ret) EP_MUST_CHECK;

#endif
