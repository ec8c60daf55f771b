/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_PERF_H
#define EP_DRIVERS_PERF_H

#include "base/err.h"
#include "drivers/perf_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The door to perf_event_open(2); names are in drivers/perf_names.h. */

#define EP_PERF_GROUP_MAX 16

/* What the kernel lets us do, found out by trying on ourselves. */
struct ep_perf_caps {
	bool user_only;	 /* counting in the kernel is refused (EACCES) */
	bool group_read; /* inherit with PERF_FORMAT_GROUP works (4.13) */
	int paranoid;	 /* kernel.perf_event_paranoid; INT_MIN unknown */
};
/* -EACCES, -EPERM, -ENOSYS with the remedy when nothing can be counted. */
int ep_perf_probe(struct ep_perf_caps *ret, struct ep_err *err) EP_MUST_CHECK;

/* Whom to count. */
struct ep_perf_scope {
	pid_t pid; /* held before exec, counted from exec on with all its
		      children; -1: every process, per processor, at once */
	bool user_only;
	bool separate; /* one read per descriptor instead of one per group */
	const struct ep_perf_pmus *pmus;
	const struct ep_perf_cpus *online; /* for pid -1 */
	/* Instead of pid, counted at once, with all that they start; NULL. */
	const pid_t *threads;
	size_t thread_count;
};

/*
 * Events that are counted together or not at all.  One read(2) per kind of
 * core (and processor, for pid -1, or thread); the counts are summed.
 */
struct ep_perf_instance {
	int fds[EP_PERF_GROUP_MAX];	    /* the first one leads */
	uint8_t members[EP_PERF_GROUP_MAX]; /* index of the event */
	uint8_t fd_count;
	int pmu;
};
struct ep_perf_group {
	struct ep_perf_instance *instances; /* owned; ordered by pmu */
	size_t instance_count;
	size_t event_count;
	bool separate;
	bool system_wide;
	bool threads; /* an instance for each */
};
/* running < enabled: the PMU was shared and the counts are partial. */
struct ep_perf_values {
	uint64_t enabled_ns;
	uint64_t running_ns;
	uint64_t counts[EP_PERF_GROUP_MAX];
};
/*
 * All or nothing.  -EINVAL: does not fit the PMU (or is no event),
 * -ENOENT, -EOPNOTSUPP, -ENODEV: not countable here, -EACCES, -ESRCH ...
 */
int ep_perf_group_open(struct ep_perf_group *g,
		       const struct ep_perf_event *events, size_t count,
		       const struct ep_perf_scope *scope,
		       struct ep_err *err) EP_MUST_CHECK;
/* No allocation; works after the process has ended.  -EIO, -errno. */
int ep_perf_group_read(const struct ep_perf_group *g,
		       struct ep_perf_values *ret) EP_MUST_CHECK;
void ep_perf_group_close(struct ep_perf_group *g);

/*
 * Can this event be counted alone?  Codes of kinds of cores that refuse it are
 * removed from the event.  0, or the errno of the first refusal.
 */
int ep_perf_event_try(struct ep_perf_event *event,
		      const struct ep_perf_scope *scope) EP_MUST_CHECK;

/* One event of a device PMU on one processor: a descriptor, -errno with a
 * sentence.  The count starts at 0. */
int ep_perf_device_open(const struct ep_perf_event *event, int cpu,
			struct ep_err *err) EP_MUST_CHECK;
int ep_perf_device_read(int fd, uint64_t *ret) EP_MUST_CHECK;

#endif
