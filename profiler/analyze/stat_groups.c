/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/stat_groups.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/distributions.h"

static const char too_few[] = "each group needs a value, one of them two";
static const char constant[] = "all values of each group are equal";

struct within {
	double n, df, mean, square; /* square: mean square in the groups */
	double largest;		    /* sd of a group */
};

static const char *look_within(const struct ep_sample *g, size_t k,
			       struct within *w)
{
	*w = (struct within){ 0 };
	for (size_t i = 0; i < k; i++) {
		if (g[i].n == 0)
			return too_few;
		w->n += (double)g[i].n;
		if (g[i].n > 1)
			w->largest = fmax(w->largest, ep_stat_sd(g[i]));
	}
	w->df = w->n - (double)k;
	if (k < 2 || !(w->df > 0))
		return too_few;
	if (!(w->largest > 0))
		return constant;
	for (size_t i = 0; i < k; i++) {
		double sd = g[i].n > 1 ? ep_stat_sd(g[i]) / w->largest : 0;

		w->mean += ep_stat_mean(g[i]) * ((double)g[i].n / w->n);
		w->square += sd * sd * ((double)g[i].n - 1) / w->df;
	}
	return NULL;
}

struct ep_stat ep_stat_anova(const struct ep_sample *g, size_t k)
{
	struct ep_stat s = ep_stat_none(NULL);
	struct within w;
	double between = 0;

	s.reason = look_within(g, k, &w);
	if (s.reason)
		return s;
	for (size_t i = 0; i < k; i++) {
		double d = (ep_stat_mean(g[i]) - w.mean) / w.largest;

		between += (double)g[i].n * d * d;
	}
	s.df = (double)k - 1;
	s.df2 = w.df;
	s.value = between / s.df / w.square;
	s.p = ep_f_above(s.value, s.df, s.df2);
	s.method = "F";
	return s;
}

/* n / variance of a group, in units of the largest sd. */
static double weight(struct ep_sample g, double largest)
{
	double sd = ep_stat_sd(g) / largest;

	return (double)g.n / (sd * sd);
}

static const char *check_each(const struct ep_sample *g, size_t k,
			      double *ret_largest)
{
	*ret_largest = 0;
	if (k < 2)
		return "two groups are needed";
	for (size_t i = 0; i < k; i++) {
		if (g[i].n < 2)
			return "two values are needed in each group";
		if (!(ep_stat_sd(g[i]) > 0))
			return "a group has only equal values";
		*ret_largest = fmax(*ret_largest, ep_stat_sd(g[i]));
	}
	return NULL;
}

struct ep_stat ep_stat_welch_anova(const struct ep_sample *g, size_t k)
{
	double groups = (double)k, all = 0, mean = 0, rest = 0, between = 0;
	double largest;
	struct ep_stat s = ep_stat_none(check_each(g, k, &largest));

	if (s.reason)
		return s;
	for (size_t i = 0; i < k; i++)
		all += weight(g[i], largest);
	for (size_t i = 0; i < k; i++) {
		double share = weight(g[i], largest) / all;

		mean += share * ep_stat_mean(g[i]);
		rest += (1 - share) * (1 - share) / ((double)g[i].n - 1);
	}
	for (size_t i = 0; i < k; i++) {
		double d = (ep_stat_mean(g[i]) - mean) / largest;

		between += weight(g[i], largest) * d * d;
	}
	rest /= groups * groups - 1;
	s.df = groups - 1;
	s.df2 = 1 / (3 * rest);
	s.value = between / (s.df * (1 + 2 * (groups - 2) * rest));
	s.p = ep_f_above(s.value, s.df, s.df2);
	s.method = "Welch";
	return s;
}

/* All groups in one block, group by group. */
static double *pool_all(const struct ep_sample *g, size_t k, size_t *ret_n)
{
	size_t n = 0, at = 0;
	double *x;

	for (size_t i = 0; i < k; i++)
		n += g[i].n;
	x = malloc((n ? n : 1) * sizeof(*x));
	for (size_t i = 0; x && i < k; i++) {
		if (g[i].n > 0)
			memcpy(x + at, g[i].x, g[i].n * sizeof(*x));
		at += g[i].n;
	}
	*ret_n = n;
	return x;
}

static void kruskal(const struct ep_sample *g, size_t k, const double *ranks,
		    double ties, struct ep_stat *s)
{
	double n = 0, h = 0, correction;
	size_t at = 0;

	for (size_t i = 0; i < k; i++)
		n += (double)g[i].n;
	for (size_t i = 0; i < k; i++) {
		double sum = 0;

		for (size_t j = 0; j < g[i].n; j++)
			sum += ranks[at++];
		h += sum * sum / (double)g[i].n;
	}
	correction = 1 - ties / (n * n * n - n);
	if (!(correction > 0)) {
		s->value = 0;
		s->p = 1;
		s->method = "all values are equal";
		return;
	}
	s->value = (12 * h / (n * (n + 1)) - 3 * (n + 1)) / correction;
	s->df = (double)k - 1;
	s->p = ep_chi2_above(s->value, s->df);
	s->method = "chi-square";
}

int ep_stat_kruskal(const struct ep_sample *g, size_t k, struct ep_stat *ret)
{
	struct ep_stat s = ep_stat_none(NULL);
	double *pool, *ranks, ties;
	size_t n;
	int r;

	for (size_t i = 0; i < k; i++)
		if (g[i].n == 0 || k < 2) {
			*ret = ep_stat_none("a group has no value");
			return 0;
		}
	pool = pool_all(g, k, &n);
	ranks = calloc(n + 1, sizeof(*ranks));
	r = pool && ranks
		    ? ep_stat_ranks((struct ep_sample){ pool, n }, ranks, &ties)
		    : -ENOMEM;
	if (r == 0)
		kruskal(g, k, ranks, ties, &s);
	free(pool);
	free(ranks);
	if (r == 0)
		*ret = s;
	return r;
}

/* |x - median| of a group into far. */
static int distances(struct ep_sample g, double *far)
{
	double *sorted = ep_stat_sorted(g), middle;

	if (!sorted)
		return -ENOMEM;
	if (g.n == 2) {
		/* The same distance, whatever rounding does. */
		far[0] = far[1] = (sorted[1] - sorted[0]) / 2;
	} else if (g.n > 0) {
		middle = ep_stat_quantile(sorted, g.n, 0.5);
		for (size_t j = 0; j < g.n; j++)
			far[j] = fabs(g.x[j] - middle);
	}
	free(sorted);
	return 0;
}

int ep_stat_levene(const struct ep_sample *g, size_t k, struct ep_stat *ret)
{
	struct ep_sample *far = calloc(k + 1, sizeof(*far));
	size_t n, at = 0;
	double *x = pool_all(g, k, &n);
	int r = far && x ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < k; i++) {
		far[i] = (struct ep_sample){ x + at, g[i].n };
		r = distances(g[i], x + at);
		at += g[i].n;
	}
	if (r == 0)
		*ret = ep_stat_anova(far, k);
	free(far);
	free(x);
	return r;
}

static struct ep_stat range(const struct ep_stat *in, double se, double k)
{
	struct ep_stat s = *in;
	double half = ep_range_inverse(0.95, k, s.df) * se;

	s.value = fabs(s.estimate) / se;
	s.p = ep_range_above(s.value, k, s.df);
	if (isnan(s.p))
		s.reason = "not defined below two degrees of freedom";
	s.low = s.estimate - half;
	s.high = s.estimate + half;
	return s;
}

struct ep_stat ep_stat_tukey(const struct ep_sample *g, size_t k, size_t i,
			     size_t j)
{
	struct ep_stat s = ep_stat_none(NULL);
	struct within w;

	s.reason = look_within(g, k, &w);
	if (s.reason)
		return s;
	s.estimate = ep_stat_mean(g[j]) - ep_stat_mean(g[i]);
	s.df = w.df;
	s.method = "Tukey HSD";
	return range(&s,
		     w.largest *
			     sqrt(w.square / 2 *
				  (1 / (double)g[i].n + 1 / (double)g[j].n)),
		     (double)k);
}

struct ep_stat ep_stat_games_howell(const struct ep_sample *g, size_t k,
				    size_t i, size_t j)
{
	struct ep_stat s = ep_stat_welch(g[i], g[j], 0.95);

	if (isnan(s.p))
		return s;
	s.method = "Games-Howell";
	/* The standard error of Welch, as the studentized range has it. */
	return range(&s,
		     hypot(ep_stat_sd(g[i]) / sqrt((double)g[i].n),
			   ep_stat_sd(g[j]) / sqrt((double)g[j].n)) /
			     sqrt(2),
		     (double)k);
}
