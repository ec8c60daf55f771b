/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "profiler/analyze/stat_resample.h"

/* What rounding may do to a sum: that far from the observed one is as far. */
#define AS_FAR (1 - 1e-9)

struct tally {
	double far; /* what counts as far */
	size_t all, count;
};

static void finish(struct ep_stat *s, const struct tally *t, bool exact)
{
	double p;

	if (exact) {
		s->p = (double)t->count / (double)t->all;
		s->method = "exact, all arrangements";
		return;
	}
	p = (1 + (double)t->count) / ((double)t->all + 1);
	s->p = p;
	s->p_error = sqrt(p * (1 - p) / (double)t->all);
	s->method = "Monte Carlo";
}

/* Rounding only: the sums of the same values in another order differ. */
static bool is_rounding(double difference, struct ep_sample pool)
{
	double most = 0;

	for (size_t i = 0; i < pool.n; i++)
		most = fmax(most, fabs(pool.x[i]));
	return !(fabs(difference) > 4 * DBL_EPSILON * most);
}

/* Pooled values, centred: of k of them the difference of means is factor times
 * their sum. */
struct pool {
	double *x;
	size_t n, k;
	double factor;
};

static int sum_all(const struct pool *p, struct tally *t)
{
	struct ep_choice c;
	int r = ep_choice_first(&c, p->n, p->k);

	if (r < 0)
		return r;
	do {
		double sum = 0;

		for (size_t i = 0; i < p->k; i++)
			sum += p->x[c.at[i]];
		t->count += fabs(sum * p->factor) >= t->far;
		t->all++;
	} while (ep_choice_next(&c));
	ep_choice_done(&c);
	return 0;
}

static void sum_some(const struct pool *p, const struct ep_resample *how,
		     struct tally *t)
{
	struct ep_draw draw;

	ep_draw_init(&draw, how->seed, EP_DRAW_PERMUTE);
	for (; t->all < how->count; t->all++) {
		double sum = 0;

		ep_draw_choose(&draw, p->x, p->n, p->k);
		for (size_t i = 0; i < p->k; i++)
			sum += p->x[i];
		t->count += fabs(sum * p->factor) >= t->far;
	}
}

static int permute(struct pool *p, const struct ep_resample *how,
		   struct ep_stat *s)
{
	struct ep_sample all = { p->x, p->n };
	double mean = ep_stat_mean(all), ways = ep_stat_choose(p->n, p->k);
	bool exact = ways <= EP_ARRANGEMENTS_MAX;
	struct tally t = { fabs(s->estimate) * AS_FAR, 0, 0 };
	int r = 0;

	s->p_min = exact ? fmin(1, (2 * p->k == p->n ? 2 : 1) / ways)
			 : 1 / ((double)how->count + 1);
	if (is_rounding(s->estimate, all)) {
		s->value = s->estimate = 0;
		s->p = 1;
		s->method = "the means are equal";
		return 0;
	}
	for (size_t i = 0; i < p->n; i++)
		p->x[i] -= mean;
	if (exact)
		r = sum_all(p, &t);
	else
		sum_some(p, how, &t);
	if (r == 0)
		finish(s, &t, exact);
	return r;
}

int ep_stat_permute(struct ep_sample a, struct ep_sample b,
		    const struct ep_resample *how, struct ep_stat *ret)
{
	struct ep_stat s = ep_stat_none(NULL);
	struct pool p;
	int r;

	if (a.n == 0 || b.n == 0) {
		*ret = ep_stat_none("a group has no value");
		return 0;
	}
	if (a.n + b.n > UINT32_MAX)
		return -E2BIG;
	p.n = a.n + b.n;
	p.k = a.n < b.n ? a.n : b.n;
	p.factor = 1 / (double)p.k + 1 / (double)(p.n - p.k);
	p.x = ep_stat_pool(a, b);
	if (!p.x)
		return -ENOMEM;
	s.value = s.estimate = ep_stat_mean(b) - ep_stat_mean(a);
	r = permute(&p, how, &s);
	free(p.x);
	if (r == 0)
		*ret = s;
	return r;
}

static void flip_all(struct ep_sample d, struct tally *t)
{
	for (size_t bits = 0; bits >> d.n == 0; bits++) {
		double sum = 0;

		for (size_t i = 0; i < d.n; i++)
			sum += bits >> i & 1 ? -d.x[i] : d.x[i];
		t->count += fabs(sum) / (double)d.n >= t->far;
		t->all++;
	}
}

/* One bit for each difference, the lowest of a number first. */
static void flip_some(struct ep_sample d, const struct ep_resample *how,
		      struct tally *t)
{
	struct ep_rng rng;
	uint64_t bits = 0;

	ep_rng_init(&rng, how->seed, EP_DRAW_PERMUTE);
	for (; t->all < how->count; t->all++) {
		double sum = 0;

		for (size_t i = 0; i < d.n; i++) {
			bits = i % 64 == 0 ? ep_rng_next(&rng) : bits >> 1;
			sum += bits & 1 ? -d.x[i] : d.x[i];
		}
		t->count += fabs(sum) / (double)d.n >= t->far;
	}
}

int ep_stat_permute_signs(struct ep_sample d, const struct ep_resample *how,
			  struct ep_stat *ret)
{
	struct ep_stat s = ep_stat_none(NULL);
	bool exact = d.n <= 17; /* 2^17 <= EP_ARRANGEMENTS_MAX */
	struct tally t = { 0, 0, 0 };

	if (d.n == 0) {
		*ret = ep_stat_none("there is no pair");
		return 0;
	}
	s.value = s.estimate = ep_stat_mean(d);
	s.p_min = exact ? 2 * pow(0.5, (double)d.n)
			: 1 / ((double)how->count + 1);
	t.far = fabs(s.estimate) * AS_FAR;
	if (is_rounding(s.estimate, d)) {
		s.value = s.estimate = 0;
		s.p = 1;
		s.method = "the mean difference is 0";
	} else {
		if (exact)
			flip_all(d, &t);
		else
			flip_some(d, how, &t);
		finish(&s, &t, exact);
	}
	*ret = s;
	return 0;
}
