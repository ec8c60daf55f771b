/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/table.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define EP_SENSOR(name) &ep_sensor_##name,
const struct ep_sensor_ops *const ep_sensors[] = {
#include "sensors/list.def"
	NULL,
};
#undef EP_SENSOR

#define EP_SENSOR(name) #name,
static const char *const names[] = {
#include "sensors/list.def"
};
#undef EP_SENSOR

const struct ep_sensor_ops *ep_sensor_find(const char *name, struct ep_err *err)
{
	const size_t count = sizeof(names) / sizeof(names[0]);
	const char *nearest;
	char known[320] = "";

	for (size_t i = 0; ep_sensors[i]; i++)
		if (strcmp(ep_sensors[i]->name, name) == 0)
			return ep_sensors[i];
	nearest = ep_str_nearest(name, names, count);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(known);

		(void)ep_str_format(known + len, sizeof(known) - len, "%s%s",
				    i == 0 ? "" : ", ", names[i]);
	}
	if (nearest)
		ep_err_set(err, -EINVAL,
			   "unknown sensor '%.60s'; did you mean '%s'?", name,
			   nearest);
	else
		ep_err_set(err, -EINVAL,
			   "unknown sensor '%.60s'; known are: %s", name,
			   known);
	return NULL;
}
