/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_ROUNDED_H
#define EP_PROFILER_REPORT_ROUNDED_H

#include "profiler/analyze/group_uncertainty.h"
#include "profiler/analyze/metric.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Figures as papers print them, the one place that rounds for tables which are
 * pasted elsewhere.  The uncertainty keeps two significant digits when the
 * first one is 1, else one; the value ends at the same decimal place.  Without
 * an uncertainty the value has four significant digits.
 */
#define EP_ROUNDED_BYTES 64

struct ep_rounded {
	char value[32]; /* "2.10"; "" there is none */
	char u[32];	/* "0.03"; "" there is none */
	int exponent;	/* both are times ten to it; a multiple of three */
};

/* u95 NAN or 0: none.  value not finite: none of both. */
void ep_rounded_make(double value, double u95, struct ep_rounded *ret);

/* The value alone, of four significant digits or of fewer where u95 says so:
 * times and rates, whose uncertainty is far below what is of interest. */
void ep_rounded_plain(double value, double u95, struct ep_rounded *ret);

/* What stands beside a figure. */
enum {
	EP_ROUNDED_LOW = 1 << 0,       /* low confidence */
	EP_ROUNDED_ESTIMATED = 1 << 1, /* a model's */
	EP_ROUNDED_MISSING = 1 << 2,   /* not measured */
};
/* Flags of a metric, and of a figure of several runs; NULL: missing.  A value
 * that is not finite is missing. */
unsigned ep_rounded_flags(const struct ep_metric *m);
unsigned ep_rounded_group_flags(const struct ep_group_figure *f);

/* "2.10 ± 0.03", "(1.20 ± 0.13) × 10⁹"; "—" when there is no value.  ret has
 * EP_ROUNDED_BYTES. */
void ep_rounded_text(char *ret, const struct ep_rounded *r);
/* The same for siunitx: "2.10 +- 0.03 e9"; "{---}" when there is no value. */
void ep_rounded_siunitx(char *ret, const struct ep_rounded *r);

#endif
