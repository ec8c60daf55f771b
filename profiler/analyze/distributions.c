/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/distributions.h"

#include <math.h>

#if EP_WITH_RMATH
#define MATHLIB_STANDALONE 1
#include <Rmath.h>

double ep_t_quantile(double level, double df)
{
	if (!(df > 0) || !(level > 0 && level < 1))
		return (double)NAN;
	return qt(0.5 + level / 2, df, 1, 0);
}
#else
double ep_t_quantile(double level, double df)
{
	(void)level;
	(void)df;
	return (double)NAN;
}
#endif
