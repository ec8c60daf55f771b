/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "profiler/analyze/stat_change.h"

/* Change points against all partitions, and shifts that are known. */

#define N_MAX 400

static void near(double value, double expected, double within)
{
	if (!(fabs(value - expected) <= within))
		fail_msg("%.17g is not %.17g", value, expected);
}

/* Sum of 12 uniform numbers: normal enough, of sd 1. */
static double noise(struct ep_rng *rng)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += ep_rng_unit(rng);
	return sum;
}

static struct ep_changes look(const double *x, size_t n)
{
	struct ep_changes c;

	assert_int_equal(ep_stat_changes((struct ep_sample){ x, n }, &c), 0);
	return c;
}

static double squares(const double *x, size_t n)
{
	double mean = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		mean += x[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		sum += (x[i] - mean) * (x[i] - mean);
	return sum;
}

/* Cost of a partition: bit i of cuts means that a segment begins at i + 1. */
static double cost_of(const double *x, size_t n, unsigned cuts,
		      const struct ep_changes *c)
{
	double cost = 0;
	size_t from = 0;

	for (size_t to = 1; to <= n; to++) {
		if (to < n && !(cuts >> (to - 1) & 1))
			continue;
		cost += squares(x + from, to - from) / (c->sd * c->sd);
		cost += to < n ? c->penalty : 0;
		from = to;
	}
	return cost;
}

/* All 2^(n - 1) partitions of short series: none is better. */
static void no_partition_is_better(void **state)
{
	struct ep_rng rng;
	size_t changed = 0;

	(void)state;
	ep_rng_init(&rng, 7, 1);
	for (size_t round = 0; round < 60; round++) {
		size_t n = 8 + round % 6, at = 2 + round % 5;
		double x[16];
		unsigned cuts = 0, best = 0;
		struct ep_changes c;

		for (size_t i = 0; i < n; i++)
			x[i] = noise(&rng) +
			       (i >= at ? (double)(round % 9) : 0);
		c = look(x, n);
		assert_null(c.reason);
		near(c.penalty, 3 * log((double)n), 1e-12);
		for (size_t k = 0; k < c.count; k++)
			cuts |= 1U << (c.starts[k] - 1);
		for (unsigned all = 0; all < 1U << (n - 1); all++)
			if (cost_of(x, n, all, &c) <
			    cost_of(x, n, best, &c) - 1e-9)
				best = all;
		near(cost_of(x, n, cuts, &c), cost_of(x, n, best, &c), 1e-9);
		changed += c.count > 0;
		ep_changes_done(&c);
	}
	assert_true(changed > 10 && changed < 60);
}

static void a_known_shift_is_found(void **state)
{
	double x[200];
	struct ep_rng rng;
	struct ep_changes c;

	(void)state;
	ep_rng_init(&rng, 3, 1);
	for (size_t i = 0; i < 200; i++)
		x[i] = 1e6 * (50 + 0.1 * noise(&rng) +
			      (i >= 60 && i < 140 ? 0.4 : 0));
	c = look(x, 200);
	assert_int_equal(c.count, 2);
	assert_in_range(c.starts[0], 58, 62);
	assert_in_range(c.starts[1], 138, 142);
	near(c.means[1] - c.means[0], 0.4e6, 0.05e6);
	near(c.means[2], c.means[0], 0.05e6);
	near(c.sd, 0.1e6, 0.02e6);
	ep_changes_done(&c);
}

/* The example of docs/statistics.md. */
static void by_hand(void **state)
{
	static const double x[] = { 10.0, 10.2, 9.9,  10.1,
				    12.0, 12.1, 11.9, 12.2 };
	struct ep_changes c = look(x, 8);

	(void)state;
	assert_int_equal(c.count, 1);
	assert_int_equal(c.starts[0], 4);
	near(c.means[0], 10.05, 1e-12);
	near(c.means[1], 12.05, 1e-12);
	near(c.sd, 0.1 * 1.4826022185056018 / sqrt(2), 1e-12);
	near(c.penalty, 6.24, 0.005);
	ep_changes_done(&c);
}

/* Of 200 series of noise at most a few are said to shift: the penalty is far
 * above what chance gives. */
static void noise_does_not_shift(void **state)
{
	struct ep_rng rng;
	size_t found = 0;

	(void)state;
	ep_rng_init(&rng, 11, 1);
	for (size_t round = 0; round < 200; round++) {
		double x[60];
		struct ep_changes c;

		for (size_t i = 0; i < 60; i++)
			x[i] = noise(&rng);
		c = look(x, 60);
		found += c.count > 0;
		ep_changes_done(&c);
	}
	assert_true(found <= 20);
}

static void what_is_not_looked_for(void **state)
{
	static double many[EP_CHANGE_VALUES_MAX + 1];
	double x[N_MAX] = { 0 };
	struct ep_changes c = look(x, 7);

	(void)state;
	assert_string_equal(c.reason, "there are fewer than 8 values");
	assert_int_equal(c.count, 0);
	c = look(x, 20);
	assert_string_equal(c.reason, "all values are equal");
	x[10] = 1;
	c = look(x, 20);
	assert_non_null(strstr(c.reason, "equal their neighbour"));
	c = look(many, EP_CHANGE_VALUES_MAX + 1);
	assert_non_null(strstr(c.reason, "more than 5000"));
	c = look(x, 0);
	assert_non_null(c.reason);
	ep_changes_done(&c);
}

/* A scale of 1e-140 or 1e140 changes nothing. */
static void scales(void **state)
{
	double x[40], tiny[40], huge[40];
	struct ep_rng rng;
	struct ep_changes a, b, c;

	(void)state;
	ep_rng_init(&rng, 5, 1);
	for (size_t i = 0; i < 40; i++) {
		x[i] = noise(&rng) + (i > 20 ? 9 : 0);
		tiny[i] = x[i] * 0x1p-460;
		huge[i] = x[i] * 0x1p460;
	}
	a = look(x, 40);
	b = look(tiny, 40);
	c = look(huge, 40);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.starts[0], 21);
	assert_int_equal(b.count, 1);
	assert_int_equal(b.starts[0], 21);
	assert_int_equal(c.count, 1);
	assert_int_equal(c.starts[0], 21);
	ep_changes_done(&a);
	ep_changes_done(&b);
	ep_changes_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_partition_is_better),
		cmocka_unit_test(a_known_shift_is_found),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(noise_does_not_shift),
		cmocka_unit_test(what_is_not_looked_for),
		cmocka_unit_test(scales),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
