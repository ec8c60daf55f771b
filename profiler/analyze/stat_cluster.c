/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/stat_cluster.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *ep_cluster_name(enum ep_cluster_method m)
{
	static const char *const names[EP_CLUSTER_COUNT] = {
		"ward",
		"k-means",
		"mixture",
	};

	return names[m];
}

void ep_clustering_done(struct ep_clustering *c)
{
	free(c->of);
	c->of = NULL;
}

void ep_points_done(struct ep_points *p)
{
	free(p->distances);
	p->distances = NULL;
}

static size_t place_of(const struct ep_points *p, size_t i, size_t j)
{
	return i * (2 * p->count - i - 1) / 2 + j - i - 1;
}

double ep_points_distance(const struct ep_points *p, size_t i, size_t j)
{
	return i == j  ? 0
	       : i < j ? p->distances[place_of(p, i, j)]
		       : p->distances[place_of(p, j, i)];
}

int ep_points_measure(struct ep_points *p)
{
	size_t n = p->count, d = p->dimensions, at = 0;

	if (n > EP_CLUSTER_POINTS_MAX || n * d > EP_CLUSTER_VALUES_MAX)
		return -E2BIG;
	p->distances = malloc((n * n / 2 + 1) * sizeof(*p->distances));
	if (!p->distances)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		for (size_t j = i + 1; j < n; j++) {
			double sum = 0;

			for (size_t k = 0; k < d; k++) {
				double x = p->x[i * d + k] - p->x[j * d + k];

				sum += x * x;
			}
			p->distances[at++] = sqrt(sum);
		}
	return 0;
}

void ep_cluster_order(uint8_t *of, size_t count)
{
	uint8_t names[UINT8_MAX + 1], next = 0;
	bool named[UINT8_MAX + 1] = { false };

	for (size_t i = 0; i < count; i++) {
		if (!named[of[i]]) {
			named[of[i]] = true;
			names[of[i]] = next++;
		}
		of[i] = names[of[i]];
	}
}

/* (b - a) / max(a, b): a the mean distance to its own cluster, b to the nearest
 * other one; 0 for a point alone. */
static double silhouette_of(const struct ep_points *p, const uint8_t *of,
			    const size_t *sizes, size_t i)
{
	double sums[EP_CLUSTERS_MAX] = { 0 };
	double a, b = (double)INFINITY;

	if (sizes[of[i]] < 2)
		return 0;
	for (size_t j = 0; j < p->count; j++)
		sums[of[j]] += ep_points_distance(p, i, j);
	a = sums[of[i]] / (double)(sizes[of[i]] - 1);
	for (size_t c = 0; c < EP_CLUSTERS_MAX; c++)
		if (c != of[i] && sizes[c] > 0)
			b = fmin(b, sums[c] / (double)sizes[c]);
	return fmax(a, b) > 0 ? (b - a) / fmax(a, b) : 0;
}

double ep_stat_silhouette(const struct ep_points *p, const uint8_t *of,
			  size_t k)
{
	size_t sizes[EP_CLUSTERS_MAX] = { 0 };
	double sum = 0;

	if (k < 2 || p->count < 2)
		return (double)NAN;
	for (size_t i = 0; i < p->count; i++)
		sizes[of[i]]++;
	for (size_t i = 0; i < p->count; i++)
		sum += silhouette_of(p, of, sizes, i);
	return sum / (double)p->count;
}

static void clear(struct ep_clustering *c)
{
	*c = (struct ep_clustering){ .silhouette = (double)NAN };
	for (size_t k = 0; k <= EP_CLUSTERS_MAX; k++)
		c->silhouettes[k] = c->bic[k] = (double)NAN;
}

static int keep(const struct ep_points *p, const uint8_t *of, size_t k,
		struct ep_clustering *c)
{
	if (!c->of)
		c->of = calloc(p->count + 1, sizeof(*c->of));
	if (!c->of)
		return -ENOMEM;
	memcpy(c->of, of, p->count);
	c->best = k;
	c->silhouette = c->silhouettes[k];
	return 0;
}

/* Ward and k-means: the number with the largest silhouette. */
static int offer(const struct ep_points *p, const uint8_t *of, size_t k,
		 struct ep_clustering *c)
{
	c->silhouettes[k] = ep_stat_silhouette(p, of, k);
	if (c->best > 0 && !(c->silhouettes[k] > c->silhouette))
		return 0;
	return keep(p, of, k, c);
}

/*
 * The mixture with the least BIC, one component among them.  A component has
 * covariances when ten points stand for each parameter, and fewer parameters than
 * points in any case.
 */
static int offer_mixture(const struct ep_points *p, uint8_t *of, size_t k,
			 struct ep_clustering *c)
{
	struct ep_mixture m = { k, true };
	int r;

	m.full = p->count >= 10 * ep_mixture_parameters(&m, p->dimensions);
	if (ep_mixture_parameters(&m, p->dimensions) >= p->count)
		return 0;
	r = ep_stat_mixture(p, &m, of, &c->bic[k]);
	if (r < 0 || isnan(c->bic[k]))
		return r;
	c->silhouettes[k] = ep_stat_silhouette(p, of, k);
	if (c->best > 0 && !(c->bic[k] < c->bic[c->best]))
		return 0;
	c->full = m.full;
	return keep(p, of, k, c);
}

static void decide(const struct ep_points *p, struct ep_clustering *c)
{
	if (c->best == 0)
		c->reason = "none could be made of so few different rows";
	else if (c->best == 1)
		c->reason = "one cluster fits as well as several";
	else if (!(c->silhouette >= EP_SILHOUETTE_MIN))
		c->reason = "the silhouette is below 0.25";
	if (c->reason)
		return;
	c->count = c->best;
	for (size_t i = 0; i < p->count; i++)
		c->sizes[c->of[i]]++;
}

static int try_number(const struct ep_points *p, const struct ep_kmeans *how,
		      uint8_t *of, struct ep_clustering *ret)
{
	double fit = (double)NAN;
	int r = ep_stat_ward(p, how->k, of);

	if (r == 0)
		r = offer(p, of, how->k, &ret[EP_CLUSTER_WARD]);
	if (r == 0)
		r = ep_stat_kmeans(p, how, of, &fit);
	if (r < 0 || isnan(fit))
		return r;
	r = offer(p, of, how->k, &ret[EP_CLUSTER_KMEANS]);
	return r < 0 ? r
		     : offer_mixture(p, of, how->k, &ret[EP_CLUSTER_MIXTURE]);
}

int ep_stat_clusters(const struct ep_points *p, uint64_t seed,
		     struct ep_clustering ret[EP_CLUSTER_COUNT])
{
	size_t most =
		p->count / 4 < EP_CLUSTERS_MAX ? p->count / 4 : EP_CLUSTERS_MAX;
	uint8_t *of = calloc(p->count + 1, sizeof(*of));
	int r = of ? 0 : -ENOMEM;

	for (size_t m = 0; m < EP_CLUSTER_COUNT; m++)
		clear(&ret[m]);
	if (r == 0 && most >= 2)
		r = offer_mixture(p, of, 1, &ret[EP_CLUSTER_MIXTURE]);
	for (size_t k = 2; r == 0 && k <= most; k++)
		r = try_number(p, &(struct ep_kmeans){ k, seed }, of, ret);
	free(of);
	for (size_t m = 0; m < EP_CLUSTER_COUNT; m++)
		if (r < 0)
			ep_clustering_done(&ret[m]);
		else
			decide(p, &ret[m]);
	return r;
}
