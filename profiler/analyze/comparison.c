/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/comparison.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/comparison_parts.h"
#include "profiler/analyze/distributions.h"

size_t ep_pair_index(size_t i, size_t j, size_t k)
{
	return i * (2 * k - i - 1) / 2 + j - i - 1;
}

bool ep_metric_higher_is_better(const char *name)
{
	static const char *const parts[] = {
		"tokens_per_s", "tokens_per_second",
		"tokens_per_j", "tokens_per_kwh",
		"tpj",		"inferences",
		"hours",	"accuracy",
		"success",
	};
	const char *last = strrchr(name, '.');

	last = last ? last + 1 : name;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strstr(last, parts[i]))
			return true;
	return false;
}

void ep_comparison_done(struct ep_comparison *c)
{
	if (!c)
		return;
	ep_comparison_more_done(c);
	for (size_t m = 0; c->metrics && m < c->metric_count; m++) {
		struct ep_comparison_metric *metric = &c->metrics[m];

		for (size_t g = 0; metric->groups && g < c->group_count; g++)
			free((double *)(uintptr_t)metric->groups[g].values.x);
		free(metric->groups);
		free(metric->contrasts);
		free(metric->comparison_u95);
		for (size_t g = 0; metric->pairs && g < c->group_count; g++)
			free(metric->pairs[g]);
		free(metric->pairs);
		free(metric->many.tukey);
		free(metric->many.games_howell);
	}
	for (size_t g = 0; c->pairings && g < c->group_count; g++)
		free(c->pairings[g].keys);
	free(c->metrics);
	free(c->group_names);
	free(c->row_counts);
	free(c->pairings);
	free(c->spearman);
	memset(c, 0, sizeof(*c));
}

static int take_column(const struct ep_comparison_input *in, size_t metric,
		       size_t group, struct ep_group_column *ret)
{
	double *x = malloc((in->row_count + 1) * sizeof(*x));
	size_t n = 0;
	int r;

	if (!x)
		return -ENOMEM;
	for (size_t i = 0; i < in->row_count; i++) {
		if (in->rows[i].group != group)
			continue;
		if (isfinite(in->rows[i].values[metric]))
			x[n++] = in->rows[i].values[metric];
		else
			ret->missing_count++;
	}
	ret->values = (struct ep_sample){ x, n };
	ret->known = (struct ep_known){ (double)NAN, (double)NAN, (double)NAN,
					(double)NAN, "" };
	r = ep_stat_describe(ret->values, &ret->describe);
	return r;
}

static int take_metric(const struct ep_comparison_input *in, size_t m,
		       struct ep_comparison_metric *ret)
{
	int r = 0;

	(void)ep_str_copy(ret->name, sizeof(ret->name), in->metrics[m]);
	ep_str_printable(ret->name);
	ret->follows = m;
	ret->higher_is_better = ep_metric_higher_is_better(in->metrics[m]);
	ret->groups = calloc(in->group_count, sizeof(*ret->groups));
	ret->contrasts = calloc(in->group_count, sizeof(*ret->contrasts));
	ret->comparison_u95 =
		calloc(in->group_count, sizeof(*ret->comparison_u95));
	ret->pairs = calloc(in->group_count, sizeof(*ret->pairs));
	if (!ret->groups || !ret->contrasts || !ret->comparison_u95 ||
	    !ret->pairs)
		return -ENOMEM;
	for (size_t g = 0; r == 0 && g < in->group_count; g++) {
		r = take_column(in, m, g, &ret->groups[g]);
		ret->comparison_u95[g] = (double)NAN;
	}
	return r;
}

static int take(const struct ep_comparison_input *in, struct ep_comparison *c)
{
	int r = 0;

	c->group_names = calloc(in->group_count, sizeof(*c->group_names));
	c->row_counts = calloc(in->group_count, sizeof(*c->row_counts));
	c->pairings = calloc(in->group_count, sizeof(*c->pairings));
	c->metrics = calloc(in->metric_count, sizeof(*c->metrics));
	if (!c->group_names || !c->row_counts || !c->pairings || !c->metrics)
		return -ENOMEM;
	for (size_t g = 0; g < in->group_count; g++) {
		(void)ep_str_copy(c->group_names[g], sizeof(*c->group_names),
				  in->group_names[g]);
		ep_str_printable(c->group_names[g]);
	}
	for (size_t i = 0; i < in->row_count; i++)
		c->row_counts[in->rows[i].group]++;
	for (size_t m = 0; r == 0 && m < in->metric_count; m++)
		r = take_metric(in, m, &c->metrics[m]);
	return r;
}

/* Metrics that say the same of all groups as an earlier one. */
static void find_transforms(struct ep_comparison *c)
{
	for (size_t m = 1; m < c->metric_count; m++)
		for (size_t k = 0; k < m; k++) {
			bool same = c->metrics[k].follows == k;

			for (size_t g = 0; same && g < c->group_count; g++)
				same = ep_stat_same_information(
					c->metrics[k].groups[g].values,
					c->metrics[m].groups[g].values);
			if (!same)
				continue;
			c->metrics[m].follows = k;
			break;
		}
}

/* All pairs of the metric, for those who draw them. */
static int keep_pairs(const double *values, size_t count, double **ret)
{
	*ret = malloc((2 * count + 1) * sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, values, 2 * count * sizeof(**ret));
	return 0;
}

/* Pairs in which both sides have the metric. */
static int contrast_pairs(const struct ep_pairs *p, size_t metric,
			  const struct ep_contrast_options *o,
			  struct ep_contrast *ret)
{
	double *a = p->values + 2 * metric * p->count, *b = a + p->count;
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		if (isfinite(a[i]) && isfinite(b[i])) {
			a[n] = a[i];
			b[n++] = b[i];
		}
	return ep_contrast_make((struct ep_sample){ a, n },
				(struct ep_sample){ b, n }, o, ret);
}

static int contrast_group(const struct ep_comparison_input *in, size_t group,
			  struct ep_comparison *c)
{
	struct ep_pairs p = { NULL, 0 };
	int r = 0;

	if (c->options.paired)
		r = ep_pairs_make(in, group, &p, &c->pairings[group]);
	for (size_t m = 0; r == 0 && m < c->metric_count; m++) {
		struct ep_comparison_metric *metric = &c->metrics[m];

		if (c->options.paired)
			r = keep_pairs(p.values + 2 * m * p.count, p.count,
				       &metric->pairs[group]);
		if (r == 0 && c->options.paired)
			r = contrast_pairs(&p, m, &c->options,
					   &metric->contrasts[group]);
		else if (r == 0)
			r = ep_contrast_make(metric->groups[c->baseline].values,
					     metric->groups[group].values,
					     &c->options,
					     &metric->contrasts[group]);
	}
	ep_pairs_done(&p);
	return r;
}

/* All contrasts in one list, so that they make one family. */
static int judge(struct ep_comparison *c)
{
	size_t rivals = c->group_count - 1, count = rivals * c->metric_count;
	struct ep_contrast *list = calloc(count + 1, sizeof(*list));
	size_t *follows = calloc(count + 1, sizeof(*follows)), at = 0;

	if (!list || !follows) {
		free(list);
		free(follows);
		return -ENOMEM;
	}
	for (size_t m = 0; m < c->metric_count; m++) {
		size_t ahead = (m - c->metrics[m].follows) * rivals;

		for (size_t g = 0; g < c->group_count; g++) {
			if (g == c->baseline)
				continue;
			list[at] = c->metrics[m].contrasts[g];
			follows[at] = at - ahead;
			at++;
		}
	}
	ep_contrasts_judge(list, follows, count, &c->options);
	at = 0;
	for (size_t m = 0; m < c->metric_count; m++)
		for (size_t g = 0; g < c->group_count; g++)
			if (g != c->baseline)
				c->metrics[m].contrasts[g] = list[at++];
	free(list);
	free(follows);
	return 0;
}

static int check(const struct ep_comparison_input *in, struct ep_err *err)
{
	if (in->group_count < 2)
		return ep_err_set(err, -EINVAL,
				  "there is one group only: "
				  "nothing to compare with");
	if (in->group_count > EP_GROUPS_MAX)
		return ep_err_set(err, -E2BIG, "%zu groups, more than %d",
				  in->group_count, EP_GROUPS_MAX);
	if (in->metric_count == 0)
		return ep_err_set(err, -EINVAL,
				  "there is no metric to "
				  "compare");
	if (in->metric_count > EP_METRICS_MAX)
		return ep_err_set(err, -E2BIG, "%zu metrics, more than %d",
				  in->metric_count, EP_METRICS_MAX);
	return 0;
}

int ep_compare(const struct ep_comparison_input *in,
	       const struct ep_contrast_options *o, struct ep_comparison *ret,
	       struct ep_err *err)
{
	struct ep_comparison c = { .options = *o,
				   .group_count = in->group_count,
				   .baseline = in->baseline,
				   .metric_count = in->metric_count };
	int r = check(in, err);

	if (r < 0)
		return r;
	(void)ep_str_copy(c.pair_by, sizeof(c.pair_by),
			  in->pair_by ? in->pair_by : "");
	r = take(in, &c);
	if (r == 0)
		find_transforms(&c);
	for (size_t g = 0; r == 0 && g < c.group_count; g++)
		if (g != c.baseline)
			r = contrast_group(in, g, &c);
	if (r == 0)
		r = judge(&c);
	if (r == 0)
		r = ep_comparison_many(in, &c);
	if (r == 0)
		r = ep_comparison_together(in, &c);
	if (r == 0)
		r = ep_comparison_clusters(in, &c);
	if (r == 0)
		r = ep_comparison_drift(in, &c);
	ep_distributions_free();
	if (r < 0) {
		ep_comparison_done(&c);
		return ep_err_set(err, r, "%s", strerror(-r));
	}
	*ret = c;
	return 0;
}
