/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/cpufreq_control.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define CPU_DIR "/sys/devices/system/cpu"

int ep_cpufreq_choices(const struct ep_root *root,
		       const struct ep_cpufreq_policy *policy,
		       enum ep_cpufreq_choice what, char *ret, size_t size)
{
	static const char *const names[] = {
		[EP_CPUFREQ_GOVERNORS] = "scaling_available_governors",
		[EP_CPUFREQ_FREQUENCIES] = "scaling_available_frequencies",
		[EP_CPUFREQ_PREFERENCES] =
			"energy_performance_available_preferences",
	};
	int r = ep_root_read_text_in(root, policy->dir, names[what], ret, size);

	if (r >= 0)
		ep_str_printable(ret);
	return r;
}

int ep_cpufreq_range_hz(const struct ep_root *root,
			const struct ep_cpufreq_policy *policy,
			int64_t *ret_min_hz, int64_t *ret_max_hz)
{
	int64_t min_khz = 0, max_khz = 0;
	int r = ep_root_read_i64_in(root, policy->dir, "cpuinfo_min_freq",
				    &min_khz);

	if (r == 0)
		r = ep_root_read_i64_in(root, policy->dir, "cpuinfo_max_freq",
					&max_khz);
	if (r < 0)
		return r;
	if (min_khz < 0 || max_khz < min_khz || max_khz > INT64_MAX / 1000)
		return -EBADMSG;
	*ret_min_hz = min_khz * 1000;
	*ret_max_hz = max_khz * 1000;
	return 0;
}

int ep_cpufreq_boost_file(const struct ep_root *root, char *ret_path,
			  size_t size, bool *ret_inverted)
{
	static const struct {
		const char *path;
		bool inverted;
	} files[] = {
		{ CPU_DIR "/cpufreq/boost", false },
		{ CPU_DIR "/intel_pstate/no_turbo", true },
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (ep_root_exists(root, files[i].path) < 0)
			continue;
		if (!ep_str_copy(ret_path, size, files[i].path))
			return -ENAMETOOLONG;
		*ret_inverted = files[i].inverted;
		return 0;
	}
	return -ENOENT;
}

bool ep_cpufreq_decides_itself(const struct ep_cpufreq_policy *policy)
{
	return strcmp(policy->driver, "intel_pstate") == 0 ||
	       strcmp(policy->driver, "amd-pstate-epp") == 0 ||
	       strcmp(policy->driver, "amd_pstate_epp") == 0;
}

int ep_cpufreq_online_file(const struct ep_root *root, int cpu, char *ret_path,
			   size_t size)
{
	if (!ep_str_format(ret_path, size, CPU_DIR "/cpu%d/online", cpu))
		return -ENAMETOOLONG;
	return ep_root_exists(root, ret_path);
}
