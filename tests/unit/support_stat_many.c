/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_stat.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/stat_cluster.h"
#include "profiler/analyze/stat_manova.h"

/* Columns 1 ... of a set, row by row. */
static double *rows_of(struct golden_at at, size_t first)
{
	size_t n = at.set->groups[0].n, p = at.set->group_count - first;
	double *x = calloc(n * p + 1, sizeof(*x));

	assert_non_null(x);
	for (size_t j = 0; j < p; j++)
		for (size_t i = 0; i < n; i++)
			x[i * p + j] = at.set->groups[j + first].x[i];
	return x;
}

static void check_line(struct golden_at at, const char *test,
		       const struct ep_manova_line *l)
{
	golden_check(at, test, "value", l->value);
	golden_check(at, test, "f", l->f);
	golden_check(at, test, "df", l->df);
	golden_check(at, test, "df2", l->df2);
	golden_check(at, test, "p", l->p);
}

static void check_manova(struct golden_at at, bool paired)
{
	static const char *const names[] = { "wilks", "pillai", "hotelling",
					     "mckeon", "roy" };
	size_t n = at.set->groups[0].n, groups[200];
	enum ep_use use[EP_SET_GROUPS_MAX];
	double *x = rows_of(at, 1), reference;
	struct ep_manova m;
	struct ep_manova_input in = { x, paired ? NULL : groups, n,
				      at.set->group_count - 1, 1 };

	assert_true(n <= 200);
	for (size_t i = 0; i < n; i++) {
		groups[i] = (size_t)at.set->groups[0].x[i];
		if (groups[i] >= in.groups)
			in.groups = groups[i] + 1;
	}
	assert_int_equal(ep_stat_manova(&in, use, &m), 0);
	assert_null(m.reason);
	assert_true(
		golden_find(at.g, at.set->name, "wilks", "value", &reference));
	/* R refuses where a metric depends on others; here it is left out. */
	assert_int_equal(isnan(reference), m.metrics < in.metrics);
	for (size_t t = 0; t < EP_MANOVA_COUNT; t++)
		if (isnan(reference))
			(void)golden_find(at.g, at.set->name, names[t], "value",
					  &reference);
		else
			check_line(at, names[t], &m.tests[t]);
	free(x);
}

void golden_manova(struct golden_at at)
{
	check_manova(at, false);
}

void golden_manova_pairs(struct golden_at at)
{
	check_manova(at, true);
}

/* R's labels stand in the order of points; none: not compared. */
static void check_labels(struct golden_at at, const char *test,
			 const uint8_t *of)
{
	size_t n = at.set->groups[0].n, count = 0;

	for (size_t i = 0; i < at.g->value_count; i++) {
		struct ep_golden_value *v = &at.g->values[i];

		if (strcmp(v->set, at.set->name) != 0 ||
		    strcmp(v->test, test) != 0 ||
		    strcmp(v->field, "label") != 0)
			continue;
		v->used = true;
		if (count < n && of[count] != (uint8_t)v->value) {
			print_error("%s %s: point %zu is in %d, R has %g\n",
				    at.set->name, test, count, of[count],
				    v->value);
			at.g->wrong++;
		}
		count++;
	}
	assert_true(count == n || count == 0);
}

static void check_mixture(struct golden_at at, const struct ep_points *p,
			  const struct ep_mixture *m, const uint8_t *begin)
{
	const char *test = m->full ? "VVV" : "VVI";
	uint8_t of[200];
	double bic;

	memcpy(of, begin, p->count);
	assert_int_equal(ep_stat_mixture(p, m, of, &bic), 0);
	if (!golden_find(at.g, at.set->name, test, "bic", &(double){ 0 }))
		return;
	golden_check(at, test, "bic", bic);
	check_labels(at, test, of);
}

void golden_points(struct golden_at at)
{
	double *x = rows_of(at, 0), k, squares;
	struct ep_points p = { x, at.set->groups[0].n, at.set->group_count,
			       NULL };
	uint8_t of[200];

	assert_true(p.count <= 200);
	assert_int_equal(ep_points_measure(&p), 0);
	assert_true(golden_find(at.g, at.set->name, "ward", "k", &k));
	assert_int_equal(ep_stat_ward(&p, (size_t)k, of), 0);
	check_labels(at, "ward", of);
	golden_check(at, "ward", "silhouette",
		     ep_stat_silhouette(&p, of, (size_t)k));
	assert_int_equal(ep_stat_kmeans(&p, &(struct ep_kmeans){ (size_t)k, 1 },
					of, &squares),
			 0);
	check_labels(at, "kmeans", of);
	golden_check(at, "kmeans", "squares", squares);
	check_mixture(at, &p, &(struct ep_mixture){ (size_t)k, false }, of);
	check_mixture(at, &p, &(struct ep_mixture){ (size_t)k, true }, of);
	ep_points_done(&p);
	free(x);
}
