/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/halving.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/distributions.h"

static double objective_of(const struct ep_search_values *v)
{
	return v->objective;
}

static double floor_of(const struct ep_search_values *v)
{
	return v->floor;
}

static struct ep_spread spread(const struct ep_search_values *values,
			       int64_t count,
			       double (*of)(const struct ep_search_values *))
{
	struct ep_spread s = { 0, (double)NAN, (double)NAN, (double)NAN };
	double mean = 0, m2 = 0; /* Welford */

	for (int64_t i = 0; i < count; i++) {
		double x = of(&values[i]), delta = x - mean;

		if (!isfinite(x))
			continue;
		s.n++;
		mean += delta / (double)s.n;
		m2 += delta * (x - mean);
	}
	if (s.n > 0)
		s.mean = mean;
	if (s.n > 1) {
		double n = (double)s.n;

		s.sd = sqrt(m2 / (n - 1));
		s.half_width = ep_t_quantile(0.95, n - 1) * s.sd / sqrt(n);
	}
	return s;
}

bool ep_halving_is_doubtful(const struct ep_study *s,
			    const struct ep_candidate *c)
{
	return s->floor_metric &&
	       !(c->floor.mean - c->floor.half_width >= s->floor_value);
}

static bool is_below(const struct ep_study *s, const struct ep_halving *h,
		     const struct ep_candidate *c)
{
	if (!s->floor_metric)
		return false;
	/* There will be no more runs to be surer. */
	if (h->goal_count >= s->max_run_count)
		return c->floor.mean < s->floor_value;
	return c->floor.mean + c->floor.half_width < s->floor_value;
}

static void drop(struct ep_halving *h, struct ep_candidate *c, enum ep_out why)
{
	c->out = why;
	c->round = h->round;
	h->left_count--;
}

static bool round_is_over(const struct ep_study *s, const struct ep_halving *h,
			  const struct ep_standing *standing)
{
	for (uint64_t i = 0; i < h->config_count; i++)
		if (h->candidates[i].out == EP_OUT_NOT &&
		    standing[i].valid_count < h->goal_count &&
		    !ep_plan_gives_up(s, &standing[i]))
			return false;
	return true;
}

/* Who cannot be the answer, whatever the others are. */
static void judge(const struct ep_study *s, struct ep_halving *h,
		  const struct ep_standing *standing)
{
	for (uint64_t i = 0; i < h->config_count; i++) {
		struct ep_candidate *c = &h->candidates[i];
		const struct ep_standing *st = &standing[i];

		if (c->out != EP_OUT_NOT)
			continue;
		c->run_count = st->valid_count < h->goal_count ? st->valid_count
							       : h->goal_count;
		c->objective = spread(st->values, c->run_count, objective_of);
		c->floor = spread(st->values, c->run_count, floor_of);
		if (c->run_count < h->goal_count)
			drop(h, c, EP_OUT_UNABLE);
		else if (c->objective.n < 2 ||
			 (s->floor_metric && c->floor.n < 2))
			drop(h, c, EP_OUT_UNMEASURED);
		else if (is_below(s, h, c))
			drop(h, c, EP_OUT_BELOW);
	}
}

/*
 * All that were left turned out to be below the floor: those come back that
 * dropped out last for nothing but their objective.  Each time somebody is out
 * for good, so it ends.
 */
static void bring_back(struct ep_halving *h)
{
	int64_t last = 0;

	for (uint64_t i = 0; i < h->config_count; i++)
		if (h->candidates[i].out == EP_OUT_WORSE &&
		    h->candidates[i].round > last)
			last = h->candidates[i].round;
	for (uint64_t i = 0; last > 0 && i < h->config_count; i++) {
		struct ep_candidate *c = &h->candidates[i];

		if (c->out != EP_OUT_WORSE || c->round != last)
			continue;
		c->out = EP_OUT_NOT;
		c->round = 0;
		h->left_count++;
	}
}

struct place {
	double objective;
	uint64_t config;
};

static int by_objective(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->objective < y->objective)
		return -1;
	if (x->objective > y->objective)
		return 1;
	return (x->config > y->config) - (x->config < y->config);
}

static int drop_worse_half(struct ep_halving *h)
{
	uint64_t count = 0, of = h->left_count;
	struct place *places = calloc(of, sizeof(*places));

	if (!places)
		return -ENOMEM;
	for (uint64_t i = 0; i < h->config_count; i++)
		if (h->candidates[i].out == EP_OUT_NOT)
			places[count++] =
				(struct place){ h->candidates[i].objective.mean,
						i };
	qsort(places, count, sizeof(places[0]), by_objective);
	for (uint64_t i = (count + 1) / 2; i < count; i++) {
		struct ep_candidate *c = &h->candidates[places[i].config];

		c->rank = (int64_t)i + 1;
		c->of = (int64_t)of;
		drop(h, c, EP_OUT_WORSE);
	}
	free(places);
	return 0;
}

/* The one that is left is sure enough of the floor. */
static bool is_settled(const struct ep_study *s, const struct ep_halving *h)
{
	for (uint64_t i = 0; i < h->config_count; i++)
		if (h->candidates[i].out == EP_OUT_NOT)
			return !ep_halving_is_doubtful(s, &h->candidates[i]);
	return true;
}

static int end_round(const struct ep_study *s, struct ep_halving *h,
		     const struct ep_standing *standing)
{
	int64_t max = s->max_run_count;
	int r;

	judge(s, h, standing);
	if (h->left_count == 0) {
		bring_back(h);
		h->done = h->left_count == 0;
		h->round++;
		return 0;
	}
	if (h->goal_count >= max) {
		h->done = true;
		return 0;
	}
	if (h->left_count > 1) {
		r = drop_worse_half(h);
		if (r < 0)
			return r;
	}
	if (h->left_count == 1 && is_settled(s, h)) {
		h->done = true;
		return 0;
	}
	h->goal_count = h->goal_count > max / 2 ? max : 2 * h->goal_count;
	h->round++;
	return 0;
}

/* Those that lasted longer come first, then those with less. */
static bool is_before(const struct ep_candidate *a,
		      const struct ep_candidate *b)
{
	if ((a->out == EP_OUT_NOT) != (b->out == EP_OUT_NOT))
		return a->out == EP_OUT_NOT;
	if (a->round != b->round)
		return a->round > b->round;
	return a->objective.mean < b->objective.mean;
}

static void name_best(struct ep_halving *h)
{
	for (uint64_t i = 0; i < h->config_count; i++) {
		const struct ep_candidate *c = &h->candidates[i];

		if (c->out == EP_OUT_NOT &&
		    (h->best == EP_NO_CONFIG ||
		     is_before(c, &h->candidates[h->best])))
			h->best = i;
	}
	for (uint64_t i = 0; h->best != EP_NO_CONFIG && i < h->config_count;
	     i++) {
		const struct ep_candidate *c = &h->candidates[i];

		if (i == h->best ||
		    (c->out != EP_OUT_NOT && c->out != EP_OUT_WORSE))
			continue;
		if (h->next == EP_NO_CONFIG ||
		    is_before(c, &h->candidates[h->next]))
			h->next = i;
	}
}

int ep_halving_play(const struct ep_study *s,
		    const struct ep_standing *standing, struct ep_halving *ret)
{
	struct ep_halving h = {
		.config_count = ep_plan_config_count(s),
		.round = 1,
		.goal_count = s->run_count,
		.best = EP_NO_CONFIG,
		.next = EP_NO_CONFIG,
	};
	int r = 0;

	if (h.config_count > EP_CONFIGS_MAX)
		return -E2BIG;
	h.left_count = h.config_count;
	h.candidates = calloc(h.config_count, sizeof(*h.candidates));
	if (!h.candidates)
		return -ENOMEM;
	while (r == 0 && !h.done && round_is_over(s, &h, standing))
		r = end_round(s, &h, standing);
	if (r < 0) {
		ep_halving_done(&h);
		return r;
	}
	if (h.done)
		name_best(&h);
	*ret = h;
	return 0;
}

void ep_halving_done(struct ep_halving *h)
{
	if (!h)
		return;
	free(h->candidates);
	memset(h, 0, sizeof(*h));
}

int ep_halving_goals(const struct ep_study *s, struct ep_standing *standing)
{
	struct ep_halving h;
	int r = ep_halving_play(s, standing, &h);

	if (r < 0)
		return r;
	for (uint64_t i = 0; i < h.config_count; i++)
		standing[i].goal_count =
			!h.done && h.candidates[i].out == EP_OUT_NOT
				? h.goal_count
				: standing[i].valid_count;
	ep_halving_done(&h);
	return 0;
}

int64_t ep_halving_ahead(const struct ep_study *s, uint64_t left_count,
			 int64_t goal_count)
{
	int64_t max = s->max_run_count, runs = 0;

	while (left_count > 2 && goal_count < max) {
		int64_t goal = goal_count > max / 2 ? max : 2 * goal_count;

		left_count = (left_count + 1) / 2;
		runs += (int64_t)left_count * (goal - goal_count);
		goal_count = goal;
	}
	return runs;
}
