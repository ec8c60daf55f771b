/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_CPUFREQ_H
#define EP_DRIVERS_CPUFREQ_H

#include "base/err.h"
#include "base/root.h"

#include <stddef.h>
#include <stdint.h>

#define EP_CPUFREQ_POLICIES_MAX 256

/* CPUs that share one clock; text is "" and numbers 0 where not told. */
struct ep_cpufreq_policy {
	char dir[80];
	int number; /* policyN */
	char governor[32];
	char driver[32];
	char cpus[64];	/* affected_cpus: "0 1 2 3" */
	int64_t min_hz; /* scaling_min_freq, scaling_max_freq */
	int64_t max_hz;
};

/* In order of their numbers.  Returns the count (0: no cpufreq) or -errno. */
int ep_cpufreq_policies(const struct ep_root *root,
			struct ep_cpufreq_policy *policies,
			size_t max) EP_MUST_CHECK;

/* The governor of all CPUs, "" when they differ or there is none. */
void ep_cpufreq_governor(const struct ep_root *root, char *ret, size_t size);

/* A descriptor of scaling_cur_freq: the requested clock, in kHz. */
int ep_cpufreq_open_current(const struct ep_root *root,
			    const struct ep_cpufreq_policy *policy)
	EP_MUST_CHECK;

#endif
