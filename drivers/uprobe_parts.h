/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_UPROBE_PARTS_H
#define EP_DRIVERS_UPROBE_PARTS_H

#include "drivers/uprobe.h"

#include <linux/perf_event.h>

/* Only for drivers/uprobe*.c: perf events that write into a ring per CPU. */

/* Groups of events: this and "_PID" of a run's own, this alone of those that
 * are published. */
#define EP_UPROBE_GROUP "edgeprof"
#define EP_UPROBE_NAME_BYTES 48

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
	uint16_t first_at, second_at, third_at, value_at, probe_at;
};

/* What draws samples into one ring per CPU. */
#define EP_UPROBE_SET_PAGES 64
struct ep_uprobe_set {
	int trace_fd; /* -1: by the uprobe PMU, or published */
	pid_t pid;    /* 0: of all processes; else published events of this */
	uint32_t pmu_type;
	int ring_count;
	struct ep_uprobe_ring *rings;
	struct ep_uprobe_hit *pending; /* the oldest unread hit of each ring */
	bool *has_pending;
	int64_t lost;
	struct ep_uprobe_kind *events; /* ascending ids */
	size_t event_count, event_size;
	int name_count; /* tracefs events "e0", "e1", ... */
	uint64_t scratch[EP_UPROBE_RECORD_BYTES / sizeof(uint64_t)];
};
/* One event of the thread (-1: all) on one CPU, running from now on. */
int ep_uprobe_set_event(struct ep_uprobe_set *s, struct perf_event_attr *attr,
			pid_t tid, int cpu, struct ep_uprobe_kind event);

size_t ep_uprobe_ring_bytes(void);
/* For a process of one's own and what it makes, less what the kernel does:
 * allowed to everyone where kernel.perf_event_paranoid is 2. */
void ep_uprobe_attr_own(struct perf_event_attr *attr);
/* Fills err with what helps; returns -EACCES, -ENOTSUP or code. */
int ep_uprobe_explain(int code, struct ep_err *err);

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
 * kind->flags says.  name: "group/event".  Fills the rest of kind and the
 * event's number for perf; -ENOENT when there are no such points.
 */
int ep_uprobe_trace_define(int trace_fd, const char *name,
			   const struct ep_uprobe_batch *batch,
			   struct ep_uprobe_kind *kind,
			   uint64_t *ret_config) EP_MUST_CHECK;
/* The same of an event that is there already; -ENOENT. */
int ep_uprobe_trace_layout(int trace_fd, const char *name,
			   struct ep_uprobe_kind *kind,
			   uint64_t *ret_config) EP_MUST_CHECK;
/* -ENOENT; -EBUSY: somebody has it open. */
int ep_uprobe_trace_remove(int trace_fd, const char *name);
/*
 * Calls each() with the name of every event whose group begins with prefix,
 * once for each of its points.
 */
int ep_uprobe_trace_list(int trace_fd, const char *prefix,
			 void (*each)(void *ctx, const char *name), void *ctx);

#endif
