/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "profiler/analyze/stat_resample.h"

int ep_choice_first(struct ep_choice *c, size_t n, size_t k)
{
	c->n = n;
	c->k = k;
	c->at = calloc(k + 1, sizeof(*c->at));
	if (!c->at)
		return -ENOMEM;
	for (size_t i = 0; i < k; i++)
		c->at[i] = i;
	return 0;
}

bool ep_choice_next(struct ep_choice *c)
{
	size_t i = c->k;

	while (i > 0 && c->at[i - 1] == c->n - c->k + i - 1)
		i--;
	if (i == 0)
		return false;
	c->at[i - 1]++;
	for (; i < c->k; i++)
		c->at[i] = c->at[i - 1] + 1;
	return true;
}

void ep_choice_done(struct ep_choice *c)
{
	free(c->at);
	c->at = NULL;
}

void ep_draw_init(struct ep_draw *d, uint64_t seed, enum ep_draw_stream stream)
{
	ep_rng_init(&d->rng, seed, (uint64_t)stream);
	d->has_kept = false;
	d->kept = 0;
}

static uint32_t half(struct ep_draw *d)
{
	uint64_t x;

	d->has_kept = !d->has_kept;
	if (!d->has_kept)
		return d->kept;
	x = ep_rng_next(&d->rng);
	d->kept = (uint32_t)x;
	return (uint32_t)(x >> 32);
}

uint32_t ep_draw_below(struct ep_draw *d, uint32_t bound)
{
	uint64_t product = (uint64_t)half(d) * bound;

	/* Only a product that low can be one too many. */
	if ((uint32_t)product < bound) {
		uint32_t rest = (0 - bound) % bound;

		while ((uint32_t)product < rest)
			product = (uint64_t)half(d) * bound;
	}
	return (uint32_t)(product >> 32);
}

void ep_draw_choose(struct ep_draw *d, double *x, size_t n, size_t k)
{
	for (size_t i = 0; i < k; i++) {
		size_t other = i + ep_draw_below(d, (uint32_t)(n - i));
		double kept = x[i];

		x[i] = x[other];
		x[other] = kept;
	}
}
