/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_HOST_TASK_H
#define EP_PROFILER_STUDY_HOST_TASK_H

#include "profiler/study/hosts.h"
#include "profiler/study/work.h"

#include <signal.h>

/* The near end of a task that is done on another host: sends the work over ssh,
 * takes in what comes back, and cycles the host's power when it hangs. */
struct ep_host_task {
	const struct ep_host *host;
	const struct ep_work *work;
	size_t number;
	int arrived_fd; /* arrived.h; what is there is not asked for */
	const volatile sig_atomic_t *stop;
	void (*tell)(void *ctx, const char *text); /* without its name */
	void *ctx;
};

/* 0 all of it arrived; -EAGAIN it did not: another host may try; -EINTR. */
int ep_host_task_run(const struct ep_host_task *t) EP_MUST_CHECK;

#endif
