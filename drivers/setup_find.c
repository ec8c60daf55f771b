/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define POWERCAP "/sys/class/powercap"

const char ep_setup_paranoid_path[] = "/proc/sys/kernel/perf_event_paranoid";

const struct ep_setup_node ep_setup_nodes[] = {
	{ "vcio_gencmd", false, "video", "KERNEL==\"vcio_gencmd\"" },
	{ "vcio", false, "video", "KERNEL==\"vcio\"" },
	{ "i2c-", true, "i2c", "SUBSYSTEM==\"i2c-dev\"" },
	{ "gpiochip", true, "gpio",
	  "SUBSYSTEM==\"gpio\", KERNEL==\"gpiochip*\"" },
	{ NULL, false, NULL, NULL },
};

/* FNIRSI FNB48, C1, FNB58, FNB48S; ChargerLAB POWER-Z KM002C, KM003C; Monsoon.
 * Serial ones (UM24C, TC66, PPK2) are group dialout's. */
const char *const ep_setup_usb_rules[] = {
	"SUBSYSTEM==\"hidraw\", ATTRS{idVendor}==\"0483\", "
	"ATTRS{idProduct}==\"003a|003b\"",
	"SUBSYSTEM==\"usb\", ATTR{idVendor}==\"0483\", "
	"ATTR{idProduct}==\"003a|003b\"",
	"SUBSYSTEM==\"hidraw\", ATTRS{idVendor}==\"2e3c\", "
	"ATTRS{idProduct}==\"5558|0049\"",
	"SUBSYSTEM==\"usb\", ATTR{idVendor}==\"2e3c\", "
	"ATTR{idProduct}==\"5558|0049\"",
	"SUBSYSTEM==\"hidraw\", ATTRS{idVendor}==\"5fc9\", "
	"ATTRS{idProduct}==\"0061|0063\"",
	"SUBSYSTEM==\"usb\", ATTR{idVendor}==\"5fc9\", "
	"ATTR{idProduct}==\"0061|0063\"",
	"SUBSYSTEM==\"usb\", ATTR{idVendor}==\"2ab9\", "
	"ATTR{idProduct}==\"0001\"",
	NULL,
};

struct search {
	const struct ep_root *root;
	const struct ep_setup_node *node;
	void (*add)(void *ctx, const char *path);
	void *ctx;
};

static int add_zone(void *ctx, const char *name)
{
	const struct search *s = ctx;
	char path[EP_SETUP_TEXT_BYTES];

	if (ep_str_format(path, sizeof(path), POWERCAP "/%s/energy_uj", name) &&
	    ep_root_exists(s->root, path) == 0)
		s->add(s->ctx, path);
	return 0;
}

void ep_setup_find_energy(const struct ep_root *root,
			  void (*add)(void *ctx, const char *path), void *ctx)
{
	struct search s = { root, NULL, add, ctx };

	(void)ep_root_list(root, POWERCAP, add_zone, &s);
}

static int add_node(void *ctx, const char *name)
{
	const struct search *s = ctx;
	const char *rest = name + strlen(s->node->prefix);
	char path[EP_SETUP_TEXT_BYTES];

	if (ep_str_starts(name, s->node->prefix) &&
	    (s->node->numbered ? *rest && !rest[strspn(rest, "0123456789")]
			       : !*rest) &&
	    ep_str_format(path, sizeof(path), "/dev/%s", name))
		s->add(s->ctx, path);
	return 0;
}

void ep_setup_find_nodes(const struct ep_root *root,
			 const struct ep_setup_node *node,
			 void (*add)(void *ctx, const char *path), void *ctx)
{
	struct search s = { root, node, add, ctx };

	(void)ep_root_list(root, "/dev", add_node, &s);
}

int ep_setup_own_program(char *ret, size_t size)
{
	int r = ep_root_readlink(&ep_root_machine, "/proc/self/exe", ret, size);

	return r < 0 ? r : 0;
}

bool ep_setup_is_safe(const char *path)
{
	char folder[4096];
	struct stat st;
	char *slash;

	if (path[0] != '/' || !ep_str_copy(folder, sizeof(folder), path))
		return false;
	while ((slash = strrchr(folder, '/')) != NULL) {
		slash[slash == folder] = '\0';
		if (stat(folder, &st) < 0 || !S_ISDIR(st.st_mode) ||
		    st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
			return false;
		if (slash == folder)
			return true;
	}
	return false;
}
