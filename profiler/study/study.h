/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_STUDY_H
#define EP_PROFILER_STUDY_STUDY_H

#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a study is: factors with their levels, how often each configuration
 * runs, in which order, what makes a run invalid.  Every run is an `edgeprof
 * run` of its own in a folder of its own; the folders are the truth.
 */
#define EP_FACTORS_MAX 16
#define EP_LEVELS_MAX 1000
#define EP_CONFIGS_MAX 1000000
/* More ask for --yes. */
#define EP_CONFIGS_ASK 10000
#define EP_STUDY_ID_BYTES 33 /* 32 hex digits */
#define EP_STUDY_HASH_BYTES 65

struct ep_factor {
	char *name; /* "governor", "quant": a column of results.csv */
	/* The option of `edgeprof run` that sets it ("--governor"); NULL: a
	 * name for {name} in the command (--set). */
	const char *option;
	bool flag;     /* it takes no value: "yes" gives it, "no" does not */
	char **levels; /* as they were written */
	size_t level_count;
};

enum ep_order {
	EP_ORDER_RANDOM, /* every repetition a new permutation of all */
	EP_ORDER_GIVEN,	 /* all repetitions of the first, then the second */
};

/* Which configurations are worth more runs. */
enum ep_search {
	EP_SEARCH_GRID,	   /* all of them */
	EP_SEARCH_HALVING, /* the better half, again and again: halving.h */
};

enum ep_cooldown {
	EP_COOLDOWN_NONE,
	EP_COOLDOWN_TIME,
	EP_COOLDOWN_TEMPERATURE,
};

/* Before which runs of a configuration: none, its first, each. */
enum ep_drop_caches { EP_DROP_NEVER, EP_DROP_FIRST, EP_DROP_EACH };

/* Answers of a server at temperature 0 should not differ; what a program prints
 * may hold times. */
enum ep_same_output { EP_SAME_AUTO, EP_SAME_YES, EP_SAME_NO };

/* When a run does not count.  NAN or -1: not judged. */
struct ep_limits {
	double background_cpu_share_max; /* of all CPUs, others' use */
	double thermal_drift_c_max;	 /* start to end */
	double missed_tick_share_max;
	double sensor_gap_share_max;
	double frequency_shortfall_max;	 /* below what the governor promises */
	int64_t token_count;		 /* wanted of every request; -1 any */
	enum ep_same_output same_output; /* within a configuration */
};

struct ep_study {
	char *title;	/* "" none */
	char **options; /* of every `edgeprof run`; NULL-terminated */
	char **command; /* with {name}s; NULL: a runner without one */
	struct ep_factor factors[EP_FACTORS_MAX];
	size_t factor_count;
	int64_t run_count;     /* valid ones wanted per configuration */
	int64_t warmup_count;  /* measured, in no mean */
	int64_t retry_count;   /* for rejected ones, per configuration */
	int64_t max_run_count; /* with until_metric, and with a search */
	char *until_metric;    /* "generation.j_per_token"; NULL none */
	double until_share;    /* half-width of its 95 % interval / mean */
	enum ep_search search;
	char *objective;    /* metric that shall be small; NULL with a grid */
	char *floor_metric; /* that shall not be below floor_value; or NULL */
	double floor_value;
	enum ep_cooldown cooldown; /* before every run but the first */
	int64_t cooldown_ns;
	int64_t cooldown_limit_ns; /* of waiting for cooldown_c */
	double cooldown_c;
	enum ep_drop_caches drop_caches, clear_swap;
	enum ep_order order;
	uint64_t seed;
	struct ep_limits limits;
};

/* All defaults: one run, no factors. */
void ep_study_init(struct ep_study *s);
void ep_study_done(struct ep_study *s);
/*
 * option: of `edgeprof run`, static; NULL: the factor is a {name}.  Takes copies
 * of the rest.  -EEXIST the name is there already, -EINVAL no level, a level
 * twice, or a name that is a column of results.csv; -E2BIG.
 */
int ep_study_add_factor(struct ep_study *s, const char *name,
			const char *option, char *const *levels,
			struct ep_err *err) EP_MUST_CHECK;
/* Every {name} of the command has a factor, every factor is used, counts make
 * sense. */
int ep_study_check(const struct ep_study *s, struct ep_err *err) EP_MUST_CHECK;

/* edgeprof-study(5).  -EINVAL with file:line. */
int ep_study_load(const char *path, struct ep_study *ret,
		  struct ep_err *err) EP_MUST_CHECK;

/* The same study gives the same text, wherever it was read from: keys sorted,
 * no times, no paths of this machine but those the user wrote. */
json_t *ep_study_to_json(const struct ep_study *s); /* NULL: no memory */
int ep_study_from_json(const json_t *o, struct ep_study *ret,
		       struct ep_err *err) EP_MUST_CHECK;
/* SHA-256 of that text, hex. */
int ep_study_hash(const struct ep_study *s,
		  char ret[EP_STUDY_HASH_BYTES]) EP_MUST_CHECK;
/* One line per thing that differs, for whoever changed the file. */
int ep_study_differences(const struct ep_study *was, const struct ep_study *is,
			 char *ret, size_t size) EP_MUST_CHECK;

#endif
