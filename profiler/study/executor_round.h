/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_EXECUTOR_ROUND_H
#define EP_PROFILER_STUDY_EXECUTOR_ROUND_H

#include "profiler/study/store.h"
#include "profiler/study/work.h"

/* Only for executor*.c: where the study stands between two rounds. */
struct ep_executor_round {
	struct ep_work work;
	int64_t done_count, plan_count; /* valid runs and warm-ups */
	bool enough;			/* every configuration has its runs */
};
/* What is missing, in tasks; nonce and version are filled in.  done() when it
 * succeeded. */
int ep_executor_round_make(struct ep_store *store, size_t block_count,
			   size_t task_max, struct ep_executor_round *ret,
			   struct ep_err *err) EP_MUST_CHECK;
void ep_executor_round_done(struct ep_executor_round *r);
int ep_executor_nonce(char ret[EP_WORK_NONCE_BYTES]) EP_MUST_CHECK;

#endif
