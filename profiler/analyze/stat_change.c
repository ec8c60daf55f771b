/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/stat_change.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* MAD of normal values * this = their sd. */
#define MAD_TO_SD 1.4826022185056018

void ep_changes_done(struct ep_changes *c)
{
	free(c->starts);
	free(c->means);
	c->starts = NULL;
	c->means = NULL;
	c->count = 0;
}

static int median_of(const double *x, size_t n, double *ret)
{
	double *sorted = ep_stat_sorted((struct ep_sample){ x, n });

	if (!sorted)
		return -ENOMEM;
	*ret = ep_stat_quantile(sorted, n, 0.5);
	free(sorted);
	return 0;
}

/* sd of one value, from differences of neighbours: those have twice its
 * variance. */
static int noise_of(struct ep_sample s, double *ret)
{
	size_t n = s.n - 1;
	double *d = calloc(n + 1, sizeof(*d)), middle = 0, mad = 0;
	int r;

	if (!d)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		d[i] = s.x[i + 1] - s.x[i];
	r = median_of(d, n, &middle);
	for (size_t i = 0; r == 0 && i < n; i++)
		d[i] = fabs(d[i] - middle);
	if (r == 0)
		r = median_of(d, n, &mad);
	free(d);
	*ret = mad * MAD_TO_SD / sqrt(2);
	return r;
}

/* Partitions of the first i values, all i. */
struct pelt {
	double *sum, *square; /* of the first i, in units of sd */
	double *cost;	      /* of the best partition */
	size_t *last;	      /* where its last segment begins */
	size_t *alive;	      /* beginnings that may still be best */
	size_t alive_count;
	double penalty;
};

static int pelt_open(struct pelt *p, size_t n)
{
	*p = (struct pelt){ .penalty = 3 * log((double)n) };
	p->sum = calloc(n + 1, sizeof(*p->sum));
	p->square = calloc(n + 1, sizeof(*p->square));
	p->cost = calloc(n + 1, sizeof(*p->cost));
	p->last = calloc(n + 1, sizeof(*p->last));
	p->alive = calloc(n + 1, sizeof(*p->alive));
	return p->sum && p->square && p->cost && p->last && p->alive ? 0
								     : -ENOMEM;
}

static void pelt_close(struct pelt *p)
{
	free(p->sum);
	free(p->square);
	free(p->cost);
	free(p->last);
	free(p->alive);
}

/* Squares around the mean of values from ... to - 1. */
static double inside(const struct pelt *p, size_t from, size_t to)
{
	double sum = p->sum[to] - p->sum[from];

	return p->square[to] - p->square[from] -
	       sum * sum / (double)(to - from);
}

static void pelt_run(struct pelt *p, size_t n)
{
	p->cost[0] = -p->penalty;
	for (size_t to = 1; to <= n; to++) {
		double best = (double)INFINITY;
		size_t kept = 0;

		p->alive[p->alive_count++] = to - 1;
		for (size_t k = 0; k < p->alive_count; k++) {
			size_t from = p->alive[k];
			double cost = p->cost[from] + inside(p, from, to);

			if (cost + p->penalty < best) {
				best = cost + p->penalty;
				p->last[to] = from;
			}
		}
		p->cost[to] = best;
		/* A beginning that is behind by a penalty stays behind. */
		for (size_t k = 0; k < p->alive_count; k++) {
			size_t from = p->alive[k];

			if (p->cost[from] + inside(p, from, to) <= best)
				p->alive[kept++] = from;
		}
		p->alive_count = kept;
	}
}

static int take(struct ep_sample s, const struct pelt *p,
		struct ep_changes *ret)
{
	size_t count = 0, at;

	for (at = s.n; p->last[at] > 0; at = p->last[at])
		count++;
	ret->starts = calloc(count + 1, sizeof(*ret->starts));
	ret->means = calloc(count + 1, sizeof(*ret->means));
	if (!ret->starts || !ret->means) {
		ep_changes_done(ret);
		return -ENOMEM;
	}
	ret->count = count;
	for (at = s.n; count + 1 > 0; at = p->last[at]) {
		size_t from = p->last[at];

		ret->means[count] = ep_stat_mean(
			(struct ep_sample){ s.x + from, at - from });
		if (count == 0)
			break;
		ret->starts[--count] = from;
	}
	return 0;
}

static int look(struct ep_sample s, struct ep_changes *ret)
{
	double middle = ep_stat_mean(s);
	struct pelt p;
	int r = pelt_open(&p, s.n);

	if (r == 0) {
		for (size_t i = 0; i < s.n; i++) {
			double x = (s.x[i] - middle) / ret->sd;

			p.sum[i + 1] = p.sum[i] + x;
			p.square[i + 1] = p.square[i] + x * x;
		}
		ret->penalty = p.penalty;
		pelt_run(&p, s.n);
		r = take(s, &p, ret);
	}
	pelt_close(&p);
	return r;
}

int ep_stat_changes(struct ep_sample s, struct ep_changes *ret)
{
	struct ep_changes c = { .sd = (double)NAN, .penalty = (double)NAN };
	int r = 0;

	if (s.n < EP_CHANGE_VALUES_MIN)
		c.reason = "there are fewer than 8 values";
	else if (s.n > EP_CHANGE_VALUES_MAX)
		c.reason = "there are more than 5000 values";
	else
		r = noise_of(s, &c.sd);
	if (r == 0 && !c.reason && !(c.sd > 0))
		c.reason = ep_stat_constant(s)
				   ? "all values are equal"
				   : "most values equal their neighbour: how "
				     "far noise goes is not known";
	if (r == 0 && !c.reason)
		r = look(s, &c);
	if (r == 0)
		*ret = c;
	return r;
}
