/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_POWER_SUPPLY_H
#define EP_DRIVERS_POWER_SUPPLY_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>

/* Documentation/ABI/testing/sysfs-class-power */

#define EP_SUPPLIES_MAX 16

enum ep_supply_type {
	EP_SUPPLY_BATTERY, /* and UPS */
	EP_SUPPLY_SOURCE,  /* Mains, USB, Wireless */
	EP_SUPPLY_OTHER,
};

/* What a battery's status file says. */
enum ep_supply_state {
	EP_SUPPLY_DISCHARGING,
	EP_SUPPLY_CHARGING,
	EP_SUPPLY_IDLE, /* full, or not charging */
	EP_SUPPLY_UNKNOWN,
};

struct ep_supply {
	char name[64]; /* "BAT0" */
	enum ep_supply_type type;
	bool peripheral; /* scope: the battery of a mouse */
	/* UCSI and TCPM: volts and amps are what the two sides agreed on. */
	bool negotiated;
};

/* All of them in natural order; the count (0: none) or -errno. */
int ep_supply_list(const struct ep_root *root, struct ep_supply *supplies,
		   size_t max) EP_MUST_CHECK;
/* A descriptor of one of its files ("voltage_now"), or -errno. */
int ep_supply_open(const struct ep_root *root, const struct ep_supply *supply,
		   const char *file) EP_MUST_CHECK;
/* Of an open status file; -errno. */
int ep_supply_read_state(int fd, enum ep_supply_state *ret) EP_MUST_CHECK;

#endif
