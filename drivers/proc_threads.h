/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_PROC_THREADS_H
#define EP_DRIVERS_PROC_THREADS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define EP_PROC_THREADS_LIST_MAX 1024
struct ep_proc_threads {
	pid_t ids[EP_PROC_THREADS_LIST_MAX];
	size_t count;
	bool truncated; /* there are more */
	bool unsettled; /* new ones came while they were listed */
};
/* The threads of a process and of all that descend from it, listed until two
 * lists are equal, ten times at most.  -ESRCH, -ENOMEM. */
int ep_proc_threads_list(pid_t root, struct ep_proc_threads *ret) EP_MUST_CHECK;

#endif
