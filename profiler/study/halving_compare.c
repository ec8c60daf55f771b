/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "profiler/analyze/distributions.h"
#include "profiler/study/halving.h"

#define POWER 0.8
#define RUNS_MAX 100000

/* The smallest number of runs of each for which Welch's t tells a difference
 * of so many standard deviations; it grows slowly, so it is halved towards. */
static int64_t runs_for(double deviations)
{
	int64_t low = 1, high = RUNS_MAX;

	while (high - low > 1) {
		int64_t n = low + (high - low) / 2;
		double power = ep_t_power(deviations * sqrt((double)n / 2),
					  2 * (double)n - 2);

		if (isnan(power))
			return -1;
		if (power >= POWER)
			high = n;
		else
			low = n;
	}
	return high < RUNS_MAX ? high : -1;
}

void ep_halving_compare(const struct ep_spread *best,
			const struct ep_spread *other, double margin,
			struct ep_halving_difference *ret)
{
	double a = best->sd * best->sd / (double)best->n;
	double b = other->sd * other->sd / (double)other->n;
	double scale = fabs(other->mean), df, half;
	double pooled = sqrt((best->sd * best->sd + other->sd * other->sd) / 2);

	*ret = (struct ep_halving_difference){ (double)NAN, (double)NAN,
					       (double)NAN, false, -1 };
	if (!(scale > 0))
		return;
	ret->share = (other->mean - best->mean) / scale;
	if (best->n < 2 || other->n < 2)
		return;
	if (!(a + b > 0)) {
		ret->low = ret->high = ret->share;
		ret->told = fabs(ret->share) > 0;
		ret->wanted_count = 2;
		return;
	}
	df = (a + b) * (a + b) /
	     (a * a / (double)(best->n - 1) + b * b / (double)(other->n - 1));
	half = ep_t_quantile(0.95, df) * sqrt(a + b) / scale;
	ret->low = ret->share - half;
	ret->high = ret->share + half;
	ret->told = ret->low > 0 || ret->high < 0;
	ret->wanted_count = runs_for(margin * scale / pooled);
}
