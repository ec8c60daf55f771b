/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_NODES_H
#define EP_DRIVERS_NODES_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Device nodes, looked at without opening them: opening a port may move its
 * modem lines, or connect a meter. */
struct ep_node {
	char path[96];	/* "/dev/ttyACM0" */
	char name[64];	/* "ttyACM0" */
	bool usable;	/* may be read and written by us */
	bool group_may; /* its group may */
	gid_t gid;
};

/*
 * Nodes whose name is prefix and, when numbered, a number, in natural order;
 * prefix may have a folder ("dri/renderD").  The count, 0 where there is none.
 */
int ep_nodes_list(const struct ep_root *root, const char *prefix, bool numbered,
		  struct ep_node *ret, size_t max) EP_MUST_CHECK;

/* "0483:5740" of the USB device behind a port, "" where it is none. */
void ep_node_usb_ids(const struct ep_root *root, const struct ep_node *node,
		     char *ret, size_t size);

#endif
