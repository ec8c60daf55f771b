/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "profiler/analyze/distributions.h"
#include "profiler/analyze/stat.h"

static const char too_few[] = "two values are needed in each group";
static const char constant[] = "all values of each group are equal";

/* From an estimate, its standard error and degrees of freedom. */
static struct ep_stat finish(double estimate, double se, double df,
			     double level)
{
	struct ep_stat s = ep_stat_none(NULL);
	double half = se * ep_t_inverse(0.5 + level / 2, df);

	s.estimate = estimate;
	s.df = df;
	s.value = estimate / se;
	s.p = ep_t_two_sided(s.value, df);
	s.low = estimate - half;
	s.high = estimate + half;
	return s;
}

static struct ep_stat refuse(double estimate, const char *reason)
{
	struct ep_stat s = ep_stat_none(reason);

	s.estimate = estimate;
	return s;
}

struct ep_stat ep_stat_welch(struct ep_sample a, struct ep_sample b,
			     double level)
{
	double d = ep_stat_mean(b) - ep_stat_mean(a);
	double ea, eb, se, ra, rb, df;
	struct ep_stat s;

	if (a.n < 2 || b.n < 2)
		return refuse(d, too_few);
	ea = ep_stat_sd(a) / sqrt((double)a.n);
	eb = ep_stat_sd(b) / sqrt((double)b.n);
	se = hypot(ea, eb);
	if (!(se > 0))
		return refuse(d, constant);
	ra = (ea / se) * (ea / se);
	rb = (eb / se) * (eb / se);
	df = 1 / (ra * ra / (double)(a.n - 1) + rb * rb / (double)(b.n - 1));
	s = finish(d, se, df, level);
	s.method = "Welch";
	return s;
}

/* sd within the groups. */
static double pooled_sd(struct ep_sample a, struct ep_sample b)
{
	double da = (double)(a.n - 1), db = (double)(b.n - 1);

	return hypot(ep_stat_sd(a) * sqrt(da / (da + db)),
		     ep_stat_sd(b) * sqrt(db / (da + db)));
}

struct ep_stat ep_stat_student(struct ep_sample a, struct ep_sample b)
{
	double d = ep_stat_mean(b) - ep_stat_mean(a), se;
	struct ep_stat s;

	if (a.n < 2 || b.n < 2)
		return refuse(d, too_few);
	se = pooled_sd(a, b) * sqrt(1 / (double)a.n + 1 / (double)b.n);
	if (!(se > 0))
		return refuse(d, constant);
	s = finish(d, se, (double)(a.n + b.n - 2), 0.95);
	s.method = "Student";
	return s;
}

struct ep_stat ep_stat_one(struct ep_sample d, double level)
{
	double mean = ep_stat_mean(d), se;
	struct ep_stat s;

	if (d.n < 2)
		return refuse(mean, "two pairs are needed");
	se = ep_stat_sd(d) / sqrt((double)d.n);
	if (!(se > 0))
		return refuse(mean, "all differences are equal");
	s = finish(mean, se, (double)(d.n - 1), level);
	s.method = "paired t";
	return s;
}

double ep_stat_cohen_d(struct ep_sample a, struct ep_sample b)
{
	double sd;

	if (a.n < 2 || b.n < 2)
		return (double)NAN;
	sd = pooled_sd(a, b);
	return sd > 0 ? (ep_stat_mean(b) - ep_stat_mean(a)) / sd : (double)NAN;
}

double ep_stat_hedges(double d, double df)
{
	if (!(df >= 2))
		return (double)NAN;
	return d * exp(lgamma(df / 2) - lgamma((df - 1) / 2)) / sqrt(df / 2);
}

double ep_stat_cliff(double w, size_t n1, size_t n2)
{
	if (n1 == 0 || n2 == 0)
		return (double)NAN;
	return 2 * w / ((double)n1 * (double)n2) - 1;
}
