/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/summary_parts.h"

static int by_cell(const void *a, const void *b)
{
	const struct ep_summary_value *x = a, *y = b;

	if (x->config != y->config)
		return x->config < y->config ? -1 : 1;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	return 0;
}

static int by_cell_and_run(const void *a, const void *b)
{
	const struct ep_summary_value *x = a, *y = b;
	int order = by_cell(a, b);

	return order ? order : (x->run > y->run) - (x->run < y->run);
}

/*
 * An older results.csv does not say what part of a figure's uncertainty all
 * runs have in common.  It is no more than the smallest one of them, so that is
 * taken: the interval may be too wide, never too narrow.
 */
static double at_most_common(const struct ep_summary_value *values,
			     size_t count)
{
	double common = 0;

	for (size_t i = 0; i < count; i++) {
		double u = values[i].u95 / 2;

		if (isfinite(u) && (i == 0 || u < common))
			common = u;
	}
	return common;
}

/* The worst of its runs, and how many of them say so. */
static void judge(const struct ep_summary_value *values, size_t count,
		  int64_t valid_count, struct ep_group_figure *f)
{
	enum ep_status worst = EP_STATUS_OK;
	char before[sizeof(f->reason)], lack[60] = "", is[60] = "";
	size_t worst_count = 0;

	for (size_t i = 0; i < count; i++)
		if (values[i].status > worst)
			worst = values[i].status;
	for (size_t i = 0; i < count; i++)
		worst_count += values[i].status == worst;
	if (worst > f->status)
		f->status = worst;
	if (worst != EP_STATUS_OK)
		(void)ep_str_format(is, sizeof(is), "%s in %zu of %zu run%s",
				    worst == EP_STATUS_ESTIMATED
					    ? "estimated"
					    : "low confidence",
				    worst_count, count, count == 1 ? "" : "s");
	if ((int64_t)count < valid_count)
		(void)ep_str_format(lack, sizeof(lack),
				    "measured in %zu of %" PRId64 " runs",
				    count, valid_count);
	(void)ep_str_copy(before, sizeof(before), f->reason);
	(void)ep_str_format(f->reason, sizeof(f->reason), "%s%s%s%s%s", is,
			    is[0] && (lack[0] || before[0]) ? "; " : "", lack,
			    lack[0] && before[0] ? "; " : "", before);
}

static void fill_cell(const struct ep_summary_value *values, size_t count,
		      struct ep_group_run *runs, struct ep_summary_cell *cell)
{
	double common = at_most_common(values, count);
	struct ep_group_figure spread;

	for (size_t i = 0; i < count; i++)
		runs[i] = (struct ep_group_run){ .value = values[i].value,
						 .u95 = values[i].u95 };
	ep_group_uncertainty(runs, count, &spread);
	for (size_t i = 0; i < count; i++)
		runs[i].u_common =
			isnan(values[i].u_common) ? common : values[i].u_common;
	ep_group_uncertainty(runs, count, &cell->figure);
	cell->compare_u95 = count > 1 ? spread.u95 : (double)NAN;
}

static int begin_cells(struct ep_summary *s)
{
	for (size_t i = 0; i < s->config_count; i++) {
		struct ep_summary_config *c = &s->configs[i];

		c->cells = calloc(s->metric_count + 1, sizeof(*c->cells));
		if (!c->cells)
			return -ENOMEM;
		for (size_t m = 0; m < s->metric_count; m++) {
			fill_cell(NULL, 0, NULL, &c->cells[m]);
			if (c->valid_count == 0)
				(void)ep_str_copy(
					c->cells[m].figure.reason,
					sizeof(c->cells[m].figure.reason),
					"no run counts");
		}
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	const struct ep_summary_config *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

int ep_summary_cells(struct ep_summary_parser *p)
{
	struct ep_summary *s = p->s;
	struct ep_group_run *runs = calloc(p->value_count + 1, sizeof(*runs));
	size_t end;
	int r = begin_cells(s);

	s->cell_runs = calloc(p->value_count + 1, sizeof(*s->cell_runs));
	if (!runs || !s->cell_runs || r < 0) {
		free(runs);
		return -ENOMEM;
	}
	if (p->value_count > 0)
		qsort(p->values, p->value_count, sizeof(*p->values),
		      by_cell_and_run);
	for (size_t i = 0; i < p->value_count; i = end) {
		const struct ep_summary_value *v = &p->values[i];
		struct ep_summary_config *c = &s->configs[v->config];

		for (end = i;
		     end < p->value_count && by_cell(v, &p->values[end]) == 0;
		     end++)
			s->cell_runs[end] = p->values[end].run;
		fill_cell(v, end - i, runs, &c->cells[v->metric]);
		judge(v, end - i, c->valid_count, &c->cells[v->metric].figure);
		c->cells[v->metric].runs = &s->cell_runs[i];
		s->estimated |= c->cells[v->metric].figure.status ==
				EP_STATUS_ESTIMATED;
	}
	free(runs);
	ep_summary_doubts(p);
	if (s->config_count > 0)
		qsort(s->configs, s->config_count, sizeof(*s->configs),
		      by_number);
	return 0;
}
