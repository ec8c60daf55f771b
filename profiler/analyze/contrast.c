/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/contrast.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/stat_groups.h"

static const struct {
	const char *name, *title;
} tests[EP_TEST_COUNT] = {
	[EP_TEST_WELCH] = { "welch", "Welch's t" },
	[EP_TEST_STUDENT] = { "student", "Student's t" },
	[EP_TEST_RANK_SUM] = { "mann-whitney", "Mann-Whitney U" },
	[EP_TEST_MUNZEL] = { "brunner-munzel", "Brunner-Munzel" },
	[EP_TEST_KS] = { "ks", "Kolmogorov-Smirnov" },
	[EP_TEST_PERMUTATION] = { "permutation", "permutation" },
	[EP_TEST_PAIRED_T] = { "paired-t", "paired t" },
	[EP_TEST_SIGNED_RANK] = { "wilcoxon", "Wilcoxon signed rank" },
};

const char *ep_test_name(enum ep_test t)
{
	return tests[t].name;
}

const char *ep_test_title(enum ep_test t)
{
	return tests[t].title;
}

bool ep_test_needs_pairs(enum ep_test t)
{
	return t == EP_TEST_PAIRED_T || t == EP_TEST_SIGNED_RANK;
}

bool ep_test_takes_pairs(enum ep_test t)
{
	return ep_test_needs_pairs(t) || t == EP_TEST_PERMUTATION;
}

int ep_test_find(const char *name, enum ep_test *ret, struct ep_err *err)
{
	const char *names[EP_TEST_COUNT], *near;
	char clean[80];

	for (int i = 0; i < EP_TEST_COUNT; i++) {
		names[i] = tests[i].name;
		if (strcmp(name, names[i]) == 0) {
			*ret = (enum ep_test)i;
			return 0;
		}
	}
	(void)ep_str_copy(clean, sizeof(clean), name);
	ep_str_printable(clean);
	near = ep_str_nearest(name, names, EP_TEST_COUNT);
	return ep_err_set(err, -EINVAL,
			  "there is no test '%s'%s%s%s; there are welch, "
			  "student, mann-whitney, brunner-munzel, ks, "
			  "permutation, paired-t and wilcoxon",
			  clean, near ? "; did you mean '" : "",
			  near ? near : "", near ? "'?" : "");
}

void ep_contrast_options_init(struct ep_contrast_options *o)
{
	*o = (struct ep_contrast_options){
		.test = EP_TEST_WELCH,
		.margin = (double)NAN,
		.alpha = 0.05,
		.half_width = 0.02,
		.resample = { 1, 10000 },
	};
}

static int describe(struct ep_sample a, struct ep_sample b, struct ep_sample d,
		    struct ep_contrast *c)
{
	int r = ep_stat_describe(a, &c->a);

	if (r == 0)
		r = ep_stat_describe(b, &c->b);
	if (r == 0)
		r = ep_stat_describe(d, &c->d);
	if (r == 0)
		r = ep_stat_shapiro(a, &c->shapiro_a);
	if (r == 0)
		r = ep_stat_shapiro(b, &c->shapiro_b);
	if (r == 0)
		r = ep_stat_shapiro(d, &c->shapiro_d);
	return r;
}

/* The tests that know nothing of pairs. */
static int test_groups(struct ep_sample a, struct ep_sample b,
		       const struct ep_resample *how, struct ep_contrast *c)
{
	const struct ep_sample both[] = { a, b };
	struct ep_stat *t = c->tests;
	int r;

	t[EP_TEST_WELCH] = ep_stat_welch(a, b, 0.95);
	t[EP_TEST_STUDENT] = ep_stat_student(a, b);
	r = ep_stat_rank_sum(a, b, &t[EP_TEST_RANK_SUM]);
	if (r == 0)
		r = ep_stat_munzel(a, b, how, &t[EP_TEST_MUNZEL]);
	if (r == 0)
		r = ep_stat_ks(a, b, &t[EP_TEST_KS]);
	if (r == 0)
		r = ep_stat_levene(both, 2, &c->levene);
	c->cohen_d = ep_stat_cohen_d(a, b);
	c->hedges_g = ep_stat_hedges(c->cohen_d, (double)(a.n + b.n) - 2);
	c->cliff = r == 0 ? ep_stat_cliff(t[EP_TEST_RANK_SUM].value, a.n, b.n)
			  : (double)NAN;
	return r;
}

static int test_pairs(struct ep_sample d, const struct ep_resample *how,
		      struct ep_contrast *c)
{
	int r = ep_stat_signed_rank(d, &c->tests[EP_TEST_SIGNED_RANK]);

	c->tests[EP_TEST_PAIRED_T] = ep_stat_one(d, 0.95);
	if (r == 0)
		r = ep_stat_permute_signs(d, how,
					  &c->tests[EP_TEST_PERMUTATION]);
	if (r == 0)
		r = ep_stat_bootstrap_pairs(d, how, &c->bootstrap);
	return r;
}

/* Without a value of the group, whose mean then shifts; *least: the smallest
 * difference, in its direction, that is left so far. */
static void leave_out(struct ep_sample s, char group, struct ep_contrast *c,
		      double *least)
{
	double mean = ep_stat_mean(s), way = c->difference < 0 ? -1 : 1;
	double sign = group == 'A' ? -way : way;

	for (size_t i = 0; s.n > 1 && i < s.n; i++) {
		double shift = sign * (mean - s.x[i]) / ((double)s.n - 1);
		double left = fabs(c->difference) + shift;

		if (c->carried ? left >= *least : left > *least)
			continue;
		c->carried = true;
		c->carried_group = group;
		c->carried_index = i;
		*least = left;
	}
}

static void look_for_one(struct ep_sample a, struct ep_sample b,
			 struct ep_sample d, struct ep_contrast *c)
{
	double least = fabs(c->difference) / 2;

	if (!(least > 0))
		return;
	if (d.n > 0) {
		leave_out(d, 'p', c, &least);
	} else {
		leave_out(a, 'A', c, &least);
		leave_out(b, 'B', c, &least);
	}
}

static double within_sd(const struct ep_contrast *c)
{
	double da = (double)c->a.n - 1, db = (double)c->b.n - 1;

	if (c->a.n < 2 || c->b.n < 2)
		return (double)NAN;
	return hypot(c->a.sd * sqrt(da / (da + db)),
		     c->b.sd * sqrt(db / (da + db)));
}

static void plan(const struct ep_contrast_options *o, struct ep_contrast *c)
{
	struct ep_design d = { o->paired ? c->d.sd : within_sd(c), o->paired };
	double size = fabs(c->a.mean);

	c->runs_to_differ = ep_stat_runs_to_differ(&d, o->margin * size);
	c->runs_to_equate = ep_stat_runs_to_equate(&d, o->margin * size);
	c->runs_to_width = ep_stat_runs_to_width(&d, o->half_width * size);
}

/* What the verdict follows; of two constant groups that differ, t says
 * nothing and the arrangements do. */
static void choose_p(const struct ep_contrast_options *o, struct ep_contrast *c)
{
	c->test = o->test;
	if (!o->paired && c->a.constant && c->b.constant &&
	    isnan(ep_stat_p(&c->tests[c->test])) && c->a.n > 1 && c->b.n > 1)
		c->test = EP_TEST_PERMUTATION;
	c->p = ep_stat_p(&c->tests[c->test]);
	c->p_holm = c->p_bh = c->p;
}

static int compute(struct ep_sample a, struct ep_sample b, struct ep_sample d,
		   const struct ep_contrast_options *o, struct ep_contrast *c)
{
	int r = describe(a, b, d, c);

	if (r == 0)
		r = test_groups(a, b, &o->resample, c);
	if (r == 0 && o->paired)
		r = test_pairs(d, &o->resample, c);
	if (r == 0 && !o->paired)
		r = ep_stat_permute(a, b, &o->resample,
				    &c->tests[EP_TEST_PERMUTATION]);
	if (r == 0 && !o->paired)
		r = ep_stat_bootstrap(a, b, &o->resample, &c->bootstrap);
	if (r == 0 && !isnan(o->margin))
		r = ep_stat_tost(a, b, o->paired, o->margin, &c->tost);
	for (int i = 0; i < EP_TEST_COUNT; i++)
		if (isnan(c->tests[i].p) && !c->tests[i].reason)
			c->tests[i].reason = "out of the range of numbers";
	return r;
}

int ep_contrast_make(struct ep_sample a, struct ep_sample b,
		     const struct ep_contrast_options *o,
		     struct ep_contrast *ret)
{
	const double none = (double)NAN;
	struct ep_contrast c = {
		.tost = { false, none, none, none, none, none, none, false,
			  "no margin was given" },
	};
	struct ep_sample d = { NULL, o->paired ? a.n : 0 };
	double *difference = ep_stat_pool(b, (struct ep_sample){ NULL, 0 });
	int r;

	if (!difference)
		return -ENOMEM;
	if (o->paired && a.n != b.n) {
		free(difference);
		return -EINVAL;
	}
	for (size_t i = 0; i < d.n; i++)
		difference[i] -= a.x[i];
	d.x = difference;
	for (int i = 0; i < EP_TEST_COUNT; i++)
		c.tests[i] = ep_stat_none("there are no pairs");
	r = compute(a, b, d, o, &c);
	if (r == 0) {
		c.difference = o->paired ? c.d.mean : c.b.mean - c.a.mean;
		c.relative = fabs(c.a.mean) > 0 ? c.difference / fabs(c.a.mean)
						: none;
		look_for_one(a, b, d, &c);
		plan(o, &c);
		choose_p(o, &c);
		*ret = c;
	}
	free(difference);
	return r;
}

bool ep_stat_same_information(struct ep_sample x, struct ep_sample y)
{
	bool product = true, ratio = true;

	if (x.n != y.n || x.n < 2 || ep_stat_constant(x))
		return false;
	for (size_t i = 0; i < x.n; i++) {
		if (!(fabs(x.x[i]) > 0) || !(fabs(y.x[i]) > 0))
			return false;
		product &= fabs(x.x[i] * y.x[i] / (x.x[0] * y.x[0]) - 1) < 1e-9;
		ratio &= fabs(y.x[i] / x.x[i] / (y.x[0] / x.x[0]) - 1) < 1e-9;
	}
	return product || ratio;
}
