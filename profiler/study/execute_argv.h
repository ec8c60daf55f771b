/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_EXECUTE_ARGV_H
#define EP_PROFILER_STUDY_EXECUTE_ARGV_H

#include "profiler/study/plan.h"

/* One run of a study, here or on another machine; all borrowed. */
struct ep_run_order {
	const struct ep_study *study;
	const char *study_id;
	const struct ep_next *next;
	int64_t order;
	const char *folder; /* to record into */
	bool drop_caches, clear_swap;
	char *const *extra; /* options that only this machine has; NULL none */
};

/* edgeprof run --quiet --json -o FOLDER --label ... and what the plan says.
 * NULL-terminated, ends with ep_words_free(). */
int ep_execute_argv(const struct ep_run_order *o, char ***ret) EP_MUST_CHECK;

#endif
