/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "profiler/analyze/stat_cluster.h"

/* What clusters must not say, and that they are the same for a seed; against R
 * they are compared in test_stat_golden.c. */

#define POINTS_MAX 400

struct cloud {
	double x[POINTS_MAX * 4];
	struct ep_points p;
};

static double noise(struct ep_rng *rng)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += ep_rng_unit(rng);
	return sum;
}

/* Points in turn of k clusters that are apart. */
static void make(struct cloud *c, size_t n, size_t k, double apart)
{
	struct ep_rng rng;

	assert_true(n <= POINTS_MAX);
	ep_rng_init(&rng, 17, n);
	for (size_t i = 0; i < n; i++)
		for (size_t d = 0; d < 2; d++)
			c->x[2 * i + d] =
				noise(&rng) +
				apart * (double)((i % k) * (d ? i % k : 1));
	c->p = (struct ep_points){ c->x, n, 2, NULL };
	assert_int_equal(ep_points_measure(&c->p), 0);
}

static void find(const struct cloud *c, uint64_t seed,
		 struct ep_clustering by[EP_CLUSTER_COUNT])
{
	assert_int_equal(ep_stat_clusters(&c->p, seed, by), 0);
}

static void done(struct cloud *c, struct ep_clustering *by)
{
	for (size_t i = 0; i < EP_CLUSTER_COUNT; i++)
		ep_clustering_done(&by[i]);
	ep_points_done(&c->p);
}

static void clusters_apart_are_found_by_all(void **state)
{
	struct ep_clustering by[EP_CLUSTER_COUNT];
	struct cloud c;

	(void)state;
	make(&c, 48, 4, 15);
	find(&c, 1, by);
	for (size_t m = 0; m < EP_CLUSTER_COUNT; m++) {
		assert_int_equal(by[m].count, 4);
		assert_null(by[m].reason);
		assert_true(by[m].silhouette > 0.7);
		for (size_t i = 0; i < 48; i++)
			assert_int_equal(by[m].of[i], i % 4);
		for (size_t k = 0; k < 4; k++)
			assert_int_equal(by[m].sizes[k], 12);
		/* Twelve points of a cluster: 2 ... 12 were tried. */
		assert_true(by[m].silhouettes[2] > 0);
	}
	assert_false(by[EP_CLUSTER_MIXTURE].full);
	done(&c, by);
}

/* A mixture of nine was fitted to twenty points, and each of them had a name. */
static void twenty_points_are_not_nine_clusters(void **state)
{
	struct ep_clustering by[EP_CLUSTER_COUNT];
	struct cloud c;

	(void)state;
	make(&c, 20, 1, 0);
	find(&c, 1, by);
	for (size_t m = 0; m < EP_CLUSTER_COUNT; m++) {
		assert_true(by[m].best <= 5);
		for (size_t k = 6; k <= EP_CLUSTERS_MAX; k++) {
			assert_true(isnan(by[m].silhouettes[k]));
			assert_true(isnan(by[m].bic[k]));
		}
	}
	assert_int_equal(by[EP_CLUSTER_MIXTURE].count, 0);
	assert_int_equal(by[EP_CLUSTER_MIXTURE].best, 1);
	assert_string_equal(by[EP_CLUSTER_MIXTURE].reason,
			    "one cluster fits as well as several");
	/* Five components of 24 parameters: more than points, not tried. */
	assert_true(isnan(by[EP_CLUSTER_MIXTURE].bic[5]));
	done(&c, by);
}

/* Covariances need ten points for each parameter. */
static void covariances_need_points(void **state)
{
	struct ep_clustering by[EP_CLUSTER_COUNT];
	struct ep_mixture two = { 2, true };
	struct cloud c;

	(void)state;
	assert_int_equal(ep_mixture_parameters(&two, 2), 11);
	make(&c, 108, 2, 12);
	find(&c, 1, by);
	assert_int_equal(by[EP_CLUSTER_MIXTURE].count, 2);
	assert_false(by[EP_CLUSTER_MIXTURE].full);
	done(&c, by);
	make(&c, 110, 2, 12);
	find(&c, 1, by);
	assert_int_equal(by[EP_CLUSTER_MIXTURE].count, 2);
	assert_true(by[EP_CLUSTER_MIXTURE].full);
	done(&c, by);
}

static void a_seed_gives_the_same(void **state)
{
	struct ep_clustering a[EP_CLUSTER_COUNT], b[EP_CLUSTER_COUNT];
	struct cloud c;
	uint8_t of[2][POINTS_MAX];
	double fit[2];

	(void)state;
	make(&c, 200, 3, 2);
	find(&c, 9, a);
	find(&c, 9, b);
	for (size_t m = 0; m < EP_CLUSTER_COUNT; m++) {
		assert_int_equal(a[m].best, b[m].best);
		assert_memory_equal(a[m].of, b[m].of, 200);
		assert_memory_equal(a[m].silhouettes, b[m].silhouettes,
				    sizeof(a[m].silhouettes));
		ep_clustering_done(&b[m]);
	}
	/* Of 50 starts another seed finds as good a partition. */
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ep_stat_kmeans(&c.p,
						&(struct ep_kmeans){ 3, i + 1 },
						of[i], &fit[i]),
				 0);
	assert_true(fabs(fit[0] - fit[1]) <= 0.01 * fit[0]);
	done(&c, a);
}

static void equal_points(void **state)
{
	struct ep_clustering by[EP_CLUSTER_COUNT];
	struct cloud c;

	(void)state;
	make(&c, 40, 1, 0);
	ep_points_done(&c.p);
	memset(c.x, 0, sizeof(c.x));
	assert_int_equal(ep_points_measure(&c.p), 0);
	find(&c, 1, by);
	for (size_t m = 0; m < EP_CLUSTER_COUNT; m++) {
		assert_int_equal(by[m].count, 0);
		assert_non_null(by[m].reason);
	}
	ep_points_done(&c.p);
	for (size_t m = 0; m < EP_CLUSTER_COUNT; m++)
		ep_clustering_done(&by[m]);
	/* Two places only: a third cluster there is none. */
	for (size_t i = 0; i < 20; i++)
		c.x[2 * i] = 1;
	assert_int_equal(ep_points_measure(&c.p), 0);
	find(&c, 1, by);
	assert_int_equal(by[EP_CLUSTER_KMEANS].count, 2);
	assert_int_equal(by[EP_CLUSTER_WARD].count, 2);
	assert_true(isnan(by[EP_CLUSTER_KMEANS].silhouettes[3]));
	/* A mixture collapses onto them. */
	assert_int_equal(by[EP_CLUSTER_MIXTURE].count, 0);
	done(&c, by);
}

/* The example of docs/statistics.md. */
static void a_silhouette_by_hand(void **state)
{
	static const double x[] = { 1, 2, 9, 10 };
	struct ep_points p = { x, 4, 1, NULL };
	uint8_t of[4];

	(void)state;
	assert_int_equal(ep_points_measure(&p), 0);
	assert_int_equal(ep_stat_ward(&p, 2, of), 0);
	assert_memory_equal(of, ((const uint8_t[]){ 0, 0, 1, 1 }), 4);
	assert_true(fabs(ep_stat_silhouette(&p, of, 2) -
			 (7.5 / 8.5 + 6.5 / 7.5) / 2) < 1e-12);
	ep_points_done(&p);
}

static void too_few_and_too_many(void **state)
{
	struct ep_clustering by[EP_CLUSTER_COUNT];
	struct ep_points many = { NULL, EP_CLUSTER_POINTS_MAX + 1, 1, NULL };
	struct ep_points wide = { NULL, 1000, 41, NULL };
	struct cloud c;

	(void)state;
	assert_int_equal(ep_points_measure(&many), -E2BIG);
	assert_int_equal(ep_points_measure(&wide), -E2BIG);
	make(&c, 7, 2, 9);
	find(&c, 1, by);
	for (size_t m = 0; m < EP_CLUSTER_COUNT; m++)
		assert_int_equal(by[m].count, 0);
	done(&c, by);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clusters_apart_are_found_by_all),
		cmocka_unit_test(twenty_points_are_not_nine_clusters),
		cmocka_unit_test(covariances_need_points),
		cmocka_unit_test(a_seed_gives_the_same),
		cmocka_unit_test(equal_points),
		cmocka_unit_test(a_silhouette_by_hand),
		cmocka_unit_test(too_few_and_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
