/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/comparison_parts.h"
#include "profiler/analyze/distributions.h"

static int all_groups(const struct ep_sample *g, size_t k, struct ep_many *m)
{
	size_t pairs = k * (k - 1) / 2;
	int r = ep_stat_kruskal(g, k, &m->kruskal);

	if (r == 0)
		r = ep_stat_levene(g, k, &m->levene);
	m->anova = ep_stat_anova(g, k);
	m->welch_anova = ep_stat_welch_anova(g, k);
	if (r < 0 || k < 3)
		return r;
	m->tukey = calloc(pairs, sizeof(*m->tukey));
	m->games_howell = calloc(pairs, sizeof(*m->games_howell));
	if (!m->tukey || !m->games_howell)
		return -ENOMEM;
	for (size_t i = 0; i < k; i++)
		for (size_t j = i + 1; j < k; j++) {
			size_t at = ep_pair_index(i, j, k);

			m->tukey[at] = ep_stat_tukey(g, k, i, j);
			m->games_howell[at] = ep_stat_games_howell(g, k, i, j);
		}
	return 0;
}

/*
 * Groups that beat the baseline, ties being none; and those beyond noise, whose
 * Welch test against it holds among all of them (Holm).
 */
static int successes(struct ep_comparison *c, struct ep_comparison_metric *m)
{
	double *p = calloc(c->group_count, sizeof(*p));
	double way = m->higher_is_better ? 1 : -1;

	if (!p)
		return -ENOMEM;
	for (size_t g = 0; g < c->group_count; g++)
		p[g] = g == c->baseline
			       ? (double)NAN
			       : m->contrasts[g].tests[EP_TEST_WELCH].p;
	ep_stat_holm(p, c->group_count);
	for (size_t g = 0; g < c->group_count; g++) {
		bool better = way * m->contrasts[g].difference > 0;

		if (g == c->baseline || isnan(m->contrasts[g].difference))
			continue;
		m->many.rival_count++;
		m->many.success_count += better;
		m->many.beyond_noise_count +=
			better && p[g] <= c->options.alpha;
	}
	ep_stat_wilson(m->many.success_count, m->many.rival_count,
		       &m->many.success_low, &m->many.success_high);
	free(p);
	return 0;
}

/* Over all rows that have both metrics. */
static int correlate(const struct ep_comparison_input *in, size_t i, size_t j,
		     struct ep_stat *ret)
{
	double *x = calloc(2 * in->row_count + 1, sizeof(*x));
	double *y = x ? x + in->row_count : NULL;
	size_t n = 0;
	int r;

	if (!x)
		return -ENOMEM;
	for (size_t k = 0; k < in->row_count; k++) {
		const double *values = in->rows[k].values;

		if (!isfinite(values[i]) || !isfinite(values[j]))
			continue;
		x[n] = values[i];
		y[n++] = values[j];
	}
	r = ep_stat_spearman((struct ep_sample){ x, n },
			     (struct ep_sample){ y, n }, ret);
	free(x);
	return r;
}

static int correlations(const struct ep_comparison_input *in,
			struct ep_comparison *c)
{
	size_t n = c->metric_count;
	int r = 0;

	if (n < 2)
		return 0;
	c->spearman = calloc(n * n, sizeof(*c->spearman));
	if (!c->spearman)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		for (size_t j = i + 1; r == 0 && j < n; j++) {
			r = correlate(in, i, j, &c->spearman[i * n + j]);
			c->spearman[j * n + i] = c->spearman[i * n + j];
		}
	return r;
}

int ep_comparison_many(const struct ep_comparison_input *in,
		       struct ep_comparison *c)
{
	struct ep_sample *g = calloc(c->group_count, sizeof(*g));
	int r = g ? 0 : -ENOMEM;

	for (size_t m = 0; r == 0 && m < c->metric_count; m++) {
		struct ep_comparison_metric *metric = &c->metrics[m];

		for (size_t i = 0; i < c->group_count; i++)
			g[i] = metric->groups[i].values;
		r = all_groups(g, c->group_count, &metric->many);
		if (r == 0)
			r = successes(c, metric);
	}
	free(g);
	return r < 0 ? r : correlations(in, c);
}

/* Of the mean / the mean of the baseline: the spread of both; offsets as far as
 * they shift both differently; gains only of different sensors. */
static double ratio_u95(const struct ep_group_column *a,
			const struct ep_group_column *b)
{
	const struct ep_known *ka = &a->known, *kb = &b->known;
	double sa = a->describe.sd / sqrt((double)a->describe.n) /
		    fabs(a->describe.mean);
	double sb = b->describe.sd / sqrt((double)b->describe.n) /
		    fabs(b->describe.mean);
	double spread = hypot(sa, sb), common, u, df;

	if (a->describe.n < 2 || b->describe.n < 2 || isnan(ka->gain) ||
	    isnan(kb->gain) || !(spread >= 0))
		return (double)NAN;
	if (ka->sensor[0] && strcmp(ka->sensor, kb->sensor) == 0)
		common = hypot(ka->offset - kb->offset,
			       ka->calibration - kb->calibration);
	else
		common = hypot(hypot(hypot(ka->gain, kb->gain),
				     hypot(ka->offset, kb->offset)),
			       hypot(ka->calibration, kb->calibration));
	u = hypot(spread, common);
	if (!(u > 0))
		return 0;
	df = spread > 0
		     ? pow(u, 4) / (pow(sa, 4) / ((double)a->describe.n - 1) +
				    pow(sb, 4) / ((double)b->describe.n - 1))
		     : (double)INFINITY;
	return u * fabs(b->describe.mean / a->describe.mean) *
	       (isinf(df) ? ep_normal_inverse(0.975) : ep_t_inverse(0.975, df));
}

void ep_comparison_uncertainty(struct ep_comparison *c)
{
	for (size_t m = 0; m < c->metric_count; m++)
		for (size_t g = 0; g < c->group_count; g++)
			if (g != c->baseline)
				c->metrics[m].comparison_u95[g] = ratio_u95(
					&c->metrics[m].groups[c->baseline],
					&c->metrics[m].groups[g]);
}
