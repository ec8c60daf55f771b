/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_STORE_H
#define EP_TESTS_UNIT_SUPPORT_STORE_H

#include "profiler/study/store.h"
#include "tests/unit/support_tmp.h"

/* A study of two configurations in a folder of its own; every failure ends the
 * test. */
struct support_store {
	struct ep_tmp tmp;
	char dir[200];
	struct ep_store *store;
};

void support_store_must(int r, const struct ep_err *err);
void support_store_open_scene(struct support_store *s);
void support_store_close_scene(struct support_store *s);
/* Closed, and opened again. */
void support_store_reopen(struct support_store *s);

/* A run: configuration, place in the order, and what its report shall say. */
struct support_run_made {
	int64_t number;
	uint64_t config;
	int64_t order;
	const char *ended;
	int stopped_by;
	int64_t started_real_ns;
	double energy_j;
};

/* Repetition and order are the same number. */
int64_t support_store_begin(struct support_store *s, uint64_t config,
			    int64_t order);
void support_store_make_folder(struct support_store *s,
			       const struct support_run_made *m);
/* As ep_store_take(). */
int support_store_take(struct support_store *s, int64_t number);
/* A whole valid one: begun, made, taken. */
void support_store_run(struct support_store *s, struct support_run_made m);

/* results.csv without study ids; free(). */
char *support_store_export(struct support_store *s);
struct ep_standing support_store_standing_of(struct support_store *s,
					     uint64_t config);
int64_t support_store_last_order(struct support_store *s);

#endif
