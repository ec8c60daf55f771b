/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/usb.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

#define DEVICES_DIR "/sys/bus/usb/devices"

struct list {
	const struct ep_root *root;
	struct ep_usb_interface *interfaces;
	size_t count, max;
	uint16_t vendor;
	uint8_t number;
};

/* Four digits of hex, as in "5fc9". */
static bool read_id(const struct ep_root *root, const char *dir,
		    const char *name, uint16_t *ret)
{
	char text[8], hex[16];
	uint64_t value;

	if (ep_root_read_text_in(root, dir, name, text, sizeof(text)) != 4 ||
	    !ep_str_format(hex, sizeof(hex), "0x%s", text) ||
	    ep_num_parse_hex_or_dec(hex, &value) < 0 || value > UINT16_MAX)
		return false;
	*ret = (uint16_t)value;
	return true;
}

static bool read_node(const struct ep_root *root, const char *dir,
		      struct ep_usb_interface *i)
{
	int64_t bus, device;
	char path[48];
	int fd;

	if (ep_root_read_i64_in(root, dir, "busnum", &bus) < 0 ||
	    ep_root_read_i64_in(root, dir, "devnum", &device) < 0 || bus < 1 ||
	    bus > 999 || device < 1 || device > 999)
		return false;
	(void)ep_str_format(i->node, sizeof(i->node), "/dev/bus/usb/%03d/%03d",
			    (int)bus, (int)device);
	fd = ep_root_openat(root, i->node, O_PATH);
	if (fd < 0)
		return true;
	/* By its link in /proc: access control lists count too. */
	(void)ep_str_format(path, sizeof(path), "/proc/self/fd/%d", fd);
	i->usable = faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0;
	close(fd);
	return true;
}

/* Interfaces are listed beside devices: "1-1.2" and "1-1.2:1.0". */
static int add_device(void *ctx, const char *name)
{
	struct list *l = ctx;
	struct ep_usb_interface i = { .number = l->number };
	char dir[96], link[256] = "";
	int64_t configuration;

	if (strchr(name, ':') || strlen(name) > 24 || l->count == l->max)
		return 0;
	(void)ep_str_format(dir, sizeof(dir), DEVICES_DIR "/%s", name);
	if (!read_id(l->root, dir, "idVendor", &i.vendor) ||
	    i.vendor != l->vendor ||
	    !read_id(l->root, dir, "idProduct", &i.product) ||
	    !read_node(l->root, dir, &i))
		return 0;
	if (ep_root_read_i64_in(l->root, dir, "bConfigurationValue",
				&configuration) < 0 ||
	    configuration < 1 || configuration > 255)
		configuration = 1;
	(void)ep_str_format(i.name, sizeof(i.name), "%s:%d.%d", name,
			    (int)configuration, i.number);
	(void)ep_str_format(dir, sizeof(dir), DEVICES_DIR "/%s/driver", i.name);
	if (ep_root_readlink(l->root, dir, link, sizeof(link)) > 0) {
		const char *slash = strrchr(link, '/');

		(void)ep_str_copy(i.driver, sizeof(i.driver),
				  slash ? slash + 1 : link);
	}
	l->interfaces[l->count++] = i;
	return 0;
}

int ep_usb_list(const struct ep_root *root, uint16_t vendor, uint8_t number,
		struct ep_usb_interface *ret, size_t max)
{
	struct list l = {
		.root = root,
		.interfaces = ret,
		.max = max,
		.vendor = vendor,
		.number = number,
	};
	int r = ep_root_list(root, DEVICES_DIR, add_device, &l);

	return r < 0 && r != -ENOENT ? r : (int)l.count;
}
