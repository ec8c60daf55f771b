/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_CLOCK_H
#define EP_BASE_CLOCK_H

#include <stdint.h>

#define EP_NS_PER_S INT64_C(1000000000)
#define EP_NS_PER_MS INT64_C(1000000)
#define EP_NS_PER_US INT64_C(1000)

int64_t ep_clock_monotonic_ns(void);
int64_t ep_clock_realtime_ns(void);
int64_t ep_clock_boottime_ns(void);
/* CPU time of the calling thread, and of this whole process. */
int64_t ep_clock_thread_cpu_ns(void);
int64_t ep_clock_process_cpu_ns(void);

/* CLOCK_REALTIME and CLOCK_BOOTTIME at one CLOCK_MONOTONIC instant;
 * span_ns is the width of the reads around it. */
struct ep_clock_pair {
	int64_t mono_ns;
	int64_t real_ns;
	int64_t boot_ns;
	int64_t span_ns;
};
void ep_clock_pair_get(struct ep_clock_pair *ret);

/* Sleeps to an absolute CLOCK_MONOTONIC instant, through signals. */
void ep_clock_sleep_until(int64_t due_ns);

/* "20261120T231220Z" for a CLOCK_REALTIME instant; size >= 17. */
void ep_clock_utc_stamp(int64_t real_ns, char *ret, int size);

#endif
