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
#include "profiler/analyze/stat_groups.h"
#include "profiler/analyze/stat_power.h"
#include "profiler/analyze/stat_resample.h"
#include "tests/unit/support_stat.h"

static const struct ep_resample how = { 1, 2000 };

static void describe(struct golden_at at, const char *name, struct ep_sample s)
{
	struct ep_describe d;
	struct ep_stat w;
	char shapiro[24];

	assert_int_equal(ep_stat_describe(s, &d), 0);
	golden_check(at, name, "mean", d.mean);
	golden_check(at, name, "mean_low", d.mean_low);
	golden_check(at, name, "mean_high", d.mean_high);
	golden_check(at, name, "sd", d.sd);
	golden_check(at, name, "cv", d.cv);
	golden_check(at, name, "cv_low", d.cv_low);
	golden_check(at, name, "cv_high", d.cv_high);
	golden_check(at, name, "min", d.min);
	golden_check(at, name, "q1", d.q1);
	golden_check(at, name, "median", d.median);
	golden_check(at, name, "q3", d.q3);
	golden_check(at, name, "max", d.max);
	assert_int_equal(ep_stat_shapiro(s, &w), 0);
	(void)snprintf(shapiro, sizeof(shapiro), "shapiro_%s", name);
	golden_stat(at, shapiro, &w);
}

static void tost(struct golden_at at, bool paired)
{
	struct ep_tost t;
	double equivalent;

	assert_int_equal(ep_stat_tost(at.set->groups[0], at.set->groups[1],
				      paired, 0.02, &t),
			 0);
	golden_check(at, "tost", "estimate", t.estimate);
	golden_check(at, "tost", "low", t.low);
	golden_check(at, "tost", "high", t.high);
	golden_check(at, "tost", "p", t.p);
	if (golden_find(at.g, at.set->name, "tost", "equivalent", &equivalent))
		assert_int_equal(t.equivalent, equivalent > 0);
}

static void permutations(struct golden_at at, struct ep_sample a,
			 struct ep_sample b)
{
	struct ep_stat s;
	double p;

	assert_int_equal(ep_stat_munzel(a, b, &how, &s), 0);
	if (!golden_find(at.g, at.set->name, "munzel", "p", &p))
		s.p = 0; /* too many arrangements for R */
	golden_stat(at, "munzel", &s);
	assert_int_equal(ep_stat_permute(a, b, &how, &s), 0);
	golden_check(at, "permute", "p", s.p);
}

static void two(struct golden_at at)
{
	struct ep_sample a = at.set->groups[0], b = at.set->groups[1];
	struct ep_describe da, db;
	struct ep_stat s;
	double d;

	assert_int_equal(ep_stat_describe(a, &da), 0);
	assert_int_equal(ep_stat_describe(b, &db), 0);
	at.ill_conditioned = da.ill_conditioned || db.ill_conditioned;
	describe(at, "a", a);
	describe(at, "b", b);
	s = ep_stat_welch(a, b, 0.95);
	golden_stat(at, "welch", &s);
	s = ep_stat_student(a, b);
	golden_stat(at, "student", &s);
	assert_int_equal(ep_stat_ks(a, b, &s), 0);
	golden_stat(at, "ks", &s);
	assert_int_equal(ep_stat_levene(at.set->groups, 2, &s), 0);
	golden_stat(at, "levene", &s);
	assert_int_equal(ep_stat_rank_sum(a, b, &s), 0);
	golden_stat(at, "rank_sum", &s);
	golden_check(at, "cliff", "delta", ep_stat_cliff(s.value, a.n, b.n));
	d = ep_stat_cohen_d(a, b);
	golden_check(at, "cohen", "d", d);
	golden_check(at, "cohen", "g",
		     ep_stat_hedges(d, (double)(a.n + b.n) - 2));
	permutations(at, a, b);
	tost(at, false);
}

static void pairs(struct golden_at at)
{
	struct ep_sample a = at.set->groups[0], b = at.set->groups[1];
	double *d = calloc(a.n, sizeof(*d));
	struct ep_sample difference = { d, a.n };
	struct ep_stat s;

	assert_non_null(d);
	assert_int_equal(a.n, b.n);
	for (size_t i = 0; i < a.n; i++)
		d[i] = b.x[i] - a.x[i];
	describe(at, "d", difference);
	s = ep_stat_one(difference, 0.95);
	golden_stat(at, "paired_t", &s);
	assert_int_equal(ep_stat_signed_rank(difference, &s), 0);
	golden_stat(at, "signed_rank", &s);
	assert_int_equal(ep_stat_permute_signs(difference, &how, &s), 0);
	golden_check(at, "flip", "p", s.p);
	tost(at, true);
	free(d);
}

static void groups(struct golden_at at)
{
	const struct ep_sample *g = at.set->groups;
	size_t k = at.set->group_count;
	struct ep_stat s = ep_stat_anova(g, k);
	char name[64];

	golden_stat(at, "anova", &s);
	s = ep_stat_welch_anova(g, k);
	golden_stat(at, "welch_anova", &s);
	assert_int_equal(ep_stat_kruskal(g, k, &s), 0);
	golden_stat(at, "kruskal", &s);
	assert_int_equal(ep_stat_levene(g, k, &s), 0);
	golden_stat(at, "levene", &s);
	for (size_t i = 0; i < k; i++)
		for (size_t j = i + 1; j < k; j++) {
			s = ep_stat_tukey(g, k, i, j);
			(void)snprintf(name, sizeof(name), "tukey_%zu_%zu", i,
				       j);
			golden_stat(at, name, &s);
			s = ep_stat_games_howell(g, k, i, j);
			(void)snprintf(name, sizeof(name), "games_%zu_%zu", i,
				       j);
			golden_stat(at, name, &s);
		}
}

static void correlations(struct golden_at at)
{
	struct ep_stat s;

	assert_int_equal(
		ep_stat_spearman(at.set->groups[0], at.set->groups[1], &s), 0);
	golden_stat(at, "spearman", &s);
}

/* R's values stand in the order of p. */
static void adjust_by(struct golden_at at, const char *test,
		      void (*by)(double *p, size_t n))
{
	size_t n = at.set->groups[0].n, count = 0;
	double *p =
		ep_stat_pool(at.set->groups[0], (struct ep_sample){ NULL, 0 });

	assert_non_null(p);
	by(p, n);
	for (size_t i = 0; i < at.g->value_count; i++) {
		struct ep_golden_value *v = &at.g->values[i];

		if (strcmp(v->set, at.set->name) != 0 ||
		    strcmp(v->test, test) != 0)
			continue;
		v->used = true;
		assert_true(count < n);
		assert_true(fabs(p[count++] - v->value) <= 1e-12);
	}
	assert_int_equal(count, n);
	free(p);
}

static void adjust(struct golden_at at)
{
	adjust_by(at, "holm", ep_stat_holm);
	adjust_by(at, "bh", ep_stat_benjamini_hochberg);
}

static void counts(struct golden_at at)
{
	const double *x = at.set->values;
	struct ep_two_by_two t = ep_stat_two_by_two((size_t)x[0], (size_t)x[1],
						    (size_t)x[2], (size_t)x[3]);
	double low, high;

	ep_stat_wilson((size_t)x[0], (size_t)x[1], &low, &high);
	golden_check(at, "counts", "chi2", t.chi2);
	golden_check(at, "counts", "p", t.p);
	golden_check(at, "counts", "chi2_yates", t.chi2_yates);
	golden_check(at, "counts", "p_yates", t.p_yates);
	golden_check(at, "counts", "p_fisher", t.p_fisher);
	golden_check(at, "counts", "low", low);
	golden_check(at, "counts", "high", high);
}

/* Each data set, by its kind: as R has it, to the tolerances of the
 * documentation; and no value of R is left unread. */
static void r_agrees(void **state)
{
	static const struct {
		const char *name;
		void (*check)(struct golden_at at);
	} kinds[] = { { "two", two },
		      { "pair", pairs },
		      { "groups", groups },
		      { "cor", correlations },
		      { "adjust", adjust },
		      { "counts", counts },
		      { "manova", golden_manova },
		      { "manova_pairs", golden_manova_pairs },
		      { "points", golden_points } };
	struct ep_golden *g = golden_load();
	size_t checked = 0, unread = 0;

	(void)state;
	for (size_t i = 0; i < g->set_count; i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			if (strcmp(g->sets[i].kind, kinds[k].name) == 0) {
				kinds[k].check((struct golden_at){
					g, &g->sets[i], false });
				checked++;
			}
	assert_int_equal(checked, g->set_count);
	assert_true(checked >= 60);
	for (size_t i = 0; i < g->value_count; i++)
		if (!g->values[i].used &&
		    strcmp(g->values[i].set, "power") != 0) {
			print_error("%s %s %s is not read\n", g->values[i].set,
				    g->values[i].test, g->values[i].field);
			unread++;
		}
	print_message("%zu data sets, %zu values of R\n", checked,
		      g->value_count);
	assert_int_equal(unread, 0);
	assert_int_equal(g->wrong, 0);
	golden_free(g);
	ep_distributions_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(r_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
