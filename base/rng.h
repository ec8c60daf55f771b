/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_RNG_H
#define EP_BASE_RNG_H

#include <stdint.h>

/*
 * Random numbers that are the same everywhere for a seed: xoshiro256**
 * (Blackman and Vigna 2018), its state filled by splitmix64.  Not for secrets.
 */
struct ep_rng {
	uint64_t state[4];
};

/* Streams of one seed do not overlap in practice. */
void ep_rng_init(struct ep_rng *r, uint64_t seed, uint64_t stream);
uint64_t ep_rng_next(struct ep_rng *r);
/* 0 ... bound - 1, each as likely; bound > 0. */
uint64_t ep_rng_below(struct ep_rng *r, uint64_t bound);
/* [0, 1) with 53 bits. */
double ep_rng_unit(struct ep_rng *r);

#endif
