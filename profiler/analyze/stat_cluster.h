/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_STAT_CLUSTER_H
#define EP_PROFILER_ANALYZE_STAT_CLUSTER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Groups that nobody named: of points, each of dimensions finite numbers on a
 * common scale. */
#define EP_CLUSTERS_MAX 12
#define EP_SILHOUETTE_MIN 0.25
#define EP_KMEANS_STARTS 50
/* More is refused, so that the time is bounded. */
#define EP_CLUSTER_POINTS_MAX 2000
#define EP_CLUSTER_VALUES_MAX 40000

struct ep_points {
	const double *x; /* point by point */
	size_t count, dimensions;
	double *distances; /* of i < j at ep_pair_index(); owned */
};
/* Fills distances.  -ENOMEM, -E2BIG. */
int ep_points_measure(struct ep_points *p) EP_MUST_CHECK;
double ep_points_distance(const struct ep_points *p, size_t i, size_t j);
void ep_points_done(struct ep_points *p);

enum ep_cluster_method {
	EP_CLUSTER_WARD,    /* Ward's, cut at k */
	EP_CLUSTER_KMEANS,  /* k-means++, the best of the starts */
	EP_CLUSTER_MIXTURE, /* of Gaussians, by EM from k-means */
	EP_CLUSTER_COUNT,
};
const char *ep_cluster_name(enum ep_cluster_method m); /* "ward" */

struct ep_clustering {
	size_t count;	   /* of clusters; 0: none, reason says why */
	size_t best;	   /* the number that fits best, clusters or not */
	double silhouette; /* mean, of best; 1 far apart, 0 touching */
	/* By number of clusters; NAN: not tried. */
	double silhouettes[EP_CLUSTERS_MAX + 1];
	double bic[EP_CLUSTERS_MAX + 1]; /* of a mixture: the least is best */
	bool full;   /* covariances of the mixture; else diagonal */
	uint8_t *of; /* [points]: 0 ..., in order of appearance; owned */
	size_t sizes[EP_CLUSTERS_MAX];
	const char *reason;
};
void ep_clustering_done(struct ep_clustering *c);

/* All methods for 2 ... min(12, points / 4), of measured points.  -ENOMEM. */
int ep_stat_clusters(const struct ep_points *p, uint64_t seed,
		     struct ep_clustering ret[EP_CLUSTER_COUNT]) EP_MUST_CHECK;

/*
 * One method and number; of: labels in order of appearance.  *ret_fit: the
 * squares inside clusters; of a mixture its BIC.  NAN: there are no such clusters
 * (fewer different points, a component that collapsed), and no labels.  -ENOMEM.
 */
int ep_stat_ward(const struct ep_points *p, size_t k,
		 uint8_t *of) EP_MUST_CHECK;
struct ep_kmeans {
	size_t k;
	uint64_t seed;
};
int ep_stat_kmeans(const struct ep_points *p, const struct ep_kmeans *how,
		   uint8_t *of, double *ret_fit) EP_MUST_CHECK;
struct ep_mixture {
	size_t k;
	bool full;
};
/* of: where EM begins, and what is likeliest in the end. */
int ep_stat_mixture(const struct ep_points *p, const struct ep_mixture *m,
		    uint8_t *of, double *ret_fit) EP_MUST_CHECK;
size_t ep_mixture_parameters(const struct ep_mixture *m, size_t dimensions);
double ep_stat_silhouette(const struct ep_points *p, const uint8_t *of,
			  size_t k);
/* Renames labels in order of appearance. */
void ep_cluster_order(uint8_t *of, size_t count);

#endif
