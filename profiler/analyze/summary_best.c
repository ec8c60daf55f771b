/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/asked_parts.h"
#include "profiler/analyze/distributions.h"
#include "profiler/analyze/metrics.h"
#include "profiler/analyze/pareto.h"
#include "profiler/analyze/summary_parts.h"

#define ENERGY "generation.j_per_token"
#define RATE "generation.tokens_per_s"

struct choice {
	struct ep_summary *s;
	const struct ep_asked *asked;
	int metric; /* that is to be best */
	int gain;   /* of the front's other axis; -1 none */
	bool larger, gain_larger;
	bool *meets; /* of each configuration */
	bool *listed;
	ptrdiff_t best, knee;
	size_t *front, front_count;
	size_t out_count; /* measured, and outside the bounds */
};

/* Less is better of all that is spent or waited for. */
static bool more_is_better(const char *name)
{
	static const char *const ends[] = { "_per_s", "_per_j", "_per_cycle",
					    "_count_per_s", "ipc" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ep_str_ends(name, ends[i]))
			return true;
	return false;
}

static const struct ep_group_figure *figure(const struct choice *c, size_t i,
					    int metric)
{
	return &c->s->configs[i].cells[metric].figure;
}

static bool meets(const struct choice *c, size_t i)
{
	for (size_t k = 0; k < c->asked->bound_count; k++) {
		const struct ep_asked_bound *b = &c->asked->bounds[k];
		int m = ep_summary_find(c->s, b->metric);
		double mean = m < 0 ? (double)NAN : figure(c, i, m)->mean;

		if (b->is_ceiling ? !(mean <= b->value) : !(mean >= b->value))
			return false;
	}
	return true;
}

static void find_best(struct choice *c)
{
	for (size_t i = 0; i < c->s->config_count; i++) {
		double v = figure(c, i, c->metric)->mean, b;

		if (isnan(v))
			continue;
		c->meets[i] = meets(c, i);
		c->out_count += !c->meets[i];
		if (!c->meets[i])
			continue;
		b = c->best < 0 ? v
				: figure(c, (size_t)c->best, c->metric)->mean;
		if (c->best < 0 || (c->larger ? v > b : v < b))
			c->best = (ptrdiff_t)i;
	}
}

/* Welch: are the means further apart than their spread explains?  -1: of one
 * run nobody knows. */
static int differs(const struct ep_group_figure *a,
		   const struct ep_group_figure *b)
{
	double x, y, u2, df;

	if (a->run_count < 2 || b->run_count < 2)
		return -1;
	x = a->sd * a->sd / (double)a->run_count;
	y = b->sd * b->sd / (double)b->run_count;
	u2 = x + y;
	if (!(u2 > 0))
		return fabs(a->mean - b->mean) > 0;
	df = u2 * u2 /
	     (x * x / (double)(a->run_count - 1) +
	      y * y / (double)(b->run_count - 1));
	return fabs(a->mean - b->mean) > ep_t_quantile(0.95, df) * sqrt(u2);
}

/* What the front weighs against: the first bound's figure, else the rate, of
 * the rate the energy. */
static int other_axis(const struct choice *c)
{
	const struct ep_summary *s = c->s;
	int m = -1;

	if (c->asked->bound_count > 0)
		m = ep_summary_find(s, c->asked->bounds[0].metric);
	if (m < 0 || m == c->metric)
		m = ep_summary_find(s, RATE);
	if (m < 0 || m == c->metric)
		m = ep_summary_find(s, ENERGY);
	return m < 0 || m == c->metric || !s->metrics[m].any ? -1 : m;
}

static int make_front(struct choice *c)
{
	size_t count = c->s->config_count;
	struct ep_pareto_point *points;
	int r;

	c->gain = other_axis(c);
	if (c->gain < 0)
		return 0;
	c->gain_larger = more_is_better(c->s->metrics[c->gain].name);
	points = calloc(count + 1, sizeof(*points));
	if (!points)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		double cost = figure(c, i, c->metric)->mean;
		double gain = figure(c, i, c->gain)->mean;

		points[i] = (struct ep_pareto_point){
			c->larger ? -cost : cost,
			c->gain_larger ? gain : -gain,
		};
	}
	r = ep_pareto(points, count, &c->front, &c->front_count, &c->knee);
	free(points);
	return r;
}

static bool on_front(const struct choice *c, size_t i)
{
	for (size_t k = 0; k < c->front_count; k++)
		if (c->front[k] == i)
			return true;
	return false;
}

static void full_name(const struct choice *c, int metric, char *ret,
		      size_t size)
{
	(void)ep_str_format(ret, size, "%s.%s", c->s->metrics[metric].scope,
			    c->s->metrics[metric].name);
}

/* With the interval that configurations are compared by. */
static void put_figure(const struct choice *c, size_t i, int metric,
		       struct ep_section_row *row)
{
	const struct ep_summary_cell *cell = &c->s->configs[i].cells[metric];
	struct ep_metric *m;
	char name[120];

	full_name(c, metric, name, sizeof(name));
	for (size_t k = 0; k < row->metric_count; k++)
		if (strcmp(row->metrics[k].name, name) == 0)
			return;
	m = ep_section_metric(row, name);
	ep_summary_metric_of(cell, name, m);
	m->u95 = cell->compare_u95;
	m->term_count = 0;
}

static void put_verdict(const struct choice *c, size_t i, char *ret,
			size_t size)
{
	const char *is = "";

	if ((ptrdiff_t)i == c->best) {
		is = "best";
	} else if (!c->meets[i]) {
		is = "outside the bounds";
	} else if (c->best >= 0) {
		int d = differs(figure(c, (size_t)c->best, c->metric),
				figure(c, i, c->metric));

		is = d < 0    ? "cannot tell from the best: one run"
		     : d == 0 ? "cannot tell from the best"
			      : "worse than the best";
	}
	(void)ep_str_format(ret, size, "%s%s", is,
			    (ptrdiff_t)i == c->knee ? "; knee of the front"
			    : on_front(c, i)	    ? "; on the front"
						    : "");
}

static int add_row(struct choice *c, struct ep_section *to, size_t i)
{
	const struct ep_summary_config *config = &c->s->configs[i];
	struct ep_section_row *row;
	char scope[24], name[120];

	if (c->listed[i])
		return 0;
	c->listed[i] = true;
	(void)ep_str_format(scope, sizeof(scope), "%" PRId64, config->number);
	ep_summary_config_name(c->s, config, name, sizeof(name));
	row = ep_section_row(to, scope, name);
	if (!row)
		return -ENOMEM;
	put_figure(c, i, c->metric, row);
	for (size_t k = 0; k < c->asked->bound_count; k++)
		put_figure(c, i,
			   ep_summary_find(c->s, c->asked->bounds[k].metric),
			   row);
	if (c->gain >= 0)
		put_figure(c, i, c->gain, row);
	put_verdict(c, i, row->verdict, sizeof(row->verdict));
	return 0;
}

/* The best, those that may be as good, then the front. */
static int add_rows(struct choice *c, struct ep_section *to)
{
	int r = c->best < 0 ? 0 : add_row(c, to, (size_t)c->best);

	for (size_t i = 0; r == 0 && c->best >= 0 && i < c->s->config_count;
	     i++)
		if (c->meets[i] &&
		    differs(figure(c, (size_t)c->best, c->metric),
			    figure(c, i, c->metric)) <= 0)
			r = add_row(c, to, i);
	for (size_t k = 0; r == 0 && k < c->front_count; k++)
		r = add_row(c, to, c->front[k]);
	return r;
}

static void put_facts(const struct choice *c, struct ep_section *to)
{
	const struct ep_asked *q = c->asked;
	char name[120], number[200], bounds[420] = "";

	full_name(c, c->metric, name, sizeof(name));
	(void)ep_section_fact(to, "objective", "objective", "%s %s",
			      c->larger ? "largest" : "smallest", name);
	for (size_t k = 0; k < q->bound_count; k++) {
		size_t used = strlen(bounds);

		(void)ep_str_format(bounds + used, sizeof(bounds) - used,
				    "%s%s at %s %.10g", k > 0 ? ", " : "",
				    q->bounds[k].metric,
				    q->bounds[k].is_ceiling ? "most" : "least",
				    q->bounds[k].value);
	}
	if (q->bound_count > 0)
		(void)ep_section_fact(to, "bounds", "with", "%s", bounds);
	ep_summary_config_name(c->s, &c->s->configs[c->best], number,
			       sizeof(number));
	ep_section_fact(to, "best", "best", "configuration %" PRId64 ": %s",
			c->s->configs[c->best].number, number)
		->number = (double)c->s->configs[c->best].number;
	if (c->gain < 0)
		return;
	full_name(c, c->gain, number, sizeof(number));
	(void)ep_section_fact(to, "pareto", "front", "%s against %s", name,
			      number);
	if (c->knee < 0)
		return;
	ep_summary_config_name(c->s, &c->s->configs[c->knee], number,
			       sizeof(number));
	ep_section_fact(to, "knee", "knee", "configuration %" PRId64 ": %s",
			c->s->configs[c->knee].number, number)
		->number = (double)c->s->configs[c->knee].number;
}

static void put_notes(const struct choice *c, struct ep_section *to)
{
	if (c->out_count > 0)
		ep_section_note(to,
				"%zu configuration%s outside the bounds by the "
				"mean",
				c->out_count,
				c->out_count == 1 ? " is" : "s are");
	ep_section_note(to,
			"\u00b1 is what configurations are compared by: 95 %% "
			"by the spread of their runs, each pair for "
			"itself");
	if (c->gain >= 0)
		ep_section_note(to, "the front is every configuration that no "
				    "other beats in both, by the means; its "
				    "knee is the one furthest off the straight "
				    "line between its ends");
}

/* Why there is no best: what comes nearest to the first bound. */
static int none_meets(const struct choice *c, struct ep_err *err)
{
	const struct ep_asked_bound *b = &c->asked->bounds[0];
	ptrdiff_t near = -1;
	int m;

	if (c->asked->bound_count == 0 || c->out_count == 0)
		return ep_err_set(err, -ENODATA,
				  "no run that counts has %s, so none is best",
				  c->asked->best);
	m = ep_summary_find(c->s, b->metric);
	for (size_t i = 0; m >= 0 && i < c->s->config_count; i++) {
		double v = figure(c, i, m)->mean, d;

		if (isnan(v))
			continue;
		d = near < 0 ? v : figure(c, (size_t)near, m)->mean;
		if (near < 0 || (b->is_ceiling ? v < d : v > d))
			near = (ptrdiff_t)i;
	}
	if (near < 0)
		return ep_err_set(err, -ENODATA,
				  "no configuration was measured in %s",
				  b->metric);
	return ep_err_set(err, -ENODATA,
			  "no configuration keeps within the bounds; of %s "
			  "configuration %" PRId64 " has the %s, %.4g",
			  b->metric, c->s->configs[near].number,
			  b->is_ceiling ? "least" : "most",
			  figure(c, (size_t)near, m)->mean);
}

static int choose(struct choice *c, struct ep_err *err)
{
	struct ep_section *to;
	int r;

	find_best(c);
	if (c->best < 0)
		return none_meets(c, err);
	r = make_front(c);
	if (r == 0) {
		to = ep_section_new(&c->s->sections, "best", "Best",
				    "configuration");
		r = to ? 0 : -ENOMEM;
	}
	if (r == 0) {
		to->by_config = true;
		put_facts(c, to);
		r = add_rows(c, to);
		put_notes(c, to);
	}
	return r < 0 ? ep_err_set(err, r, "out of memory") : 0;
}

int ep_summary_best(struct ep_summary *s, const struct ep_asked *q,
		    struct ep_err *err)
{
	const char *best = q->best ? q->best : ENERGY;
	struct choice c = { .s = s, .asked = q, .best = -1, .knee = -1 };
	int r = ep_summary_check(s, best, err);

	for (size_t k = 0; r == 0 && k < q->bound_count; k++)
		r = ep_summary_check(s, q->bounds[k].metric, err);
	if (r < 0)
		return r;
	c.metric = ep_summary_find(s, best);
	if (c.metric < 0)
		return ep_err_set(err, -EINVAL, "%s was not read", best);
	c.larger = more_is_better(s->metrics[c.metric].name);
	c.meets = calloc(s->config_count + 1, sizeof(*c.meets));
	c.listed = calloc(s->config_count + 1, sizeof(*c.listed));
	r = c.meets && c.listed ? choose(&c, err)
				: ep_err_set(err, -ENOMEM, "out of memory");
	free(c.meets);
	free(c.listed);
	free(c.front);
	return r;
}
