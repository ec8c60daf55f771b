/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_RIG_GUEST_USBIP_H
#define EP_TESTS_RIG_GUEST_USBIP_H

#include <stddef.h>
#include <stdint.h>

#include "tests/sim/support/profile.h"

/* USB devices for usbip.c: what one is, and what its endpoints say. */

#define USB_STALL (-1)
#define USB_ID_BYTES(vendor, product) \
	(vendor) & 255, (vendor) >> 8, (product)&255, (product) >> 8
#define USB_NEVER_NS INT64_MAX

struct usb_play {
	struct profile profile;
	double volts, rate; /* values a second */
	int64_t epoch_ns;
	int64_t due_ns; /* of the next answer or report */
	double value_s; /* when the last value was made */
	int64_t uv, ua;
	int64_t wobble;
	uint64_t noise, value_count;
	int muted; /* takes everything, answers nothing */
};

struct usb_kind {
	const char *name;
	const uint8_t *device, *config;
	uint16_t config_bytes;
	const char *strings[3]; /* maker, product, serial number */
	/* At each start; NULL: nothing to do.  0, or -1 with errno. */
	int (*plug)(struct usb_play *p);
	/* Requests of its class; bytes for the host, or USB_STALL. */
	int (*control)(struct usb_play *p, const uint8_t setup[8],
		       uint8_t *data);
	void (*out)(struct usb_play *p, const uint8_t *data, size_t len,
		    int64_t now_ns);
	/* What is due now, and due_ns of the next; 0: nothing yet. */
	size_t (*in)(struct usb_play *p, uint8_t data[64], int64_t now_ns);
};

extern const struct usb_kind usb_km002c, usb_km003c, usb_fnb58;

#endif
