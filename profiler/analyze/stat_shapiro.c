/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "profiler/analyze/distributions.h"
#include "profiler/analyze/stat.h"

/* Royston 1995, algorithm AS R94: approximations by polynomials. */
#define VALUES_MAX 5000

static double polynomial(const double *c, size_t count, double x)
{
	double y = 0;

	while (count-- > 0)
		y = y * x + c[count];
	return y;
}
#define POLYNOMIAL(c, x) polynomial(c, sizeof(c) / sizeof((c)[0]), x)

/* Weights of the smaller half, largest first: a[0 ... n / 2 - 1]. */
static void weights(double *a, size_t n)
{
	static const double c1[] = { 0,	       0.221157, -0.147981,
				     -2.07119, 4.434685, -2.706056 };
	static const double c2[] = { 0,		0.042981, -0.293762,
				     -1.752461, 5.682633, -3.582633 };
	double size = (double)n, rest = 0, norm, root, first, second, scale;
	size_t half = n / 2, from = n > 5 ? 2 : 1;

	if (n == 3) {
		a[0] = sqrt(0.5);
		return;
	}
	for (size_t i = 0; i < half; i++) {
		a[i] = ep_normal_inverse(((double)i + 0.625) / (size + 0.25));
		rest += a[i] * a[i];
	}
	rest *= 2;
	norm = sqrt(rest);
	root = 1 / sqrt(size);
	first = POLYNOMIAL(c1, root) - a[0] / norm;
	rest -= 2 * a[0] * a[0];
	scale = 1 - 2 * first * first;
	if (n > 5) {
		second = POLYNOMIAL(c2, root) - a[1] / norm;
		rest -= 2 * a[1] * a[1];
		scale -= 2 * second * second;
		a[1] = second;
	}
	a[0] = first;
	scale = sqrt(rest / scale);
	for (size_t i = from; i < half; i++)
		a[i] = -a[i] / scale;
}

/* 1 - W, exact also near W = 1; x sorted. */
static double one_minus_w(const double *x, const double *a, size_t n)
{
	double range = x[n - 1] - x[0], mean = 0, mean_a = 0;
	double ssa = 0, ssx = 0, sax = 0, root;

	for (size_t i = 0; i < n; i++) {
		size_t j = n - 1 - i;

		mean += x[i] / range;
		mean_a += i < j ? -a[i] : i > j ? a[j] : 0;
	}
	mean /= (double)n;
	mean_a /= (double)n;
	for (size_t i = 0; i < n; i++) {
		size_t j = n - 1 - i;
		double w = (i < j ? -a[i] : i > j ? a[j] : 0) - mean_a;
		double d = x[i] / range - mean;

		ssa += w * w;
		ssx += d * d;
		sax += w * d;
	}
	root = sqrt(ssa * ssx);
	return (root - sax) * (root + sax) / (ssa * ssx);
}

static double p_value(double w1, size_t n)
{
	static const double c3[] = { 0.544, -0.39978, 0.025054, -6.714e-4 };
	static const double c4[] = { 1.3822, -0.77857, 0.062767, -0.0020322 };
	static const double c5[] = { -1.5861, -0.31082, -0.083751, 0.0038915 };
	static const double c6[] = { -0.4803, -0.082676, 0.0030302 };
	static const double g[] = { -2.273, 0.459 };
	const double pi = 3.14159265358979323846;
	double y, mean, sd, size = (double)n;

	if (n == 3)
		return fmax(0,
			    6 / pi * (asin(sqrt(1 - w1)) - asin(sqrt(0.75))));
	y = log(w1);
	if (n <= 11) {
		double gamma = POLYNOMIAL(g, size);

		if (y >= gamma)
			return 1e-99;
		y = -log(gamma - y);
		mean = POLYNOMIAL(c3, size);
		sd = exp(POLYNOMIAL(c4, size));
	} else {
		mean = POLYNOMIAL(c5, log(size));
		sd = exp(POLYNOMIAL(c6, log(size)));
	}
	return ep_normal_above((y - mean) / sd);
}

int ep_stat_shapiro(struct ep_sample s, struct ep_stat *ret)
{
	struct ep_stat stat = ep_stat_none(NULL);
	double *x, *a, w1;

	if (s.n < 3 || s.n > VALUES_MAX || ep_stat_constant(s)) {
		*ret = ep_stat_none(s.n < 3 ? "three values are needed"
				    : s.n > VALUES_MAX
					    ? "only up to 5000 values"
					    : "all values are equal");
		return 0;
	}
	x = ep_stat_sorted(s);
	a = calloc(s.n, sizeof(*a));
	if (!x || !a) {
		free(x);
		free(a);
		return -ENOMEM;
	}
	weights(a, s.n);
	w1 = one_minus_w(x, a, s.n);
	stat.value = 1 - w1;
	stat.p = p_value(w1, s.n);
	stat.method = "Royston";
	free(x);
	free(a);
	*ret = stat;
	return 0;
}
