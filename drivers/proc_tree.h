/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_PROC_TREE_H
#define EP_DRIVERS_PROC_TREE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A process and everything it started, followed by small steps so that no
 * single call takes long, whatever the program does.
 *
 * New processes are found by their parent (and, for orphans handed to us as
 * subreaper, by being new children of ours) among the process numbers given out
 * since the last walk, which "last pid" of loadavg tells; a walk in which
 * nothing was started costs one read.  At most 5 walks a second and at most 1 %
 * of the time is spent walking.  A process that lives shorter than a walk is
 * not seen.
 */
#define EP_PROC_TREE_MAX 1024	/* processes at a time */
#define EP_PROC_THREADS_MAX 512 /* threads whose state is looked at */
#define EP_PROC_WALK_NS (200 * INT64_C(1000000))

struct ep_proc_tree;

/* The only allocation.  threads: walks also count threads. */
int ep_proc_tree_new(bool threads, struct ep_proc_tree **ret) EP_MUST_CHECK;
void ep_proc_tree_free(struct ep_proc_tree *tree);

/* -ESRCH when there is no such process; -EBUSY when started before. */
int ep_proc_tree_start(struct ep_proc_tree *tree, pid_t pid) EP_MUST_CHECK;
bool ep_proc_tree_started(const struct ep_proc_tree *tree);

/*
 * One bounded piece of a walk (at most 8 small files, or about 30 us): 1 when
 * it was the last piece, 0 when there is more to do or the next walk is not
 * due, -errno.
 */
int ep_proc_tree_step(struct ep_proc_tree *tree, int64_t now_ns);
/* Starts it unless it is started, then makes one step; -ESRCH when there is no
 * such process (pid <= 0: not yet). */
int ep_proc_tree_follow(struct ep_proc_tree *tree, pid_t pid, int64_t now_ns);

/*
 * CPU time of all of them, the ended ones included; never goes back.  The
 * kernel brings a running thread's time up to date at its tick.  -EAGAIN while
 * resting: the read walks every thread, and with thousands of them is done less
 * often, so that it takes at most 1 % of the time.
 */
int ep_proc_tree_cpu_ns(struct ep_proc_tree *tree, int64_t now_ns,
			int64_t *ret_ns) EP_MUST_CHECK;

/* Those that were alive at the last look. */
size_t ep_proc_tree_count(const struct ep_proc_tree *tree);
pid_t ep_proc_tree_pid(const struct ep_proc_tree *tree, size_t index);

struct ep_proc_tree_facts {
	int64_t threads_count; /* of the last walk; -1 before the first */
	int64_t busy_count;    /* threads running or runnable at that instant;
			       -1 when there were too many to look at */
	bool truncated; /* more than EP_PROC_TREE_MAX processes: sums are too
			   low from here on */
};
void ep_proc_tree_facts(const struct ep_proc_tree *tree,
			struct ep_proc_tree_facts *ret);

#endif
