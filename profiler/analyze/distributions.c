/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/distributions.h"

#include <math.h>

bool ep_distributions_are_there(void)
{
	return EP_WITH_RMATH;
}

#if EP_WITH_RMATH
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#else
static double none(double a, double b, double c)
{
	(void)a;
	(void)b;
	(void)c;
	return (double)NAN;
}
#define qt(p, n, lower, log) none(p, n, 0)
#define pt(x, n, lower, log) none(x, n, 0)
#define pnt(x, n, d, lower, log) none(x, n, d)
#define pnorm(x, m, s, lower, log) none(x, m, s)
#define qnorm(p, m, s, lower, log) none(p, m, s)
#define pchisq(x, n, lower, log) none(x, n, 0)
#define qchisq(p, n, lower, log) none(p, n, 0)
#define pf(x, n, d, lower, log) none(x, n, d)
#define ptukey(q, r, k, n, lower, log) none(q, k, n)
#define qtukey(p, r, k, n, lower, log) none(p, k, n)
#define pwilcox(w, m, n, lower, log) none(w, m, n)
#define psignrank(v, n, lower, log) none(v, n, 0)
#define wilcox_free() ((void)0)
#define signrank_free() ((void)0)
#endif

double ep_t_quantile(double level, double df)
{
	if (!(df > 0) || !(level > 0 && level < 1))
		return (double)NAN;
	return qt(0.5 + level / 2, df, 1, 0);
}

double ep_t_power(double shift, double df)
{
	double t = ep_t_quantile(0.95, df);

	/* Beyond that pnt() is not exact, and the test cannot miss it. */
	if (fabs(shift) > 37)
		return isnan(t) ? t : 1;
	return pnt(t, df, shift, 0, 0) + pnt(-t, df, shift, 1, 0);
}

double ep_t_below(double t, double df)
{
	return df > 0 ? pt(t, df, 1, 0) : (double)NAN;
}

double ep_t_inverse(double p, double df)
{
	return df > 0 && p > 0 && p < 1 ? qt(p, df, 1, 0) : (double)NAN;
}

double ep_t_two_sided(double t, double df)
{
	return df > 0 ? fmin(1, 2 * pt(-fabs(t), df, 1, 0)) : (double)NAN;
}

double ep_t_noncentral_above(double t, double df, double noncentrality)
{
	if (!(df > 0))
		return (double)NAN;
	return pnt(t, df, noncentrality, 0, 0);
}

double ep_normal_below(double z)
{
	return pnorm(z, 0, 1, 1, 0);
}

double ep_normal_above(double z)
{
	return pnorm(z, 0, 1, 0, 0);
}

double ep_normal_inverse(double p)
{
	return p >= 0 && p <= 1 ? qnorm(p, 0, 1, 1, 0) : (double)NAN;
}

double ep_chi2_above(double x, double df)
{
	return df > 0 ? pchisq(x, df, 0, 0) : (double)NAN;
}

double ep_chi2_inverse(double p, double df)
{
	return df > 0 && p > 0 && p < 1 ? qchisq(p, df, 1, 0) : (double)NAN;
}

double ep_f_above(double f, double df1, double df2)
{
	return df1 > 0 && df2 > 0 ? pf(f, df1, df2, 0, 0) : (double)NAN;
}

double ep_range_above(double q, double count, double df)
{
	return count >= 2 && df >= 2 ? ptukey(q, 1, count, df, 0, 0)
				     : (double)NAN;
}

double ep_range_inverse(double p, double count, double df)
{
	return count >= 2 && df >= 2 && p > 0 && p < 1
		       ? qtukey(p, 1, count, df, 1, 0)
		       : (double)NAN;
}

double ep_rank_sum_below(double w, double n1, double n2)
{
	return n1 > 0 && n2 > 0 ? pwilcox(w, n1, n2, 1, 0) : (double)NAN;
}

double ep_signed_rank_below(double v, double n)
{
	return n > 0 ? psignrank(v, n, 1, 0) : (double)NAN;
}

void ep_distributions_free(void)
{
	wilcox_free();
	signrank_free();
}
