/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "profiler/analyze/stat_cluster.h"
#include "profiler/analyze/stat_resample.h"

/* Of each start; the best one goes on until nothing changes. */
#define ROUNDS_FIRST 10
#define ROUNDS_MAX 300

struct kmeans {
	const struct ep_points *p;
	size_t k;
	double *centers; /* [dimensions][EP_CLUSTERS_MAX]: so they add fast */
	double *nearest; /* [count]: squared distance to a center */
	uint8_t *of, *best;
	double best_fit;
};

static int kmeans_open(const struct ep_points *p, size_t k, struct kmeans *m)
{
	*m = (struct kmeans){ p, k, NULL, NULL, NULL, NULL, (double)NAN };
	m->centers = calloc(p->dimensions * EP_CLUSTERS_MAX + 1,
			    sizeof(*m->centers));
	m->nearest = calloc(p->count + 1, sizeof(*m->nearest));
	m->of = calloc(p->count + 1, sizeof(*m->of));
	m->best = calloc(p->count + 1, sizeof(*m->best));
	return m->centers && m->nearest && m->of && m->best ? 0 : -ENOMEM;
}

static void kmeans_close(struct kmeans *m)
{
	free(m->centers);
	free(m->nearest);
	free(m->of);
	free(m->best);
}

static void set_center(struct kmeans *m, size_t c, size_t point)
{
	for (size_t d = 0; d < m->p->dimensions; d++)
		m->centers[d * EP_CLUSTERS_MAX + c] =
			m->p->x[point * m->p->dimensions + d];
}

/* Squared distances of a point to all centers. */
static void measure(const struct kmeans *m, size_t point,
		    double squares[EP_CLUSTERS_MAX])
{
	const double *x = &m->p->x[point * m->p->dimensions];

	for (size_t c = 0; c < EP_CLUSTERS_MAX; c++)
		squares[c] = 0;
	for (size_t d = 0; d < m->p->dimensions; d++) {
		const double *centers = &m->centers[d * EP_CLUSTERS_MAX];

		for (size_t c = 0; c < EP_CLUSTERS_MAX; c++)
			squares[c] += (x[d] - centers[c]) * (x[d] - centers[c]);
	}
}

/* k-means++ (Arthur and Vassilvitskii 2007): each next center is a point, as
 * likely as its squared distance.  False: all points are centers already. */
static bool choose_centers(struct kmeans *m, struct ep_rng *rng)
{
	size_t n = m->p->count, first = (size_t)ep_rng_below(rng, n);

	set_center(m, 0, first);
	for (size_t i = 0; i < n; i++) {
		double d = ep_points_distance(m->p, i, first);

		m->nearest[i] = d * d;
	}
	for (size_t c = 1; c < m->k; c++) {
		double sum = 0, at;
		size_t chosen = n;

		for (size_t i = 0; i < n; i++)
			sum += m->nearest[i];
		if (!(sum > 0))
			return false;
		at = ep_rng_unit(rng) * sum;
		for (size_t i = 0; i < n && !(at < 0); i++) {
			at -= m->nearest[i];
			if (m->nearest[i] > 0)
				chosen = i;
		}
		set_center(m, c, chosen);
		for (size_t i = 0; i < n; i++) {
			double d = ep_points_distance(m->p, i, chosen);

			m->nearest[i] = fmin(m->nearest[i], d * d);
		}
	}
	return true;
}

/* False: nothing changed. */
static bool assign(struct kmeans *m, double *ret_fit)
{
	bool changed = false;

	*ret_fit = 0;
	for (size_t i = 0; i < m->p->count; i++) {
		double squares[EP_CLUSTERS_MAX];
		size_t best = 0;

		measure(m, i, squares);
		for (size_t c = 1; c < m->k; c++)
			if (squares[c] < squares[best])
				best = c;
		changed |= m->of[i] != best;
		m->of[i] = (uint8_t)best;
		m->nearest[i] = squares[best];
		*ret_fit += squares[best];
	}
	return changed;
}

/* A cluster that lost all its points gets the one farthest from its center. */
static void refill(struct kmeans *m, size_t *sizes)
{
	for (size_t c = 0; c < m->k; c++) {
		size_t far = 0;

		if (sizes[c] > 0)
			continue;
		for (size_t i = 1; i < m->p->count; i++)
			if (sizes[m->of[i]] > 1 &&
			    m->nearest[i] > m->nearest[far])
				far = i;
		sizes[m->of[far]]--;
		m->of[far] = (uint8_t)c;
		m->nearest[far] = 0;
		sizes[c] = 1;
	}
}

static void move_centers(struct kmeans *m)
{
	size_t sizes[EP_CLUSTERS_MAX] = { 0 }, d = m->p->dimensions;

	for (size_t i = 0; i < m->p->count; i++)
		sizes[m->of[i]]++;
	refill(m, sizes);
	memset(m->centers, 0, d * EP_CLUSTERS_MAX * sizeof(*m->centers));
	for (size_t i = 0; i < m->p->count; i++)
		for (size_t k = 0; k < d; k++)
			m->centers[k * EP_CLUSTERS_MAX + m->of[i]] +=
				m->p->x[i * d + k];
	for (size_t k = 0; k < d; k++)
		for (size_t c = 0; c < m->k; c++)
			m->centers[k * EP_CLUSTERS_MAX + c] /= (double)sizes[c];
}

static double improve(struct kmeans *m, size_t rounds)
{
	double fit = 0;

	for (size_t i = 0; assign(m, &fit) && i < rounds; i++)
		move_centers(m);
	return fit;
}

static bool start(struct kmeans *m, struct ep_rng *rng)
{
	double fit;

	if (!choose_centers(m, rng))
		return false;
	memset(m->of, UINT8_MAX, m->p->count);
	fit = improve(m, ROUNDS_FIRST);
	if (isnan(m->best_fit) || fit < m->best_fit) {
		m->best_fit = fit;
		memcpy(m->best, m->of, m->p->count);
	}
	return true;
}

static void finish(struct kmeans *m, uint8_t *of)
{
	memcpy(m->of, m->best, m->p->count);
	move_centers(m);
	m->best_fit = improve(m, ROUNDS_MAX);
	memcpy(of, m->of, m->p->count);
	ep_cluster_order(of, m->p->count);
}

int ep_stat_kmeans(const struct ep_points *p, const struct ep_kmeans *how,
		   uint8_t *of, double *ret_fit)
{
	struct kmeans m;
	struct ep_rng rng;
	int r = kmeans_open(p, how->k, &m);

	ep_rng_init(&rng, how->seed, EP_DRAW_CLUSTERS + how->k);
	for (size_t i = 0; r == 0 && i < EP_KMEANS_STARTS; i++)
		if (!start(&m, &rng))
			break;
	if (r == 0 && !isnan(m.best_fit))
		finish(&m, of);
	if (r == 0)
		*ret_fit = m.best_fit;
	kmeans_close(&m);
	return r;
}
