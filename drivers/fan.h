/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_FAN_H
#define EP_DRIVERS_FAN_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EP_FANS_MAX 8
#define EP_FAN_ZONES_MAX 16

/*
 * A fan whose duty can be set: hwmon's pwmN, or pwm-fan of L4T 32 (JetPack 4).
 * pwmN_enable means 1 manual, 2 and more automatic in most drivers
 * (Documentation/hwmon/sysfs-interface.rst); in pwm-fan, which Raspberry Pi,
 * Rockchip and Jetson boards have, only what a duty of 0 does (pwm-fan.rst),
 * and thermal zones drive it.
 */
struct ep_fan {
	char name[48];
	char duty_path[160];		/* 0..255 */
	char mode_path[160];		/* "" where there is none to write */
	const char *manual, *automatic; /* for it; NULL: leave it as it is */
	bool zone_driven;
};

/* The count of fans, 0 when there is none. */
int ep_fans(const struct ep_root *root, struct ep_fan *ret,
	    size_t max) EP_MUST_CHECK;

/* A thermal zone that drives a pwm-fan. */
struct ep_fan_zone {
	char dir[64];
	char type[40];
	bool only_fans;	     /* it throttles nothing else */
	bool has_user_space; /* a policy that moves nothing */
	bool has_mode;	     /* "enabled", "disabled" */
};
int ep_fan_zones(const struct ep_root *root, struct ep_fan_zone *ret,
		 size_t max) EP_MUST_CHECK;

/* The service that may move fans, by its place in a list: NULL at the end of
 * the list, "" where this one is not installed. */
const char *ep_fan_daemon(const struct ep_root *root, size_t i);

#endif
