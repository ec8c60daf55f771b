/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "profiler/analyze/distributions.h"
#include "profiler/analyze/stat.h"

/* R's switch points. */
#define EXACT_BELOW 1290
#define COUNTED_MAX 9

static bool next_order(int *x, size_t n)
{
	size_t i = n - 1, j = n - 1;
	int kept;

	while (i > 0 && x[i - 1] > x[i])
		i--;
	if (i == 0)
		return false;
	while (x[j] < x[i - 1])
		j--;
	kept = x[i - 1];
	x[i - 1] = x[j];
	x[j] = kept;
	for (j = n - 1; i < j; i++, j--) {
		kept = x[i];
		x[i] = x[j];
		x[j] = kept;
	}
	return true;
}

/* P(S >= s) over all orders, S the sum of squared rank differences. */
static double counted(size_t n, double s)
{
	int order[COUNTED_MAX];
	double all = 0, far = 0;

	for (size_t i = 0; i < n; i++)
		order[i] = (int)i;
	do {
		double sum = 0;

		for (size_t i = 0; i < n; i++) {
			int d = (int)i - order[i];

			sum += d * d;
		}
		all++;
		far += sum >= s - 0.5;
	} while (next_order(order, n));
	return far / all;
}

/* Best and Roberts 1975, algorithm AS 89: Edgeworth's series. */
static double series(size_t n, double s, bool lower)
{
	double m = (double)n, b = 1 / m;
	double x = (6 * (s - 1) * b / (m * m - 1) - 1) * sqrt(m - 1);
	double y = x * x;
	double u = x * b *
		   (0.2274 + b * (0.2531 + 0.1745 * b) +
		    y * (-0.0758 + b * (0.1033 + 0.3932 * b) -
			 y * b *
				 (0.0879 + 0.0151 * b -
				  y * (0.0072 - 0.0831 * b +
				       y * b * (0.0131 - 4.6e-4 * y)))));
	double term = u / exp(y / 2);
	double p =
		lower ? ep_normal_below(x) - term : ep_normal_above(x) + term;

	return fmin(1, fmax(0, p));
}

/* Two-sided from r without ties. */
static double exact(size_t n, double r)
{
	double m = (double)n, cube = m * (m * m - 1);
	double s = round(cube * (1 - r) / 6), most = cube / 3, p;
	bool lower = s <= cube / 6;

	/* S is even. */
	if (n <= COUNTED_MAX)
		p = lower ? 1 - counted(n, s + 2) : counted(n, s);
	else if (lower)
		p = s + 2 > most ? 1 : series(n, s + 2, true);
	else
		p = s <= 0 ? 1 : series(n, s, false);
	return fmin(1, 2 * p);
}

static double correlate(const double *x, const double *y, size_t n)
{
	double mx = ep_stat_mean((struct ep_sample){ x, n });
	double my = ep_stat_mean((struct ep_sample){ y, n });
	double xx = 0, yy = 0, xy = 0;

	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - mx) * (x[i] - mx);
		yy += (y[i] - my) * (y[i] - my);
		xy += (x[i] - mx) * (y[i] - my);
	}
	return fmax(-1, fmin(1, xy / sqrt(xx * yy)));
}

static void finish(struct ep_stat *s, double r, size_t n, bool ties)
{
	s->value = s->estimate = r;
	if (n < EXACT_BELOW && !ties) {
		s->p = exact(n, r);
		s->method = n <= COUNTED_MAX ? "exact" : "Edgeworth series";
		return;
	}
	s->df = (double)n - 2;
	s->p = ep_t_two_sided(r / sqrt((1 - r * r) / s->df), s->df);
	s->method = "t";
}

int ep_stat_spearman(struct ep_sample x, struct ep_sample y,
		     struct ep_stat *ret)
{
	struct ep_stat s = ep_stat_none(NULL);
	double *ranks, tx, ty;
	int r;

	if (x.n != y.n || x.n < 3 || ep_stat_constant(x) ||
	    ep_stat_constant(y)) {
		*ret = ep_stat_none(x.n < 3 ? "three values are needed"
					    : "all values are equal");
		return 0;
	}
	ranks = calloc(2 * x.n, sizeof(*ranks));
	if (!ranks)
		return -ENOMEM;
	r = ep_stat_ranks(x, ranks, &tx);
	if (r == 0)
		r = ep_stat_ranks(y, ranks + x.n, &ty);
	if (r == 0)
		finish(&s, correlate(ranks, ranks + x.n, x.n), x.n,
		       tx > 0 || ty > 0);
	free(ranks);
	if (r == 0)
		*ret = s;
	return r;
}
