/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_CPUFREQ_STATS_H
#define EP_DRIVERS_CPUFREQ_STATS_H

#include "base/err.h"
#include "base/root.h"

#include <stdint.h>

/*
 * How often the clocks of all CPUs were changed since boot (stats/total_trans
 * of every policy).  -ENOENT where the kernel does not count: without
 * CONFIG_CPU_FREQ_STAT, and where a governor switches by itself.
 */
int ep_cpufreq_transitions(const struct ep_root *root,
			   int64_t *ret_count) EP_MUST_CHECK;

#endif
