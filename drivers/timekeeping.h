/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_TIMEKEEPING_H
#define EP_DRIVERS_TIMEKEEPING_H

#include "base/err.h"
#include "base/root.h"

#include <stddef.h>
#include <stdint.h>

/* What the kernel takes its time from: "tsc", "arch_sys_counter"; -errno. */
int ep_clocksource(const struct ep_root *root, char *ret,
		   size_t size) EP_MUST_CHECK;

/* Time the host of this virtual machine gave to others while it had work,
 * since boot, of all CPUs: ppm of the time they were not idle. */
int ep_cpu_steal_ppm(int64_t *ret_ppm) EP_MUST_CHECK;
/* The same of the text of /proc/stat; -EBADMSG.  Pure. */
int ep_cpu_steal_parse(const char *text, int64_t *ret_ppm) EP_MUST_CHECK;

#endif
