/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_CPUFREQ_CONTROL_H
#define EP_DRIVERS_CPUFREQ_CONTROL_H

#include "drivers/cpufreq.h"

#include <stdbool.h>

/* The names or kHz a policy offers, separated by spaces. */
enum ep_cpufreq_choice {
	EP_CPUFREQ_GOVERNORS,	/* scaling_available_governors */
	EP_CPUFREQ_FREQUENCIES, /* scaling_available_frequencies; many drivers
				   list none */
	EP_CPUFREQ_PREFERENCES, /* energy_performance_available_preferences */
};
/* The length of the list, or -errno: -ENOENT where the driver tells none. */
int ep_cpufreq_choices(const struct ep_root *root,
		       const struct ep_cpufreq_policy *policy,
		       enum ep_cpufreq_choice what, char *ret,
		       size_t size) EP_MUST_CHECK;

/* What the processor can do (cpuinfo_min_freq, cpuinfo_max_freq). */
int ep_cpufreq_range_hz(const struct ep_root *root,
			const struct ep_cpufreq_policy *policy,
			int64_t *ret_min_hz, int64_t *ret_max_hz) EP_MUST_CHECK;

/*
 * The switch of turbo or boost: one for all (cpufreq/boost, or intel_pstate's
 * no_turbo, which is the other way round).  -ENOENT when there is none.
 */
int ep_cpufreq_boost_file(const struct ep_root *root, char *ret_path,
			  size_t size, bool *ret_inverted) EP_MUST_CHECK;

/* A driver that takes the governor "powersave" as a hint only and decides by
 * the energy-performance preference (intel_pstate and amd-pstate, active). */
bool ep_cpufreq_decides_itself(const struct ep_cpufreq_policy *policy);

/* The file that switches a CPU on and off; -ENOENT: it cannot be switched
 * (often CPU 0). */
int ep_cpufreq_online_file(const struct ep_root *root, int cpu, char *ret_path,
			   size_t size) EP_MUST_CHECK;

#endif
