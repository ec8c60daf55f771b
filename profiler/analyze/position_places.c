/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/position.h"

#include <math.h>

#include "profiler/analyze/distributions.h"

/* Sums over the blocks at one place; weights are tokens. */
struct place {
	double tokens, place, seconds;
	double energy_tokens, energy; /* of blocks whose energy is known */
	double first, s1, s2;	      /* their energies per token, from first */
	double n;
};

static void add(struct place *p, const struct ep_token_block *b)
{
	double d;

	p->tokens += b->tokens;
	p->place += b->tokens * b->place;
	p->seconds += b->tokens * b->seconds;
	if (isnan(b->energy_j))
		return;
	if (!(p->n > 0))
		p->first = b->energy_j;
	d = b->energy_j - p->first;
	p->energy_tokens += b->tokens;
	p->energy += b->tokens * b->energy_j;
	p->s1 += d;
	p->s2 += d * d;
	p->n++;
}

static void finish(const struct place *p, double common,
		   struct ep_token_place *ret)
{
	double var;

	ret->tokens = p->tokens;
	ret->place = p->place / p->tokens;
	ret->seconds = p->seconds / p->tokens;
	ret->energy_j = ret->energy_u95 = (double)NAN;
	if (!(p->energy_tokens > 0))
		return;
	ret->energy_j = p->energy / p->energy_tokens;
	if (p->n < 2)
		return;
	var = fmax(0, (p->s2 - p->s1 * p->s1 / p->n) / (p->n - 1));
	ret->energy_u95 =
		hypot(ep_t_quantile(0.95, p->n - 1) * sqrt(var / p->n),
		      2 * common * ret->energy_j);
}

void ep_position_places(const struct ep_token_block *blocks, size_t count,
			double common, struct ep_generation_profile *ret)
{
	struct place places[EP_TOKEN_PLACES_MAX] = { { 0 } };
	double low = HUGE_VAL, high = -HUGE_VAL;

	ret->place_count = 0;
	for (size_t i = 0; i < count; i++) {
		low = fmin(low, blocks[i].place);
		high = fmax(high, blocks[i].place);
	}
	for (size_t i = 0; i < count; i++) {
		double at =
			high > low ? (blocks[i].place - low) / (high - low) : 0;
		size_t k = (size_t)(at * EP_TOKEN_PLACES_MAX);

		add(&places[k < EP_TOKEN_PLACES_MAX ? k
						    : EP_TOKEN_PLACES_MAX - 1],
		    &blocks[i]);
	}
	for (size_t k = 0; k < EP_TOKEN_PLACES_MAX; k++)
		if (places[k].tokens > 0)
			finish(&places[k], common,
			       &ret->places[ret->place_count++]);
}
