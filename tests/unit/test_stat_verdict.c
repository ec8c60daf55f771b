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

#include "profiler/analyze/contrast.h"
#include "profiler/analyze/distributions.h"
#include "profiler/analyze/stat_groups.h"

/* Conclusions in the literature that must not come out again, and the rules of
 * the verdict. */

#define SAMPLE(x) ((struct ep_sample){ (x), sizeof(x) / sizeof((x)[0]) })

static struct ep_contrast_options options;

static int setup(void **state)
{
	(void)state;
	ep_contrast_options_init(&options);
	options.resample.count = 2000;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ep_distributions_free();
	return 0;
}

static struct ep_contrast contrast(struct ep_sample a, struct ep_sample b)
{
	struct ep_contrast c;

	assert_int_equal(ep_contrast_make(a, b, &options, &c), 0);
	ep_contrasts_judge(&c, NULL, 1, &options);
	assert_true(strlen(c.text) > 0 && strlen(c.text) + 1 < sizeof(c.text));
	return c;
}

static void says(const struct ep_contrast *c, const char *text)
{
	if (!strstr(c->text, text))
		fail_msg("\"%s\" does not say \"%s\"", c->text, text);
}

static void says_not(const struct ep_contrast *c, const char *text)
{
	if (strstr(c->text, text))
		fail_msg("\"%s\" says \"%s\"", c->text, text);
}

static void near(double value, double expected, double within)
{
	if (!(fabs(value - expected) <= within))
		fail_msg("%.17g is not %.17g", value, expected);
}

/* The slowest of three models was called the fastest. */
static void the_sign_is_b_minus_a(void **state)
{
	static const double fast[] = { 10, 11, 10.5, 9.8 };
	static const double middle[] = { 20, 21, 20.5, 19.9 };
	static const double slow[] = { 30, 31, 30.2, 29.7 };
	const struct ep_sample g[] = { SAMPLE(fast), SAMPLE(middle),
				       SAMPLE(slow) };
	struct ep_contrast c = contrast(g[0], g[2]);
	struct ep_stat t = ep_stat_tukey(g, 3, 0, 2);

	(void)state;
	assert_int_equal(c.verdict, EP_DIFFERENT);
	says(&c, "B is higher than A by 193 %");
	assert_true(t.estimate > 19 && t.low > 0);
	t = ep_stat_games_howell(g, 3, 2, 0);
	assert_true(t.estimate < -19 && t.high < 0);
	c = contrast(g[2], g[0]);
	says(&c, "B is lower than A by 65.8 %");
	assert_true(c.difference < 0 && c.cohen_d < 0);
	near(c.cliff, -1, 0);
}

/* p = 0.002 for a difference of exactly 0. */
static void no_difference_has_p_1(void **state)
{
	static const double a[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
	static const double b[] = { 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 };
	static const double r[] = { 0.1, 0.2, 0.3, 0.4, 0.5, 0.6 };
	static const double s[] = { 0.6, 0.5, 0.4, 0.3, 0.2, 0.1 };
	struct ep_contrast c = contrast(SAMPLE(a), SAMPLE(b));

	(void)state;
	near(c.tests[EP_TEST_PERMUTATION].p, 1, 0);
	near(c.difference, 0, 0);
	assert_int_equal(c.verdict, EP_CANNOT_TELL);
	/* Nor when only rounding differs. */
	c = contrast(SAMPLE(r), SAMPLE(s));
	near(c.tests[EP_TEST_PERMUTATION].p, 1, 0);
}

/* "[-44, 44]" where all pairs were equal. */
static void pairs_are_resampled_as_pairs(void **state)
{
	static const double a[] = { 10, 50, 90, 130, 170, 210, 250, 290, 330 };
	double b[9];
	struct ep_contrast c;

	(void)state;
	memcpy(b, a, sizeof(b));
	options.paired = true;
	options.test = EP_TEST_PAIRED_T;
	c = contrast(SAMPLE(a), SAMPLE(b));
	near(c.bootstrap.low, 0, 0);
	near(c.bootstrap.high, 0, 0);
	near(c.tests[EP_TEST_SIGNED_RANK].p, 1, 0);
	assert_true(isnan(c.tests[EP_TEST_PAIRED_T].p));
	assert_non_null(c.tests[EP_TEST_PAIRED_T].reason);
	assert_int_equal(c.verdict, EP_CANNOT_TELL);
	/* A margin makes the same data an answer. */
	options.margin = 0.02;
	c = contrast(SAMPLE(a), SAMPLE(b));
	assert_int_equal(c.verdict, EP_EQUIVALENT);
	says(&c, "equivalent within 2 %");
}

/* "No significant difference, so they are the same." */
static void no_significance_is_no_equality(void **state)
{
	static const double a[] = { 95, 102, 108, 97, 103, 110, 90, 99 };
	static const double b[] = { 98, 105, 93, 111, 101, 96, 107, 94 };
	struct ep_contrast c = contrast(SAMPLE(a), SAMPLE(b));

	(void)state;
	assert_true(c.p > 0.5);
	assert_int_equal(c.verdict, EP_CANNOT_TELL);
	says(&c, "cannot tell");
	says(&c, "no sign of equality");
	says_not(&c, "equivalent");
	says_not(&c, "same");
	says(&c, "runs per group would bring the interval to +-2 %");
	options.margin = 0.02;
	c = contrast(SAMPLE(a), SAMPLE(b));
	assert_int_equal(c.verdict, EP_CANNOT_TELL);
	assert_true(c.runs_to_differ > 8 && c.runs_to_equate > 8);
	says(&c, "would show a difference of 2 %");
	says(&c, "would show equivalence");
	/* What more runs would need is not read off the seen difference. */
	assert_false(c.tost.equivalent);
}

/* One cold start of twenty was called an effect of the language. */
static void one_observation_is_no_effect(void **state)
{
	double a[20], b[20];
	struct ep_contrast c;

	(void)state;
	for (int i = 0; i < 20; i++)
		a[i] = b[i] = 260;
	b[4] = 19790;
	c = contrast(SAMPLE(a), SAMPLE(b));
	near(c.tests[EP_TEST_WELCH].value, 1, 1e-9);
	near(c.tests[EP_TEST_WELCH].p, 0.33, 0.001);
	near(c.cohen_d, 1 / sqrt(10), 1e-9);
	assert_true(c.carried);
	assert_int_equal(c.carried_group, 'B');
	assert_int_equal(c.carried_index, 4);
	assert_int_equal(c.verdict, EP_CANNOT_TELL);
	says(&c, "one of 20 observations carries it (number 5 of B)");
	/* Of pairs too, and not hidden by a low p of another test. */
	options.paired = true;
	options.test = EP_TEST_PAIRED_T;
	c = contrast(SAMPLE(a), SAMPLE(b));
	assert_true(c.carried);
	says(&c, "one of 20 observations carries it (number 5 of the pairs)");
}

/* A test that cannot reach 5 % with so few runs says so. */
static void too_few_runs_are_told(void **state)
{
	static const double a[] = { 1, 1.1, 1.2 }, b[] = { 9, 9.1, 9.2 };
	static const double a4[] = { 1, 1.1, 1.2, 1.3 };
	static const double b4[] = { 9, 9.1, 9.2, 9.3 };
	static const double a5[] = { 1, 1.1, 1.2, 1.3, 1.4 };
	static const double b5[] = { 9, 9.12, 9.24, 9.36, 9.48 };
	struct ep_contrast c;

	(void)state;
	options.test = EP_TEST_RANK_SUM;
	c = contrast(SAMPLE(a), SAMPLE(b));
	near(c.tests[EP_TEST_RANK_SUM].p_min, 0.1, 1e-12);
	assert_int_equal(c.verdict, EP_CANNOT_TELL);
	says(&c, "this test cannot decide with 3 runs");
	c = contrast(SAMPLE(a4), SAMPLE(b4));
	near(c.tests[EP_TEST_RANK_SUM].p_min, 0.0286, 0.00005);
	assert_int_equal(c.verdict, EP_DIFFERENT);
	c = contrast(SAMPLE(a5), SAMPLE(b5));
	near(c.tests[EP_TEST_RANK_SUM].p_min, 0.0079, 0.00005);
	options.paired = true;
	options.test = EP_TEST_SIGNED_RANK;
	c = contrast(SAMPLE(a5), SAMPLE(b5));
	near(c.tests[EP_TEST_SIGNED_RANK].p_min, 0.0625, 1e-12);
	assert_int_equal(c.verdict, EP_CANNOT_TELL);
	says(&c, "this test cannot decide with 5 pairs");
}

static void constants(void **state)
{
	static const double one[] = { 4.2, 4.2, 4.2, 4.2, 4.2 };
	static const double two[] = { 4.3, 4.3, 4.3, 4.3, 4.3 };
	static const double few[] = { 1, 1, 1 }, more[] = { 2, 2, 2 };
	static const double alone[] = { 3 };
	struct ep_contrast c = contrast(SAMPLE(one), SAMPLE(one));

	(void)state;
	near(c.difference, 0, 0);
	assert_true(isnan(c.tests[EP_TEST_WELCH].p));
	near(c.tests[EP_TEST_RANK_SUM].p, 1, 0);
	near(c.tests[EP_TEST_MUNZEL].p, 1, 0);
	near(c.tests[EP_TEST_KS].p, 1, 1e-12);
	assert_int_equal(c.verdict, EP_CANNOT_TELL);
	/* t says nothing of constants, the arrangements do. */
	c = contrast(SAMPLE(one), SAMPLE(two));
	assert_true(isnan(c.tests[EP_TEST_WELCH].value));
	assert_int_equal(c.test, EP_TEST_PERMUTATION);
	near(c.p, 2.0 / 252, 1e-12);
	assert_int_equal(c.verdict, EP_DIFFERENT);
	c = contrast(SAMPLE(few), SAMPLE(more));
	near(c.p, 0.1, 1e-12);
	assert_int_equal(c.verdict, EP_CANNOT_TELL);
	says(&c, "cannot decide with 3 runs");
	/* One value. */
	c = contrast(SAMPLE(alone), SAMPLE(few));
	assert_true(isnan(c.p));
	says(&c, "one run says nothing of the spread");
	c = contrast((struct ep_sample){ alone, 0 }, SAMPLE(few));
	assert_int_equal(c.verdict, EP_CANNOT_TELL);
}

/* A difference and a margin do not exclude each other. */
static void different_yet_within_the_margin(void **state)
{
	static const double a[] = { 100, 100.01, 99.99, 100.02, 99.98 };
	static const double b[] = { 100.5, 100.51, 100.49, 100.52, 100.48 };
	struct ep_contrast c;

	(void)state;
	options.margin = 0.02;
	c = contrast(SAMPLE(a), SAMPLE(b));
	assert_int_equal(c.verdict, EP_DIFFERENT);
	says(&c, "yet within the margin");
	assert_true(c.tost.log_scale);
	near(c.tost.bound_low, 0.98, 1e-12);
	near(c.tost.bound_high, 1 / 0.98, 1e-12);
}

static void holm_counts_primary_quantities_only(void **state)
{
	static const double a[] = { 1, 1.2, 0.9, 1.1, 1.05 };
	static const double b[] = { 1.3, 1.15, 1.4, 1.2, 1.25 };
	double inverse_a[5], inverse_b[5];
	struct ep_contrast c[3];
	const size_t follows[] = { 0, 0, 2 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		inverse_a[i] = 3.6 / a[i];
		inverse_b[i] = 3.6 / b[i];
	}
	assert_true(ep_stat_same_information(SAMPLE(a), SAMPLE(inverse_a)));
	assert_false(ep_stat_same_information(SAMPLE(a), SAMPLE(b)));
	assert_int_equal(
		ep_contrast_make(SAMPLE(a), SAMPLE(b), &options, &c[0]), 0);
	assert_int_equal(ep_contrast_make(SAMPLE(inverse_a), SAMPLE(inverse_b),
					  &options, &c[1]),
			 0);
	assert_int_equal(
		ep_contrast_make(SAMPLE(b), SAMPLE(a), &options, &c[2]), 0);
	assert_true(c[0].p < 0.05 && c[0].p > 0.01);
	ep_contrasts_judge(c, follows, 3, &options);
	assert_int_equal(c[0].family, 2);
	near(c[0].p_holm, 2 * c[0].p, 1e-15);
	near(c[1].p_holm, c[0].p_holm, 0);
	assert_int_equal(c[1].verdict, c[0].verdict);
}

static void published_numbers(void **state)
{
	static const double a[] = { 114.54 - 2.97, 114.54, 114.54 + 2.97 };
	static const double b[] = { 99.34 - 0.36, 99.34, 99.34 + 0.36 };
	struct ep_two_by_two t = ep_stat_two_by_two(13, 18, 7, 18);
	struct ep_contrast c = contrast(SAMPLE(a), SAMPLE(b));
	double low, high;

	(void)state;
	near(c.cohen_d, -7.185, 0.0005);
	near(c.tests[EP_TEST_STUDENT].value, -8.80, 0.005);
	near(c.tests[EP_TEST_STUDENT].p, 0.00092, 0.000005);
	near(c.tests[EP_TEST_WELCH].p, 0.0116, 0.00005);
	near(t.chi2, 4.05, 0.005);
	near(t.p, 0.0442, 0.00005);
	near(t.chi2_yates, 2.8125, 1e-12);
	near(t.p_yates, 0.0935, 0.00005);
	near(t.p_fisher, 0.0922, 0.00005);
	ep_stat_wilson(13, 18, &low, &high);
	near(low, 0.491, 0.0005);
	near(high, 0.875, 0.0005);
	ep_stat_wilson(7, 18, &low, &high);
	near(low, 0.203, 0.0005);
	near(high, 0.614, 0.0005);
}

/* margin / sd = 0.5, 1, 2. */
static void needed_runs(void **state)
{
	const struct ep_design d = { 1, false };

	(void)state;
	assert_int_equal(ep_stat_runs_to_differ(&d, 0.5), 64);
	assert_int_equal(ep_stat_runs_to_differ(&d, 1), 17);
	assert_int_equal(ep_stat_runs_to_differ(&d, 2), 6);
	assert_int_equal(ep_stat_runs_to_equate(&d, 0.5), 70);
	assert_int_equal(ep_stat_runs_to_equate(&d, 1), 18);
	assert_int_equal(ep_stat_runs_to_equate(&d, 2), 6);
	assert_int_equal(ep_stat_runs_to_differ(&d, 0), 0);
	assert_int_equal(ep_stat_runs_to_differ(&d, 1e-9), EP_RUNS_MAX);
	assert_int_equal(ep_stat_runs_to_differ(&d, (double)NAN), 0);
}

static void names_of_tests(void **state)
{
	enum ep_test t = EP_TEST_KS;
	struct ep_err err;

	(void)state;
	assert_int_equal(ep_test_find("mann-whitney", &t, &err), 0);
	assert_int_equal(t, EP_TEST_RANK_SUM);
	assert_int_equal(ep_test_find("welsh", &t, &err), -EINVAL);
	assert_non_null(strstr(err.text, "did you mean 'welch'"));
	assert_int_equal(t, EP_TEST_RANK_SUM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_sign_is_b_minus_a, setup),
		cmocka_unit_test_setup(no_difference_has_p_1, setup),
		cmocka_unit_test_setup(pairs_are_resampled_as_pairs, setup),
		cmocka_unit_test_setup(no_significance_is_no_equality, setup),
		cmocka_unit_test_setup(one_observation_is_no_effect, setup),
		cmocka_unit_test_setup(too_few_runs_are_told, setup),
		cmocka_unit_test_setup(constants, setup),
		cmocka_unit_test_setup(different_yet_within_the_margin, setup),
		cmocka_unit_test_setup(holm_counts_primary_quantities_only,
				       setup),
		cmocka_unit_test_setup(published_numbers, setup),
		cmocka_unit_test_setup(needed_runs, setup),
		cmocka_unit_test_setup(names_of_tests, setup),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
