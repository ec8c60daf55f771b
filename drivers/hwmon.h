/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_HWMON_H
#define EP_DRIVERS_HWMON_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Documentation/hwmon/sysfs-interface.rst */

#define EP_HWMON_CHIPS_MAX 256
#define EP_HWMON_ATTRS_MAX 128 /* per chip */

struct ep_hwmon_chip {
	char dir[96];	  /* where its attributes are */
	char name[32];	  /* "ina3221" */
	char device[128]; /* what it sits on; tells twins apart */
};

enum ep_hwmon_kind {
	EP_HWMON_POWER,	 /* uW */
	EP_HWMON_ENERGY, /* uJ, cumulative */
	EP_HWMON_IN,	 /* mV */
	EP_HWMON_CURR,	 /* mA */
	EP_HWMON_KIND_COUNT
};

struct ep_hwmon_attr {
	enum ep_hwmon_kind kind;
	int index;	/* in0, curr1 */
	bool average;	/* powerN_average instead of _input */
	char label[40]; /* "" none */
};

/* "power", "energy", "in", "curr" */
const char *ep_hwmon_kind_name(enum ep_hwmon_kind kind);

/*
 * Chips whose name matches the glob, ordered by name and device, so that the
 * order survives renumbering.  Returns the count (0: none) or -errno.
 */
int ep_hwmon_chips(const struct ep_root *root, const char *glob,
		   struct ep_hwmon_chip *chips, size_t max) EP_MUST_CHECK;
/* What it measures of the kinds above, ordered by kind and index. */
int ep_hwmon_attrs(const struct ep_root *root, const struct ep_hwmon_chip *chip,
		   struct ep_hwmon_attr *attrs, size_t max) EP_MUST_CHECK;
/* A descriptor of the attribute's value. */
int ep_hwmon_open(const struct ep_root *root, const struct ep_hwmon_chip *chip,
		  const struct ep_hwmon_attr *attr) EP_MUST_CHECK;
/* update_interval and powerN_average_interval; 0 where not told. */
int64_t ep_hwmon_refresh_ns(const struct ep_root *root,
			    const struct ep_hwmon_chip *chip);
int64_t ep_hwmon_window_ns(const struct ep_root *root,
			   const struct ep_hwmon_chip *chip,
			   const struct ep_hwmon_attr *attr);

#endif
