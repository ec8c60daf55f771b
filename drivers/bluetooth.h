/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_BLUETOOTH_H
#define EP_DRIVERS_BLUETOOTH_H

#include "base/err.h"
#include "base/root.h"

#include <stddef.h>

#define EP_BLUETOOTH_ADDRESS_BYTES 18 /* "00:15:A6:01:AA:21" */

struct ep_bluetooth_device {
	char address[EP_BLUETOOTH_ADDRESS_BYTES];
	char name[40]; /* "" not known */
};

/* The count of controllers. */
int ep_bluetooth_controllers(const struct ep_root *root) EP_MUST_CHECK;
/*
 * Devices paired with any of them, as BlueZ keeps them.  The count (at most
 * max), -EACCES: for root only, -ENOENT: BlueZ was never used here.
 */
int ep_bluetooth_paired(const struct ep_root *root,
			struct ep_bluetooth_device *ret,
			size_t max) EP_MUST_CHECK;
/* "[General]\nName=UM25C\n..." of a device: its name; -ENOENT.  Pure. */
int ep_bluetooth_parse_name(const char *info, char *ret,
			    size_t size) EP_MUST_CHECK;
/* To whom a port such as "rfcomm0" is bound; "" when not told. */
void ep_bluetooth_port(const struct ep_root *root, const char *port, char *ret,
		       size_t size);

#endif
