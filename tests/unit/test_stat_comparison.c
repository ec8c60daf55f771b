/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/comparison.h"

static const char *const groups[] = { "base", "slow", "fast" };
static const char *const metrics[] = { "j_per_token", "tokens_per_j", "ttft" };

static void near(double value, double expected, double within)
{
	if (!(fabs(value - expected) <= within))
		fail_msg("%.17g is not %.17g", value, expected);
}

static struct ep_contrast_options options(bool paired)
{
	struct ep_contrast_options o;

	ep_contrast_options_init(&o);
	o.resample.count = 500;
	o.paired = paired;
	if (paired)
		o.test = EP_TEST_PAIRED_T;
	return o;
}

/* Five rows of each of three groups; the second metric is 1 / the first. */
static void three_groups_are_one_family(void **state)
{
	double values[15][3];
	struct ep_comparison_row rows[15];
	struct ep_comparison_input in = { .group_names = groups,
					  .group_count = 3,
					  .metrics = metrics,
					  .metric_count = 3,
					  .rows = rows,
					  .row_count = 15 };
	struct ep_contrast_options o = options(false);
	struct ep_comparison c;
	struct ep_err err;

	(void)state;
	for (size_t i = 0; i < 15; i++) {
		double by = i < 5 ? 1 : i < 10 ? 1.5 : 0.7;

		values[i][0] = by * (2 + 0.01 * (double)(i * 3 % 5));
		values[i][1] = 1 / values[i][0];
		values[i][2] = i == 7 ? (double)NAN : (double)(i * 7 % 11);
		rows[i] = (struct ep_comparison_row){ .group = i / 5,
						      .values = values[i] };
	}
	assert_int_equal(ep_compare(&in, &o, &c, &err), 0);
	assert_int_equal(c.metrics[1].follows, 0);
	assert_int_equal(c.metrics[2].follows, 2);
	/* Two primary quantities against two groups. */
	assert_int_equal(c.metrics[0].contrasts[1].family, 4);
	assert_int_equal(c.metrics[0].contrasts[1].verdict, EP_DIFFERENT);
	assert_true(c.metrics[0].contrasts[1].difference > 0.9);
	assert_true(c.metrics[0].contrasts[2].difference < -0.5);
	assert_int_equal(c.metrics[1].contrasts[2].verdict, EP_DIFFERENT);
	assert_non_null(strstr(c.metrics[1].contrasts[2].text, "B is higher"));
	assert_int_equal(c.metrics[2].groups[1].missing_count, 1);
	assert_int_equal(c.metrics[2].groups[1].values.n, 4);
	/* Less energy is better, more tokens per joule is: the same one. */
	for (int m = 0; m < 2; m++) {
		assert_int_equal(c.metrics[m].many.success_count, 1);
		assert_int_equal(c.metrics[m].many.beyond_noise_count, 1);
		assert_int_equal(c.metrics[m].many.rival_count, 2);
	}
	near(c.metrics[0].many.tukey[ep_pair_index(1, 2, 3)].estimate,
	     c.metrics[0].groups[2].describe.mean -
		     c.metrics[0].groups[1].describe.mean,
	     1e-12);
	near(c.spearman[1].value, -1, 1e-12);
	ep_comparison_done(&c);
}

/* Keys that only one side has are told, several rows of a key averaged, pairs
 * without a value on a side left out of that metric. */
static void pairs_by_key(void **state)
{
	static const double v[][3] = {
		{ 10, 1, 1 }, { 12, 1, 2 }, { 20, 1, (double)NAN },
		{ 30, 1, 3 }, { 99, 1, 9 }, { 11, 1, 1 },
		{ 22, 1, 5 }, { 33, 1, 6 }, { 77, 1, 9 },
	};
	static const char *const keys[] = { "p1", "p1", "p2", "p3", "p4",
					    "p1", "p2", "p3", "p9" };
	struct ep_comparison_row rows[9];
	const struct ep_comparison_input in = { .group_names = groups,
						.group_count = 2,
						.metrics = metrics,
						.metric_count = 3,
						.rows = rows,
						.row_count = 9,
						.pair_by = "id" };
	struct ep_contrast_options o = options(true);
	struct ep_comparison c;
	struct ep_err err;

	(void)state;
	for (size_t i = 0; i < 9; i++)
		rows[i] = (struct ep_comparison_row){ .group = i > 4,
						      .key = keys[i],
						      .values = v[i] };
	assert_int_equal(ep_compare(&in, &o, &c, &err), 0);
	assert_int_equal(c.pairings[1].pair_count, 3);
	assert_int_equal(c.pairings[1].repeated, 1);
	assert_string_equal(c.pairings[1].only_here_keys, "p9");
	assert_string_equal(c.pairings[1].only_baseline_keys, "p4");
	assert_int_equal(c.metrics[0].contrasts[1].d.n, 3);
	near(c.metrics[0].contrasts[1].difference, (0 + 2 + 3) / 3.0, 1e-12);
	assert_int_equal(c.metrics[2].contrasts[1].d.n, 2);
	ep_comparison_done(&c);
}

/* The gain of one sensor cancels in a ratio; of two it does not; the offset as
 * far as it is the same part of both. */
static void what_is_common_cancels(void **state)
{
	double values[8];
	struct ep_comparison_row rows[8];
	struct ep_comparison_input in = { .group_names = groups,
					  .group_count = 2,
					  .metrics = metrics,
					  .metric_count = 1,
					  .rows = rows,
					  .row_count = 8 };
	struct ep_contrast_options o = options(false);
	struct ep_comparison c;
	struct ep_err err;
	double same, other, spread;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		values[i] = (i < 4 ? 10 : 8) + 0.01 * (double)(i % 4);
		rows[i] = (struct ep_comparison_row){ .group = i / 4,
						      .values = &values[i] };
	}
	assert_int_equal(ep_compare(&in, &o, &c, &err), 0);
	for (int g = 0; g < 2; g++) {
		struct ep_known *k = &c.metrics[0].groups[g].known;

		*k = (struct ep_known){ 0.3, 0.02, 0.01, 0, "board x" };
	}
	ep_comparison_uncertainty(&c);
	same = c.metrics[0].comparison_u95[1];
	assert_true(same > 0 && same < 0.005);
	c.metrics[0].groups[1].known.offset = 0.03;
	ep_comparison_uncertainty(&c);
	spread = c.metrics[0].comparison_u95[1];
	assert_true(spread > 2 * same);
	c.metrics[0].groups[1].known.sensor[6] = 'y';
	ep_comparison_uncertainty(&c);
	other = c.metrics[0].comparison_u95[1];
	near(other, 0.8 * 1.96 * hypot(hypot(0.02, 0.02), hypot(0.01, 0.03)),
	     0.002);
	c.metrics[0].groups[1].known.gain = (double)NAN;
	ep_comparison_uncertainty(&c);
	assert_true(isnan(c.metrics[0].comparison_u95[1]));
	ep_comparison_done(&c);
}

static void nothing_to_compare(void **state)
{
	const struct ep_comparison_row row = { .group = 0 };
	struct ep_comparison_input in = { .group_names = groups,
					  .group_count = 1,
					  .metrics = metrics,
					  .metric_count = 1,
					  .rows = &row };
	struct ep_contrast_options o = options(false);
	struct ep_comparison c;
	struct ep_err err;

	(void)state;
	assert_int_equal(ep_compare(&in, &o, &c, &err), -EINVAL);
	assert_non_null(strstr(err.text, "one group only"));
	in.group_count = 2;
	in.metric_count = 0;
	assert_int_equal(ep_compare(&in, &o, &c, &err), -EINVAL);
	/* Groups without rows have a verdict, not a crash. */
	in.metric_count = 1;
	assert_int_equal(ep_compare(&in, &o, &c, &err), 0);
	assert_int_equal(c.metrics[0].contrasts[1].verdict, EP_CANNOT_TELL);
	ep_comparison_done(&c);
	in.group_count = EP_GROUPS_MAX + 1;
	assert_int_equal(ep_compare(&in, &o, &c, &err), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_groups_are_one_family),
		cmocka_unit_test(pairs_by_key),
		cmocka_unit_test(what_is_common_cancels),
		cmocka_unit_test(nothing_to_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
