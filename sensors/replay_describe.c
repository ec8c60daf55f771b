/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "sensors/files.h"

#define RUN_JSON_BYTES_MAX ((size_t)8 * 1024 * 1024)

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static enum ep_role role_of(const char *name)
{
	static const struct {
		const char *name;
		enum ep_role role;
	} roles[] = {
		{ "total", EP_ROLE_TOTAL },
		{ "part", EP_ROLE_PART },
		{ "aside", EP_ROLE_ASIDE },
	};

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (strcmp(roles[i].name, name) == 0)
			return roles[i].role;
	return EP_ROLE_NONE;
}

static unsigned flags_of(const json_t *channel)
{
	static const struct {
		const char *name;
		unsigned flag;
	} flags[] = {
		{ "estimated", EP_CHANNEL_ESTIMATED },
		{ "event", EP_CHANNEL_EVENT },
		{ "hardware", EP_CHANNEL_HARDWARE },
		{ "product", EP_CHANNEL_PRODUCT },
	};
	const json_t *list = json_object_get(channel, "flags");
	unsigned ret = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));

		for (size_t f = 0; name && f < sizeof(flags) / sizeof(flags[0]);
		     f++)
			if (strcmp(flags[f].name, name) == 0)
				ret |= flags[f].flag;
	}
	return ret;
}

static int find_channel(const struct ep_replay *r, const char *name)
{
	for (size_t i = 0; i < r->column_count; i++)
		if (strcmp(r->channels[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int fill_channel(struct ep_channel *c, const json_t *from)
{
	static const char *const numbers[] = { "refresh_ns", "window_ns",
					       "gain_ppm", "offset",
					       "resolution" };
	int64_t *const values[] = { &c->refresh_ns, &c->window_ns, &c->gain_ppm,
				    &c->offset, &c->resolution };
	const char *shape = text_of(from, "shape");
	const char *wrap = text_of(from, "wrap");

	if (wrap[0] && ep_num_parse_u64(wrap, &c->wrap) < 0)
		return -EBADMSG;
	if (strcmp(shape, "counter") == 0)
		c->shape = EP_COUNTER;
	else if (strcmp(shape, "gauge") == 0)
		c->shape = EP_GAUGE;
	else
		return -EBADMSG;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		*values[i] =
			json_integer_value(json_object_get(from, numbers[i]));
		if (*values[i] < 0)
			return -EBADMSG;
	}
	c->role = role_of(text_of(from, "role"));
	c->flags = flags_of(from);
	return 0;
}

static int add_product(struct ep_replay *r, const json_t *from)
{
	struct ep_channel c = { .quantity = EP_POWER_UW };
	int volts = find_channel(r, text_of(from, "volts"));
	int amps = find_channel(r, text_of(from, "amps"));

	if (volts < 0 || amps < 0 || r->channel_count == 2 * r->column_count ||
	    fill_channel(&c, from) < 0)
		return -EBADMSG;
	(void)ep_str_copy(c.name, sizeof(c.name), text_of(from, "name"));
	ep_channel_name_unique(r->channels, r->channel_count, c.name);
	c.volts_index = (int16_t)volts;
	c.amps_index = (int16_t)amps;
	r->channels[r->channel_count++] = c;
	return 0;
}

static int take_sensor(struct ep_replay *r, const json_t *sensor)
{
	const json_t *channels = json_object_get(sensor, "channels");
	int e = 0;

	for (size_t i = 0; e == 0 && i < json_array_size(channels); i++) {
		const json_t *from = json_array_get(channels, i);
		int at = find_channel(r, text_of(from, "name"));

		if (flags_of(from) & EP_CHANNEL_PRODUCT)
			e = add_product(r, from);
		else if (at >= 0)
			e = fill_channel(&r->channels[at], from);
	}
	return e;
}

/* The sensor of the run whose file ends in the name of ours. */
static const json_t *find_sensor(const json_t *run, const char *path)
{
	const json_t *sensors = json_object_get(run, "sensors");
	const char *base = strrchr(path, '/');
	char file[300];

	base = base ? base + 1 : path;
	if (!ep_str_format(file, sizeof(file), "sensors/%s", base))
		return NULL;
	for (size_t i = 0; i < json_array_size(sensors); i++) {
		const json_t *s = json_array_get(sensors, i);

		if (strcmp(text_of(s, "file"), file) == 0)
			return s;
	}
	return NULL;
}

/* "DIR/sensors/x.csv" -> "DIR/sensors/../run.json" */
static bool run_json_of(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');
	int len = slash ? (int)(slash - path) + 1 : 0;

	return ep_str_format(ret, size, "%.*s../run.json", len, path);
}

int ep_replay_describe(struct ep_replay *r, const char *path,
		       struct ep_err *err)
{
	struct ep_buf text;
	char name[4096];
	json_error_t where;
	json_t *run = NULL;
	const json_t *sensor;
	int e;

	if (!run_json_of(path, name, sizeof(name)))
		return 0;
	ep_buf_init(&text, RUN_JSON_BYTES_MAX);
	e = ep_file_read(AT_FDCWD, name, &text);
	if (e < 0) {
		ep_buf_done(&text);
		return e == -ENOENT ? 0
				    : ep_err_set(err, e, "%.300s: %s", name,
						 strerror(-e));
	}
	run = json_loadb(text.data, text.len, 0, &where);
	ep_buf_done(&text);
	if (!run)
		return ep_err_set(err, -EBADMSG, "%.300s:%d: %s", name,
				  where.line, where.text);
	sensor = find_sensor(run, path);
	e = sensor ? take_sensor(r, sensor) : 0;
	json_decref(run);
	if (e < 0)
		return ep_err_set(err, e,
				  "%.300s does not describe the "
				  "channels as a run does",
				  name);
	r->described = sensor != NULL;
	return sensor != NULL;
}
