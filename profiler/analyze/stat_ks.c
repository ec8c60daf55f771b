/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "profiler/analyze/stat.h"

/* R's switch point, and what it sums the limit distribution to. */
#define EXACT_BELOW 10000
#define LIMIT_TOLERANCE 1e-6

struct walk {
	double *a, *b; /* sorted */
	size_t n1, n2;
	bool *ends; /* [n1 + n2 + 1]: no equal values across that step */
	bool ties;
};

/* n1 n2 D, a whole number; fills ends. */
static double distance(struct walk *w)
{
	size_t i = 0, j = 0;
	double most = 0;

	while (i < w->n1 || j < w->n2) {
		double x = j >= w->n2	? w->a[i]
			   : i >= w->n1 ? w->b[j]
					: fmin(w->a[i], w->b[j]);
		size_t before = i + j;

		while (i < w->n1 && !(w->a[i] > x))
			i++;
		while (j < w->n2 && !(w->b[j] > x))
			j++;
		w->ends[i + j] = true;
		w->ties |= i + j > before + 1;
		most = fmax(most, fabs((double)i * (double)w->n2 -
				       (double)j * (double)w->n1));
	}
	return most;
}

/* The share of all walks that come that far from the diagonal, where a step
 * between equal values does not count. */
static int exact(const struct walk *w, double far, double *ret)
{
	double *share = calloc(w->n2 + 1, sizeof(*share));

	if (!share)
		return -ENOMEM;
	for (size_t i = 0; i <= w->n1; i++)
		for (size_t j = 0; j <= w->n2; j++) {
			double at = (double)(i + j);
			double d = fabs((double)i * (double)w->n2 -
					(double)j * (double)w->n1);

			if (w->ends[i + j] && d > far - 0.5)
				share[j] = 1;
			else if (i + j == 0)
				share[j] = 0;
			else
				share[j] =
					(i ? share[j] * (double)i / at : 0) +
					(j ? share[j - 1] * (double)j / at : 0);
		}
	*ret = share[w->n2];
	free(share);
	return 0;
}

/* Kolmogorov's limit: P(sqrt(n) D < x) by the series that is short there. */
static double limit(double x)
{
	const double pi = 3.14159265358979323846;
	double z, sum, last, sign = -1;

	if (!(x > 0))
		return 0;
	if (x < 1) {
		double w = log(x);
		int terms = (int)sqrt(2 - log(LIMIT_TOLERANCE));

		z = -(pi * pi / 8) / (x * x);
		sum = 0;
		for (int k = 1; k < terms; k += 2)
			sum += exp(k * k * z - w);
		return sum * sqrt(2 * pi);
	}
	z = -2 * x * x;
	last = 0;
	sum = 1;
	for (int k = 1; fabs(last - sum) > LIMIT_TOLERANCE; k++) {
		last = sum;
		sum += 2 * sign * exp(z * k * k);
		sign = -sign;
	}
	return sum;
}

static int test(struct walk *w, struct ep_stat *s)
{
	double n1 = (double)w->n1, n2 = (double)w->n2, far = distance(w);
	int r = 0;

	s->value = far / (n1 * n2);
	s->p_min = fmin(1, (w->n1 == w->n2 ? 2 : 1) /
				   ep_stat_choose(w->n1 + w->n2, w->n1));
	if (n1 * n2 < EXACT_BELOW) {
		r = exact(w, far, &s->p);
		s->method = w->ties ? "exact, given the ties" : "exact";
	} else {
		s->p = 1 - limit(sqrt(n1 * n2 / (n1 + n2)) * s->value);
		s->p = fmin(1, fmax(0, s->p));
		s->method = "Kolmogorov's limit";
	}
	return r;
}

int ep_stat_ks(struct ep_sample a, struct ep_sample b, struct ep_stat *ret)
{
	struct ep_stat s = ep_stat_none(NULL);
	struct walk w = { NULL, NULL, a.n, b.n, NULL, false };
	int r;

	if (a.n == 0 || b.n == 0) {
		*ret = ep_stat_none("a group has no value");
		return 0;
	}
	w.a = ep_stat_sorted(a);
	w.b = ep_stat_sorted(b);
	w.ends = calloc(a.n + b.n + 1, sizeof(*w.ends));
	r = w.a && w.b && w.ends ? test(&w, &s) : -ENOMEM;
	free(w.a);
	free(w.b);
	free(w.ends);
	if (r == 0)
		*ret = s;
	return r;
}
