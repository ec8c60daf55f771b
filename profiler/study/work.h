/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_WORK_H
#define EP_PROFILER_STUDY_WORK_H

#include "profiler/study/plan.h"

/*
 * What other machines shall do of a study: runs, dealt out in tasks.  A task is
 * a block of the plan: one repetition of all configurations in that
 * repetition's own order, done by one board, so that boards differ between
 * repetitions and never between configurations.  With EP_ORDER_GIVEN it is one
 * configuration with all its repetitions.
 */
#define EP_WORK_ITEMS_MAX 1000000
#define EP_WORK_NONCE_BYTES 17
#define EP_WORK_NAME_BYTES 64

struct ep_work_item {
	struct ep_next next;
	int64_t order;
	/* Not of the plan: what warms up a board that did none of its warm-ups;
	 * thrown away. */
	bool unkept;
};
struct ep_work_task {
	struct ep_work_item *items;
	size_t count;
};
struct ep_work {
	char study_id[EP_STUDY_ID_BYTES];
	char version[64];		 /* of who deals it out */
	char nonce[EP_WORK_NONCE_BYTES]; /* marks what a task writes */
	bool mixed_versions;
	struct ep_study study;
	struct ep_work_task *tasks;
	size_t task_count;
	/* What one host has of its own; NULL none. */
	char **sensors; /* a --sensor each */
	char *models;	/* folder in which the runs start */
};

/* How the study stands, for those who deal out. */
struct ep_work_state {
	const struct ep_standing *standing;
	/* Has this run of the configuration been valid? */
	bool (*has)(const void *ctx, uint64_t config, bool warmup,
		    int64_t repetition);
	const void *ctx;
	int64_t last_order;
	size_t block_count; /* configurations of a task at most; 0 all */
	size_t task_max;    /* more are for another time */
};

/* All that is still to run.  0 tasks: nothing is.  Fills id, study and tasks;
 * the rest is the caller's.  -E2BIG. */
int ep_work_make(const struct ep_study *s, const char *study_id,
		 const struct ep_work_state *state,
		 struct ep_work *ret) EP_MUST_CHECK;
void ep_work_done(struct ep_work *w);
size_t ep_work_item_count(const struct ep_work *w); /* of the plan */

/* "c0003-r2-a1", "c0003-w1-a1": the name of its folder. */
void ep_work_name(const struct ep_work_item *item, char *ret, size_t size);

/* As text; task -1: all of them.  NULL: no memory. */
char *ep_work_to_text(const struct ep_work *w, int64_t task);
int ep_work_from_text(const char *text, size_t len, struct ep_work *ret,
		      struct ep_err *err) EP_MUST_CHECK;

#endif
