/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/str.h"
#include "profiler/report/compare_more.h"

/* All metrics together, clusters of rows and drift, as they are told: which
 * metrics go in, which are refused by name, and in which words. */

#define ROWS_MAX 80
#define METRICS_MAX 6

static const char *const groups[] = { "one", "two", "three" };
static const char *const metrics[METRICS_MAX] = { "energy", "time",  "sum",
						  "price",  "fixed", "rare" };

struct data {
	double values[ROWS_MAX][METRICS_MAX];
	char keys[ROWS_MAX][8];
	struct ep_comparison_row rows[ROWS_MAX];
	struct ep_comparison_input in;
	struct ep_contrast_options options;
	struct ep_comparison c;
	struct ep_compare_more more;
	struct ep_rng rng;
};

static double noise(struct data *d)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += ep_rng_unit(&d->rng);
	return sum;
}

/* Two groups of half the rows each, in turn; energy and time are noise, sum is
 * both, price is energy in cents, fixed does not vary, rare is nowhere. */
static struct data *make(size_t rows, size_t metric_count)
{
	struct data *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	ep_rng_init(&d->rng, 5, rows);
	for (size_t i = 0; i < rows; i++) {
		double *x = d->values[i];

		x[0] = 20 + noise(d);
		x[1] = 30 + noise(d);
		x[2] = x[0] + x[1];
		x[3] = 100 * x[0];
		x[4] = 7;
		x[5] = (double)NAN;
		(void)ep_str_format(d->keys[i], sizeof(d->keys[i]), "p%zu",
				    i / 2);
		d->rows[i].group = i % 2;
		d->rows[i].values = x;
	}
	ep_contrast_options_init(&d->options);
	d->options.resample.count = 200;
	d->in = (struct ep_comparison_input){
		.group_names = groups,
		.group_count = 2,
		.metrics = metrics,
		.metric_count = metric_count,
		.rows = d->rows,
		.row_count = rows,
		.wants = { true, true, true },
	};
	return d;
}

static void compute(struct data *d, enum ep_compare_part part)
{
	struct ep_err err;

	assert_int_equal(ep_compare(&d->in, &d->options, &d->c, &err), 0);
	ep_compare_more(&d->c, part, &d->more);
	assert_true(d->more.count > 0);
}

static void done(struct data *d)
{
	ep_comparison_done(&d->c);
	free(d);
}

static void says(const struct data *d, const char *text)
{
	for (size_t i = 0; i < d->more.count; i++)
		if (strstr(d->more.texts[i], text))
			return;
	for (size_t i = 0; i < d->more.count; i++)
		print_error("%s\n", d->more.texts[i]);
	fail_msg("nothing of that says \"%s\"", text);
}

static void says_not(const struct data *d, const char *text)
{
	for (size_t i = 0; i < d->more.count; i++)
		if (strstr(d->more.texts[i], text))
			fail_msg("\"%s\" says \"%s\"", d->more.texts[i], text);
}

static void dependent_metrics_are_refused_by_name(void **state)
{
	struct data *d = make(40, 6);

	(void)state;
	d->values[3][1] = (double)NAN;
	compute(d, EP_COMPARE_TOGETHER);
	says(d, "2 metrics, 39 rows: no difference is shown, which is no sign "
		"of equality");
	says(d, "without sum, price: tells nothing that the others do not");
	says(d, "without fixed: does not vary inside the groups");
	says(d, "without rare: has no value in one of the groups");
	says(d, "1 rows without all of these metrics are left out");
	says(d, "too small: its F is an upper bound");
	assert_int_equal(d->c.together.use[0], EP_USED);
	assert_int_equal(d->c.together.use[1], EP_USED);
	assert_int_equal(d->c.together.use[2], EP_DEPENDENT);
	assert_int_equal(d->c.together.use[3], EP_DEPENDENT);
	assert_int_equal(d->c.together.use[4], EP_CONSTANT);
	assert_int_equal(d->c.together.use[5], EP_EMPTY);
	done(d);
}

/* No metric alone shows it, both together do. */
static void together_they_differ(void **state)
{
	struct data *d = make(60, 2);
	const struct ep_manova_line *wilks;

	(void)state;
	for (size_t i = 0; i < 60; i++)
		d->values[i][1] =
			d->values[i][0] + 0.05 * noise(d) + (i % 2 ? 0.1 : 0);
	compute(d, EP_COMPARE_TOGETHER);
	wilks = &d->c.together.manova.tests[EP_MANOVA_WILKS];
	assert_true(wilks->p < 1e-6);
	says(d, "the groups differ in at least one of the metrics or a "
		"combination of them");
	for (size_t m = 0; m < 2; m++)
		assert_int_equal(d->c.metrics[m].contrasts[1].verdict,
				 EP_CANNOT_TELL);
	/* Of two groups every F is the same and exact. */
	for (size_t t = 0; t < EP_MANOVA_COUNT; t++)
		assert_true(fabs(d->c.together.manova.tests[t].p - wilks->p) <=
			    1e-6 * wilks->p);
	done(d);
}

/* The example of docs/statistics.md. */
static void by_hand(void **state)
{
	static const double x[][2] = { { 1, 2 }, { 2, 1 }, { 3, 3 },
				       { 2, 4 }, { 3, 5 }, { 4, 6 } };
	struct data *d = make(6, 2);
	const struct ep_manova_line *t = d->c.together.manova.tests;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		memcpy(d->values[i], x[i], sizeof(x[i]));
		d->rows[i].group = i / 3;
	}
	compute(d, EP_COMPARE_TOGETHER);
	assert_true(fabs(t[EP_MANOVA_ROY].value - 33.0 / 7) < 1e-12);
	assert_true(fabs(t[EP_MANOVA_WILKS].value - 0.175) < 1e-12);
	assert_true(fabs(t[EP_MANOVA_PILLAI].f - 99.0 / 14) < 1e-12);
	assert_true(fabs(t[EP_MANOVA_WILKS].p - 0.0732) < 0.0005);
	/* McKeon's needs more rows. */
	assert_true(isnan(t[EP_MANOVA_MCKEON].p));
	done(d);
}

static void pairs_are_tested_as_differences(void **state)
{
	struct data *d = make(40, 2);

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		double prompt = 50 * (double)(i / 2 * 7 % 20);

		d->rows[i].key = d->keys[i];
		for (size_t m = 0; m < 2; m++)
			d->values[i][m] = prompt + 0.1 * noise(d) +
					  (i % 2 && m ? 0.3 : 0);
	}
	d->in.pair_by = "prompt";
	d->options.paired = true;
	d->options.test = EP_TEST_PAIRED_T;
	compute(d, EP_COMPARE_TOGETHER);
	says(d, "2 metrics, 20 pairs: the groups differ");
	assert_true(d->c.together.manova.tests[0].p < 1e-4);
	/* T2 = 19 * trace, F = T2 (n - p) / (p (n - 1)). */
	assert_true(fabs(d->c.together.manova.tests[EP_MANOVA_WILKS].f -
			 d->c.together.manova.tests[EP_MANOVA_ROY].value * 18 /
				 2) < 1e-6);
	done(d);
}

static void what_cannot_be_computed_is_told(void **state)
{
	struct data *d = make(40, 1);

	(void)state;
	compute(d, EP_COMPARE_TOGETHER);
	says(d, "not computed: it takes two metrics that do not say the same");
	done(d);
	d = make(4, 2);
	d->values[3][1] = (double)NAN;
	compute(d, EP_COMPARE_TOGETHER);
	says(d, "not computed: there are too few rows for so many metrics (3 "
		"complete rows, 2 metrics)");
	ep_compare_more(&d->c, EP_COMPARE_CLUSTERS, &d->more);
	says(d, "not looked for: 3 rows have all metrics, and it takes 8");
	ep_compare_more(&d->c, EP_COMPARE_CHANGES, &d->more);
	says(d, "not looked for in energy and 1 more: there are fewer than 8");
	done(d);
	d = make(2, 2);
	compute(d, EP_COMPARE_TOGETHER);
	says(d, "not computed: ");
	done(d);
}

/* Nine clusters of twenty points, each with a name, are no finding. */
static void noise_has_no_clusters(void **state)
{
	struct data *d = make(20, 6);

	(void)state;
	d->in.metric_count = 5;
	compute(d, EP_COMPARE_CLUSTERS);
	says(d, "Gaussian mixture: no clusters, one cluster fits as well as "
		"several");
	says(d, "without fixed: does not vary");
	says(d, "without sum, price: tells nothing");
	says_not(d, "9 clusters");
	done(d);
}

static void clusters_are_counted_by_group(void **state)
{
	struct data *d = make(48, 2);

	(void)state;
	for (size_t i = 0; i < 48; i++)
		for (size_t m = 0; m < 2; m++)
			d->values[i][m] += i < 24 ? 0 : i % 2 ? 40 : -40;
	compute(d, EP_COMPARE_CLUSTERS);
	says(d, "Ward's method: 3 clusters, silhouette 0.");
	says(d, "rows 24, 12 and 12");
	says(d, "cluster 1 of k-means: 12 of one; 12 of two");
	says(d, "cluster 2 of k-means: 12 of one");
	says(d, "cluster 3 of k-means: 12 of two");
	assert_int_equal(d->c.clusters.row_count, 48);
	done(d);
}

/* The rig drifts, and what the configurations explain is no drift. */
static void drift_is_what_is_left(void **state)
{
	static const char *const configs[] = { "1", "2", "3", "4" };
	struct data *d = make(40, 2);
	const struct ep_drift *drift;

	(void)state;
	for (size_t i = 0; i < 40; i++) {
		/* Rows stand by configuration, measured in turns. */
		size_t turn = i % 10, config = i / 10;

		d->rows[i].study = "s";
		d->rows[i].config = configs[config];
		d->rows[i].order = 1 + (double)(4 * turn + config);
		d->rows[i].group = config % 2;
		d->values[i][0] = 100 * (double)(config + 1) + 0.5 * noise(d) +
				  (turn >= 6 ? 8 : 0);
		d->values[i][1] = 100 * (double)(config + 1) + 0.5 * noise(d);
	}
	compute(d, EP_COMPARE_CHANGES);
	drift = &d->c.metrics[0].drift;
	assert_true(drift->by_order);
	assert_int_equal(drift->shift_count, 1);
	assert_int_equal(drift->shifts[0].at, 24);
	assert_true(fabs(drift->shifts[0].by - 8) < 1);
	says(d, "energy: +3.");
	says(d, " % from run 25 on");
	says(d, "none in 1 of 2 metrics");
	done(d);
}

/* One run that failed to be like the others is no shift of the rig. */
static void one_value_apart_is_no_shift(void **state)
{
	struct data *d = make(40, 2);
	const struct ep_drift *drift;

	(void)state;
	d->values[17][0] += 200;
	d->values[0][1] += 200;
	compute(d, EP_COMPARE_CHANGES);
	drift = &d->c.metrics[0].drift;
	assert_int_equal(drift->changes.count, 2);
	assert_int_equal(drift->shift_count, 1);
	assert_true(drift->shifts[0].alone);
	says(d, "energy: +");
	says(d, " % in row 18 alone");
	says(d, " % in row 1 alone");
	done(d);
}

/* A range stood beside a mean of other values: with pairs both are of pairs. */
static void a_range_belongs_to_its_mean(void **state)
{
	struct data *d = make(20, 1);
	struct ep_compare_view v = { .comparison = &d->c };
	struct ep_buf b;
	struct ep_err err;

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		d->rows[i].key = d->keys[i];
		d->values[i][0] = 100 + (double)(i / 2);
	}
	(void)ep_str_copy(d->keys[18], sizeof(d->keys[18]), "alone");
	d->values[18][0] = 9999;
	d->in.pair_by = "prompt";
	d->options.paired = true;
	d->options.test = EP_TEST_PAIRED_T;
	assert_int_equal(ep_compare(&d->in, &d->options, &d->c, &err), 0);
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_compare_text(&v, &b), 0);
	assert_non_null(strstr(b.data, "one              mean 104"));
	/* Lines are broken somewhere in it. */
	for (char *c = b.data; (c = strstr(c, "\n    ")) != NULL; *c = ' ')
		memmove(c, c + 4, strlen(c + 4) + 1);
	assert_non_null(strstr(b.data, "100 to 108, n 9"));
	assert_null(strstr(b.data, "9999"));
	assert_non_null(strstr(b.data, "only in one: 1 (alone)"));
	ep_buf_done(&b);
	done(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dependent_metrics_are_refused_by_name),
		cmocka_unit_test(together_they_differ),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(pairs_are_tested_as_differences),
		cmocka_unit_test(what_cannot_be_computed_is_told),
		cmocka_unit_test(noise_has_no_clusters),
		cmocka_unit_test(clusters_are_counted_by_group),
		cmocka_unit_test(drift_is_what_is_left),
		cmocka_unit_test(one_value_apart_is_no_shift),
		cmocka_unit_test(a_range_belongs_to_its_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
