/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_PERF_SWITCH_H
#define EP_DRIVERS_PERF_SWITCH_H

#include "base/err.h"
#include "drivers/perf_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Context switches for users who may not count in the kernel: there the
 * context-switches event opens and reads 0, but PERF_RECORD_SWITCH records
 * (kernel 4.3) of one's own processes are delivered.  One small ring per
 * processor, emptied at every read.
 */
struct ep_perf_switch_ring {
	int fd;
	void *map; /* NULL: none */
	size_t map_bytes;
	size_t data_bytes; /* power of two */
};
struct ep_perf_switches {
	struct ep_perf_switch_ring *rings; /* owned */
	size_t ring_count;
	uint64_t count; /* switches away from a thread of the target */
	uint64_t lost;	/* records the kernel had no room for */
};
/* pid is held before exec; counts from exec on, with all its children. */
int ep_perf_switches_open(struct ep_perf_switches *s, pid_t pid,
			  const struct ep_perf_cpus *online,
			  struct ep_err *err) EP_MUST_CHECK;
/* Brings count up to date; true when records were lost since last time. */
bool ep_perf_switches_read(struct ep_perf_switches *s);
void ep_perf_switches_close(struct ep_perf_switches *s);

#endif
