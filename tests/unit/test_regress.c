/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/regress.h"
#include "tests/unit/support_run.h"

/* Longley (1967), the reference data of NIST for least squares on columns that
 * almost depend on each other; coefficients and errors as certified there. */
#define LONGLEY_ROWS 16
static const double longley_x[LONGLEY_ROWS * 6] = {
	83,    234.289, 235.6, 159,   107.608, 1947, /**/
	88.5,  259.426, 232.5, 145.6, 108.632, 1948, /**/
	88.2,  258.054, 368.2, 161.6, 109.773, 1949, /**/
	89.5,  284.599, 335.1, 165,   110.929, 1950, /**/
	96.2,  328.975, 209.9, 309.9, 112.075, 1951, /**/
	98.1,  346.999, 193.2, 359.4, 113.27,  1952, /**/
	99,    365.385, 187,   354.7, 115.094, 1953, /**/
	100,   363.112, 357.8, 335,   116.219, 1954, /**/
	101.2, 397.469, 290.4, 304.8, 117.388, 1955, /**/
	104.6, 419.18,	282.2, 285.7, 118.734, 1956, /**/
	108.4, 442.769, 293.6, 279.8, 120.445, 1957, /**/
	110.8, 444.546, 468.1, 263.7, 121.95,  1958, /**/
	112.6, 482.704, 381.3, 255.2, 123.366, 1959, /**/
	114.2, 502.601, 393.1, 251.4, 125.368, 1960, /**/
	115.7, 518.173, 480.6, 257.2, 127.852, 1961, /**/
	116.9, 554.894, 400.7, 282.7, 130.081, 1962, /**/
};
static const double longley_y[LONGLEY_ROWS] = {
	60.323, 61.122, 60.171, 61.187, 63.221, 63.639, 64.989, 63.761,
	66.019, 67.857, 68.169, 66.513, 68.655, 69.564, 69.331, 70.551,
};

static void near_relative(double a, double b)
{
	support_near(a, b, 1e-9 * fabs(b));
}

static void longley_is_fitted_as_certified(void **state)
{
	static const double slope[] = {
		1.50618722713728e-02,  -3.58191792925910e-02,
		-2.02022980381682e-02, -1.03322686717359e-02,
		-5.11041056535792e-02, 1.82915146461355e+00,
	};
	static const double se[] = {
		8.49149257747674e-02, 3.34910077722434e-02,
		4.88399681651703e-03, 2.14274163161676e-03,
		2.26073200069373e-01, 4.55478499142213e-01,
	};
	struct ep_regress r;

	(void)state;
	assert_int_equal(ep_regress(longley_x, longley_y, LONGLEY_ROWS, 6, &r),
			 0);
	assert_int_equal(r.used_count, 6);
	support_near(r.df, 9, 0);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(r.use[i], EP_REGRESS_USED);
		near_relative(r.slope[i], slope[i]);
		near_relative(r.se[i], se[i]);
	}
	near_relative(r.residual_sd, 0.304854073561965);
	near_relative(r.r2, 0.995479004577296);
	near_relative(r.correlation[0], 0.970898525061);
	near_relative(r.correlation[3], 0.457307399976);
}

/* y = 3 + 2a - b; c = a + b, d the same in all rows. */
static void what_depends_is_named_and_dropped(void **state)
{
	double x[10 * 4], y[10];
	struct ep_regress r;

	(void)state;
	for (int i = 0; i < 10; i++) {
		double a = i, b = (i * 7) % 5;

		x[4 * i] = a;
		x[4 * i + 1] = 4.2;
		x[4 * i + 2] = b;
		x[4 * i + 3] = a + b;
		y[i] = 3 + 2 * a - b;
	}
	assert_int_equal(ep_regress(x, y, 10, 4, &r), 0);
	assert_int_equal(r.use[0], EP_REGRESS_USED);
	assert_int_equal(r.use[1], EP_REGRESS_CONSTANT);
	assert_int_equal(r.use[2], EP_REGRESS_USED);
	assert_int_equal(r.use[3], EP_REGRESS_COLLINEAR);
	support_near(r.slope[0], 2, 1e-12);
	support_near(r.slope[2], -1, 1e-12);
	assert_true(isnan(r.slope[1]));
	assert_true(isnan(r.slope[3]));
	assert_true(isnan(r.correlation[1]));
	assert_true(isfinite(r.correlation[3]));
	support_near(r.df, 7, 0);
	support_near(r.r2, 1, 1e-12);
}

/* The same at scales where squares overflow or vanish. */
static void scale_changes_nothing(void **state)
{
	double x[LONGLEY_ROWS * 6], y[LONGLEY_ROWS];
	struct ep_regress plain, scaled;

	(void)state;
	assert_int_equal(
		ep_regress(longley_x, longley_y, LONGLEY_ROWS, 6, &plain), 0);
	for (size_t i = 0; i < LONGLEY_ROWS * 6; i++)
		x[i] = longley_x[i] * (i % 6 == 0 ? 1e180 : 1e-180);
	for (size_t i = 0; i < LONGLEY_ROWS; i++)
		y[i] = longley_y[i];
	assert_int_equal(ep_regress(x, y, LONGLEY_ROWS, 6, &scaled), 0);
	support_near(scaled.r2, plain.r2, 1e-9);
	near_relative(scaled.slope[0], plain.slope[0] * 1e-180);
	near_relative(scaled.slope[5], plain.slope[5] * 1e180);
}

static void what_cannot_be_fitted_is_refused(void **state)
{
	double x[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	double y[8] = { 1, 2, 3, 4, 5, 6, 7, (double)NAN };
	struct ep_regress r;

	(void)state;
	assert_int_equal(ep_regress(x, y, 2, 1, &r), -ENODATA);
	assert_int_equal(ep_regress(x, y, 8, 1, &r), -EINVAL);
	y[7] = HUGE_VAL;
	assert_int_equal(ep_regress(x, y, 8, 1, &r), -EINVAL);
	y[7] = 8;
	x[3] = (double)NAN;
	assert_int_equal(ep_regress(x, y, 8, 1, &r), -EINVAL);
	assert_int_equal(ep_regress(x, y, 8, EP_REGRESS_COLUMNS_MAX + 1, &r),
			 -EINVAL);
	/* A power that does not vary goes with nothing. */
	x[3] = 4;
	for (int i = 0; i < 8; i++)
		y[i] = 5;
	assert_int_equal(ep_regress(x, y, 8, 1, &r), 0);
	assert_true(isnan(r.r2));
	assert_true(isnan(r.correlation[0]));
	support_near(r.slope[0], 0, 1e-15);
	/* Without columns there is the mean. */
	assert_int_equal(ep_regress(x, x, 8, 0, &r), 0);
	support_near(r.mean, 4.5, 1e-15);
	support_near(r.residual_sd, sqrt(6), 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longley_is_fitted_as_certified),
		cmocka_unit_test(what_depends_is_named_and_dropped),
		cmocka_unit_test(scale_changes_nothing),
		cmocka_unit_test(what_cannot_be_fitted_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
