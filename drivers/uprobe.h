/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_UPROBE_H
#define EP_DRIVERS_UPROBE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Probes on functions of running, unmodified programs, and what a process tree
 * maps executable.  Times are CLOCK_MONOTONIC.  One thread at a time.
 */

/*
 * 0 when probes can be set here; -EACCES (not root), -ENOTSUP (no uprobe
 * events, or registers of this processor are not known), each with a sentence.
 */
int ep_uprobe_check(struct ep_err *err) EP_MUST_CHECK;

/* Follows pid, which waits before exec, and all that comes of it. */
struct ep_uprobe_track;

struct ep_uprobe_map {
	int64_t t_ns; /* when it was mapped */
	pid_t pid;
	uint64_t start, end;
	const char *path; /* as that process sees it; borrowed */
};

int ep_uprobe_track_open(pid_t pid, struct ep_uprobe_track **ret,
			 struct ep_err *err) EP_MUST_CHECK;
/*
 * The same for processes that run already: none until they are named with
 * ep_uprobe_track_add(), then they and all that comes of them.  Watches every
 * process of the machine: an event in each of their threads would cost them
 * something at every context switch.
 */
int ep_uprobe_track_open_running(struct ep_uprobe_track **ret,
				 struct ep_err *err) EP_MUST_CHECK;
void ep_uprobe_track_add(struct ep_uprobe_track *t, pid_t pid);
/* What a process maps executable now, as track_drain() would have told it, with
 * t_ns 0; -errno. */
int ep_uprobe_maps(pid_t pid,
		   void (*map)(void *ctx, const struct ep_uprobe_map *m),
		   void *ctx);
/*
 * Adds its descriptors to an epoll set, or takes them out: readable at once
 * when something is mapped or a task comes or goes.  A just-in-time compiler
 * does that thousands of times a second.
 */
int ep_uprobe_track_watch(const struct ep_uprobe_track *t, int epoll_fd,
			  bool on) EP_MUST_CHECK;
/* Calls map() for every new executable mapping of a file.  Returns how many
 * records of any kind there were; *lost_count grows by those that were lost. */
int64_t ep_uprobe_track_drain(struct ep_uprobe_track *t,
			      void (*map)(void *ctx,
					  const struct ep_uprobe_map *m),
			      void *ctx, int64_t *lost_count);
/* Whether a process is, or was, of the tree. */
bool ep_uprobe_track_has(const struct ep_uprobe_track *t, pid_t pid);
void ep_uprobe_track_close(struct ep_uprobe_track *t);

/* The mapped file, even when it is deleted or in another mount namespace; a
 * descriptor or -errno (the mapping may be gone already). */
int ep_uprobe_map_open(const struct ep_uprobe_map *m) EP_MUST_CHECK;
/* The file that a process has mapped at an address, and where in it that is; a
 * descriptor, -ENOENT when there is no file, -errno. */
int ep_uprobe_function_open(pid_t pid, uint64_t address,
			    uint64_t *ret_offset) EP_MUST_CHECK;

/*
 * Probes in files, hit by any process: system-wide events per CPU, since the
 * kernel breaks clone() of a target that inherits them.  The caller sorts out
 * whose hits it wants.
 *
 * Best is tracefs (kernel 5.4), where all probes of a file share two events:
 * ending an event costs the kernel two grace periods, 80 ms.  Without it each
 * probe is an event of its own on every CPU (uprobe PMU, kernel 4.17).
 */
struct ep_uprobe_set;

enum {
	EP_UPROBE_RETURN = 1, /* at the return, with its value */
	/* args[1] is the first int32 of a struct of more than 16 bytes passed
	 * by value as the second argument */
	EP_UPROBE_STRUCT = 2,
};

struct ep_uprobe_point {
	uint64_t offset; /* in the file */
	unsigned flags;
	int probe; /* >= 0: the caller's name for it */
};
#define EP_UPROBE_POINTS_MAX 64

struct ep_uprobe_hit {
	int64_t t_ns;
	pid_t pid, tid;
	int probe;
	/* at the entry: the first argument, 32 bits of the second, the third */
	uint64_t first;
	int32_t second;
	uint64_t third;
	uint64_t value; /* at the return */
};

/* best: by tracefs where it works; else by the uprobe PMU in any case. */
int ep_uprobe_set_open(bool best, struct ep_uprobe_set **ret,
		       struct ep_err *err) EP_MUST_CHECK;
/* Probes in the open file fd, all or none.  A CPU that comes up later is not
 * covered. */
int ep_uprobe_set_add(struct ep_uprobe_set *s, int fd,
		      const struct ep_uprobe_point *points, size_t count,
		      struct ep_err *err) EP_MUST_CHECK;
/* "tracefs", "pmu" or "published" (drivers/uprobe_publish.h). */
const char *ep_uprobe_set_way(const struct ep_uprobe_set *s);
/* Draws the line: the next drain stops at what was hit before this call. */
void ep_uprobe_set_mark(struct ep_uprobe_set *s);
/* Calls hit() in time order.  Returns how many hits were lost (>= 0). */
int64_t ep_uprobe_set_drain(struct ep_uprobe_set *s,
			    void (*hit)(void *ctx,
					const struct ep_uprobe_hit *h),
			    void *ctx);
/* Ends all probes: about 0.1 s per file, or per probe and CPU. */
void ep_uprobe_set_close(struct ep_uprobe_set *s);

#endif
