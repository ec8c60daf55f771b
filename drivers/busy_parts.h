/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_BUSY_PARTS_H
#define EP_DRIVERS_BUSY_PARTS_H

#include "drivers/busy.h"

#include <stdbool.h>
#include <stddef.h>

/* Between busy.c (schedstat, the sum) and busy_cpuidle.c. */

#define EP_BUSY_CPUS_MAX 1024

struct ep_busy_cpu {
	int64_t busy_ns; /* what is known for sure */
	int64_t base_ns; /* schedstat: the last count; cpuidle: clock - idle
			    when nothing was busy yet */
	int64_t idle_ns; /* at the last read */
	bool known;	 /* base is set */
	bool settled;	 /* idle time was seen to grow */
};

struct ep_busy {
	bool schedstat;
	int fd; /* of schedstat, or of the list of CPUs that are online */
	int *state_fds; /* cpuidle: all states of CPU 0, then of CPU 1 ... */
	unsigned short *state_cpus; /* index into cpus */
	size_t state_count, cpu_count;
	int *numbers;				   /* of the CPUs of cpuidle */
	struct ep_busy_cpu cpus[EP_BUSY_CPUS_MAX]; /* schedstat: by number */
	bool away[EP_BUSY_CPUS_MAX]; /* cpuidle: offline at the last look */
	int64_t online_due_ns;
	int loadavg_fd;
	int64_t last_read_ns;
	int64_t sum_ns; /* with what the witness said */
	int64_t witness_ns;
};

struct ep_busy *ep_busy_new(void);
/* Brings the CPUs up to date; 1 when one that is there cannot be read. */
int ep_busy_cpuidle_read(struct ep_busy *b, int64_t now_ns) EP_MUST_CHECK;

#endif
