/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_CONTRAST_H
#define EP_PROFILER_ANALYZE_CONTRAST_H

#include "base/err.h"
#include "profiler/analyze/stat_power.h"
#include "profiler/analyze/stat_resample.h"

/* Two groups of one quantity, all that is computed of them, and the verdict. */

enum ep_test {
	EP_TEST_WELCH,
	EP_TEST_STUDENT,
	EP_TEST_RANK_SUM,
	EP_TEST_MUNZEL,
	EP_TEST_KS,
	EP_TEST_PERMUTATION, /* of pairs: of their signs */
	EP_TEST_PAIRED_T,
	EP_TEST_SIGNED_RANK,
	EP_TEST_COUNT,
};
const char *ep_test_name(enum ep_test t);  /* "welch", "mann-whitney" */
const char *ep_test_title(enum ep_test t); /* "Welch's t" */
bool ep_test_takes_pairs(enum ep_test t);
bool ep_test_needs_pairs(enum ep_test t);
/* -EINVAL with what there is. */
int ep_test_find(const char *name, enum ep_test *ret,
		 struct ep_err *err) EP_MUST_CHECK;

struct ep_contrast_options {
	bool paired;	   /* a.x[i] belongs to b.x[i] */
	enum ep_test test; /* the one that the verdict follows */
	double margin;	   /* of equivalence, 0.02 is 2 %; NAN: none */
	double alpha;	   /* 0.05 */
	/* Of |mean A|: without a margin, how narrow the interval should be. */
	double half_width;
	struct ep_resample resample;
};
void ep_contrast_options_init(struct ep_contrast_options *o);

enum ep_verdict { EP_CANNOT_TELL, EP_DIFFERENT, EP_EQUIVALENT };
const char *ep_verdict_name(enum ep_verdict v); /* "cannot_tell" */

#define EP_VERDICT_BYTES 640
struct ep_contrast {
	struct ep_describe a, b, d; /* d: of paired differences, n = 0 else */
	double difference;	    /* mean B - mean A */
	double relative;	    /* of |mean A|; NAN when that is 0 */
	struct ep_stat tests[EP_TEST_COUNT];
	struct ep_stat shapiro_a, shapiro_b, shapiro_d, levene;
	double cohen_d, hedges_g, cliff;
	struct ep_bootstrap bootstrap;
	struct ep_tost tost; /* p NAN without a margin */
	/* Without one value the difference changes its sign or halves. */
	bool carried;
	char carried_group; /* 'A', 'B', or 'p': a pair */
	size_t carried_index;
	/* Runs per group (or pairs) in all; 0: not defined. */
	size_t runs_to_differ, runs_to_equate, runs_to_width;
	enum ep_test test; /* that p is of */
	double p, p_holm, p_bh;
	size_t family; /* primary quantities that p_holm is over */
	enum ep_verdict verdict;
	char text[EP_VERDICT_BYTES]; /* the verdict in words */
};

/* Everything but p_holm, p_bh and the verdict.  -ENOMEM, -E2BIG. */
int ep_contrast_make(struct ep_sample a, struct ep_sample b,
		     const struct ep_contrast_options *o,
		     struct ep_contrast *ret) EP_MUST_CHECK;
/*
 * Adjusts p over the quantities that are primary (not a monotone transform of
 * another: those stand beside and are adjusted like the one they follow) and
 * gives each its verdict.  follows[i]: its index, or i itself; NULL: all are primary.
 */
void ep_contrasts_judge(struct ep_contrast *c, const size_t *follows,
			size_t count, const struct ep_contrast_options *o);

/* y = c x or y = c / x for all values: they say the same. */
bool ep_stat_same_information(struct ep_sample x, struct ep_sample y);

/* "p = 0.0116", "p < 1e-8". */
#define EP_P_BYTES 24
void ep_stat_put_p(char ret[EP_P_BYTES], double p);
/* Three digits or all before the point: "12.3", "1234". */
void ep_stat_put_number(char ret[EP_P_BYTES], double value);

#endif
