/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_CHECK_H
#define EP_PROFILER_ANALYZE_CHECK_H

#include "base/err.h"
#include "profiler/analyze/contrast.h"
#include "profiler/analyze/group_uncertainty.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether figures keep to limits, and whether they became worse.  Pure. */

enum ep_check_kind {
	EP_CHECK_MAX,	 /* the mean is not above it */
	EP_CHECK_MIN,	 /* the mean is not below it */
	EP_CHECK_CHANGE, /* it is not worse than the baseline by more */
};

enum ep_check_verdict {
	EP_CHECK_PASS,
	EP_CHECK_FAIL,
	EP_CHECK_CANNOT_TELL,  /* the interval holds the margin */
	EP_CHECK_CANNOT_JUDGE, /* missing, or not good enough to be judged */
	EP_CHECK_SKIPPED,      /* missing, which was allowed */
};
/* "pass", "fail", "cannot tell", "cannot be judged", "skipped" */
const char *ep_check_verdict_name(enum ep_check_verdict v);

struct ep_check_rules {
	bool strict; /* "cannot tell" fails */
	bool allow_estimated, allow_low_confidence, allow_missing;
	double margin; /* of a change; 0.05 is 5 % */
};

#define EP_CHECK_METRIC_BYTES 112
struct ep_check_limit {
	enum ep_check_kind kind; /* max or min */
	char metric[EP_CHECK_METRIC_BYTES];
	double value; /* in the metric's own unit */
};
/*
 * "generation.j_per_token=2.1", "load.duration_s=1500ms": a unit must be the
 * metric's, with or without an SI prefix.  -EINVAL with a sentence.
 */
int ep_check_limit_parse(const char *text, enum ep_check_kind kind,
			 struct ep_check_limit *ret,
			 struct ep_err *err) EP_MUST_CHECK;

/* A figure of one run, and those of a group of repetitions as one. */
struct ep_check_run {
	struct ep_group_run run;
	enum ep_status status;
	char reason[160];
};
/* The status is the worst of the runs that have a value; few samples in each
 * do no harm when they are enough together. */
int ep_check_group(const struct ep_check_run *runs, size_t count,
		   struct ep_group_figure *ret) EP_MUST_CHECK;

/* What is known of a figure of a group. */
struct ep_check_figure {
	struct ep_group_figure figure;
	size_t valid_count;  /* runs that count, with a value or not */
	bool status_unknown; /* of an edgeprof that did not tell */
};

/* New against old, as a share of the old one's size. */
struct ep_change {
	double relative;  /* NAN: reason says why */
	double low, high; /* 95 %; NAN: reason says why */
	size_t runs_to_tell;
	char reason[160];
};
/*
 * c: a is the baseline.  ratio_u95: half-width at 95 % of mean / mean of the
 * baseline with what the meters do not have in common; NAN: the spread alone
 * is taken.
 */
void ep_change_make(const struct ep_contrast *c, double ratio_u95,
		    struct ep_change *ret);

struct ep_check_item {
	char group[200]; /* "study: threads=2, n=10" */
	char metric[EP_CHECK_METRIC_BYTES];
	enum ep_check_kind kind;
	double limit; /* of max and min */
	struct ep_check_figure now, base;
	struct ep_change change;
	enum ep_check_verdict verdict;
	bool fails;	 /* the verdict under the rules */
	char asked[200]; /* "generation.j_per_token <= 2.1 J/token" */
	char text[640];	 /* what came out, in words */
};
/* now and, of a change, base and change are there: verdict, fails, asked and
 * text. */
void ep_check_judge(struct ep_check_item *item,
		    const struct ep_check_rules *rules);

struct ep_check_result {
	struct ep_check_item *items; /* owned */
	size_t count;
	/* What was left out; what makes the answer doubtful. */
	char (*notes)[400];
	size_t note_count;
	char (*warnings)[400];
	size_t warning_count;
	double margin;
};
struct ep_check_tally {
	size_t fail, unjudged, skipped, pass;
	size_t unsure; /* of those that pass: nobody can tell */
};
struct ep_check_tally ep_check_count(const struct ep_check_result *r);
/* "fail: 1 of 3 failed", "pass: all 3 passed", ... */
void ep_check_conclude(const struct ep_check_result *r, char *ret, size_t size);

#endif
