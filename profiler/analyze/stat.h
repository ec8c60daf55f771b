/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_STAT_H
#define EP_PROFILER_ANALYZE_STAT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Statistics of samples.  Pure functions of finite values; nothing compares
 * data with an absolute threshold.  Of two groups every difference is B - A.
 * One thread at a time (distributions.h).
 */
struct ep_sample {
	const double *x;
	size_t n;
};

/* NAN: there is none; then reason says why. */
struct ep_stat {
	double value, df, df2;
	double estimate, low, high; /* what it estimates; 95 % */
	double p;		    /* two-sided */
	double p_exact;		    /* conditional on the ties; goes before p */
	double p_min;	/* the smallest p this many values can give; 0: any */
	double p_error; /* standard error of p by Monte Carlo; 0: none */
	const char *method;
	const char *reason;
};
/* All NAN, for that reason. */
struct ep_stat ep_stat_none(const char *reason);
/* p_exact, or else p. */
double ep_stat_p(const struct ep_stat *s);

struct ep_describe {
	size_t n;
	double min, q1, median, q3, max; /* quantiles of type 7 */
	double mean, mean_low, mean_high;
	double sd, sd_low, sd_high; /* n - 1; 95 % by chi-square */
	double cv, cv_low, cv_high; /* sd / |mean| */
	bool constant;
	bool ill_conditioned; /* |mean| / sd > 1e6: digits are lost */
};
/* -ENOMEM. */
int ep_stat_describe(struct ep_sample s, struct ep_describe *ret);

double ep_stat_mean(struct ep_sample s);
double ep_stat_sd(struct ep_sample s); /* NAN below two values */
double ep_stat_quantile(const double *sorted, size_t n, double p);
bool ep_stat_constant(struct ep_sample s);
double *ep_stat_sorted(struct ep_sample s); /* a copy to free(); NULL */
/*
 * Mid-ranks of x into ranks; *ret_ties: sum of t^3 - t over runs of t equal
 * values.  -ENOMEM.
 */
int ep_stat_ranks(struct ep_sample s, double *ranks, double *ret_ties);
bool ep_stat_equal(double a, double b); /* exactly */
/* a then b in one block to free(); NULL: no memory. */
double *ep_stat_pool(struct ep_sample a, struct ep_sample b);
/* n over k; infinite when too large. */
double ep_stat_choose(size_t n, size_t k);

/* Two groups. */
struct ep_stat ep_stat_welch(struct ep_sample a, struct ep_sample b,
			     double level);
struct ep_stat ep_stat_student(struct ep_sample a, struct ep_sample b);
/* One sample against 0: of differences, the paired t. */
struct ep_stat ep_stat_one(struct ep_sample d, double level);
int ep_stat_rank_sum(struct ep_sample a, struct ep_sample b,
		     struct ep_stat *ret);
int ep_stat_signed_rank(struct ep_sample d, struct ep_stat *ret);
int ep_stat_ks(struct ep_sample a, struct ep_sample b, struct ep_stat *ret);
int ep_stat_shapiro(struct ep_sample s, struct ep_stat *ret);
/* How many more runs say more: see stat_power.c.  NAN where undefined. */
double ep_stat_cohen_d(struct ep_sample a, struct ep_sample b);
double ep_stat_hedges(double d, double df); /* g */
/* From W of the rank sum of B. */
double ep_stat_cliff(double w, size_t n1, size_t n2);

/* Two proportions: x of n against y of m. */
struct ep_two_by_two {
	double chi2, p, chi2_yates, p_yates, p_fisher;
};
struct ep_two_by_two ep_stat_two_by_two(size_t x, size_t n, size_t y, size_t m);
/* Wilson's interval of x of n at 95 %. */
void ep_stat_wilson(size_t x, size_t n, double *ret_low, double *ret_high);

/* In place, NAN kept and not counted. */
void ep_stat_holm(double *p, size_t n);
void ep_stat_benjamini_hochberg(double *p, size_t n);
/* Rank correlation; p exact without ties.  -ENOMEM. */
int ep_stat_spearman(struct ep_sample x, struct ep_sample y,
		     struct ep_stat *ret);

#endif
