/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "profiler/analyze/decimate.h"

/* Within eps; the value itself where eps is 0. */
static void near(double is, double wanted, double eps)
{
	if (!(fabs(is - wanted) <= eps))
		fail_msg("%.17g is not %.17g", is, wanted);
}

static void few_rows_stay_as_they_are(void **state)
{
	const double rows[3][2] = { { 1, -5 },
				    { 2.5, (double)NAN },
				    { -1, 7 } };
	struct ep_decimate d;

	(void)state;
	assert_int_equal(ep_decimate_init(&d, 2, 4), 0);
	for (int i = 0; i < 3; i++)
		ep_decimate_add(&d, rows[i]);
	assert_int_equal(d.stretch_count, 3);
	assert_int_equal(d.rows_per_stretch, 1);
	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 2; k++) {
			const struct ep_extrema *e = ep_decimate_at(&d, i, k);

			if (isnan(rows[i][k])) {
				assert_true(isnan(e->first));
				assert_true(isnan(e->second));
				continue;
			}
			near(e->first, rows[i][k], 0);
			near(e->second, rows[i][k], 0);
		}
	ep_decimate_done(&d);
}

static void the_earlier_extremum_comes_first(void **state)
{
	const double rows[] = { 3, 9, 1, 4, 2, 8, 5, 6, 0 };
	struct ep_decimate d;

	(void)state;
	assert_int_equal(ep_decimate_init(&d, 1, 2), 0);
	for (size_t i = 0; i < 8; i++)
		ep_decimate_add(&d, &rows[i]);
	assert_int_equal(d.stretch_count, 2);
	assert_int_equal(d.rows_per_stretch, 4);
	/* 3 9 1 4, then 2 8 5 6 */
	near(ep_decimate_at(&d, 0, 0)->first, 9, 0);
	near(ep_decimate_at(&d, 0, 0)->second, 1, 0);
	near(ep_decimate_at(&d, 1, 0)->first, 2, 0);
	near(ep_decimate_at(&d, 1, 0)->second, 8, 0);
	ep_decimate_add(&d, &rows[8]);
	assert_int_equal(d.rows_per_stretch, 8);
	assert_int_equal(d.stretch_count, 2);
	near(ep_decimate_at(&d, 0, 0)->first, 9, 0);
	near(ep_decimate_at(&d, 1, 0)->first, 0, 0);
	ep_decimate_done(&d);
}

/* What a stretch keeps, found the slow way. */
static void expect_extrema(const struct ep_decimate *d, const double *values,
			   size_t count, size_t stretch)
{
	const struct ep_extrema *e = ep_decimate_at(d, stretch, 0);
	size_t from = stretch * (size_t)d->rows_per_stretch;
	size_t to = from + (size_t)d->rows_per_stretch, low_at = 0, high_at = 0;
	double low = (double)NAN, high = (double)NAN;

	for (size_t i = from; i < to && i < count; i++) {
		if (isnan(values[i]))
			continue;
		if (!(values[i] >= low)) {
			low = values[i];
			low_at = i;
		}
		if (!(values[i] <= high)) {
			high = values[i];
			high_at = i;
		}
	}
	if (isnan(low)) {
		assert_true(isnan(e->first) && isnan(e->second));
		return;
	}
	near(low_at < high_at ? e->first : e->second, low, 0);
	near(low_at < high_at ? e->second : e->first, high, 0);
}

static void no_extremum_is_lost(void **state)
{
	static const size_t counts[] = {
		1, 2, 63, 64, 65, 127, 1000, 4096, 9999
	};
	struct ep_rng rng;

	(void)state;
	ep_rng_init(&rng, 7, 0);
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		double *values = calloc(counts[c], sizeof(*values));
		struct ep_decimate d;

		assert_non_null(values);
		assert_int_equal(ep_decimate_init(&d, 1, 64), 0);
		for (size_t i = 0; i < counts[c]; i++) {
			/* One in five is missing, and some in a row. */
			values[i] = ep_rng_below(&rng, 5) == 0 || i % 500 < 40
					    ? (double)NAN
					    : ep_rng_unit(&rng) - 0.5;
			ep_decimate_add(&d, &values[i]);
		}
		assert_true(d.stretch_count <= 64);
		assert_int_equal(d.row_count, counts[c]);
		assert_int_equal((counts[c] + d.rows_per_stretch - 1) /
					 d.rows_per_stretch,
				 d.stretch_count);
		for (size_t i = 0; i < d.stretch_count; i++)
			expect_extrema(&d, values, counts[c], i);
		ep_decimate_done(&d);
		free(values);
	}
}

static void sizes_are_checked(void **state)
{
	struct ep_decimate d = { 0 };

	(void)state;
	assert_int_equal(ep_decimate_init(&d, 1, 1), -EINVAL);
	assert_int_equal(ep_decimate_init(&d, SIZE_MAX, 4), -EINVAL);
	assert_null(d.extrema);
	assert_int_equal(ep_decimate_init(&d, 1, 5), 0);
	assert_int_equal(d.stretch_max, 4);
	ep_decimate_done(&d);
	ep_decimate_done(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_rows_stay_as_they_are),
		cmocka_unit_test(the_earlier_extremum_comes_first),
		cmocka_unit_test(no_extremum_is_lost),
		cmocka_unit_test(sizes_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
