/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "profiler/report/compare.h"
#include "profiler/report/compare_more.h"
#include "profiler/report/json_out.h"

static void put_describe(struct ep_json_out *o, const struct ep_describe *d)
{
	ep_json_integer(o, "n", (int64_t)d->n);
	ep_json_number(o, "mean", d->mean);
	ep_json_number(o, "mean_low", d->mean_low);
	ep_json_number(o, "mean_high", d->mean_high);
	ep_json_number(o, "sd", d->sd);
	ep_json_number(o, "sd_low", d->sd_low);
	ep_json_number(o, "sd_high", d->sd_high);
	ep_json_number(o, "cv", d->cv);
	ep_json_number(o, "cv_low", d->cv_low);
	ep_json_number(o, "cv_high", d->cv_high);
	ep_json_number(o, "min", d->min);
	ep_json_number(o, "q1", d->q1);
	ep_json_number(o, "median", d->median);
	ep_json_number(o, "q3", d->q3);
	ep_json_number(o, "max", d->max);
	ep_json_number(o, "iqr", d->q3 - d->q1);
	ep_json_bool(o, "constant", d->constant);
	ep_json_bool(o, "ill_conditioned", d->ill_conditioned);
}

static void put_described(struct ep_json_out *o, const char *key,
			  const struct ep_describe *d)
{
	ep_json_open(o, key, '{', true);
	put_describe(o, d);
	ep_json_close(o, '}');
}

static void put_stat(struct ep_json_out *o, const char *key,
		     const struct ep_stat *s)
{
	ep_json_open(o, key, '{', true);
	ep_json_number(o, "statistic", s->value);
	ep_json_number(o, "df", s->df);
	ep_json_number(o, "df2", s->df2);
	ep_json_number(o, "estimate", s->estimate);
	ep_json_number(o, "low", s->low);
	ep_json_number(o, "high", s->high);
	ep_json_number(o, "p", s->p);
	ep_json_number(o, "p_exact", s->p_exact);
	ep_json_number(o, "p_smallest", s->p_min);
	ep_json_number(o, "p_error", s->p_error);
	ep_json_text_or_null(o, "method", s->method ? s->method : "");
	ep_json_text_or_null(o, "reason", s->reason ? s->reason : "");
	ep_json_close(o, '}');
}

static void put_bootstrap(struct ep_json_out *o, const struct ep_bootstrap *b,
			  size_t n)
{
	ep_json_open(o, "bootstrap", '{', true);
	ep_json_integer(o, "resamples", (int64_t)b->count);
	ep_json_number(o, "low", b->low);
	ep_json_number(o, "high", b->high);
	ep_json_number(o, "bca_low", b->bca_low);
	ep_json_number(o, "bca_high", b->bca_high);
	ep_json_number(o, "standard_error", b->error);
	ep_json_text_or_null(o, "reason",
			     b->reason ? b->reason
			     : n < EP_BOOTSTRAP_MIN
				     ? "too few values, the t interval holds"
				     : "");
	ep_json_close(o, '}');
}

static void put_tost(struct ep_json_out *o, const struct ep_tost *t)
{
	ep_json_open(o, "tost", '{', true);
	ep_json_text(o, "scale", t->log_scale ? "ratio" : "difference");
	ep_json_number(o, "estimate", t->estimate);
	ep_json_number(o, "low", t->low);
	ep_json_number(o, "high", t->high);
	ep_json_number(o, "bound_low", t->bound_low);
	ep_json_number(o, "bound_high", t->bound_high);
	ep_json_number(o, "p", t->p);
	ep_json_bool(o, "equivalent", t->equivalent);
	ep_json_text_or_null(o, "reason", t->reason ? t->reason : "");
	ep_json_close(o, '}');
}

static void put_tests(struct ep_json_out *o, const struct ep_contrast *c)
{
	ep_json_open(o, "tests", '{', false);
	for (int t = 0; t < EP_TEST_COUNT; t++)
		put_stat(o, ep_test_name((enum ep_test)t), &c->tests[t]);
	put_stat(o, "shapiro_baseline", &c->shapiro_a);
	put_stat(o, "shapiro_group", &c->shapiro_b);
	put_stat(o, "shapiro_pairs", &c->shapiro_d);
	put_stat(o, "levene", &c->levene);
	ep_json_close(o, '}');
}

static void put_verdict(struct ep_json_out *o, const struct ep_contrast *c)
{
	ep_json_open(o, "verdict", '{', false);
	ep_json_text(o, "verdict", ep_verdict_name(c->verdict));
	ep_json_text(o, "test", ep_test_name(c->test));
	ep_json_number(o, "p", c->p);
	ep_json_number(o, "p_holm", c->p_holm);
	ep_json_number(o, "p_benjamini_hochberg", c->p_bh);
	ep_json_integer(o, "family", (int64_t)c->family);
	ep_json_bool(o, "one_observation_carries_it", c->carried);
	ep_json_integer(o, "runs_to_show_the_margin",
			(int64_t)c->runs_to_differ);
	ep_json_integer(o, "runs_to_show_equivalence",
			(int64_t)c->runs_to_equate);
	ep_json_integer(o, "runs_to_the_half_width", (int64_t)c->runs_to_width);
	ep_json_text(o, "text", c->text);
	ep_json_close(o, '}');
}

static void put_contrast(struct ep_json_out *o, const struct ep_comparison *c,
			 const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_contrast *k = &m->contrasts[g];
	size_t n = k->d.n > 0 ? k->d.n : k->a.n < k->b.n ? k->a.n : k->b.n;

	ep_json_open(o, NULL, '{', false);
	ep_json_text(o, "group", c->group_names[g]);
	ep_json_text(o, "baseline", c->group_names[c->baseline]);
	ep_json_number(o, "difference", k->difference);
	ep_json_number(o, "relative", k->relative);
	ep_json_number(o, "ratio", k->b.mean / k->a.mean);
	ep_json_number(o, "ratio_comparison_u95", m->comparison_u95[g]);
	if (k->d.n > 0)
		put_described(o, "pairs", &k->d);
	put_described(o, "a", &k->a);
	put_described(o, "b", &k->b);
	put_verdict(o, k);
	put_tests(o, k);
	ep_json_open(o, "effect", '{', true);
	ep_json_number(o, "cohen_d", k->cohen_d);
	ep_json_number(o, "hedges_g", k->hedges_g);
	ep_json_number(o, "cliff_delta", k->cliff);
	ep_json_close(o, '}');
	put_bootstrap(o, &k->bootstrap, n);
	put_tost(o, &k->tost);
	ep_json_close(o, '}');
}

static void put_groups(struct ep_json_out *o, const struct ep_comparison *c,
		       const struct ep_comparison_metric *m)
{
	ep_json_open(o, "groups", '[', false);
	for (size_t g = 0; g < c->group_count; g++) {
		const struct ep_group_column *column = &m->groups[g];

		ep_json_open(o, NULL, '{', true);
		ep_json_text(o, "group", c->group_names[g]);
		put_describe(o, &column->describe);
		ep_json_integer(o, "missing", (int64_t)column->missing_count);
		ep_json_number(o, "absolute_u95", column->known.absolute_u95);
		ep_json_open(o, "values", '[', true);
		for (size_t i = 0; i < column->values.n; i++)
			ep_json_number(o, NULL, column->values.x[i]);
		ep_json_close(o, ']');
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

static void put_pairwise(struct ep_json_out *o, const struct ep_comparison *c,
			 const struct ep_many *m)
{
	size_t k = c->group_count;

	ep_json_open(o, "pairwise", '[', false);
	for (size_t i = 0; m->tukey && i < k; i++)
		for (size_t j = i + 1; j < k; j++) {
			ep_json_open(o, NULL, '{', false);
			ep_json_text(o, "from", c->group_names[i]);
			ep_json_text(o, "to", c->group_names[j]);
			put_stat(o, "tukey", &m->tukey[ep_pair_index(i, j, k)]);
			put_stat(o, "games_howell",
				 &m->games_howell[ep_pair_index(i, j, k)]);
			ep_json_close(o, '}');
		}
	ep_json_close(o, ']');
}

static void put_many(struct ep_json_out *o, const struct ep_comparison *c,
		     const struct ep_many *m)
{
	ep_json_open(o, "all_groups", '{', false);
	put_stat(o, "anova", &m->anova);
	put_stat(o, "welch_anova", &m->welch_anova);
	put_stat(o, "kruskal_wallis", &m->kruskal);
	put_stat(o, "levene", &m->levene);
	ep_json_open(o, "success", '{', true);
	ep_json_integer(o, "better_than_baseline", (int64_t)m->success_count);
	ep_json_integer(o, "beyond_noise", (int64_t)m->beyond_noise_count);
	ep_json_integer(o, "of", (int64_t)m->rival_count);
	ep_json_number(o, "low", m->success_low);
	ep_json_number(o, "high", m->success_high);
	ep_json_close(o, '}');
	put_pairwise(o, c, m);
	ep_json_close(o, '}');
}

static void put_metrics(struct ep_json_out *o, const struct ep_comparison *c)
{
	ep_json_open(o, "metrics", '[', false);
	for (size_t i = 0; i < c->metric_count; i++) {
		const struct ep_comparison_metric *m = &c->metrics[i];

		ep_json_open(o, NULL, '{', false);
		ep_json_text(o, "metric", m->name);
		ep_json_text_or_null(
			o, "says_the_same_as",
			m->follows == i ? "" : c->metrics[m->follows].name);
		ep_json_bool(o, "higher_is_better", m->higher_is_better);
		put_groups(o, c, m);
		ep_json_open(o, "contrasts", '[', false);
		for (size_t g = 0; g < c->group_count; g++)
			if (g != c->baseline)
				put_contrast(o, c, m, g);
		ep_json_close(o, ']');
		put_many(o, c, &m->many);
		ep_compare_json_drift(o, &m->drift);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

static void put_pairing(struct ep_json_out *o, const struct ep_comparison *c)
{
	if (c->pair_by[0] == '\0')
		return;
	ep_json_open(o, "pairs", '[', false);
	for (size_t g = 0; g < c->group_count; g++) {
		const struct ep_pairing *p = &c->pairings[g];

		if (g == c->baseline)
			continue;
		ep_json_open(o, NULL, '{', true);
		ep_json_text(o, "group", c->group_names[g]);
		ep_json_integer(o, "pairs", (int64_t)p->pair_count);
		ep_json_integer(o, "only_in_group", (int64_t)p->only_here);
		ep_json_text(o, "only_in_group_keys", p->only_here_keys);
		ep_json_integer(o, "only_in_baseline",
				(int64_t)p->only_baseline);
		ep_json_text(o, "only_in_baseline_keys", p->only_baseline_keys);
		ep_json_integer(o, "keys_with_several_rows",
				(int64_t)p->repeated);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

static void put_texts(struct ep_json_out *o, const char *key,
		      char (*texts)[400], size_t count)
{
	ep_json_open(o, key, '[', false);
	for (size_t i = 0; i < count; i++)
		ep_json_text(o, NULL, texts[i]);
	ep_json_close(o, ']');
}

static void put_correlations(struct ep_json_out *o,
			     const struct ep_comparison *c)
{
	if (!c->spearman)
		return;
	ep_json_open(o, "spearman", '[', false);
	for (size_t i = 0; i < c->metric_count; i++)
		for (size_t j = i + 1; j < c->metric_count; j++) {
			const struct ep_stat *s =
				&c->spearman[i * c->metric_count + j];

			ep_json_open(o, NULL, '{', true);
			ep_json_text(o, "x", c->metrics[i].name);
			ep_json_text(o, "y", c->metrics[j].name);
			ep_json_number(o, "rho", s->value);
			ep_json_number(o, "p", s->p);
			ep_json_text_or_null(o, "method",
					     s->method ? s->method : "");
			ep_json_close(o, '}');
		}
	ep_json_close(o, ']');
}

int ep_compare_json(const struct ep_compare_view *v, struct ep_buf *b)
{
	const struct ep_comparison *c = v->comparison;
	struct ep_json_out o = { .b = b, .empty = true };

	ep_json_open(&o, NULL, '{', false);
	ep_json_text(&o, "schema", "edgeprof.compare/1");
	ep_json_text(&o, "baseline", c->group_names[c->baseline]);
	ep_json_open(&o, "groups", '[', true);
	for (size_t g = 0; g < c->group_count; g++)
		ep_json_text(&o, NULL, c->group_names[g]);
	ep_json_close(&o, ']');
	ep_json_text(&o, "test", ep_test_name(c->options.test));
	ep_json_number(&o, "alpha", c->options.alpha);
	ep_json_number(&o, "margin", c->options.margin);
	ep_json_integer(&o, "seed", (int64_t)c->options.resample.seed);
	ep_json_integer(&o, "resamples", (int64_t)c->options.resample.count);
	ep_json_text_or_null(&o, "paired_by", c->pair_by);
	put_pairing(&o, c);
	put_texts(&o, "warnings", v->warnings, v->warning_count);
	put_texts(&o, "left_out", v->notes, v->note_count);
	put_texts(&o, "cold_starts", v->cold, v->cold_count);
	put_metrics(&o, c);
	put_correlations(&o, c);
	ep_compare_json_more(&o, c);
	ep_json_close(&o, '}');
	return o.error < 0 ? o.error : ep_buf_adds(b, "\n");
}
