/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_THERMAL_H
#define EP_DRIVERS_THERMAL_H

#include "base/err.h"
#include "base/root.h"

#include <stddef.h>

#define EP_THERMAL_ZONES_MAX 128

struct ep_thermal_zone {
	char dir[64];
	char type[40]; /* "cpu-thermal"; the folder's name where not told */
};

/* In order of their numbers.  Returns the count (0: none) or -errno. */
int ep_thermal_zones(const struct ep_root *root, struct ep_thermal_zone *zones,
		     size_t max) EP_MUST_CHECK;

/* A descriptor of the zone's temperature, in thousandths of a degree Celsius.
 */
int ep_thermal_open(const struct ep_root *root,
		    const struct ep_thermal_zone *zone) EP_MUST_CHECK;

#endif
