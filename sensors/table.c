/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/table.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define EP_SENSOR(name) &ep_sensor_##name,
#define EP_SENSOR_ALIAS(name, driver, key, value)
const struct ep_sensor_ops *const ep_sensors[] = {
#include "sensors/list.def"
	NULL,
};
#undef EP_SENSOR
#undef EP_SENSOR_ALIAS

#define EP_SENSOR(name)
#define EP_SENSOR_ALIAS(name, driver, key, value) { name, driver, key, value },
const struct ep_sensor_alias ep_sensor_aliases[] = {
#include "sensors/list.def"
	{ NULL, NULL, NULL, NULL },
};
#undef EP_SENSOR
#undef EP_SENSOR_ALIAS

#define EP_SENSOR(name) #name,
#define EP_SENSOR_ALIAS(name, driver, key, value) name,
static const char *const names[] = {
#include "sensors/list.def"
};
#undef EP_SENSOR
#undef EP_SENSOR_ALIAS

const struct ep_sensor_alias *ep_sensor_alias_find(const char *name)
{
	for (size_t i = 0; ep_sensor_aliases[i].name; i++)
		if (strcmp(ep_sensor_aliases[i].name, name) == 0)
			return &ep_sensor_aliases[i];
	return NULL;
}

static void unknown(const char *name, struct ep_err *err)
{
	const size_t count = sizeof(names) / sizeof(names[0]);
	const char *nearest = ep_str_nearest(name, names, count);
	char known[600] = "";

	if (nearest) {
		ep_err_set(err, -EINVAL,
			   "unknown sensor '%.60s'; did you mean '%s'?", name,
			   nearest);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(known);

		(void)ep_str_format(known + len, sizeof(known) - len, "%s%s",
				    i == 0 ? "" : ", ", names[i]);
	}
	ep_err_set(err, -EINVAL, "unknown sensor '%.60s'; known are: %s", name,
		   known);
}

const struct ep_sensor_ops *ep_sensor_find(const char *name, struct ep_err *err)
{
	const struct ep_sensor_alias *alias = ep_sensor_alias_find(name);
	const char *driver = alias ? alias->driver : name;

	for (size_t i = 0; ep_sensors[i]; i++)
		if (strcmp(ep_sensors[i]->name, driver) == 0)
			return ep_sensors[i];
	unknown(name, err);
	return NULL;
}
