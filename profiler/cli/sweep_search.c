/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "profiler/cli/sweep.h"
#include "profiler/study/halving.h"

/* A difference that is worth telling. */
#define MARGIN 0.02

void ep_sweep_show_search_plan(const struct ep_study *s)
{
	uint64_t count = ep_plan_config_count(s);
	int64_t first = (int64_t)count * s->run_count;

	printf("  searched by halving for the smallest %s", s->objective);
	if (s->floor_metric)
		printf(" with %s of %.6g at least", s->floor_metric,
		       s->floor_value);
	printf("\n  after those runs the better half gets twice as many, and so "
	       "on, up to %" PRId64 " of one:\n"
	       "  about %" PRId64
	       " runs that count; all configurations with as "
	       "many as that need %" PRId64 "\n",
	       s->max_run_count,
	       first + ep_halving_ahead(s, count, s->run_count),
	       (int64_t)count * s->max_run_count);
}

static void show_spread(FILE *to, const struct ep_spread *x)
{
	fprintf(to, "%.4g", x->mean);
	if (isfinite(x->half_width))
		fprintf(to, " \xc2\xb1 %.2g", x->half_width);
}

/* "better than the next by 5 % (95 % interval 3 to 7 %)" */
static void show_difference(FILE *to, const struct ep_halving_difference *d,
			    bool worse, const char *than)
{
	int sign = d->share < 0 ? -1 : 1;

	fprintf(to, "%s than %s by %.2g %%",
		worse == (sign > 0) ? "worse" : "better", than,
		100 * sign * d->share);
	if (isfinite(d->low))
		fprintf(to, " (95 %% interval %.2g to %.2g %%)",
			100 * sign * (sign > 0 ? d->low : d->high),
			100 * sign * (sign > 0 ? d->high : d->low));
}

/* Why one dropped out; true when it cannot be told from the best. */
static bool show_out(FILE *to, const struct ep_study *s,
		     const struct ep_halving *h, const struct ep_candidate *c)
{
	struct ep_halving_difference d;

	switch (c->out) {
	case EP_OUT_BELOW:
		fprintf(to, "below the floor: %s ", s->floor_metric);
		show_spread(to, &c->floor);
		break;
	case EP_OUT_UNMEASURED:
		fprintf(to, "%s not measured",
			c->objective.n < 2 ? s->objective : s->floor_metric);
		break;
	case EP_OUT_UNABLE:
		fprintf(to, "only %" PRId64 " valid run%s", c->run_count,
			c->run_count == 1 ? "" : "s");
		break;
	case EP_OUT_NOT:
	case EP_OUT_WORSE:
		fprintf(to, "place %" PRId64 " of %" PRId64 ", ", c->rank,
			c->of);
		show_spread(to, &c->objective);
		if (h->best == EP_NO_CONFIG)
			break;
		ep_halving_compare(&h->candidates[h->best].objective,
				   &c->objective, MARGIN, &d);
		fprintf(to, "; ");
		show_difference(to, &d, true, "the best");
		return !d.told || d.share < 0;
	}
	return false;
}

/* Who dropped out in a round; counts those that are not told from the best. */
static void show_round(FILE *to, const struct ep_study *s,
		       const struct ep_halving *h, int64_t round,
		       uint64_t *untold)
{
	bool first = true;

	for (uint64_t i = 0; i < h->config_count; i++) {
		const struct ep_candidate *c = &h->candidates[i];
		char name[300];
		bool open;

		if (c->out == EP_OUT_NOT || c->round != round)
			continue;
		if (first)
			fprintf(to, "  round %" PRId64 ", dropped:\n", round);
		first = false;
		ep_sweep_name_config(s, i, name, sizeof(name));
		fprintf(to, "    %s, %" PRId64 " run%s: ", name, c->run_count,
			c->run_count == 1 ? "" : "s");
		open = show_out(to, s, h, c);
		fputs(open ? ", not surely\n" : "\n", to);
		*untold += open && i != h->next;
	}
}

static void show_candidate(FILE *to, const struct ep_study *s,
			   const struct ep_halving *h, const char *title,
			   uint64_t config)
{
	const struct ep_candidate *c = &h->candidates[config];
	char name[300];

	ep_sweep_name_config(s, config, name, sizeof(name));
	fprintf(to, "  %s: %s\n        %s ", title, name, s->objective);
	show_spread(to, &c->objective);
	if (s->floor_metric) {
		fprintf(to, ", %s ", s->floor_metric);
		show_spread(to, &c->floor);
	}
	fprintf(to, " (95 %% from run to run, %" PRId64 " runs)\n",
		c->run_count);
}

static void show_more_runs(FILE *to, const struct ep_halving_difference *d,
			   int64_t have)
{
	if (d->wanted_count < 0)
		fprintf(to,
			"; how many more runs would tell %.0f %% is not known\n",
			100 * MARGIN);
	else if (d->wanted_count <= have)
		fprintf(to,
			"; a difference of %.0f %% would have been told by "
			"these runs\n",
			100 * MARGIN);
	else
		fprintf(to,
			"; %" PRId64 " more runs of each would tell a "
			"difference of %.0f %%\n",
			d->wanted_count - have, 100 * MARGIN);
}

static void show_sureness(FILE *to, const struct ep_study *s,
			  const struct ep_halving *h, uint64_t untold)
{
	const struct ep_candidate *best = &h->candidates[h->best], *next;
	struct ep_halving_difference d;

	if (ep_halving_is_doubtful(s, best))
		fprintf(to,
			"  It is not sure that the best reaches %s %.6g: its "
			"interval goes below.\n",
			s->floor_metric, s->floor_value);
	if (h->next == EP_NO_CONFIG) {
		fputs("  No other one was there to compare it with.\n", to);
		return;
	}
	next = &h->candidates[h->next];
	ep_halving_compare(&best->objective, &next->objective, MARGIN, &d);
	if (d.told && d.share > 0) {
		fprintf(to, "  The best is ");
		show_difference(to, &d, false, "the next");
		fputs(".\n", to);
	} else {
		fprintf(to, "  Cannot tell them apart: the next is ");
		show_difference(to, &d, true, "the best");
		show_more_runs(to, &d, next->run_count);
	}
	if (untold > 0)
		fprintf(to,
			"  Nor can it be told from %" PRIu64 " of those that "
			"dropped out after few runs (\"not surely\").\n",
			untold);
}

int ep_sweep_show_search(FILE *to, const struct ep_study *s,
			 const struct ep_standing *standing)
{
	struct ep_halving h;
	uint64_t untold = 0;
	int64_t runs = 0;
	int r = ep_halving_play(s, standing, &h);

	if (r < 0)
		return r;
	for (uint64_t i = 0; i < h.config_count; i++)
		runs += standing[i].valid_count;
	fprintf(to, "\nSearch for the smallest %s", s->objective);
	if (s->floor_metric)
		fprintf(to, " with %s of %.6g at least", s->floor_metric,
			s->floor_value);
	fprintf(to,
		": %" PRId64 " valid runs; all configurations with %" PRId64
		" need %" PRId64 "\n",
		runs, h.goal_count, (int64_t)h.config_count * h.goal_count);
	for (int64_t i = 1; i <= h.round; i++)
		show_round(to, s, &h, i, &untold);
	if (!h.done) {
		fprintf(to,
			"  round %" PRId64 " is not over: %" PRIu64
			" are left\n",
			h.round, h.left_count);
	} else if (h.best == EP_NO_CONFIG) {
		fputs("  None is left.\n", to);
	} else {
		show_candidate(to, s, &h, "best", h.best);
		if (h.next != EP_NO_CONFIG)
			show_candidate(to, s, &h, "next", h.next);
		show_sureness(to, s, &h, untold);
	}
	ep_halving_done(&h);
	return 0;
}
