/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_DISTRIBUTIONS_H
#define EP_PROFILER_ANALYZE_DISTRIBUTIONS_H

/*
 * Distributions from libRmath, the only door to it: one thread at a time.  NAN
 * where a distribution is not defined, and everywhere in a build without it
 * (WITH_RMATH=0).
 */

/* Two-sided: t with P(|T| <= t) = level. */
double ep_t_quantile(double level, double df);

#endif
