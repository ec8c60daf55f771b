/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "profiler/report/compare_more.h"

static void put_left_out(struct ep_json_out *o, const struct ep_comparison *c,
			 const enum ep_use *use)
{
	static const char *const why[] = { "", "constant", "dependent",
					   "empty" };

	ep_json_open(o, "left_out_metrics", '[', true);
	for (size_t i = 0; use && i < c->metric_count; i++) {
		if (use[i] == EP_USED)
			continue;
		ep_json_open(o, NULL, '{', true);
		ep_json_text(o, "metric", c->metrics[i].name);
		ep_json_text(o, "reason", why[use[i]]);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

static void put_together(struct ep_json_out *o, const struct ep_comparison *c)
{
	const struct ep_together *t = &c->together;

	if (!t->wanted)
		return;
	ep_json_open(o, "together", '{', false);
	ep_json_text_or_null(o, "reason", t->reason);
	ep_json_integer(o, "metrics", (int64_t)t->manova.metrics);
	ep_json_integer(o, c->pair_by[0] ? "pairs" : "rows",
			(int64_t)t->manova.rows);
	ep_json_integer(o, "incomplete", (int64_t)t->incomplete);
	put_left_out(o, c, t->use);
	for (int i = 0; !t->reason[0] && i < EP_MANOVA_COUNT; i++) {
		const struct ep_manova_line *l = &t->manova.tests[i];

		ep_json_open(o, ep_manova_name((enum ep_manova_test)i), '{',
			     true);
		ep_json_number(o, "statistic", l->value);
		ep_json_number(o, "f", l->f);
		ep_json_number(o, "df", l->df);
		ep_json_number(o, "df2", l->df2);
		ep_json_number(o, "p", l->p);
		ep_json_close(o, '}');
	}
	ep_json_close(o, '}');
}

static void put_by_number(struct ep_json_out *o, const char *key,
			  const double *values)
{
	ep_json_open(o, key, '[', true);
	for (size_t k = 1; k <= EP_CLUSTERS_MAX; k++)
		ep_json_number(o, NULL, values[k]);
	ep_json_close(o, ']');
}

static void put_clustering(struct ep_json_out *o, const struct ep_clustering *k,
			   size_t rows, enum ep_cluster_method method)
{
	ep_json_open(o, ep_cluster_name(method), '{', false);
	ep_json_integer(o, "clusters", (int64_t)k->count);
	ep_json_text_or_null(o, "reason", k->reason ? k->reason : "");
	ep_json_integer(o, "best_number", (int64_t)k->best);
	ep_json_number(o, "silhouette", k->silhouette);
	put_by_number(o, "silhouettes", k->silhouettes);
	if (method == EP_CLUSTER_MIXTURE) {
		put_by_number(o, "bic", k->bic);
		ep_json_text(o, "covariances", k->full ? "full" : "diagonal");
	}
	ep_json_open(o, "of", '[', true);
	for (size_t i = 0; k->count > 0 && i < rows; i++)
		ep_json_integer(o, NULL, k->of[i] + 1);
	ep_json_close(o, ']');
	ep_json_close(o, '}');
}

static void put_clusters(struct ep_json_out *o, const struct ep_comparison *c)
{
	const struct ep_row_clusters *k = &c->clusters;

	if (!k->wanted)
		return;
	ep_json_open(o, "clusters", '{', false);
	ep_json_text_or_null(o, "reason", k->reason);
	ep_json_integer(o, "incomplete", (int64_t)k->incomplete);
	put_left_out(o, c, k->use);
	ep_json_open(o, "rows", '[', true);
	for (size_t i = 0; i < k->row_count; i++)
		ep_json_integer(o, NULL, (int64_t)k->rows[i] + 1);
	ep_json_close(o, ']');
	ep_json_open(o, "groups", '[', true);
	for (size_t i = 0; i < k->row_count; i++)
		ep_json_text(o, NULL, c->group_names[k->groups[i]]);
	ep_json_close(o, ']');
	for (int i = 0; !k->reason[0] && i < EP_CLUSTER_COUNT; i++)
		put_clustering(o, &k->by[i], k->row_count,
			       (enum ep_cluster_method)i);
	ep_json_close(o, '}');
}

void ep_compare_json_more(struct ep_json_out *o, const struct ep_comparison *c)
{
	put_together(o, c);
	put_clusters(o, c);
}

static void put_numbers(struct ep_json_out *o, const char *key,
			const double *values, size_t count)
{
	ep_json_open(o, key, '[', true);
	for (size_t i = 0; i < count; i++)
		ep_json_number(o, NULL, values[i]);
	ep_json_close(o, ']');
}

void ep_compare_json_drift(struct ep_json_out *o, const struct ep_drift *d)
{
	const struct ep_changes *c = &d->changes;

	if (!d->wanted)
		return;
	ep_json_open(o, "change_points", '{', false);
	ep_json_text_or_null(o, "reason", c->reason ? c->reason : "");
	ep_json_number(o, "sd", c->sd);
	ep_json_number(o, "penalty", c->penalty);
	put_numbers(o, d->by_order ? "runs" : "rows", d->orders,
		    d->value_count);
	put_numbers(o, "values", d->values, d->value_count);
	ep_json_open(o, "starts", '[', true);
	for (size_t i = 0; i < c->count; i++)
		ep_json_integer(o, NULL, (int64_t)c->starts[i] + 1);
	ep_json_close(o, ']');
	put_numbers(o, "means", c->means, c->means ? c->count + 1 : 0);
	ep_json_open(o, "shifts", '[', true);
	for (size_t i = 0; i < d->shift_count; i++) {
		ep_json_open(o, NULL, '{', true);
		ep_json_number(o, "at", d->orders[d->shifts[i].at]);
		ep_json_number(o, "by", d->shifts[i].by);
		ep_json_bool(o, "alone", d->shifts[i].alone);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
	ep_json_close(o, '}');
}
