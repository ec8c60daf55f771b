/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_STAT_RESAMPLE_H
#define EP_PROFILER_ANALYZE_STAT_RESAMPLE_H

#include "base/err.h"
#include "base/rng.h"
#include "profiler/analyze/stat.h"

#include <stdint.h>

/* Up to so many arrangements are gone through one by one. */
#define EP_ARRANGEMENTS_MAX 200000

/* The choices of k of 0 ... n - 1, in lexicographic order. */
struct ep_choice {
	size_t n, k;
	size_t *at; /* k of them, ascending; owned */
};
int ep_choice_first(struct ep_choice *c, size_t n, size_t k) EP_MUST_CHECK;
bool ep_choice_next(struct ep_choice *c); /* false: that was the last one */
void ep_choice_done(struct ep_choice *c);

/*
 * Random indices of a seed.  Each 64-bit number of xoshiro256** gives two of 32
 * bits, the upper half first; an index is (half * bound) >> 32, and a half
 * whose product's lower 32 bits are below 2^32 mod bound is passed over.
 */
struct ep_draw {
	struct ep_rng rng;
	uint32_t kept;
	bool has_kept;
};
enum ep_draw_stream {
	EP_DRAW_PERMUTE = 1,
	EP_DRAW_BOOTSTRAP,
	EP_DRAW_MUNZEL,
	EP_DRAW_CLUSTERS = 100, /* + their number */
};
void ep_draw_init(struct ep_draw *d, uint64_t seed, enum ep_draw_stream stream);
uint32_t ep_draw_below(struct ep_draw *d, uint32_t bound);
/* Brings k of the n entries of x to its beginning: entry i changes places with
 * one drawn from i ... n - 1, for i = 0 ... k - 1. */
void ep_draw_choose(struct ep_draw *d, double *x, size_t n, size_t k);

struct ep_resample {
	uint64_t seed;
	size_t count; /* of resamples; 10 000 */
};

/*
 * Permutation tests of the difference of means, and of paired differences by
 * their signs: exact up to EP_ARRANGEMENTS_MAX, else by Monte Carlo with
 * p = (1 + as far) / (count + 1).  -ENOMEM.
 */
int ep_stat_permute(struct ep_sample a, struct ep_sample b,
		    const struct ep_resample *how, struct ep_stat *ret);
int ep_stat_permute_signs(struct ep_sample d, const struct ep_resample *how,
			  struct ep_stat *ret);
/* Brunner-Munzel; permuted below 10 values in a group and when the groups do
 * not overlap. */
int ep_stat_munzel(struct ep_sample a, struct ep_sample b,
		   const struct ep_resample *how, struct ep_stat *ret);

/* 95 % intervals of the mean difference; with fewer values than this they are
 * too narrow. */
#define EP_BOOTSTRAP_MIN 8
struct ep_bootstrap {
	size_t count;
	double low, high;	  /* percentile */
	double bca_low, bca_high; /* NAN: not defined */
	double error;		  /* standard error of the difference */
	const char *reason;	  /* NULL: all is there */
};
/* Each resample draws all of a, then all of b.  -ENOMEM. */
int ep_stat_bootstrap(struct ep_sample a, struct ep_sample b,
		      const struct ep_resample *how, struct ep_bootstrap *ret);
/* Of pairs: whole pairs are drawn, by their differences. */
int ep_stat_bootstrap_pairs(struct ep_sample d, const struct ep_resample *how,
			    struct ep_bootstrap *ret);

#endif
