/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/distributions.h"
#include "profiler/analyze/stat_resample.h"

/* R's switch point. */
#define EXACT_BELOW 50

static double both_sides(double z)
{
	return fmin(1, 2 * fmin(ep_normal_below(z), ep_normal_above(z)));
}

/* The smaller group is chosen from the ranks, every choice as likely; the
 * distance of its sum from the middle as it was seen. */
static int conditional_sum(const double *ranks, size_t n, size_t k, double seen,
			   struct ep_stat *ret)
{
	double middle = (double)k * (double)(n + 1) / 2, most = 0;
	size_t all = 0, far = 0, extreme = 0;
	struct ep_choice c;
	int r = ep_choice_first(&c, n, k);

	if (r < 0)
		return r;
	do {
		double at = -middle;

		for (size_t i = 0; i < k; i++)
			at += ranks[c.at[i]];
		at = fabs(at);
		all++;
		far += !(at < seen);
		if (at > most) {
			most = at;
			extreme = 0;
		}
		extreme += !(at < most);
	} while (ep_choice_next(&c));
	ep_choice_done(&c);
	ret->p_exact = (double)far / (double)all;
	ret->p_min = (double)extreme / (double)all;
	return 0;
}

/* The normal approximation with ties and continuity correction. */
static void rank_sum_normal(struct ep_stat *s, double n1, double n2,
			    double ties)
{
	double n = n1 + n2, z = s->value - n1 * n2 / 2;
	double v = n1 * n2 / 12 * (n + 1 - ties / (n * (n - 1)));

	s->method = "normal, ties and continuity corrected";
	if (v > 0)
		s->p = both_sides((z - (z > 0	? 0.5
					: z < 0 ? -0.5
						: 0)) /
				  sqrt(v));
	else
		s->p = 1; /* all values are equal */
}

static int rank_sum(const double *ranks, double ties, size_t n1, size_t n2,
		    struct ep_stat *s)
{
	double sum = 0, d1 = (double)n1, d2 = (double)n2, ways;

	for (size_t i = n1; i < n1 + n2; i++)
		sum += ranks[i];
	s->value = sum - d2 * (d2 + 1) / 2;
	s->estimate = s->value / (d1 * d2);
	ways = ep_stat_choose(n1 + n2, n1);
	s->p_min = fmin(1, 2 / ways);
	if (n1 < EXACT_BELOW && n2 < EXACT_BELOW && !(ties > 0)) {
		/* Symmetric about n1 n2 / 2. */
		double w = fmin(s->value, d1 * d2 - s->value);

		s->p = fmin(1, 2 * ep_rank_sum_below(w, d2, d1));
		s->method = "exact";
		return 0;
	}
	rank_sum_normal(s, d1, d2, ties);
	if (!(ties > 0) || ways > EP_ARRANGEMENTS_MAX)
		return 0;
	return conditional_sum(ranks, n1 + n2, n1 < n2 ? n1 : n2,
			       fabs(sum - d2 * (d1 + d2 + 1) / 2), s);
}

int ep_stat_rank_sum(struct ep_sample a, struct ep_sample b,
		     struct ep_stat *ret)
{
	struct ep_stat s = ep_stat_none(NULL);
	double *pool, *ranks, ties;
	int r;

	if (a.n == 0 || b.n == 0) {
		*ret = ep_stat_none("a group has no value");
		return 0;
	}
	pool = ep_stat_pool(a, b);
	ranks = calloc(a.n + b.n, sizeof(*ranks));
	r = pool && ranks ? ep_stat_ranks((struct ep_sample){ pool, a.n + b.n },
					  ranks, &ties)
			  : -ENOMEM;
	if (r == 0)
		r = rank_sum(ranks, ties, a.n, b.n, &s);
	free(pool);
	free(ranks);
	if (r == 0)
		*ret = s;
	return r;
}

/* Each rank with either sign, all choices as likely. */
static int conditional_signs(const double *ranks, size_t n, double v,
			     struct ep_stat *ret)
{
	size_t sums = n * (n + 1) + 1;
	double *ways = calloc(sums, sizeof(*ways)), middle, all = 0, far = 0;

	if (!ways)
		return -ENOMEM;
	ways[0] = 1;
	for (size_t i = 0; i < n; i++) {
		size_t r = (size_t)lround(2 * ranks[i]);

		for (size_t s = sums - r; s-- > 0;)
			ways[s + r] += ways[s];
	}
	middle = (double)n * (double)(n + 1) / 2;
	for (size_t s = 0; s < sums; s++) {
		double at = fabs((double)s - middle);

		all += ways[s];
		if (!(at < fabs(2 * v - middle)))
			far += ways[s];
	}
	ret->p_exact = far / all;
	free(ways);
	return 0;
}

/* size: |differences| that are not 0, n of them; up: their signs. */
static int signed_rank(struct ep_sample size, const bool *up, bool zeros,
		       struct ep_stat *s)
{
	double *ranks = calloc(size.n, sizeof(*ranks)), ties, n, z, v;
	int r = ranks ? ep_stat_ranks(size, ranks, &ties) : -ENOMEM;

	if (r < 0) {
		free(ranks);
		return r;
	}
	n = (double)size.n;
	s->value = 0;
	for (size_t i = 0; i < size.n; i++)
		s->value += up[i] ? ranks[i] : 0;
	s->p_min = fmin(1, 2 * pow(0.5, n));
	if (size.n < EXACT_BELOW && !(ties > 0) && !zeros) {
		v = fmin(s->value, n * (n + 1) / 2 - s->value);
		s->p = fmin(1, 2 * ep_signed_rank_below(v, n));
		s->method = "exact";
	} else {
		z = s->value - n * (n + 1) / 4;
		v = n * (n + 1) * (2 * n + 1) / 24 - ties / 48;
		s->p = both_sides((z - (z > 0	? 0.5
					: z < 0 ? -0.5
						: 0)) /
				  sqrt(v));
		s->method = "normal, ties and continuity corrected";
		if (pow(2, n) <= EP_ARRANGEMENTS_MAX)
			r = conditional_signs(ranks, size.n, s->value, s);
	}
	free(ranks);
	return r;
}

int ep_stat_signed_rank(struct ep_sample d, struct ep_stat *ret)
{
	struct ep_stat s = ep_stat_none(NULL);
	double *size = calloc(d.n + 1, sizeof(*size));
	bool *up = calloc(d.n + 1, sizeof(*up));
	size_t n = 0;
	int r = size && up ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < d.n; i++) {
		if (!(fabs(d.x[i]) > 0))
			continue;
		up[n] = d.x[i] > 0;
		size[n++] = fabs(d.x[i]);
	}
	if (r == 0 && d.n == 0) {
		s = ep_stat_none("there is no pair");
	} else if (r == 0 && n == 0) {
		s.value = 0;
		s.p = 1;
		s.p_min = 1;
		s.method = "all differences are 0";
	} else if (r == 0) {
		r = signed_rank((struct ep_sample){ size, n }, up, n < d.n, &s);
	}
	free(size);
	free(up);
	if (r == 0)
		*ret = s;
	return r;
}
