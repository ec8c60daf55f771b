/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_PROC_TREE_PARTS_H
#define EP_DRIVERS_PROC_TREE_PARTS_H

#include "drivers/proc_tree.h"

#include <time.h>

/* Between proc_tree.c (who belongs to it, what they used), proc_walk.c (how
 * new ones are found) and proc_stat.c (what /proc says of one). */

#define EP_PROC_REST 100 /* rest so many times as long as the work took */
#define EP_PROC_OWN_MAX 64

struct ep_process {
	pid_t pid;
	clockid_t clock;
	int64_t start_ticks; /* tells a reused number */
	int64_t cpu_ns;
};

enum ep_walk_phase {
	EP_WALK_REST,
	EP_WALK_PROBE, /* new processes, number by number */
	EP_WALK_SCAN,  /* the same by listing all */
	EP_WALK_THREADS,
};

struct ep_proc_tree {
	struct ep_process procs[EP_PROC_TREE_MAX];
	size_t count;
	bool started, threads, truncated;
	bool ours; /* the first process is our child: orphans come to us */
	int64_t ended_ns; /* CPU time of those that are gone */
	int64_t sum_ns;	  /* the last sum handed out */
	int64_t cpu_due_ns;
	pid_t own[EP_PROC_OWN_MAX]; /* our children before the start */
	size_t own_count;

	int loadavg_fd;
	pid_t scan_after; /* numbers given out after this one are new */
	pid_t scan_next;  /* becomes scan_after at the next walk */

	enum ep_walk_phase phase;
	int64_t walk_due_ns, walk_begin_ns, walk_cost_ns, step_end_ns;
	bool scan_again;
	pid_t scan_low, scan_high;
	int dir_fd; /* of the folder being listed; -1 none */
	size_t dents_at, dents_end;
	size_t thread_proc; /* whose threads are being looked at */
	int64_t threads_now, looked_now, busy_now;
	int64_t threads_count, busy_count;
	_Alignas(8) char dents[1024];
};

/* What one stat file says. */
struct ep_walk_stat {
	char state;
	pid_t ppid;
	int64_t threads_count;
	int64_t start_ticks;
};
int ep_walk_stat_parse(const char *text,
		       struct ep_walk_stat *ret) EP_MUST_CHECK;
int ep_walk_stat_read_at(const char *path,
			 struct ep_walk_stat *ret) EP_MUST_CHECK;
int ep_walk_stat_read(pid_t pid, struct ep_walk_stat *ret) EP_MUST_CHECK;

/* The folder the walk is in.  A name that is a number, or 0 for others;
 * -ENODATA when the block of names is used up. */
int ep_walk_open_dir(struct ep_proc_tree *tree, const char *path) EP_MUST_CHECK;
void ep_walk_close_dir(struct ep_proc_tree *tree);
int ep_walk_next_number(struct ep_proc_tree *tree, pid_t *ret) EP_MUST_CHECK;
/* 1, 0 at the end of the folder, -errno. */
int ep_walk_next_block(struct ep_proc_tree *tree) EP_MUST_CHECK;

void ep_proc_tree_add(struct ep_proc_tree *tree, pid_t pid,
		      int64_t start_ticks);
void ep_proc_tree_drop(struct ep_proc_tree *tree, size_t index);
bool ep_proc_tree_has(const struct ep_proc_tree *tree, pid_t pid);

/* Sets the first range to look through and notes our children in it. */
int ep_proc_walk_prepare(struct ep_proc_tree *tree, pid_t pid) EP_MUST_CHECK;

#endif
