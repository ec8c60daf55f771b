/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_TASK_H
#define EP_PROFILER_STUDY_TASK_H

#include "profiler/study/courier.h"
#include "profiler/study/execute.h"

/* The far end: one task of the work, done on this machine. */
struct ep_task {
	const struct ep_execute *x; /* its stop ends the task; no lock */
	const struct ep_work *work;
	size_t number; /* of the task: 0, 1, ... */
	/* Where the runs go: a folder in which they arrive (arrived.h), or -1
	 * and a courier. */
	int arrived_fd;
	const struct ep_courier *courier;
	void (*tell)(void *ctx, const char *text);
	void *ctx;
};

/*
 * Runs that have arrived are not made again; one is recorded into a folder of
 * this machine and delivered when it is whole, so what a killed task leaves is
 * in nobody's way.  0; -EINTR stopped; -ENOSPC no room; -EPIPE nobody reads;
 * -EPROTO another version.
 */
int ep_task_run(const struct ep_task *t, struct ep_err *err) EP_MUST_CHECK;

/* A folder of our own for drafts, below TMPDIR: emptied, and locked as long as
 * the descriptor is open. */
struct ep_task_scratch {
	int fd;
	char path[4096];
};
int ep_task_scratch_open(const char *study_id, struct ep_task_scratch *ret,
			 struct ep_err *err) EP_MUST_CHECK;
void ep_task_scratch_close(struct ep_task_scratch *s); /* removes it */

#endif
