/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/stat.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/distributions.h"

struct ep_stat ep_stat_none(const char *reason)
{
	const double none = (double)NAN;

	return (struct ep_stat){ .value = none,
				 .df = none,
				 .df2 = none,
				 .estimate = none,
				 .low = none,
				 .high = none,
				 .p = none,
				 .p_exact = none,
				 .reason = reason };
}

double ep_stat_p(const struct ep_stat *s)
{
	return isnan(s->p_exact) ? s->p : s->p_exact;
}

bool ep_stat_equal(double a, double b)
{
	return a <= b && a >= b;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double *ep_stat_sorted(struct ep_sample s)
{
	double *copy = malloc((s.n ? s.n : 1) * sizeof(*copy));

	if (!copy)
		return NULL;
	if (s.n > 0)
		memcpy(copy, s.x, s.n * sizeof(*copy));
	qsort(copy, s.n, sizeof(*copy), by_value);
	return copy;
}

double *ep_stat_pool(struct ep_sample a, struct ep_sample b)
{
	double *pool = malloc((a.n + b.n ? a.n + b.n : 1) * sizeof(*pool));

	if (!pool)
		return NULL;
	if (a.n > 0)
		memcpy(pool, a.x, a.n * sizeof(*pool));
	if (b.n > 0)
		memcpy(pool + a.n, b.x, b.n * sizeof(*pool));
	return pool;
}

double ep_stat_mean(struct ep_sample s)
{
	double sum = 0, rest = 0, n = (double)s.n;

	if (s.n == 0)
		return (double)NAN;
	/* Equal values have their value as mean, to the last bit. */
	if (ep_stat_constant(s))
		return s.x[0];
	for (size_t i = 0; i < s.n; i++)
		sum += s.x[i] / n;
	for (size_t i = 0; i < s.n; i++)
		rest += (s.x[i] - sum) / n;
	return sum + rest;
}

/* Scaled by the largest deviation, so that squares neither overflow nor
 * vanish. */
double ep_stat_sd(struct ep_sample s)
{
	double mean, most = 0, sum = 0;

	if (s.n < 2)
		return (double)NAN;
	mean = ep_stat_mean(s);
	for (size_t i = 0; i < s.n; i++)
		most = fmax(most, fabs(s.x[i] - mean));
	if (!(most > 0))
		return 0;
	for (size_t i = 0; i < s.n; i++) {
		double d = (s.x[i] - mean) / most;

		sum += d * d;
	}
	return most * sqrt(sum / (double)(s.n - 1));
}

bool ep_stat_constant(struct ep_sample s)
{
	for (size_t i = 1; i < s.n; i++)
		if (!ep_stat_equal(s.x[i], s.x[0]))
			return false;
	return true;
}

double ep_stat_quantile(const double *sorted, size_t n, double p)
{
	double at = (double)(n - 1) * p, low = floor(at), part = at - low;
	size_t i = (size_t)low;

	if (i + 1 >= n || !(part > 0))
		return sorted[i < n ? i : n - 1];
	return (1 - part) * sorted[i] + part * sorted[i + 1];
}

static void spread(struct ep_describe *d)
{
	double df = (double)d->n - 1, size = fabs(d->mean);
	double half = d->sd / sqrt((double)d->n) * ep_t_inverse(0.975, df);

	d->mean_low = d->mean - half;
	d->mean_high = d->mean + half;
	d->sd_low = d->sd * sqrt(df / ep_chi2_inverse(0.975, df));
	d->sd_high = d->sd * sqrt(df / ep_chi2_inverse(0.025, df));
	if (!(size > 0))
		return;
	d->cv = d->sd / size;
	d->cv_low = d->sd_low / size;
	d->cv_high = d->sd_high / size;
}

int ep_stat_describe(struct ep_sample s, struct ep_describe *ret)
{
	const double none = (double)NAN;
	struct ep_describe d = { s.n,  none, none, none, none, none,
				 none, none, none, none, none, none,
				 none, none, none, true, false };
	double *sorted;

	if (s.n == 0) {
		*ret = d;
		return 0;
	}
	sorted = ep_stat_sorted(s);
	if (!sorted)
		return -ENOMEM;
	d.min = sorted[0];
	d.q1 = ep_stat_quantile(sorted, s.n, 0.25);
	d.median = ep_stat_quantile(sorted, s.n, 0.5);
	d.q3 = ep_stat_quantile(sorted, s.n, 0.75);
	d.max = sorted[s.n - 1];
	free(sorted);
	d.mean = ep_stat_mean(s);
	d.sd = ep_stat_sd(s);
	d.constant = ep_stat_constant(s);
	d.ill_conditioned = !d.constant && fabs(d.mean) > 1e6 * d.sd;
	if (s.n > 1)
		spread(&d);
	*ret = d;
	return 0;
}

struct place {
	double x;
	size_t i;
};

static int by_place(const void *a, const void *b)
{
	const struct place *p = a, *q = b;

	if (p->x < q->x || p->x > q->x)
		return p->x < q->x ? -1 : 1;
	return (p->i > q->i) - (p->i < q->i);
}

int ep_stat_ranks(struct ep_sample s, double *ranks, double *ret_ties)
{
	struct place *order = malloc((s.n ? s.n : 1) * sizeof(*order));
	double ties = 0;
	size_t end;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < s.n; i++)
		order[i] = (struct place){ s.x[i], i };
	qsort(order, s.n, sizeof(*order), by_place);
	for (size_t begin = 0; begin < s.n; begin = end) {
		double t;

		for (end = begin + 1; end < s.n; end++)
			if (!ep_stat_equal(order[end].x, order[begin].x))
				break;
		t = (double)(end - begin);
		ties += t * t * t - t;
		for (size_t i = begin; i < end; i++)
			ranks[order[i].i] = ((double)(begin + end) + 1) / 2;
	}
	free(order);
	*ret_ties = ties;
	return 0;
}

double ep_stat_choose(size_t n, size_t k)
{
	double c = 1;

	if (k > n)
		return 0;
	if (k > n - k)
		k = n - k;
	for (size_t i = 1; i <= k; i++)
		c = c * (double)(n - k + i) / (double)i;
	return round(c);
}
