/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_DISTRIBUTIONS_H
#define EP_PROFILER_ANALYZE_DISTRIBUTIONS_H

#include <stdbool.h>

/*
 * Distributions from libRmath, the only door to it: one thread at a time.  NAN
 * where a distribution is not defined, and everywhere in a build without it
 * (WITH_RMATH=0).
 */

bool ep_distributions_are_there(void);

/* Two-sided: t with P(|T| <= t) = level. */
double ep_t_quantile(double level, double df);
/* How likely a two-sided test at 5 % tells a difference that is shift standard
 * errors: the noncentral t. */
double ep_t_power(double shift, double df);
/* P(T <= t), its inverse, and P(|T| >= |t|). */
double ep_t_below(double t, double df);
double ep_t_inverse(double p, double df);
double ep_t_two_sided(double t, double df);
/* P(T >= t) where T has that noncentrality. */
double ep_t_noncentral_above(double t, double df, double noncentrality);
double ep_normal_below(double z);
double ep_normal_above(double z);
double ep_normal_inverse(double p);
double ep_chi2_above(double x, double df);
double ep_chi2_inverse(double p, double df);
double ep_f_above(double f, double df1, double df2);
/* Studentized range of count means; NAN below two degrees of freedom. */
double ep_range_above(double q, double count, double df);
double ep_range_inverse(double p, double count, double df);
/* P(W <= w) of Mann-Whitney and of Wilcoxon's signed ranks, without ties.
 * They keep tables: ep_distributions_free() when done. */
double ep_rank_sum_below(double w, double n1, double n2);
double ep_signed_rank_below(double v, double n);
void ep_distributions_free(void);

#endif
