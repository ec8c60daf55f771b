/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_TABLE_H
#define EP_SENSORS_TABLE_H

#include "sensors/sensor.h"

#define EP_SENSOR(name) extern const struct ep_sensor_ops ep_sensor_##name;
#include "sensors/list.def"
#undef EP_SENSOR

/* Every instrument, NULL-terminated, in the order of list.def. */
extern const struct ep_sensor_ops *const ep_sensors[];

/* NULL with a sentence (and the nearest name) when there is none. */
const struct ep_sensor_ops *ep_sensor_find(const char *name,
					   struct ep_err *err);

#endif
