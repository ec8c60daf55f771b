/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_STAT_H
#define EP_TESTS_UNIT_SUPPORT_STAT_H

#include <stdbool.h>
#include <stddef.h>

#include "profiler/analyze/stat.h"

/* tests/golden/stats: data sets, and what R says of them. */
#define EP_SET_GROUPS_MAX 12

struct ep_set_data {
	char name[40], kind[16]; /* "two", "pair", "groups", ... */
	struct ep_sample groups[EP_SET_GROUPS_MAX];
	size_t group_count;
	double *values; /* owned, group by group */
};

struct ep_golden {
	struct ep_set_data *sets;
	size_t set_count;
	struct ep_golden_value {
		char set[40], test[24], field[16];
		double value; /* NAN: R refuses */
		bool used;
	} * values;
	size_t value_count;
	int wrong; /* how often a value did not agree */
};

struct ep_golden *golden_load(void); /* asserts */
void golden_free(struct ep_golden *g);
/* R's value; false: there is none to compare with. */
bool golden_find(struct ep_golden *g, const char *set, const char *test,
		 const char *field, double *ret);
/* Compares with the tolerance and says what differs; nothing when R's files
 * have no such value. */
enum golden_kind { GOLDEN_STATISTIC, GOLDEN_P, GOLDEN_RANGE_P };
struct golden_at {
	struct ep_golden *g;
	const struct ep_set_data *set;
	bool ill_conditioned; /* 1e-3 is enough */
};
void golden_check(struct golden_at at, const char *test, const char *field,
		  double value);
/* value, df, p ... of a test. */
void golden_stat(struct golden_at at, const char *test,
		 const struct ep_stat *s);
/* Sets of several metrics. */
void golden_manova(struct golden_at at);
void golden_manova_pairs(struct golden_at at);
void golden_points(struct golden_at at);

#endif
