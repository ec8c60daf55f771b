/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/machine.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/str.h"

#define DEVICE_TREE "/proc/device-tree"

void ep_machine_model(const struct ep_root *root, char *ret, size_t size)
{
	if (ep_root_read_text(root, DEVICE_TREE "/model", ret, size) < 0)
		(void)ep_str_copy(ret, size, "");
	ep_str_printable(ret);
}

bool ep_machine_compatible(const struct ep_root *root, const char *wanted)
{
	char text[4096];
	int fd = ep_root_openat(root, DEVICE_TREE "/compatible", O_RDONLY);
	int n;

	if (fd < 0)
		return false;
	n = ep_kept_read_text(fd, text, sizeof(text));
	close(fd);
	/* Strings one after the other, each with its NUL. */
	for (int at = 0; at < n; at += (int)strlen(text + at) + 1)
		if (strcmp(text + at, wanted) == 0)
			return true;
	return false;
}

void ep_machine_arch(const struct ep_root *root, char *ret, size_t size)
{
	struct utsname u;

	(void)ep_str_copy(ret, size, "");
	if (ep_root_redirected(root)) {
		if (ep_root_read_text(root, "/proc/sys/kernel/arch", ret,
				      size) < 0)
			(void)ep_str_copy(ret, size, "");
	} else if (uname(&u) == 0) {
		(void)ep_str_copy(ret, size, u.machine);
	}
}
