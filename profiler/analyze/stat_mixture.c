/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/stat_cluster.h"
#include "profiler/analyze/stat_linear.h"

#define ROUNDS_MAX 200
#define GAIN_MIN 1e-10
/* Of the spread of all points: below it a component is a point or a line. */
#define VARIANCE_MIN 1e-6
#define LOG_2PI 1.8378770664093453

struct component {
	double weight, log_scale; /* log of weight / sqrt(det(2 pi S)) */
	double *mean, *spread;	  /* variances, or S and then its Cholesky */
};

struct mixture {
	const struct ep_points *p;
	size_t k;
	bool full;
	struct component c[EP_CLUSTERS_MAX];
	double *block; /* that means, spreads and work point into */
	double *share; /* [count][k]: of each component in a point */
	double *work;  /* [dimensions] */
};

size_t ep_mixture_parameters(const struct ep_mixture *m, size_t dimensions)
{
	size_t each = m->full ? dimensions * (dimensions + 1) / 2 : dimensions;

	return m->k * (dimensions + each) + m->k - 1;
}

static int mixture_open(const struct ep_points *p, const struct ep_mixture *how,
			struct mixture *m)
{
	size_t d = p->dimensions, spread = how->full ? d * d : d;
	double *at;

	*m = (struct mixture){ .p = p, .k = how->k, .full = how->full };
	m->block = calloc(how->k * (d + spread) + d + 1, sizeof(*m->block));
	m->share = calloc(p->count * how->k + 1, sizeof(*m->share));
	if (!m->block || !m->share)
		return -ENOMEM;
	at = m->block;
	for (size_t c = 0; c < m->k; c++) {
		m->c[c].mean = at;
		m->c[c].spread = at + d;
		at += d + spread;
	}
	m->work = at;
	return 0;
}

static void mixture_close(struct mixture *m)
{
	free(m->block);
	free(m->share);
}

static void add_full(const struct mixture *m, struct component *c, double share)
{
	size_t d = m->p->dimensions;

	for (size_t a = 0; a < d; a++)
		for (size_t b = 0; b <= a; b++)
			c->spread[a * d + b] += share * m->work[a] * m->work[b];
}

/* The spread around the mean, weighted by shares. */
static void spread_of(const struct mixture *m, struct component *c, size_t at)
{
	size_t d = m->p->dimensions, size = m->full ? d * d : d;
	double all = c->weight * (double)m->p->count;

	memset(c->spread, 0, size * sizeof(*c->spread));
	for (size_t i = 0; i < m->p->count; i++) {
		double share = m->share[i * m->k + at] / all;

		for (size_t j = 0; j < d; j++)
			m->work[j] = m->p->x[i * d + j] - c->mean[j];
		if (m->full)
			add_full(m, c, share);
		else
			for (size_t j = 0; j < d; j++)
				c->spread[j] += share * m->work[j] * m->work[j];
	}
}

/* False: the component collapsed. */
static bool prepare(const struct mixture *m, struct component *c)
{
	size_t d = m->p->dimensions;
	double log_det = 0;

	if (m->full && ep_cholesky(c->spread, d) < 0)
		return false;
	for (size_t j = 0; j < d; j++) {
		double root = m->full ? c->spread[j * d + j] : 0;
		double variance = m->full ? root * root : c->spread[j];

		if (!(variance > VARIANCE_MIN))
			return false;
		log_det += log(variance);
	}
	c->log_scale = log(c->weight) - (log_det + (double)d * LOG_2PI) / 2;
	return true;
}

static bool maximize(struct mixture *m)
{
	size_t d = m->p->dimensions;
	double n = (double)m->p->count;

	for (size_t at = 0; at < m->k; at++) {
		struct component *c = &m->c[at];
		double all = 0;

		memset(c->mean, 0, d * sizeof(*c->mean));
		for (size_t i = 0; i < m->p->count; i++) {
			double share = m->share[i * m->k + at];

			all += share;
			for (size_t j = 0; j < d; j++)
				c->mean[j] += share * m->p->x[i * d + j];
		}
		/* Two points are the least that has a spread. */
		if (!(all > 1))
			return false;
		for (size_t j = 0; j < d; j++)
			c->mean[j] /= all;
		c->weight = all / n;
		spread_of(m, c, at);
		if (!prepare(m, c))
			return false;
	}
	return true;
}

/* Logarithm of weight and density of a component at a point. */
static double log_density(const struct mixture *m, const struct component *c,
			  const double *x)
{
	size_t d = m->p->dimensions;
	double sum = 0;

	for (size_t j = 0; j < d; j++) {
		double y = x[j] - c->mean[j];

		if (!m->full) {
			sum += y * y / c->spread[j];
			continue;
		}
		for (size_t k = 0; k < j; k++)
			y -= c->spread[j * d + k] * m->work[k];
		m->work[j] = y / c->spread[j * d + j];
		sum += m->work[j] * m->work[j];
	}
	return c->log_scale - sum / 2;
}

/* The logarithm of the likelihood. */
static double expect(struct mixture *m)
{
	double all = 0;

	for (size_t i = 0; i < m->p->count; i++) {
		double *share = &m->share[i * m->k];
		double most = -(double)INFINITY, sum = 0;

		for (size_t c = 0; c < m->k; c++) {
			share[c] = log_density(m, &m->c[c],
					       &m->p->x[i * m->p->dimensions]);
			most = fmax(most, share[c]);
		}
		for (size_t c = 0; c < m->k; c++) {
			share[c] = exp(share[c] - most);
			sum += share[c];
		}
		for (size_t c = 0; c < m->k; c++)
			share[c] /= sum;
		/* The likeliest one alone makes it 1. */
		all += most + log(fmax(sum, 1));
	}
	return all;
}

static double climb(struct mixture *m)
{
	double last = -(double)INFINITY;

	for (size_t round = 0; round < ROUNDS_MAX; round++) {
		double now;

		if (!maximize(m))
			return (double)NAN;
		now = expect(m);
		if (!(now - last > GAIN_MIN * (1 + fabs(now))))
			return now;
		last = now;
	}
	return last;
}

static bool label(const struct mixture *m, uint8_t *of)
{
	size_t sizes[EP_CLUSTERS_MAX] = { 0 };

	for (size_t i = 0; i < m->p->count; i++) {
		const double *share = &m->share[i * m->k];
		size_t best = 0;

		for (size_t c = 1; c < m->k; c++)
			if (share[c] > share[best])
				best = c;
		of[i] = (uint8_t)best;
		sizes[best]++;
	}
	ep_cluster_order(of, m->p->count);
	for (size_t c = 0; c < m->k; c++)
		if (sizes[c] == 0)
			return false;
	return true;
}

int ep_stat_mixture(const struct ep_points *p, const struct ep_mixture *how,
		    uint8_t *of, double *ret_fit)
{
	struct mixture m;
	double likelihood = (double)NAN;
	int r = mixture_open(p, how, &m);

	if (r == 0) {
		for (size_t i = 0; i < p->count; i++)
			m.share[i * m.k + of[i]] = 1;
		likelihood = climb(&m);
		*ret_fit = (double)NAN;
		if (!isnan(likelihood) && label(&m, of))
			*ret_fit = (double)ep_mixture_parameters(
					   how, p->dimensions) *
					   log((double)p->count) -
				   2 * likelihood;
	}
	mixture_close(&m);
	return r;
}
