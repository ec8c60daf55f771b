/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_BUSY_H
#define EP_DRIVERS_BUSY_H

#include "base/err.h"
#include "base/root.h"

#include <stdint.h>

/*
 * Time the processors of the machine were busy, summed over them, in ns.
 *
 * /proc/schedstat (CONFIG_SCHEDSTATS) counts what each processor ran, brought
 * up to date when it switches to another task; without it, the time each
 * processor spent in its idle states (cpuidle) is taken from the clock's.
 * /proc/stat is not used: it counts ticks.
 *
 * Both tell late: a task that does not let go for a second shows when it does.
 * Brought forward are the CPU time known to have been spent (witness_ns, of the
 * measured program), the processor the caller found awake, and all of them
 * while there is a task for each.  What is still late is handed out no faster
 * than the processors could have worked.
 */
struct ep_busy;

/* -ENOTSUP with a sentence when the kernel has neither. */
int ep_busy_open(const struct ep_root *root, struct ep_busy **ret,
		 struct ep_err *err) EP_MUST_CHECK;
int ep_busy_open_schedstat(const char *path,
			   struct ep_busy **ret) EP_MUST_CHECK;
int ep_busy_open_cpuidle(const struct ep_root *root,
			 struct ep_busy **ret) EP_MUST_CHECK;
void ep_busy_close(struct ep_busy *busy);

/* "schedstat" or "cpuidle" */
const char *ep_busy_source(const struct ep_busy *busy);

/*
 * Since open; never goes back.  now_ns is the CLOCK_MONOTONIC instant of the
 * call, on the thread that always calls; witness_ns a cumulative count or 0.  Returns 1 when a processor that
 * went away and came back cannot be read any more (its share is missing), else 0;
 * -errno, -EBADMSG for garbage.
 */
int ep_busy_read(struct ep_busy *busy, int64_t now_ns, int64_t witness_ns,
		 int64_t *ret_ns) EP_MUST_CHECK;

#endif
