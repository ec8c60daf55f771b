/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_POWERZ_PARTS_H
#define EP_SENSORS_POWERZ_PARTS_H

#include "drivers/usb.h"
#include "sensors/sensor.h"

/* POWER-Z meters: what they send, and asking them without the kernel's driver
 * powerz, which Linux has from 6.7 on. */

#define EP_POWERZ_METERS_MAX 8
#define EP_POWERZ_BYTES 52 /* of an answer */

enum { EP_POWERZ_KM002C = 0x0061, EP_POWERZ_KM003C = 0x0063 };
enum {
	EP_POWERZ_VOLTS,
	EP_POWERZ_AMPS,
	EP_POWERZ_TEMP,
	EP_POWERZ_WIRE_COUNT,
	EP_POWERZ_POWER = EP_POWERZ_WIRE_COUNT,
	EP_POWERZ_USB_COUNT
};

/* ep_sensor_ops.decode, and what it emits. */
extern const struct ep_channel ep_powerz_wire_channels[EP_POWERZ_WIRE_COUNT];
int ep_powerz_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
		     const struct ep_sink *sink);

/* Those on USB whose interface matches the glob, of one product or 0: any; the
 * count or -errno. */
int ep_powerz_usb_list(const struct ep_root *root, const char *glob,
		       uint16_t product, struct ep_usb_interface *ret);

struct ep_powerz_wish {
	const char *device; /* glob over the USB interface: "1-1.2:1.0" */
	uint16_t product;   /* 0 any */
	int64_t period_ns, refresh_ns, gain_ppm;
	bool reverse;
};

struct ep_powerz_usb {
	const struct ep_env *env;
	struct ep_usb *usb; /* NULL: unplugged */
	struct ep_usb_interface at;
	struct ep_channel channels[EP_POWERZ_USB_COUNT];
	bool reverse;
	bool numbered; /* answers have their question's number */
	bool stale;    /* an answer that nobody waits for may come */
	bool lost[EP_POWERZ_WIRE_COUNT]; /* since the last good value */
	uint8_t number;
	int64_t asked_ns;
	int64_t retry_ns;
	int64_t first_ua;
};

/* The only one that is wished; -ENODEV, -ENOTUNIQ and those of ep_usb_open(),
 * each with a sentence. */
int ep_powerz_usb_open(struct ep_powerz_usb **ret, const struct ep_env *env,
		       const struct ep_powerz_wish *wish,
		       struct ep_err *err) EP_MUST_CHECK;
void ep_powerz_usb_close(struct ep_powerz_usb *p);
void ep_powerz_usb_note(const struct ep_powerz_usb *p,
			struct ep_sensor_notes *notes);
int ep_powerz_usb_poll(struct ep_powerz_usb *p, const struct ep_sink *sink);

/* The USB product of "km002c" or "km003c"; 0 of NULL and ""; -EINVAL. */
int ep_powerz_product(const char *model, uint16_t *ret) EP_MUST_CHECK;
/* -ENOTUNIQ, with their names. */
int ep_powerz_several(const char *const *names, int n, struct ep_err *err);

#endif
