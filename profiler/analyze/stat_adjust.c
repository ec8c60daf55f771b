/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "profiler/analyze/distributions.h"
#include "profiler/analyze/stat.h"

static size_t count_of(const double *p, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += isnan(p[i]) ? 0 : 1;
	return count;
}

static size_t count_equal(const double *p, size_t n, double value)
{
	size_t equal = 0;

	for (size_t i = 0; i < n; i++)
		equal += ep_stat_equal(p[i], value);
	return equal;
}

/* Marks what is done by a sign: p is in 0 ... 1, -p - 1 is done. */
static void finish(double *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0)
			p[i] = -p[i] - 1;
}

static void replace(double *p, size_t n, double from, double to)
{
	for (size_t i = 0; i < n; i++)
		if (ep_stat_equal(p[i], from))
			p[i] = -to - 1;
}

void ep_stat_holm(double *p, size_t n)
{
	size_t left = count_of(p, n);
	double most = 0;

	while (left > 0) {
		double value = (double)INFINITY;
		size_t equal;

		for (size_t i = 0; i < n; i++)
			if (p[i] >= 0 && p[i] < value)
				value = p[i];
		equal = count_equal(p, n, value);
		most = fmax(most, fmin(1, (double)left * value));
		replace(p, n, value, most);
		left -= equal;
	}
	finish(p, n);
}

/* The largest first: min over those above of m / rank * p. */
void ep_stat_benjamini_hochberg(double *p, size_t n)
{
	size_t all = count_of(p, n), left = all;
	double least = 1;

	while (left > 0) {
		double value = -0.5;
		size_t equal;

		for (size_t i = 0; i < n; i++)
			if (p[i] > value)
				value = p[i];
		equal = count_equal(p, n, value);
		least = fmin(least, (double)all / (double)left * value);
		replace(p, n, value, least);
		left -= equal;
	}
	finish(p, n);
}

void ep_stat_wilson(size_t x, size_t n, double *ret_low, double *ret_high)
{
	double z = ep_normal_inverse(0.975), m = (double)n, p, middle, half;

	if (n == 0) {
		*ret_low = *ret_high = (double)NAN;
		return;
	}
	p = (double)x / m;
	middle = (p + z * z / (2 * m)) / (1 + z * z / m);
	half = z * sqrt(p * (1 - p) / m + z * z / (4 * m * m)) /
	       (1 + z * z / m);
	*ret_low = x == 0 ? 0 : fmax(0, middle - half);
	*ret_high = x == n ? 1 : fmin(1, middle + half);
}

static double log_choose(size_t n, size_t k)
{
	return lgamma((double)n + 1) - lgamma((double)k + 1) -
	       lgamma((double)(n - k) + 1);
}

/* All tables of the same margins that are no likelier. */
static double fisher(size_t x, size_t n, size_t y, size_t m)
{
	size_t hits = x + y, first = hits > m ? hits - m : 0;
	double all = log_choose(n + m, hits), p = 0;
	double seen = exp(log_choose(n, x) + log_choose(m, y) - all);

	for (size_t i = first; i <= n && i <= hits; i++) {
		double q =
			exp(log_choose(n, i) + log_choose(m, hits - i) - all);

		if (q <= seen * (1 + 1e-7))
			p += q;
	}
	return fmin(1, p);
}

struct ep_two_by_two ep_stat_two_by_two(size_t x, size_t n, size_t y, size_t m)
{
	double a = (double)x, b = (double)(n - x), c = (double)y;
	double d = (double)(m - y), all = a + b + c + d;
	double margins = (a + b) * (c + d) * (a + c) * (b + d);
	double cross = fabs(a * d - b * c);
	double yates = cross - fmin(all / 2, cross);
	struct ep_two_by_two t = { .p_fisher = fisher(x, n, y, m) };

	t.chi2 = all * cross * cross / margins;
	t.chi2_yates = all * yates * yates / margins;
	t.p = ep_chi2_above(t.chi2, 1);
	t.p_yates = ep_chi2_above(t.chi2_yates, 1);
	return t;
}
