/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_USB_H
#define EP_DRIVERS_USB_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One interface of a device on USB, as sysfs shows it. */
struct ep_usb_interface {
	char name[40];	 /* "1-1.2:1.0": bus, ports, configuration, interface */
	char node[40];	 /* "/dev/bus/usb/001/004" */
	char driver[32]; /* what holds it: "usbfs" is a program; "" nothing */
	uint16_t vendor, product;
	uint8_t number;
	bool usable; /* we may open the node */
};

/* The interface of this number of a maker's devices, in natural order; nothing
 * is opened.  The count, 0 where there is none. */
int ep_usb_list(const struct ep_root *root, uint16_t vendor, uint8_t number,
		struct ep_usb_interface *ret, size_t max) EP_MUST_CHECK;

/* Its bulk endpoints, through libusb. */
struct ep_usb;

/*
 * Opens and claims it, for us alone.  A driver of the kernel is never detached.
 * -EBUSY: something holds it; -EACCES, -ENODEV, -EIO; -ENOSYS: built without
 * libusb.  Each with a sentence.
 */
int ep_usb_open(struct ep_usb **ret, const struct ep_root *root,
		const struct ep_usb_interface *interface,
		struct ep_err *err) EP_MUST_CHECK;
void ep_usb_close(struct ep_usb *usb);

/*
 * One transfer, until deadline_ns (CLOCK_MONOTONIC): all of len bytes out, or
 * the number that came in.  -ETIMEDOUT; -ENODEV: it was unplugged, close it;
 * -EPIPE: it refused, and may be asked again; -EIO.
 */
int ep_usb_out(struct ep_usb *usb, uint8_t endpoint, const void *data,
	       size_t len, int64_t deadline_ns) EP_MUST_CHECK;
int ep_usb_in(struct ep_usb *usb, uint8_t endpoint, void *ret, size_t size,
	      int64_t deadline_ns) EP_MUST_CHECK;

#endif
