/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/comparison_parts.h"

/* rows * metrics^2 of this take about two seconds. */
#define WORK_MAX 2e9

static bool empty_somewhere(const struct ep_comparison *c, size_t m)
{
	for (size_t g = 0; g < c->group_count; g++)
		if (c->metrics[m].groups[g].values.n == 0)
			return true;
	return false;
}

int ep_comparison_select(const struct ep_comparison *c, enum ep_use **ret)
{
	enum ep_use *use = calloc(c->metric_count + 1, sizeof(*use));

	if (!use)
		return -ENOMEM;
	for (size_t m = 0; m < c->metric_count; m++)
		use[m] = c->metrics[m].follows != m ? EP_DEPENDENT
			 : empty_somewhere(c, m)    ? EP_EMPTY
						    : EP_USED;
	*ret = use;
	return 0;
}

size_t ep_comparison_used(const struct ep_comparison *c, const enum ep_use *use)
{
	size_t count = 0;

	for (size_t m = 0; m < c->metric_count; m++)
		count += use[m] == EP_USED;
	return count;
}

bool ep_comparison_complete(const struct ep_comparison_row *row,
			    const struct ep_comparison *c,
			    const enum ep_use *use)
{
	for (size_t m = 0; m < c->metric_count; m++)
		if (use[m] == EP_USED && !isfinite(row->values[m]))
			return false;
	return true;
}

/* What goes into the test, and which metric each column of it is. */
struct block {
	double *values;
	size_t *groups, *metrics;
	enum ep_use *use; /* of the columns */
	size_t rows, columns;
};

static int block_open(const struct ep_comparison *c, const enum ep_use *use,
		      size_t rows_max, struct block *b)
{
	*b = (struct block){ .rows = 0 };
	b->metrics = calloc(c->metric_count + 1, sizeof(*b->metrics));
	if (!b->metrics)
		return -ENOMEM;
	for (size_t m = 0; m < c->metric_count; m++)
		if (use[m] == EP_USED)
			b->metrics[b->columns++] = m;
	b->values = calloc(rows_max * b->columns + 1, sizeof(*b->values));
	b->groups = calloc(rows_max + 1, sizeof(*b->groups));
	b->use = calloc(b->columns + 1, sizeof(*b->use));
	return b->values && b->groups && b->use ? 0 : -ENOMEM;
}

static void block_close(struct block *b)
{
	free(b->values);
	free(b->groups);
	free(b->metrics);
	free(b->use);
}

static void take_rows(const struct ep_comparison_input *in,
		      const struct ep_comparison *c, struct block *b)
{
	for (size_t i = 0; i < in->row_count; i++) {
		double *to = b->values + b->rows * b->columns;

		if (!ep_comparison_complete(&in->rows[i], c, c->together.use))
			continue;
		for (size_t j = 0; j < b->columns; j++)
			to[j] = in->rows[i].values[b->metrics[j]];
		b->groups[b->rows++] = in->rows[i].group;
	}
}

/* Differences of the pairs of both groups. */
static void take_pairs(const struct ep_comparison *c, struct block *b)
{
	size_t rival = c->baseline == 0 ? 1 : 0;
	size_t count = c->pairings[rival].pair_count;

	for (size_t i = 0; i < count; i++) {
		double *to = b->values + b->rows * b->columns;
		bool whole = true;

		for (size_t j = 0; j < b->columns; j++) {
			const double *pairs =
				c->metrics[b->metrics[j]].pairs[rival];

			to[j] = pairs[count + i] - pairs[i];
			whole &= isfinite(to[j]);
		}
		b->rows += whole;
	}
}

static const char *refuse(const struct ep_comparison *c, double rows)
{
	double columns = (double)ep_comparison_used(c, c->together.use);

	if (columns < 2)
		return "it takes two metrics that do not say the same";
	if (c->pair_by[0] && c->group_count > 2)
		return "of pairs it is computed for two groups only";
	if (rows * columns * columns > WORK_MAX)
		return "so many rows and metrics would take too long: name "
		       "fewer metrics with --metric";
	return NULL;
}

static int compute(const struct ep_comparison_input *in,
		   struct ep_comparison *c, struct block *b)
{
	struct ep_together *t = &c->together;
	struct ep_manova_input what;
	size_t all = c->pair_by[0] ? c->pairings[!c->baseline].pair_count
				   : in->row_count;
	int r = block_open(c, t->use, all, b);

	if (r < 0)
		return r;
	if (c->pair_by[0])
		take_pairs(c, b);
	else
		take_rows(in, c, b);
	t->incomplete = all - b->rows;
	what = (struct ep_manova_input){
		.values = b->values,
		.group = c->pair_by[0] ? NULL : b->groups,
		.rows = b->rows,
		.metrics = b->columns,
		.groups = c->pair_by[0] ? 1 : c->group_count,
	};
	r = ep_stat_manova(&what, b->use, &t->manova);
	for (size_t j = 0; r == 0 && j < b->columns; j++)
		t->use[b->metrics[j]] = b->use[j];
	if (r == 0 && t->manova.reason)
		(void)ep_str_format(t->reason, sizeof(t->reason),
				    "%s (%zu complete %s, %zu metrics)",
				    t->manova.reason, b->rows,
				    c->pair_by[0] ? "pairs" : "rows",
				    ep_comparison_used(c, t->use));
	return r;
}

int ep_comparison_together(const struct ep_comparison_input *in,
			   struct ep_comparison *c)
{
	struct ep_together *t = &c->together;
	struct block b = { .rows = 0 };
	const char *why;
	int r;

	t->wanted = in->wants.together;
	if (!t->wanted)
		return 0;
	r = ep_comparison_select(c, &t->use);
	if (r < 0)
		return r;
	why = refuse(c, (double)in->row_count);
	(void)ep_str_copy(t->reason, sizeof(t->reason), why ? why : "");
	if (why)
		return 0;
	r = compute(in, c, &b);
	block_close(&b);
	return r;
}
