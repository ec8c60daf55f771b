/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/rng.h"

static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void ep_rng_init(struct ep_rng *r, uint64_t seed, uint64_t stream)
{
	uint64_t x = stream;

	/* Mixed first, so that seed + 1 and stream + 1 are different things. */
	x = splitmix(&x) ^ seed;
	for (int i = 0; i < 4; i++)
		r->state[i] = splitmix(&x);
}

static uint64_t rotl(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

uint64_t ep_rng_next(struct ep_rng *r)
{
	uint64_t *s = r->state;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

uint64_t ep_rng_below(struct ep_rng *r, uint64_t bound)
{
	/* What is left over when 2^64 is cut into parts of bound. */
	uint64_t rest = (0 - bound) % bound;
	uint64_t x;

	do
		x = ep_rng_next(r);
	while (x < rest);
	return x % bound;
}

double ep_rng_unit(struct ep_rng *r)
{
	return (double)(ep_rng_next(r) >> 11) * 0x1p-53;
}
