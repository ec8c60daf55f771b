/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_HALVING_H
#define EP_PROFILER_STUDY_HALVING_H

#include "profiler/study/plan.h"

/*
 * Successive halving: every configuration gets a few runs, the better half of
 * them twice as many, and so on until one is left or all that are left have
 * max_run_count.  Pure: a function of the study and of its valid runs in their
 * order.  What a round decides depends on the runs of that round and of earlier
 * ones alone, so that it is decided once and for all.
 */

struct ep_spread {
	int64_t n;	   /* runs that have a value */
	double mean, sd;   /* NAN unknown */
	double half_width; /* of the 95 % interval of the mean; NAN unknown */
};

enum ep_out {
	EP_OUT_NOT,
	EP_OUT_WORSE,	   /* in the worse half by its objective */
	EP_OUT_BELOW,	   /* its 95 % interval, or its mean when it has all its
			    * runs, is below the floor */
	EP_OUT_UNMEASURED, /* fewer than two runs have objective and floor */
	EP_OUT_UNABLE,	   /* cannot run, or too few valid runs */
};

struct ep_candidate {
	enum ep_out out;
	int64_t round;	   /* in which it dropped out; 0 it did not */
	int64_t rank, of;  /* EP_OUT_WORSE: 1 is the best of so many */
	int64_t run_count; /* of its runs, those that decided */
	struct ep_spread objective, floor;
};

#define EP_NO_CONFIG UINT64_MAX
struct ep_halving {
	struct ep_candidate *candidates; /* one of each configuration */
	uint64_t config_count, left_count;
	int64_t round;	    /* 1, 2, ... */
	int64_t goal_count; /* valid runs of each that is left, this round */
	bool done;
	/* When it is done: the smallest objective of those that are left, and
	 * who came next; EP_NO_CONFIG none. */
	uint64_t best, next;
};

/* standing[] as ep_store_standing() gives it.  -ENOMEM, -E2BIG. */
int ep_halving_play(const struct ep_study *s,
		    const struct ep_standing *standing,
		    struct ep_halving *ret) EP_MUST_CHECK;
void ep_halving_done(struct ep_halving *h);
/* Sets goal_count of each. */
int ep_halving_goals(const struct ep_study *s,
		     struct ep_standing *standing) EP_MUST_CHECK;
/* Valid runs that later rounds make when left_count configurations are in one
 * of goal_count runs, and nothing but their objective decides. */
int64_t ep_halving_ahead(const struct ep_study *s, uint64_t left_count,
			 int64_t goal_count);

/* Is the interval of the floor's metric not wholly above it? */
bool ep_halving_is_doubtful(const struct ep_study *s,
			    const struct ep_candidate *c);

/* How much worse the other one is: (other - best) / |other|. */
struct ep_halving_difference {
	double share, low, high; /* its 95 % interval by Welch; NAN unknown */
	bool told;		 /* the interval excludes 0 */
	/* Runs of each, altogether, that would tell a difference of margin with
	 * a power of 0.8; -1 unknown. */
	int64_t wanted_count;
};
void ep_halving_compare(const struct ep_spread *best,
			const struct ep_spread *other, double margin,
			struct ep_halving_difference *ret);

#endif
