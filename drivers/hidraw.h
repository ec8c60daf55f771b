/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_HIDRAW_H
#define EP_DRIVERS_HIDRAW_H

#include "base/err.h"
#include "base/root.h"

#include <stddef.h>
#include <stdint.h>

/* USB devices that speak by HID reports without numbers, through
 * /dev/hidrawN (Documentation/hid/hidraw.rst). */
#define EP_HIDRAW_REPORT_BYTES_MAX 64

struct ep_hidraw {
	int fd; /* -1: closed */
	uint16_t vendor, product;
};

struct ep_hidraw_node {
	char path[40];	 /* "/dev/hidraw0" */
	char serial[64]; /* "" none */
	uint16_t vendor, product;
};

/* Those on USB, in natural order, by sysfs alone: nothing is opened.  The
 * count, 0 where there is none. */
int ep_hidraw_list(const struct ep_root *root, struct ep_hidraw_node *ret,
		   size_t max) EP_MUST_CHECK;
/*
 * Opens for us alone (flock), drops what was received before and asks who it
 * is.  -EACCES, -ENOENT, -EBUSY, -ENOTTY (another kind of file), -EIO, each
 * with a sentence that names the path.
 */
int ep_hidraw_open(struct ep_hidraw *h, const struct ep_root *root,
		   const char *path, struct ep_err *err) EP_MUST_CHECK;
void ep_hidraw_close(struct ep_hidraw *h);

/* One report, of len bytes.  -EIO: the device is gone; close it. */
int ep_hidraw_write(struct ep_hidraw *h, const void *report,
		    size_t len) EP_MUST_CHECK;
/* One report; its length.  Waits until deadline_ns (CLOCK_MONOTONIC; 0: not at
 * all): -ETIMEDOUT.  -EIO as above. */
int ep_hidraw_read(struct ep_hidraw *h, void *ret, size_t size,
		   int64_t deadline_ns) EP_MUST_CHECK;

#endif
