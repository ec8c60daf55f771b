/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/host.h"

int ep_host_perf_paranoid(int64_t *ret)
{
	const struct ep_root machine = { .fd = -1 };

	return ep_root_read_i64(&machine,
				"/proc/sys/kernel/perf_event_paranoid", ret);
}

int ep_host_boot_id(char *ret, size_t size)
{
	const struct ep_root machine = { .fd = -1 };
	int r = ep_root_read_text(&machine, "/proc/sys/kernel/random/boot_id",
				  ret, size);

	return r < 0 ? r : 0;
}

int ep_host_governor(const struct ep_root *root, char *ret, size_t size)
{
	int r = ep_root_read_text(root,
				  "/sys/devices/system/cpu/cpufreq/policy0/"
				  "scaling_governor",
				  ret, size);

	return r < 0 ? r : 0;
}

int ep_host_cpus_present(const struct ep_root *root, char *ret, size_t size)
{
	int r = ep_root_read_text(root, "/sys/devices/system/cpu/present", ret,
				  size);

	return r < 0 ? r : 0;
}

int ep_host_cpus_online(const struct ep_root *root, char *ret, size_t size)
{
	int r = ep_root_read_text(root, "/sys/devices/system/cpu/online", ret,
				  size);

	return r < 0 ? r : 0;
}
