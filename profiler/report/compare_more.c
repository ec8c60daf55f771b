/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/compare_more.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void say(struct ep_compare_more *m, const char *format, ...)
	EP_PRINTF(2, 3);
static void say(struct ep_compare_more *m, const char *format, ...)
{
	va_list args;

	m->full = m->count == EP_COMPARE_MORE_LINES;
	if (m->full)
		return;
	va_start(args, format);
	(void)vsnprintf(m->texts[m->count++], sizeof(m->texts[0]), format,
			args);
	va_end(args);
}

static void add(struct ep_compare_more *m, const char *format, ...)
	EP_PRINTF(2, 3);
static void add(struct ep_compare_more *m, const char *format, ...)
{
	char *text = m->texts[m->count - 1];
	size_t used = strlen(text);
	va_list args;

	if (m->full)
		return;
	va_start(args, format);
	(void)vsnprintf(text + used, sizeof(m->texts[0]) - used, format, args);
	va_end(args);
}

/* Which metrics are not in it, by the reason. */
static void say_unused(struct ep_compare_more *m, const struct ep_comparison *c,
		       const enum ep_use *use, const char *constant)
{
	const char *const why[] = {
		[EP_USED] = "",
		[EP_CONSTANT] = constant,
		[EP_DEPENDENT] = "tells nothing that the others do not "
				 "(a linear combination of them)",
		[EP_EMPTY] = "has no value in one of the groups",
	};

	for (int u = EP_CONSTANT; use && u <= EP_EMPTY; u++) {
		size_t count = 0;

		for (size_t i = 0; i < c->metric_count; i++) {
			if (use[i] != (enum ep_use)u)
				continue;
			if (count++ == 0)
				say(m, "without %s", c->metrics[i].name);
			else if (count <= 4)
				add(m, ", %s", c->metrics[i].name);
		}
		if (count > 4)
			add(m, " and %zu more", count - 4);
		if (count > 0)
			add(m, ": %s", why[u]);
	}
}

static void say_tests(struct ep_compare_more *m, const struct ep_manova *v)
{
	static const char *const titles[] = { "Wilks' lambda", "Pillai's trace",
					      "Hotelling-Lawley trace",
					      "the same by McKeon",
					      "Roy's largest root" };
	char p[EP_P_BYTES];

	for (int t = 0; t < EP_MANOVA_COUNT; t++) {
		const struct ep_manova_line *l = &v->tests[t];

		ep_stat_put_p(p, l->p);
		if (t == 0)
			say(m, "%s %.4g, %s", titles[t], l->value, p);
		else if (t == EP_MANOVA_MCKEON)
			add(m, " (%s: %s)", titles[t], p);
		else
			add(m, "; %s %.4g, %s", titles[t], l->value, p);
	}
	add(m, ", too small: its F is an upper bound");
}

static void together(const struct ep_comparison *c, struct ep_compare_more *m)
{
	const struct ep_together *t = &c->together;
	const struct ep_manova *v = &t->manova;
	bool paired = c->pair_by[0] != '\0';
	double p = v->tests[EP_MANOVA_WILKS].p;

	m->head = "All metrics together (MANOVA):";
	m->key = "together";
	if (!t->wanted)
		return;
	if (t->reason[0]) {
		say(m, "not computed: %s", t->reason);
	} else {
		say(m, "%zu metrics, %zu %s: ", v->metrics, v->rows,
		    paired ? "pairs" : "rows");
		if (isnan(p))
			add(m, "no p is defined");
		else if (p <= c->options.alpha)
			add(m, "the groups differ in at least one of the "
			       "metrics or a combination of them");
		else
			add(m, "no difference is shown, which is no sign of "
			       "equality");
		say_tests(m, v);
	}
	say_unused(m, c, t->use,
		   paired ? "the differences do not vary"
			  : "does not vary inside the groups");
	if (t->incomplete)
		say(m, "%zu %s without all of these metrics are left out",
		    t->incomplete, paired ? "pairs" : "rows");
}

static void say_clustering(struct ep_compare_more *m,
			   const struct ep_clustering *k,
			   enum ep_cluster_method method)
{
	static const char *const titles[] = { "Ward's method", "k-means",
					      "Gaussian mixture" };

	if (k->count == 0) {
		say(m, "%s: no clusters, %s", titles[method], k->reason);
		if (k->best > 1)
			add(m, " (%.2f with %zu)", k->silhouette, k->best);
		return;
	}
	say(m, "%s: %zu clusters, silhouette %.2f; rows", titles[method],
	    k->count, k->silhouette);
	for (size_t i = 0; i < k->count; i++)
		add(m, "%s %zu",
		    i == 0		? ""
		    : i + 1 == k->count ? " and"
					: ",",
		    k->sizes[i]);
	if (method == EP_CLUSTER_MIXTURE)
		add(m, " (%s)", k->full ? "with covariances" : "diagonal");
}

/* How many rows of each group are in each cluster. */
static void say_members(struct ep_compare_more *m,
			const struct ep_comparison *c)
{
	const struct ep_row_clusters *k = &c->clusters;
	const struct ep_clustering *by = &k->by[EP_CLUSTER_KMEANS];

	if (by->count == 0)
		by = &k->by[EP_CLUSTER_WARD];
	for (size_t i = 0; i < by->count; i++) {
		say(m, "cluster %zu%s:", i + 1,
		    by == &k->by[EP_CLUSTER_KMEANS] ? " of k-means" : "");
		for (size_t g = 0; g < c->group_count; g++) {
			size_t rows = 0;

			for (size_t r = 0; r < k->row_count; r++)
				rows += k->groups[r] == g && by->of[r] == i;
			if (rows)
				add(m, " %zu of %.60s;", rows,
				    c->group_names[g]);
		}
		m->texts[m->count - 1][strlen(m->texts[m->count - 1]) - 1] =
			'\0';
	}
}

static void clusters(const struct ep_comparison *c, struct ep_compare_more *m)
{
	const struct ep_row_clusters *k = &c->clusters;

	m->head = "Clusters of rows, whatever their groups:";
	m->key = "clusters";
	if (!k->wanted)
		return;
	if (k->reason[0]) {
		say(m, "not looked for: %s", k->reason);
	} else {
		for (int i = 0; i < EP_CLUSTER_COUNT; i++)
			say_clustering(m, &k->by[i], (enum ep_cluster_method)i);
		say_members(m, c);
	}
	say_unused(m, c, k->use, "does not vary");
	if (k->incomplete)
		say(m, "%zu rows without all of these metrics are left out",
		    k->incomplete);
}

bool ep_compare_say_shift(const struct ep_comparison_metric *m, size_t shift,
			  char *ret, size_t size)
{
	const struct ep_drift *d = &m->drift;
	double level = fabs(d->level);
	const struct ep_shift *s;
	char by[EP_P_BYTES];

	if (shift >= d->shift_count)
		return false;
	s = &d->shifts[shift];
	ep_stat_put_number(by, level > 0 ? 100 * s->by / level : s->by);
	(void)ep_str_format(ret, size, "%s%s%s %s %.0f%s", s->by > 0 ? "+" : "",
			    by, level > 0 ? " %" : "",
			    s->alone	  ? d->by_order ? "in run" : "in row"
			    : d->by_order ? "from run"
					  : "from row",
			    d->orders[s->at], s->alone ? " alone" : " on");
	return true;
}

#define SHIFTS_TOLD 4
static void say_shifts(struct ep_compare_more *m,
		       const struct ep_comparison_metric *metric)
{
	size_t count = metric->drift.shift_count;
	char text[120];

	say(m, "%s:", metric->name);
	for (size_t k = 0; k < count && k < SHIFTS_TOLD; k++)
		if (ep_compare_say_shift(metric, k, text, sizeof(text)))
			add(m, "%s %s", k ? "," : "", text);
	if (count > SHIFTS_TOLD)
		add(m, " and %zu more", count - SHIFTS_TOLD);
}

/* Once for all metrics that share the reason of metric i. */
static void say_refused(struct ep_compare_more *m,
			const struct ep_comparison *c, size_t i)
{
	const char *reason = c->metrics[i].drift.changes.reason;
	size_t count = 0;

	for (size_t k = 0; k < c->metric_count; k++) {
		const char *other = c->metrics[k].drift.changes.reason;

		if (!other || strcmp(other, reason) != 0)
			continue;
		if (k < i)
			return;
		count++;
	}
	say(m, "not looked for in %s", c->metrics[i].name);
	if (count > 1)
		add(m, " and %zu more", count - 1);
	add(m, ": %s", reason);
}

static void changes(const struct ep_comparison *c, struct ep_compare_more *m)
{
	size_t steady = 0;

	m->head = "Change points, in the order of measurement:";
	m->key = "change_points";
	for (size_t i = 0; i < c->metric_count; i++) {
		const struct ep_drift *d = &c->metrics[i].drift;

		if (!d->wanted)
			return;
		if (d->changes.reason)
			say_refused(m, c, i);
		else if (d->shift_count > 0 && c->metrics[i].follows == i)
			say_shifts(m, &c->metrics[i]);
		else
			steady += d->shift_count == 0;
	}
	if (steady > 0)
		say(m, "none in %zu of %zu metrics", steady, c->metric_count);
}

void ep_compare_more(const struct ep_comparison *c, enum ep_compare_part part,
		     struct ep_compare_more *ret)
{
	ret->count = 0;
	ret->full = false;
	if (part == EP_COMPARE_TOGETHER)
		together(c, ret);
	else if (part == EP_COMPARE_CLUSTERS)
		clusters(c, ret);
	else
		changes(c, ret);
}

bool ep_compare_tells(const struct ep_compare_view *v,
		      enum ep_compare_part part, struct ep_compare_more *ret)
{
	const bool told[EP_COMPARE_PARTS] = { v->told.together,
					      v->told.clusters,
					      v->told.changes };

	ret->count = 0;
	if (told[part])
		ep_compare_more(v->comparison, part, ret);
	return ret->count > 0;
}
