/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/sensor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "drivers/procfs.h"
#include "sensors/files.h"
#include "sensors/table.h"

/* "full" of the CPU means nothing for a whole system (kernel 5.13 on). */
static const struct resource {
	const char *name;
	bool has_full;
} resources[] = {
	{ "cpu", false },
	{ "memory", true },
	{ "io", true },
};
#define RESOURCES (sizeof(resources) / sizeof(resources[0]))

struct ep_sensor {
	const struct ep_env *env;
	struct {
		int fd;
		bool has_full;
		uint16_t channel; /* of some; full follows */
	} files[RESOURCES];
	size_t file_count;
	struct ep_channel channels[2 * RESOURCES];
	size_t channel_count;
};

static void pressure_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	for (size_t i = 0; i < sensor->file_count; i++)
		close(sensor->files[i].fd);
	free(sensor);
}

static void add_channel(struct ep_sensor *sensor, const char *resource,
			const char *kind)
{
	struct ep_channel *c = &sensor->channels[sensor->channel_count++];

	(void)ep_str_format(c->name, sizeof(c->name), "%s_%s", resource, kind);
	c->quantity = EP_TIME_NS;
	c->shape = EP_COUNTER;
	c->resolution = 1000;
}

static int add_resource(struct ep_sensor *sensor, const struct resource *res,
			struct ep_sensor_notes *notes)
{
	int fd = ep_psi_open(res->name);

	if (fd < 0) {
		ep_sensor_note(notes, "%s left out: %s", res->name,
			       strerror(-fd));
		return fd;
	}
	sensor->files[sensor->file_count].fd = fd;
	sensor->files[sensor->file_count].has_full = res->has_full;
	sensor->files[sensor->file_count++].channel =
		(uint16_t)sensor->channel_count;
	add_channel(sensor, res->name, "some");
	if (res->has_full)
		add_channel(sensor, res->name, "full");
	return 0;
}

static int pressure_open(const struct ep_env *env, const struct ep_conf *conf,
			 struct ep_sensor **ret, struct ep_sensor_notes *notes,
			 struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	int r = 0;

	(void)conf;
	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	for (size_t i = 0; i < RESOURCES; i++) {
		int one = add_resource(sensor, &resources[i], notes);

		r = one < 0 ? one : r;
	}
	if (sensor->file_count == 0) {
		pressure_close(sensor);
		return ep_err_set(err, r,
				  "the kernel does not tell: %s "
				  "(it must be built with CONFIG_PSI and "
				  "started with psi=1)",
				  strerror(-r));
	}
	*ret = sensor;
	return 0;
}

static int pressure_probe(const struct ep_env *env, struct ep_err *err)
{
	int found = 0;

	(void)env;
	(void)err;
	for (size_t i = 0; i < RESOURCES; i++) {
		int fd = ep_psi_open(resources[i].name);

		if (fd < 0)
			continue;
		close(fd);
		found++;
	}
	return found;
}

static size_t pressure_channels(const struct ep_sensor *sensor,
				const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

static void emit(const struct ep_sink *sink, struct ep_sample s,
		 uint16_t channel, int64_t value)
{
	s.channel = channel;
	s.value = value < 0 ? 0 : value;
	s.flags = value < 0 ? EP_SAMPLE_ERROR : 0;
	sink->emit(sink->ctx, &s);
}

static int pressure_poll(struct ep_sensor *sensor, int64_t now_ns,
			 const struct ep_sink *sink)
{
	struct ep_psi psi[RESOURCES];
	struct ep_sample s = { .flags = 0 };
	int64_t begin_ns = sensor->env->now_ns();
	int r = 0, good = 0;

	(void)now_ns;
	for (size_t i = 0; i < sensor->file_count; i++) {
		psi[i].some_ns = psi[i].full_ns = -1;
		r = ep_psi_read(sensor->files[i].fd, &psi[i]);
		good += r == 0;
	}
	ep_sample_stamp(&s, begin_ns, sensor->env->now_ns());
	for (size_t i = 0; i < sensor->file_count; i++) {
		emit(sink, s, sensor->files[i].channel, psi[i].some_ns);
		if (sensor->files[i].has_full)
			emit(sink, s, (uint16_t)(sensor->files[i].channel + 1),
			     psi[i].full_ns);
	}
	return good > 0 ? (int)sensor->channel_count : r;
}

static const struct ep_param pressure_params[] = {
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_pressure = {
	.name = "pressure",
	.summary = "time that tasks waited for CPU, memory or disk (PSI)",
	.params = pressure_params,
	.flags = EP_SENSOR_SLOW,
	.probe = pressure_probe,
	.open = pressure_open,
	.channels = pressure_channels,
	.poll = pressure_poll,
	.close = pressure_close,
};
