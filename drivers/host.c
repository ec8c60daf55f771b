/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/host.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"

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

int ep_host_serial(const struct ep_root *root, char *ret, size_t size)
{
	static const char *const paths[] = {
		"/proc/device-tree/serial-number",
		"/sys/firmware/devicetree/base/serial-number",
		"/sys/class/dmi/id/product_serial",
	};
	/* What firmware says that has none. */
	static const char *const none[] = { "",
					    "0",
					    "None",
					    "Default string",
					    "To be filled by O.E.M.",
					    "System Serial Number",
					    "Not Specified" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int r = ep_root_read_text(root, paths[i], ret, size);

		for (size_t k = 0; r >= 0 && k < sizeof(none) / sizeof(none[0]);
		     k++)
			if (strcmp(ret, none[k]) == 0)
				r = -ENOENT;
		if (r >= 0)
			return 0;
	}
	return -ENOENT;
}

int ep_host_serial_hash(const struct ep_root *root,
			char ret[EP_HOST_SERIAL_HASH_BYTES])
{
	char serial[128], text[160], hash[EP_HASH_BYTES];
	int r = ep_host_serial(root, serial, sizeof(serial));

	if (r < 0)
		return r;
	(void)ep_str_format(text, sizeof(text), "edgeprof board serial %s",
			    serial);
	ep_hash_bytes(text, strlen(text), hash);
	(void)ep_str_format(ret, EP_HOST_SERIAL_HASH_BYTES, "%.*s",
			    EP_HOST_SERIAL_HASH_BYTES - 1, hash);
	return 0;
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
