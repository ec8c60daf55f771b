/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/machine.h"

#include <fcntl.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/str.h"

/* The first is a link to the second, which containers may leave out. */
static const char *const device_trees[] = {
	"/proc/device-tree",
	"/sys/firmware/devicetree/base",
};
#define DMI_DIR "/sys/class/dmi/id"
#define DEVICE_TREE_COUNT (sizeof(device_trees) / sizeof(device_trees[0]))

static int open_property(const struct ep_root *root, const char *name)
{
	char path[96];
	int fd = -1;

	for (size_t i = 0; i < DEVICE_TREE_COUNT && fd < 0; i++) {
		(void)ep_str_format(path, sizeof(path), "%s/%s",
				    device_trees[i], name);
		fd = ep_root_openat(root, path, O_RDONLY);
	}
	return fd;
}

void ep_machine_model(const struct ep_root *root, char *ret, size_t size)
{
	int fd = open_property(root, "model");

	if (fd < 0 || ep_kept_read_text(fd, ret, size) < 0)
		(void)ep_str_copy(ret, size, "");
	if (fd >= 0)
		close(fd);
	ep_str_chomp(ret);
	ep_str_printable(ret);
}

bool ep_machine_compatible(const struct ep_root *root, const char *wanted)
{
	char text[4096];
	int fd = open_property(root, "compatible");
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

void ep_machine_compatibles(const struct ep_root *root, char *ret, size_t size)
{
	char text[4096];
	int fd = open_property(root, "compatible");
	int n = fd < 0 ? fd : ep_kept_read_text(fd, text, sizeof(text));

	(void)ep_str_copy(ret, size, "");
	for (int at = 0; at < n; at += (int)strlen(text + at) + 1) {
		size_t len = strlen(ret);

		(void)ep_str_format(ret + len, size - len, "%s%s",
				    len && text[at] ? ", " : "", text + at);
	}
	if (fd >= 0)
		close(fd);
	ep_str_printable(ret);
}

void ep_machine_product(const struct ep_root *root, char *ret, size_t size)
{
	char vendor[128] = "", product[128] = "";

	(void)ep_str_copy(ret, size, "");
	if (ep_root_read_text(root, DMI_DIR "/sys_vendor", vendor,
			      sizeof(vendor)) < 0)
		vendor[0] = '\0';
	if (ep_root_read_text(root, DMI_DIR "/product_name", product,
			      sizeof(product)) < 0)
		product[0] = '\0';
	(void)ep_str_format(ret, size, "%s%s%s", vendor,
			    vendor[0] && product[0] ? " " : "", product);
	ep_str_printable(ret);
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
