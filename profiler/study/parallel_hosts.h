/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_PARALLEL_HOSTS_H
#define EP_PROFILER_STUDY_PARALLEL_HOSTS_H

#include "profiler/study/command.h"
#include "profiler/study/executor.h"
#include "profiler/study/hosts.h"

/* Only for parallel*.c. */
struct ep_parallel {
	struct ep_hosts hosts;
	bool usable[EP_HOSTS_MAX];
	size_t usable_count;
	char *hosts_file;    /* absolute */
	const char *program; /* edgeprof on this machine */
	int lock_fd;
	struct ep_command command;
	bool runs;
	bool follows; /* somebody else's, of an earlier start */
	struct ep_buf numbers;
	const char *left; /* of them, for its stdin */
	int64_t notes_bytes;
};

/* The check of the executor: asks all hosts at once. */
int ep_parallel_check(struct ep_executor *x, bool thorough,
		      struct ep_err *err) EP_MUST_CHECK;

#endif
