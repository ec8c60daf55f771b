/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_TABLE_H
#define EP_SENSORS_TABLE_H

#include "sensors/sensor.h"

#define EP_SENSOR(name) extern const struct ep_sensor_ops ep_sensor_##name;
#define EP_SENSOR_ALIAS(name, driver, key, value)
#include "sensors/list.def"
#undef EP_SENSOR
#undef EP_SENSOR_ALIAS

/* Every instrument, NULL-terminated, in the order of list.def. */
extern const struct ep_sensor_ops *const ep_sensors[];

/* A device's own name for a driver with one key set: um34c, shelly. */
struct ep_sensor_alias {
	const char *name, *driver, *key, *value;
};
extern const struct ep_sensor_alias ep_sensor_aliases[]; /* name NULL ends */
/* NULL when name is no alias. */
const struct ep_sensor_alias *ep_sensor_alias_find(const char *name);

/* By driver or alias.  NULL with a sentence (and the nearest name) when there is none. */
const struct ep_sensor_ops *ep_sensor_find(const char *name,
					   struct ep_err *err);

#endif
