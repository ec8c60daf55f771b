/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_POSITION_H
#define EP_PROFILER_ANALYZE_POSITION_H

#include "profiler/analyze/generation.h"
#include "profiler/analyze/uncertainty.h"

/*
 * What each token took against its place in its generation.  Pure functions
 * over blocks of tokens.
 */
#define EP_POSITION_BLOCKS_MIN 8
#define EP_POSITION_TOKENS_MIN 20

/* Tokens one after the other in one generation. */
struct ep_token_block {
	int32_t request;
	double place;		  /* mean index of its tokens */
	double tokens;		  /* how many */
	double seconds, energy_j; /* per token; NAN not measured */
};

enum ep_block_what { EP_BLOCK_SECONDS, EP_BLOCK_ENERGY };

/*
 * ret: slope per token per 1000 tokens of place, within the generations: a
 * request that took more all along does not count.  common: relative
 * uncertainty that all blocks share (gain).  Both have their names; without
 * enough blocks both are refused with the reason.  blocks in order of request.
 */
void ep_position_fit(const struct ep_token_block *blocks, size_t count,
		     enum ep_block_what what, double common,
		     struct ep_slope *ret);

/* What tokens took, by place: blocks of equal places from the first to the
 * last.  common as above. */
void ep_position_places(const struct ep_token_block *blocks, size_t count,
			double common, struct ep_generation_profile *ret);

/* One token, since the token before it. */
struct ep_token_step {
	int32_t request, index;
	double seconds, energy_j; /* energy: NAN not measured */
	bool throttled;
};
/* Fills outliers: more than five robust standard deviations, and half, above
 * the median.  -ENOMEM. */
int ep_position_outliers(const struct ep_token_step *steps, size_t count,
			 struct ep_generation_profile *ret) EP_MUST_CHECK;
/* Means of the tokens under an alarm and of the others.  -ENOMEM. */
int ep_position_throttled(const struct ep_token_step *steps, size_t count,
			  double common,
			  struct ep_generation_profile *ret) EP_MUST_CHECK;

#endif
