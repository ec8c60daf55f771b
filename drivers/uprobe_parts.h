/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_UPROBE_PARTS_H
#define EP_DRIVERS_UPROBE_PARTS_H

#include "drivers/uprobe.h"

#include <linux/perf_event.h>

/* Only for drivers/uprobe*.c: perf events that write into a ring per CPU. */

#define EP_UPROBE_RECORD_BYTES 65536 /* header.size has 16 bits */

struct ep_uprobe_ring {
	int fd;		     /* -1: this CPU is offline */
	unsigned char *base; /* control page, then data */
	size_t data_bytes;
	uint64_t limit_bytes; /* where the next drain stops */
};

/* CPU numbers to try are 0 .. this - 1. */
int ep_uprobe_cpu_count(void);
/* perf_event_open(2) with PERF_FLAG_FD_CLOEXEC; raises the soft limit of open
 * files when it is reached.  A descriptor or -errno. */
int ep_uprobe_event(struct perf_event_attr *attr, pid_t pid, int cpu);
/* pages: a power of two.  Takes fd, also on failure. */
int ep_uprobe_ring_map(struct ep_uprobe_ring *r, int fd,
		       size_t pages) EP_MUST_CHECK;
void ep_uprobe_ring_unmap(struct ep_uprobe_ring *r);
void ep_uprobe_ring_mark(struct ep_uprobe_ring *r);
/*
 * The next record before the mark, or NULL; valid until the next call with the
 * same scratch (EP_UPROBE_RECORD_BYTES, 8-byte aligned), where it is copied.
 */
const struct perf_event_header *ep_uprobe_ring_next(struct ep_uprobe_ring *r,
						    uint64_t *scratch);

/* How one perf event's samples look. */
struct ep_uprobe_kind {
	int fd;
	uint64_t id; /* in every sample */
	unsigned flags;
	int probe; /* -1: the record says which (tracefs) */
	/* where in the raw record, tracefs only */
	uint16_t first_at, second_at, value_at, probe_at;
};

/* Fills what is common to all events; false: the registers of this processor
 * are not known. */
bool ep_uprobe_attr_init(struct perf_event_attr *attr, size_t ring_bytes);
/* false: broken, or no probe of ours. */
bool ep_uprobe_sample_parse(const struct perf_event_header *h,
			    const struct ep_uprobe_kind *kind,
			    struct ep_uprobe_hit *ret);
/* The event a sample belongs to; 0 when it is too short. */
uint64_t ep_uprobe_sample_id(const struct perf_event_header *h);

/* The uprobe PMU: its type, and what one probe adds to the attributes. */
int ep_uprobe_pmu_type(uint32_t *ret) EP_MUST_CHECK;
void ep_uprobe_pmu_attr(struct perf_event_attr *attr, uint32_t type,
			unsigned flags);

/*
 * tracefs: a descriptor of its root, mounted for us alone when it is mounted
 * nowhere; -errno.  Removes what dead processes have left.
 */
int ep_uprobe_trace_open(void) EP_MUST_CHECK;
/* Points of one open file. */
struct ep_uprobe_batch {
	int fd;
	const struct ep_uprobe_point *points;
	size_t count;
};
/*
 * One event for all points of the batch that are (or are not) at returns, as
 * kind->flags says.  name: of the event, unique in this process.  Fills the
 * rest of kind and the event's number for perf; -ENOENT when there are no such
 * points.
 */
int ep_uprobe_trace_define(int trace_fd, const char *name,
			   const struct ep_uprobe_batch *batch,
			   struct ep_uprobe_kind *kind,
			   uint64_t *ret_config) EP_MUST_CHECK;
void ep_uprobe_trace_remove(int trace_fd, const char *name);

#endif
