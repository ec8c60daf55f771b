/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_PROC_LIST_H
#define EP_DRIVERS_PROC_LIST_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* One look at the machine's processes; no state between calls. */

/* A process that cannot be mistaken for another with the same number. */
struct ep_proc_id {
	pid_t pid;
	pid_t parent;
	unsigned long long start_ticks; /* since boot; field 22 of stat */
	char name[32];			/* comm, printable */
	bool zombie;
	bool kernel; /* a thread of the kernel's */
};

/*
 * root itself (when include_root) and all that descend from it, parents before
 * children.  Returns the count, at most max.
 */
int ep_proc_descendants(pid_t root, bool include_root, struct ep_proc_id *ret,
			int max) EP_MUST_CHECK;
/* All of them; the caller frees *ret.  The count, or -errno. */
int ep_proc_all(struct ep_proc_id **ret) EP_MUST_CHECK;
/* One process; -ENOENT or -ESRCH when there is none. */
int ep_proc_get(pid_t pid, struct ep_proc_id *ret) EP_MUST_CHECK;
/* Does this very process still run (not as a zombie)? */
bool ep_proc_is(const struct ep_proc_id *id);

/* comm and ppid of one /proc/PID/stat line; -EBADMSG.  Pure. */
int ep_proc_stat_parse(const char *text, struct ep_proc_id *ret) EP_MUST_CHECK;

#endif
