/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/metric.h"
#include "profiler/report/html_compare.h"

const char *ep_html_unit(const struct ep_comparison_metric *m)
{
	const char *last = strrchr(m->name, '.');

	return ep_metric_unit(last ? last + 1 : m->name);
}

struct ep_html_ratio ep_html_ratio(const struct ep_comparison *c,
				   const struct ep_comparison_metric *m,
				   size_t group)
{
	const struct ep_contrast *k = &m->contrasts[group];
	bool paired = c->pair_by[0] != '\0';
	const struct ep_stat *s =
		&k->tests[paired ? EP_TEST_PAIRED_T : EP_TEST_WELCH];
	double base = k->a.mean, u = m->comparison_u95[group];
	struct ep_html_ratio r = { (double)NAN, (double)NAN, (double)NAN,
				   false };

	if (k->a.n == 0 || k->b.n == 0 || !(fabs(base) > 0))
		return r;
	r.ratio = k->b.mean / base;
	if (!paired && isfinite(u)) {
		r.low = r.ratio - u;
		r.high = r.ratio + u;
		r.with_meters = true;
	} else if (isfinite(s->low) && isfinite(s->high)) {
		r.low = 1 + (base > 0 ? s->low : s->high) / base;
		r.high = 1 + (base > 0 ? s->high : s->low) / base;
	}
	return r;
}

/* For the values of each metric of each group. */
static size_t room(const struct ep_comparison *c)
{
	size_t columns = c->metric_count * c->group_count;

	return EP_HTML_OBSERVATIONS_MAX / (columns > 0 ? columns : 1);
}

size_t ep_html_drawn(const struct ep_comparison *c,
		     const struct ep_comparison_metric *m, size_t group)
{
	size_t n = m->groups[group].values.n;
	size_t most = room(c);

	if (most < 50)
		most = 50;
	return n < most ? n : most;
}

/* All in their order, or evenly many of the sorted ones. */
static void put_values(struct ep_json_out *o, struct ep_sample s, size_t drawn)
{
	double *sorted = drawn < s.n ? ep_stat_sorted(s) : NULL;

	if (drawn < s.n && !sorted && o->error == 0)
		o->error = -ENOMEM;
	ep_json_open(o, "values", '[', true);
	for (size_t i = 0; i < drawn && o->error == 0; i++)
		ep_json_number(o, NULL,
			       sorted ? sorted[i * (s.n - 1) / (drawn - 1)]
				      : s.x[i]);
	ep_json_close(o, ']');
	ep_json_bool(o, "sorted", sorted != NULL);
	free(sorted);
}

static void put_group(struct ep_json_out *o, const struct ep_comparison *c,
		      const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_describe *d = ep_compare_shown(c, m, g);

	ep_json_open(o, NULL, '{', true);
	ep_json_integer(o, "n", (int64_t)d->n);
	if (d->n > 0) {
		ep_json_number(o, "mean", d->mean);
		ep_json_number(o, "low", d->mean_low);
		ep_json_number(o, "high", d->mean_high);
		ep_json_number(o, "q1", d->q1);
		ep_json_number(o, "median", d->median);
		ep_json_number(o, "q3", d->q3);
	}
	put_values(o, m->groups[g].values, ep_html_drawn(c, m, g));
	ep_json_close(o, '}');
}

/* What the forest draws. */
static void put_contrast(struct ep_json_out *o, const struct ep_comparison *c,
			 const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_contrast *k = &m->contrasts[g];
	struct ep_html_ratio r = ep_html_ratio(c, m, g);

	ep_json_open(o, NULL, '{', true);
	ep_json_integer(o, "group", (int64_t)g);
	ep_json_text(o, "verdict", ep_verdict_name(k->verdict));
	ep_json_number(o, "ratio", r.ratio);
	ep_json_number(o, "low", r.low);
	ep_json_number(o, "high", r.high);
	ep_json_bool(o, "meters", r.with_meters);
	ep_json_close(o, '}');
}

static void put_column(struct ep_json_out *o, const char *key,
		       const double *values, size_t count)
{
	ep_json_open(o, key, '[', true);
	for (size_t i = 0; i < count; i++)
		ep_json_number(o, NULL, values[i]);
	ep_json_close(o, ']');
}

static void put_pairs(struct ep_json_out *o, const struct ep_comparison *c,
		      const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_contrast *k = &m->contrasts[g];
	size_t count = c->pairings[g].pair_count;
	size_t most = room(c);
	size_t drawn = count < most ? count : most;

	ep_json_open(o, NULL, '{', true);
	ep_json_integer(o, "group", (int64_t)g);
	ep_json_integer(o, "count", (int64_t)count);
	put_column(o, "a", m->pairs[g], drawn);
	put_column(o, "b", m->pairs[g] + count, drawn);
	if (k->d.n > 0) {
		ep_json_number(o, "mean", k->d.mean);
		ep_json_number(o, "low", k->tests[EP_TEST_PAIRED_T].low);
		ep_json_number(o, "high", k->tests[EP_TEST_PAIRED_T].high);
		ep_json_number(o, "q1", k->d.q1);
		ep_json_number(o, "median", k->d.median);
		ep_json_number(o, "q3", k->d.q3);
	}
	ep_json_close(o, '}');
}

static void put_drift(struct ep_json_out *o, const struct ep_drift *d)
{
	if (!d->wanted || d->changes.reason || d->shift_count == 0)
		return;
	ep_json_open(o, "drift", '{', false);
	put_column(o, "values", d->values, d->value_count);
	put_column(o, "means", d->changes.means, d->changes.count + 1);
	ep_json_open(o, "starts", '[', true);
	for (size_t i = 0; i < d->changes.count; i++)
		ep_json_integer(o, NULL, (int64_t)d->changes.starts[i]);
	ep_json_close(o, ']');
	ep_json_close(o, '}');
}

static void put_metric(struct ep_json_out *o, const struct ep_comparison *c,
		       const struct ep_comparison_metric *m)
{
	ep_json_open(o, NULL, '{', false);
	ep_json_text(o, "name", m->name);
	ep_json_text(o, "unit", ep_html_unit(m));
	ep_json_open(o, "groups", '[', false);
	for (size_t g = 0; g < c->group_count; g++)
		put_group(o, c, m, g);
	ep_json_close(o, ']');
	ep_json_open(o, "contrasts", '[', false);
	for (size_t g = 0; g < c->group_count; g++)
		if (g != c->baseline)
			put_contrast(o, c, m, g);
	ep_json_close(o, ']');
	ep_json_open(o, "pairs", '[', false);
	for (size_t g = 0; g < c->group_count; g++)
		if (m->pairs[g])
			put_pairs(o, c, m, g);
	ep_json_close(o, ']');
	put_drift(o, &m->drift);
	ep_json_close(o, '}');
}

/* The names of the pairs, once for all metrics. */
static void put_keys(struct ep_json_out *o, const struct ep_comparison *c)
{
	size_t most = room(c);

	ep_json_open(o, "keys", '[', false);
	for (size_t g = 0; g < c->group_count; g++) {
		ep_json_open(o, NULL, '[', true);
		for (size_t i = 0; c->pairings[g].keys && i < most &&
				   i < c->pairings[g].pair_count;
		     i++)
			ep_json_text(o, NULL, c->pairings[g].keys[i]);
		ep_json_close(o, ']');
	}
	ep_json_close(o, ']');
}

void ep_html_compare_data(struct ep_html *h, const struct ep_comparison *c)
{
	struct ep_json_out o = ep_html_data_begin(h, "data");

	ep_json_open(&o, NULL, '{', false);
	ep_json_open(&o, "groups", '[', true);
	for (size_t g = 0; g < c->group_count; g++)
		ep_json_text(&o, NULL, c->group_names[g]);
	ep_json_close(&o, ']');
	ep_json_integer(&o, "baseline", (int64_t)c->baseline);
	ep_json_number(&o, "margin", c->options.margin);
	ep_json_text(&o, "paired", c->pair_by);
	put_keys(&o, c);
	ep_json_open(&o, "metrics", '[', false);
	for (size_t i = 0; i < c->metric_count; i++)
		put_metric(&o, c, &c->metrics[i]);
	ep_json_close(&o, ']');
	ep_json_close(&o, '}');
	ep_html_data_end(h, &o);
}
