/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/thermal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sensors/files.h"
#include "sensors/table.h"

struct ep_sensor {
	const struct ep_env *env;
	struct ep_files files;
};

static void thermal_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_files_done(&sensor->files);
	free(sensor);
}

static int list_zones(const struct ep_env *env, struct ep_thermal_zone **ret,
		      struct ep_err *err)
{
	struct ep_thermal_zone *zones =
		calloc(EP_THERMAL_ZONES_MAX, sizeof(*zones));
	int n;

	if (!zones)
		return ep_err_set(err, -ENOMEM, "out of memory");
	n = ep_thermal_zones(&env->root, zones, EP_THERMAL_ZONES_MAX);
	if (n < 0) {
		free(zones);
		return ep_err_set(err, n, "the zones cannot be listed: %s",
				  strerror(-n));
	}
	*ret = zones;
	return n;
}

static void take_zone(struct ep_sensor *sensor,
		      const struct ep_thermal_zone *zone,
		      struct ep_left_out *left_out)
{
	struct ep_channel c = { .quantity = EP_TEMP_MC, .shape = EP_GAUGE };
	int r = ep_thermal_open(&sensor->env->root, zone);

	(void)ep_str_copy(c.name, sizeof(c.name), zone->type);
	if (r >= 0)
		r = ep_files_add(&sensor->files, r, 1, &c);
	/* Zones that are switched off answer EAGAIN or EINVAL (Jetson). */
	if (r < 0)
		ep_left_out_add(left_out, c.name, r);
}

static int thermal_open(const struct ep_env *env, const struct ep_conf *conf,
			struct ep_sensor **ret, struct ep_sensor_notes *notes,
			struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	struct ep_left_out left_out = { notes, 0 };
	struct ep_thermal_zone *zones = NULL;
	int n;

	(void)conf;
	if (!sensor || ep_files_init(&sensor->files, EP_THERMAL_ZONES_MAX) < 0)
		n = ep_err_set(err, -ENOMEM, "out of memory");
	else
		n = list_zones(env, &zones, err);
	if (n >= 0)
		sensor->env = env;
	for (int i = 0; i < n; i++)
		take_zone(sensor, &zones[i], &left_out);
	ep_left_out_end(&left_out);
	free(zones);
	if (n >= 0 && sensor->files.file_count == 0)
		n = ep_err_set(err, -ENODEV,
			       left_out.count > 0
				       ? "no zone can be read"
				       : "this machine has no thermal "
					 "zone");
	if (n < 0) {
		thermal_close(sensor);
		return n;
	}
	*ret = sensor;
	return 0;
}

static int thermal_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_thermal_zone *zones = NULL;
	int n = list_zones(env, &zones, err);

	free(zones);
	return n;
}

static size_t thermal_channels(const struct ep_sensor *sensor,
			       const struct ep_channel **ret)
{
	*ret = sensor->files.channels;
	return sensor->files.channel_count;
}

static int thermal_poll(struct ep_sensor *sensor, int64_t now_ns,
			const struct ep_sink *sink)
{
	(void)now_ns;
	return ep_files_poll(&sensor->files, sensor->env, sink);
}

static const struct ep_param thermal_params[] = {
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_thermal = {
	.name = "thermal",
	.summary = "temperature of every thermal zone",
	.params = thermal_params,
	.flags = EP_SENSOR_SLOW,
	.probe = thermal_probe,
	.open = thermal_open,
	.channels = thermal_channels,
	.poll = thermal_poll,
	.close = thermal_close,
};
