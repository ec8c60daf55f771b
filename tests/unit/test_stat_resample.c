/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/distributions.h"
#include "profiler/analyze/stat_resample.h"

/* What is drawn at random against what is counted out. */

#define SAMPLE(x) ((struct ep_sample){ (x), sizeof(x) / sizeof((x)[0]) })

static const struct ep_resample how = { 7, 20000 };

static void near(double value, double expected, double within)
{
	if (!(fabs(value - expected) <= within))
		fail_msg("%.17g is not %.17g +- %g", value, expected, within);
}

/* The documented generator, seed and order: these are its first numbers. */
static void draws_are_the_documented_ones(void **state)
{
	struct ep_draw d;
	struct ep_rng rng;
	uint64_t first;
	double x[] = { 0, 1, 2, 3, 4 };

	(void)state;
	ep_rng_init(&rng, 42, EP_DRAW_BOOTSTRAP);
	first = ep_rng_next(&rng);
	ep_draw_init(&d, 42, EP_DRAW_BOOTSTRAP);
	assert_int_equal(ep_draw_below(&d, 1000), ((first >> 32) * 1000) >> 32);
	assert_int_equal(ep_draw_below(&d, 1000),
			 ((first & 0xffffffff) * 1000) >> 32);
	assert_int_equal(ep_draw_below(&d, 1), 0);
	ep_draw_choose(&d, x, 5, 2);
	for (int i = 0, seen = 0; i < 5; i++) {
		seen |= 1 << (int)x[i];
		assert_true(i < 4 || seen == 31);
	}
}

/* Each of 7 as often as the others, within five standard errors. */
static void draws_are_fair(void **state)
{
	int counts[7] = { 0 };
	const int all = 70000;
	struct ep_draw d;

	(void)state;
	ep_draw_init(&d, 3, EP_DRAW_PERMUTE);
	for (int i = 0; i < all; i++)
		counts[ep_draw_below(&d, 7)]++;
	for (int i = 0; i < 7; i++)
		near(counts[i], all / 7.0, 5 * sqrt(all * 6 / 49.0));
}

static void choices_are_all_there(void **state)
{
	struct ep_choice c;
	size_t count = 0;

	(void)state;
	assert_int_equal(ep_choice_first(&c, 9, 4), 0);
	do {
		for (size_t i = 1; i < 4; i++)
			assert_true(c.at[i] > c.at[i - 1] && c.at[i] < 9);
		count++;
	} while (ep_choice_next(&c));
	ep_choice_done(&c);
	assert_int_equal(count, 126);
}

/* 705 432 arrangements are too many to go through; here all are. */
static void monte_carlo_agrees_with_all_arrangements(void **state)
{
	static const double a[] = { 3.1, 2.9, 3.4, 3.3, 2.8, 3.0,
				    3.6, 3.2, 2.7, 3.5, 3.05 };
	static const double b[] = { 3.3, 3.0,  3.7,  3.6, 3.1, 3.4,
				    3.9, 3.45, 2.95, 3.8, 3.15 };
	double pool[22], seen = 0, all = 0, far = 0, mean = 0;
	struct ep_choice c;
	struct ep_stat s;

	(void)state;
	for (size_t i = 0; i < 11; i++) {
		pool[i] = a[i];
		pool[11 + i] = b[i];
		seen += (b[i] - a[i]) / 11;
		mean += (a[i] + b[i]) / 22;
	}
	assert_int_equal(ep_choice_first(&c, 22, 11), 0);
	do {
		double sum = 0;

		for (size_t i = 0; i < 11; i++)
			sum += pool[c.at[i]] - mean;
		all++;
		far += fabs(sum * 2 / 11) >= seen * (1 - 1e-9);
	} while (ep_choice_next(&c));
	ep_choice_done(&c);
	assert_int_equal(ep_stat_permute(SAMPLE(a), SAMPLE(b), &how, &s), 0);
	assert_string_equal(s.method, "Monte Carlo");
	assert_true(s.p_error > 0 && s.p_error < 0.005);
	near(s.p, far / all, 4 * s.p_error);
}

static void sign_flips_agree(void **state)
{
	double d[18], all = 0, far = 0, seen = 0;
	struct ep_stat s;

	(void)state;
	for (int i = 0; i < 18; i++) {
		d[i] = 0.3 + sin(7.0 * i);
		seen += d[i] / 18;
	}
	for (int bits = 0; bits < 1 << 18; bits++) {
		double sum = 0;

		for (int i = 0; i < 18; i++)
			sum += bits >> i & 1 ? -d[i] : d[i];
		all++;
		far += fabs(sum / 18) >= fabs(seen) * (1 - 1e-9);
	}
	assert_int_equal(ep_stat_permute_signs(SAMPLE(d), &how, &s), 0);
	assert_string_equal(s.method, "Monte Carlo");
	near(s.p, far / all, 4 * s.p_error);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* All 4^4 resamples of a group, as sums. */
static void sums_of_four(const double *x, double ret[256])
{
	for (int i = 0; i < 256; i++)
		ret[i] = x[i & 3] + x[i >> 2 & 3] + x[i >> 4 & 3] + x[i >> 6];
}

/* The random resamples' quantiles lie between exact ones a little off. */
static void between(const double *sorted, size_t n, double p, double value)
{
	double error = 4 * sqrt(p * (1 - p) / (double)how.count);
	double low = ep_stat_quantile(sorted, n, fmax(0, p - error));
	double high = ep_stat_quantile(sorted, n, fmin(1, p + error));

	if (!(value >= low - 1e-12 && value <= high + 1e-12))
		fail_msg("%g is not in %g to %g", value, low, high);
}

static void bootstrap_agrees_with_all_resamples(void **state)
{
	static const double a[] = { 10, 12.5, 11, 15 };
	static const double b[] = { 13, 17, 14.2, 16.1 };
	double sa[256], sb[256], *all = malloc(65536 * sizeof(*all));
	struct ep_bootstrap boot;

	(void)state;
	assert_non_null(all);
	sums_of_four(a, sa);
	sums_of_four(b, sb);
	for (int i = 0; i < 65536; i++)
		all[i] = (sb[i & 255] - sa[i >> 8]) / 4;
	qsort(all, 65536, sizeof(*all), by_value);
	assert_int_equal(ep_stat_bootstrap(SAMPLE(a), SAMPLE(b), &how, &boot),
			 0);
	between(all, 65536, 0.025, boot.low);
	between(all, 65536, 0.975, boot.high);
	near(boot.error, ep_stat_sd((struct ep_sample){ all, 65536 }), 0.02);
	assert_true(boot.bca_low < boot.bca_high);
	free(all);
}

/* Pairs stay pairs: their difference has no spread, nor has its mean. */
static void pairs_are_kept(void **state)
{
	double d[8] = { 0 }, all[256];
	static const double few[] = { 1.5, -0.5, 2.5, 0.75 };
	struct ep_bootstrap boot;

	(void)state;
	assert_int_equal(ep_stat_bootstrap_pairs(SAMPLE(d), &how, &boot), 0);
	near(boot.low, 0, 0);
	near(boot.high, 0, 0);
	assert_true(isnan(boot.bca_low));
	sums_of_four(few, all);
	for (int i = 0; i < 256; i++)
		all[i] /= 4;
	qsort(all, 256, sizeof(*all), by_value);
	assert_int_equal(ep_stat_bootstrap_pairs(SAMPLE(few), &how, &boot), 0);
	between(all, 256, 0.025, boot.low);
	between(all, 256, 0.975, boot.high);
}

static void the_seed_decides(void **state)
{
	static const double a[] = { 1, 2, 4, 8, 16, 32, 64, 128, 256 };
	static const double b[] = { 3, 5, 7, 11, 13, 17, 19, 23, 29 };
	const struct ep_resample other = { 8, 20000 };
	struct ep_bootstrap x, y, z;

	(void)state;
	assert_int_equal(ep_stat_bootstrap(SAMPLE(a), SAMPLE(b), &how, &x), 0);
	assert_int_equal(ep_stat_bootstrap(SAMPLE(a), SAMPLE(b), &how, &y), 0);
	assert_int_equal(ep_stat_bootstrap(SAMPLE(a), SAMPLE(b), &other, &z),
			 0);
	assert_memory_equal(&x.error, &y.error, sizeof(double));
	assert_memory_not_equal(&x.error, &z.error, sizeof(double));
}

/* 9 and 14: more arrangements than are gone through, and too few for t. */
static void munzel_by_monte_carlo(void **state)
{
	double a[9], b[14];
	const struct ep_resample few = { 1, 4000 }, more = { 2, 40000 };
	struct ep_stat s, t;

	(void)state;
	for (int i = 0; i < 9; i++)
		a[i] = round(10 + 5 * sin(3.0 * i));
	for (int i = 0; i < 14; i++)
		b[i] = round(13 + 6 * cos(5.0 * i));
	assert_int_equal(ep_stat_munzel(SAMPLE(a), SAMPLE(b), &few, &s), 0);
	assert_int_equal(ep_stat_munzel(SAMPLE(a), SAMPLE(b), &more, &t), 0);
	assert_string_equal(s.method, "permuted, Monte Carlo");
	near(s.value, t.value, 0);
	near(s.p, t.p, 4 * s.p_error + 4 * t.p_error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_are_the_documented_ones),
		cmocka_unit_test(draws_are_fair),
		cmocka_unit_test(choices_are_all_there),
		cmocka_unit_test(monte_carlo_agrees_with_all_arrangements),
		cmocka_unit_test(sign_flips_agree),
		cmocka_unit_test(bootstrap_agrees_with_all_resamples),
		cmocka_unit_test(pairs_are_kept),
		cmocka_unit_test(the_seed_decides),
		cmocka_unit_test(munzel_by_monte_carlo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
