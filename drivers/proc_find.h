/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_PROC_FIND_H
#define EP_DRIVERS_PROC_FIND_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Which process somebody means. */

/*
 * The processes whose program file (without folders) or comm is name and that
 * descend from no other such: their count, of which the first max are in ret
 * in the order of their numbers.  Not this process itself.  0: none, and near
 * is the name that looks most like it, or "".  -errno.
 */
int ep_proc_find_name(const char *name, pid_t *ret, int max, char *near,
		      size_t size) EP_MUST_CHECK;

/*
 * The program file as the process sees it.  -ENOENT: it has none (it has
 * ended, or belongs to the kernel), -EACCES: another user's.
 */
int ep_proc_exe(pid_t pid, char *ret, size_t size) EP_MUST_CHECK;

/* The process that a thread's number belongs to; -ESRCH, -EBADMSG. */
int ep_proc_of_thread(pid_t tid, pid_t *ret) EP_MUST_CHECK;

/*
 * pid and what descends from it, by the kernel's own lists: cheap, but a list of
 * children that changes meanwhile may leave some out.  The count, at most max;
 * -ENOENT where the kernel keeps no such lists.
 */
int ep_proc_quick_tree(pid_t pid, pid_t *ret, int max) EP_MUST_CHECK;

/* Is pid this process or one it descends from? */
bool ep_proc_is_above(pid_t pid);

#endif
