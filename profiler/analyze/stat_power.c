/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/stat_power.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "profiler/analyze/distributions.h"

#define POWER 0.8

/* Standard errors that a difference of so many sd is, and what is left to
 * estimate the sd. */
static double errors(const struct ep_design *d, double n, double difference)
{
	return difference / d->sd * sqrt(d->paired ? n : n / 2);
}

static double freedom(const struct ep_design *d, double n)
{
	return d->paired ? n - 1 : 2 * (n - 1);
}

static bool differs(const struct ep_design *d, double n, double difference)
{
	double df = freedom(d, n), shift = errors(d, n, difference);

	/* Beyond that the noncentral t is not exact, and the power 1. */
	return shift > 37 || ep_t_noncentral_above(ep_t_inverse(0.975, df), df,
						   shift) >= POWER;
}

static bool equates(const struct ep_design *d, double n, double margin)
{
	double df = freedom(d, n), shift = errors(d, n, margin);
	double t = ep_t_inverse(0.95, df);

	return shift > 37 ||
	       2 * ep_t_noncentral_above(t, df, shift) - 1 >= POWER;
}

static bool narrow(const struct ep_design *d, double n, double half_width)
{
	return errors(d, n, half_width) >= ep_t_inverse(0.975, freedom(d, n));
}

/* All three are false up to some n and true from there. */
static size_t search(const struct ep_design *d, double by,
		     bool (*enough)(const struct ep_design *, double, double))
{
	size_t low = 1, high = 2;

	if (!(d->sd >= 0) || !(by > 0) || !isfinite(by) || !isfinite(d->sd) ||
	    isnan(ep_t_inverse(0.975, 2)))
		return 0;
	if (!(d->sd > 0))
		return 2;
	while (high < EP_RUNS_MAX && !enough(d, (double)high, by)) {
		low = high;
		high = 2 * high < EP_RUNS_MAX ? 2 * high : EP_RUNS_MAX;
	}
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (enough(d, (double)middle, by))
			high = middle;
		else
			low = middle;
	}
	return high;
}

size_t ep_stat_runs_to_differ(const struct ep_design *d, double difference)
{
	return search(d, difference, differs);
}

size_t ep_stat_runs_to_equate(const struct ep_design *d, double margin)
{
	return search(d, margin, equates);
}

size_t ep_stat_runs_to_width(const struct ep_design *d, double half_width)
{
	return search(d, half_width, narrow);
}

/* Logarithms, or copies when a value is not positive. */
static double *transform(struct ep_sample s, bool logs)
{
	double *x = malloc((s.n ? s.n : 1) * sizeof(*x));

	for (size_t i = 0; x && i < s.n; i++)
		x[i] = logs ? log(s.x[i]) : s.x[i];
	return x;
}

static bool positive(struct ep_sample s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!(s.x[i] > 0))
			return false;
	return true;
}

static void judge(const struct ep_stat *t, double half, struct ep_tost *ret)
{
	double se = (t->high - t->low) / 2 / ep_t_inverse(0.95, t->df);

	ret->p = fmax(ep_t_below((t->estimate - half) / se, t->df),
		      ep_t_below((-t->estimate - half) / se, t->df));
	ret->low = t->low;
	ret->high = t->high;
	ret->equivalent = t->low >= -half && t->high <= half;
}

/* Without any spread the interval is a point. */
static void judge_point(const struct ep_stat *t, size_t n, double half,
			struct ep_tost *ret)
{
	ret->reason = t->reason;
	if (n < 2)
		return;
	ret->low = ret->high = t->estimate;
	ret->equivalent = fabs(t->estimate) <= half;
}

/* x and y are used up. */
static struct ep_stat interval(double *x, struct ep_sample a, double *y,
			       struct ep_sample b, bool paired)
{
	a.x = x;
	b.x = y;
	if (!paired)
		return ep_stat_welch(a, b, 0.9);
	for (size_t i = 0; i < a.n; i++)
		y[i] -= x[i];
	return ep_stat_one(b, 0.9);
}

int ep_stat_tost(struct ep_sample a, struct ep_sample b, bool paired,
		 double margin, struct ep_tost *ret)
{
	const double none = (double)NAN;
	struct ep_tost t = { positive(a) && positive(b),
			     none,
			     none,
			     none,
			     none,
			     none,
			     none,
			     false,
			     NULL };
	double *x = transform(a, t.log_scale), *y = transform(b, t.log_scale);
	struct ep_stat s;
	double half;

	if (!x || !y) {
		free(x);
		free(y);
		return -ENOMEM;
	}
	half = t.log_scale ? -log1p(-margin) : margin * fabs(ep_stat_mean(a));
	s = interval(x, a, y, b, paired);
	free(x);
	free(y);
	t.estimate = s.estimate;
	if (isnan(s.p))
		judge_point(&s, a.n < b.n ? a.n : b.n, half, &t);
	else
		judge(&s, half, &t);
	t.bound_low = -half;
	t.bound_high = half;
	if (t.log_scale) {
		t.estimate = exp(t.estimate);
		t.low = exp(t.low);
		t.high = exp(t.high);
		t.bound_low = 1 - margin;
		t.bound_high = 1 / (1 - margin);
	}
	*ret = t;
	return 0;
}
