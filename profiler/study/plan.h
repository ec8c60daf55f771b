/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_PLAN_H
#define EP_PROFILER_STUDY_PLAN_H

#include "profiler/study/study.h"

/* Which configuration runs when.  Pure: a function of the study alone, so that
 * a resumed study, and one on many machines, has the same plan. */

/* Configurations: the product of all factors, the last varying fastest. */
uint64_t ep_plan_config_count(const struct ep_study *s); /* saturates */
/* level index of each factor */
void ep_plan_levels(const struct ep_study *s, uint64_t config,
		    size_t ret[EP_FACTORS_MAX]);
/* SHA-256 over options, command and levels as they will run; hex. */
int ep_plan_config_hash(const struct ep_study *s, uint64_t config,
			char ret[EP_STUDY_HASH_BYTES]) EP_MUST_CHECK;
/* The argument list of the `edgeprof run` of one configuration: options, the
 * factors' options, --set of the others, "--", the command as it was written
 * (run fills in the names).  NULL-terminated, ends with ep_plan_argv_free. */
int ep_plan_argv(const struct ep_study *s, uint64_t config,
		 char ***ret) EP_MUST_CHECK;
void ep_plan_argv_free(char **argv);

/*
 * Repetition 0 ... of all configurations in the study's order: warm-ups first.
 * config[] has room for ep_plan_config_count().  With EP_ORDER_GIVEN a block is
 * one configuration and all its repetitions follow each other: position tells.
 */
int ep_plan_block(const struct ep_study *s, uint64_t repetition,
		  uint64_t *config) EP_MUST_CHECK;

/* What a search looks at, of one valid run; NAN: not measured. */
struct ep_search_values {
	double objective, floor;
};
/* How one configuration stands. */
struct ep_standing {
	int64_t warmup_count, valid_count, rejected_count, lost_count;
	bool done;   /* has what was wanted, or used up its tries */
	bool failed; /* it cannot run (exit 126, 127, no such model) */
	double half_width_share; /* of until_metric; NAN unknown */
	/* With a search: those of its valid runs in their order, and how many
	 * of them it shall have by what is known now. */
	const struct ep_search_values *values;
	int64_t goal_count;
};
/* It is done, cannot run, or used up its tries: nothing more will come. */
bool ep_plan_gives_up(const struct ep_study *s, const struct ep_standing *st);
/* How many more valid runs, or warm-ups, it needs as far as is known by now. */
int64_t ep_plan_missing(const struct ep_study *s, const struct ep_standing *st,
			bool warmup);
struct ep_next {
	uint64_t config;
	int64_t repetition; /* 1, 2, ... within its kind */
	bool warmup;
	int64_t attempt; /* 1, 2, ... */
};
/* Are caches or swap, cleared when, cleared before it? */
bool ep_plan_clears(const struct ep_study *s, enum ep_drop_caches when,
		    const struct ep_next *next);
/*
 * What runs next, given how every configuration stands (standing[config]).
 * 1 and *ret; 0 when all are done.  Blocks stay together: nobody starts his
 * third repetition before everybody who needs one has had his second.
 */
int ep_plan_next(const struct ep_study *s, const struct ep_standing *standing,
		 struct ep_next *ret) EP_MUST_CHECK;

#endif
