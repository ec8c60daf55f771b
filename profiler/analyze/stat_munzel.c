/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "profiler/analyze/distributions.h"
#include "profiler/analyze/stat_resample.h"

/* Below it t is no good approximation. */
#define PERMUTE_BELOW 10

/* Ranks of all values and what is worked with: n1 of a first. */
struct munzel {
	double *all; /* pooled ranks, in the arrangement that is looked at */
	double *own; /* ranks within the group */
	size_t n1, n2;
};

/* Sum of squares of (rank among all - rank in the group), centred. */
static double square(const double *all, const double *own, size_t n)
{
	double mean = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		mean += (all[i] - own[i]) / (double)n;
	for (size_t i = 0; i < n; i++) {
		double d = all[i] - own[i] - mean;

		sum += d * d;
	}
	return sum / ((double)n - 1);
}

static double mean_of(const double *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return sum / (double)n;
}

/* Mid-ranks within a group, from the mid-ranks among all: equal stay equal.
 * Small groups only. */
static void rank_own(const double *all, double *own, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double rank = 0.5;

		for (size_t j = 0; j < n; j++)
			rank += all[j] < all[i] ? 1 : all[j] > all[i] ? 0 : 0.5;
		own[i] = rank;
	}
}

/* W of the arrangement; infinite when the groups do not overlap. */
static double statistic(const struct munzel *m, double *ret_v1, double *ret_v2)
{
	double n1 = (double)m->n1, n2 = (double)m->n2, d, v;

	*ret_v1 = n1 * square(m->all, m->own, m->n1);
	*ret_v2 = n2 * square(m->all + m->n1, m->own + m->n1, m->n2);
	d = mean_of(m->all + m->n1, m->n2) - mean_of(m->all, m->n1);
	v = *ret_v1 + *ret_v2;
	if (v > 0)
		return n1 * n2 * d / ((n1 + n2) * sqrt(v));
	return d > 0 ? (double)INFINITY : d < 0 ? -(double)INFINITY : 0;
}

struct tally {
	size_t all, far;
	double w; /* as seen, a little less for rounding */
};

static void judge(const struct munzel *m, struct tally *t)
{
	double v1, v2;

	rank_own(m->all, m->own, m->n1);
	rank_own(m->all + m->n1, m->own + m->n1, m->n2);
	t->far += fabs(statistic(m, &v1, &v2)) >= t->w;
	t->all++;
}

/* Chosen ones to the front, the rest behind. */
static void arrange(struct munzel *m, const double *ranks,
		    const struct ep_choice *c)
{
	size_t chosen = 0, rest = c->k;

	for (size_t i = 0; i < c->n; i++)
		if (chosen < c->k && c->at[chosen] == i)
			m->all[chosen++] = ranks[i];
		else
			m->all[rest++] = ranks[i];
}

/* m->all is used up; ranks is another copy of it. */
static int permute(struct munzel *m, const double *ranks,
		   const struct ep_resample *how, struct ep_stat *s)
{
	size_t n = m->n1 + m->n2;
	struct tally t = { 0, 0, fabs(s->value) * (1 - 1e-9) };
	struct ep_choice c;
	struct ep_draw draw;

	if (ep_stat_choose(n, m->n1) <= EP_ARRANGEMENTS_MAX) {
		int r = ep_choice_first(&c, n, m->n1);

		if (r < 0)
			return r;
		do {
			arrange(m, ranks, &c);
			judge(m, &t);
		} while (ep_choice_next(&c));
		ep_choice_done(&c);
		s->p = (double)t.far / (double)t.all;
		s->method = "permuted, all arrangements";
		return 0;
	}
	ep_draw_init(&draw, how->seed, EP_DRAW_MUNZEL);
	while (t.all < how->count) {
		ep_draw_choose(&draw, m->all, n, m->n1);
		judge(m, &t);
	}
	s->p = (1 + (double)t.far) / ((double)t.all + 1);
	s->p_error = sqrt(s->p * (1 - s->p) / (double)t.all);
	s->method = "permuted, Monte Carlo";
	return 0;
}

/* Without overlap only arrangements without overlap are as far: the lowest n1
 * or the highest n1 of the values, where those can be told apart. */
static void no_overlap(const struct munzel *m, const double *sorted,
		       struct ep_stat *s)
{
	size_t n1 = m->n1, n2 = m->n2;
	int ways =
		(sorted[n1] > sorted[n1 - 1]) + (sorted[n2] > sorted[n2 - 1]);

	s->p = fmin(1, (n1 == n2 ? 2 : ways) / ep_stat_choose(n1 + n2, n1));
	s->method = "exact, no overlap";
}

static int test(struct munzel *m, const double *ranks,
		const struct ep_resample *how, struct ep_stat *s)
{
	double v1, v2, n1 = (double)m->n1, n2 = (double)m->n2, n = n1 + n2;
	double *sorted;

	s->value = statistic(m, &v1, &v2);
	s->estimate =
		0.5 +
		(mean_of(m->all + m->n1, m->n2) - mean_of(m->all, m->n1)) / n;
	s->p_min = fmin(1, (m->n1 == m->n2 ? 2 : 1) /
				   ep_stat_choose(m->n1 + m->n2, m->n1));
	if (!(v1 + v2 > 0) && fabs(s->value) > 0) {
		sorted = ep_stat_sorted(
			(struct ep_sample){ ranks, m->n1 + m->n2 });
		if (!sorted)
			return -ENOMEM;
		no_overlap(m, sorted, s);
		free(sorted);
		return 0;
	}
	if (!(v1 + v2 > 0)) {
		s->p = 1;
		s->method = "all values are equal";
		return 0;
	}
	if (m->n1 < PERMUTE_BELOW || m->n2 < PERMUTE_BELOW)
		return permute(m, ranks, how, s);
	s->df = (v1 + v2) * (v1 + v2) /
		(v1 * v1 / (n1 - 1) + v2 * v2 / (n2 - 1));
	s->p = ep_t_two_sided(s->value, s->df);
	s->p_min = 0;
	s->method = "t";
	return 0;
}

int ep_stat_munzel(struct ep_sample a, struct ep_sample b,
		   const struct ep_resample *how, struct ep_stat *ret)
{
	struct munzel m = { NULL, NULL, a.n, b.n };
	struct ep_stat s = ep_stat_none(NULL);
	size_t n = a.n + b.n;
	double *pool, *ranks, ties;
	int r = 0;

	if (a.n < 2 || b.n < 2) {
		*ret = ep_stat_none("two values are needed in each group");
		return 0;
	}
	pool = ep_stat_pool(a, b);
	ranks = calloc(3 * n, sizeof(*ranks));
	if (!pool || !ranks)
		r = -ENOMEM;
	if (r == 0) {
		m.all = ranks + n;
		m.own = ranks + 2 * n;
		r = ep_stat_ranks((struct ep_sample){ pool, n }, ranks, &ties);
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		m.all[i] = ranks[i];
	if (r == 0)
		r = ep_stat_ranks(a, m.own, &ties);
	if (r == 0)
		r = ep_stat_ranks(b, m.own + a.n, &ties);
	if (r == 0)
		r = test(&m, ranks, how, &s);
	free(pool);
	free(ranks);
	if (r == 0)
		*ret = s;
	return r;
}
