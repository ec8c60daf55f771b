/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/comparison_parts.h"

struct place {
	size_t row, stratum, study;
	double order;
};

static int by_order(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->study != y->study)
		return x->study < y->study ? -1 : 1;
	if (x->order < y->order || x->order > y->order)
		return x->order < y->order ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static bool same_stratum(const struct ep_comparison_row *a,
			 const struct ep_comparison_row *b)
{
	return a->group == b->group && same_text(a->config, b->config) &&
	       same_text(a->study, b->study);
}

/* Which rows ran with the same configuration, and in which order all did. */
static int take_places(const struct ep_comparison_input *in, struct place **ret)
{
	struct place *p = calloc(in->row_count + 1, sizeof(*p));
	size_t *firsts = calloc(in->row_count + 1, sizeof(*firsts));
	size_t count = 0;

	if (!p || !firsts) {
		free(p);
		free(firsts);
		return -ENOMEM;
	}
	for (size_t i = 0; i < in->row_count; i++) {
		size_t s = 0;

		while (s < count &&
		       !same_stratum(&in->rows[firsts[s]], &in->rows[i]))
			s++;
		if (s == count)
			firsts[count++] = i;
		p[i] = (struct place){ i, s, 0, in->rows[i].order };
		while (!same_text(in->rows[p[i].study].study,
				  in->rows[i].study))
			p[i].study++;
	}
	qsort(p, in->row_count, sizeof(*p), by_order);
	free(firsts);
	*ret = p;
	return 0;
}

struct means {
	double *mean;
	size_t *count; /* of values of each stratum */
};

/* Means of each stratum; a value alone in its own says nothing of drift. */
static void take_means(const struct ep_comparison_input *in,
		       const struct place *p, size_t metric, struct means *m)
{
	memset(m->mean, 0, in->row_count * sizeof(*m->mean));
	memset(m->count, 0, in->row_count * sizeof(*m->count));
	for (size_t i = 0; i < in->row_count; i++)
		if (isfinite(in->rows[p[i].row].values[metric]))
			m->count[p[i].stratum]++;
	for (size_t i = 0; i < in->row_count; i++) {
		double x = in->rows[p[i].row].values[metric];

		if (isfinite(x))
			m->mean[p[i].stratum] +=
				x / (double)m->count[p[i].stratum];
	}
}

/* Of a segment: its mean, and how many values it is of. */
struct stretch {
	double mean, n;
};

/* Whether a change between both would be worth its penalty. */
static bool differ(const struct ep_drift *d, struct stretch a, struct stretch b)
{
	double x = (b.mean - a.mean) / d->changes.sd;

	return x * x * a.n * b.n / (a.n + b.n) > d->changes.penalty;
}

static struct stretch stretch_at(const struct ep_drift *d, size_t segment)
{
	const struct ep_changes *c = &d->changes;
	size_t from = segment ? c->starts[segment - 1] : 0;
	size_t to = segment < c->count ? c->starts[segment] : d->value_count;

	return (struct stretch){ c->means[segment], (double)(to - from) };
}

/*
 * Segments as shifts: one of a single value is no shift but a value apart, and
 * what goes on as before behind it none either.
 */
static int tell(struct ep_drift *d)
{
	const struct ep_changes *c = &d->changes;
	struct stretch before = { 0, 0 };
	size_t first = 0;

	d->shifts = calloc(c->count + 2, sizeof(*d->shifts));
	if (!d->shifts)
		return -ENOMEM;
	while (first < c->count && stretch_at(d, first).n < 2)
		first++;
	for (size_t i = 0; i <= c->count; i++) {
		struct stretch s = stretch_at(d, i);
		struct stretch near =
			before.n > 0 ? before : stretch_at(d, first);
		size_t at = i ? c->starts[i - 1] : 0;
		bool shifted = before.n > 0 && differ(d, before, s);

		if (s.n < 2 || shifted)
			d->shifts[d->shift_count++] =
				(struct ep_shift){ at, s.n < 2,
						   s.mean - near.mean };
		if (s.n < 2)
			continue;
		if (before.n > 0 && !shifted) {
			s.mean = (s.mean * s.n + before.mean * before.n) /
				 (s.n + before.n);
			s.n += before.n;
		}
		before = s;
	}
	return 0;
}

static int take_series(const struct ep_comparison_input *in,
		       const struct place *p, size_t metric, struct means *m,
		       struct ep_drift *d)
{
	int r;

	take_means(in, p, metric, m);
	d->orders = calloc(in->row_count + 1, sizeof(*d->orders));
	d->values = calloc(in->row_count + 1, sizeof(*d->values));
	if (!d->orders || !d->values)
		return -ENOMEM;
	d->level = 0;
	/* Numbers of runs are those of one study. */
	d->by_order = p[0].study == p[in->row_count - 1].study &&
		      p[0].order < p[in->row_count - 1].order;
	for (size_t i = 0; i < in->row_count; i++) {
		double x = in->rows[p[i].row].values[metric];

		if (!isfinite(x) || m->count[p[i].stratum] < 2)
			continue;
		d->orders[d->value_count] =
			d->by_order ? p[i].order : (double)p[i].row + 1;
		d->values[d->value_count++] = x - m->mean[p[i].stratum];
		d->level += (x - d->level) / (double)d->value_count;
	}
	r = ep_stat_changes((struct ep_sample){ d->values, d->value_count },
			    &d->changes);
	if (r == 0 && d->changes.count > 0)
		r = tell(d);
	return r;
}

int ep_comparison_drift(const struct ep_comparison_input *in,
			struct ep_comparison *c)
{
	struct place *places = NULL;
	struct means m = { NULL, NULL };
	int r = 0;

	for (size_t i = 0; i < c->metric_count; i++) {
		struct ep_drift *d = &c->metrics[i].drift;

		d->wanted = in->wants.changes;
		if (in->row_count > EP_CHANGE_VALUES_MAX)
			d->changes.reason = "there are more than 5000 rows";
	}
	if (!in->wants.changes || in->row_count > EP_CHANGE_VALUES_MAX)
		return 0;
	m.mean = calloc(in->row_count + 1, sizeof(*m.mean));
	m.count = calloc(in->row_count + 1, sizeof(*m.count));
	r = m.mean && m.count ? take_places(in, &places) : -ENOMEM;
	for (size_t i = 0; r == 0 && i < c->metric_count; i++)
		r = take_series(in, places, i, &m, &c->metrics[i].drift);
	free(places);
	free(m.mean);
	free(m.count);
	return r;
}

void ep_comparison_more_done(struct ep_comparison *c)
{
	free(c->together.use);
	free(c->clusters.use);
	free(c->clusters.rows);
	free(c->clusters.groups);
	for (size_t i = 0; i < EP_CLUSTER_COUNT; i++)
		ep_clustering_done(&c->clusters.by[i]);
	for (size_t m = 0; c->metrics && m < c->metric_count; m++) {
		ep_changes_done(&c->metrics[m].drift.changes);
		free(c->metrics[m].drift.orders);
		free(c->metrics[m].drift.shifts);
		free(c->metrics[m].drift.values);
	}
}
