/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sensors/table.h"

#define FIXED_COLUMNS 3

struct ep_sensor {
	const struct ep_env *env;
	struct ep_replay replay;
	size_t next_row;
	bool anchored;
	int64_t anchor_ns; /* when the first row is played */
};

static void replay_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_replay_done(&sensor->replay);
	free(sensor);
}

/* *ret is the place of value among names, NULL-terminated; -1 when absent. */
static int get_choice(const struct ep_conf *conf, const char *key,
		      const char *const *names, int *ret, struct ep_err *err)
{
	const char *value = ep_conf_get(conf, key);
	char message[128] = "must be one of:";
	size_t len;

	*ret = -1;
	if (!value)
		return 0;
	for (int i = 0; names[i]; i++) {
		if (strcmp(names[i], value) == 0) {
			*ret = i;
			return 0;
		}
		len = strlen(message);
		(void)ep_str_format(message + len, sizeof(message) - len, " %s",
				    names[i]);
	}
	return ep_conf_err(conf, key, err, message);
}

static int get_number(const struct ep_conf *conf, const char *key, int64_t *ret,
		      struct ep_err *err)
{
	int r = ep_conf_get_i64(conf, key, -1, ret, err);

	if (r == 0 && ep_conf_get(conf, key) && *ret < 0)
		return ep_conf_err(conf, key, err, "must not be negative");
	return r;
}

struct settings {
	struct ep_replay_wish wish;
	bool from_first_poll;
};

static int get_settings(const struct ep_conf *conf, struct settings *ret,
			struct ep_err *err)
{
	static const char *const aligns[] = { "open", "first", NULL };
	static const char *const shapes[] = { "gauge", "counter", NULL };
	static const char *const roles[] = { "none", "total", "part", "aside",
					     NULL };
	struct ep_replay_wish *w = &ret->wish;
	int align = -1, shape = -1, role = -1;
	int r = get_choice(conf, "align", aligns, &align, err);

	if (r == 0)
		r = get_choice(conf, "shape", shapes, &shape, err);
	if (r == 0)
		r = get_choice(conf, "role", roles, &role, err);
	if (r == 0)
		r = ep_conf_get_duration_ns(conf, "refresh", -1, &w->refresh_ns,
					    err);
	if (r == 0)
		r = ep_conf_get_duration_ns(conf, "window", -1, &w->window_ns,
					    err);
	if (r == 0)
		r = get_number(conf, "gain_ppm", &w->gain_ppm, err);
	if (r == 0)
		r = get_number(conf, "offset", &w->offset, err);
	if (r == 0)
		r = get_number(conf, "resolution", &w->resolution, err);
	if (r < 0)
		return r;
	ret->from_first_poll = align == 1;
	w->has_shape = shape >= 0;
	w->shape = shape == 1 ? EP_COUNTER : EP_GAUGE;
	w->has_role = role >= 0;
	w->role = role > 0 ? (enum ep_role)role : EP_ROLE_NONE;
	return 0;
}

static int replay_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct settings settings;

	return get_settings(conf, &settings, err);
}

static int load(struct ep_sensor *sensor, const char *path,
		struct ep_sensor_notes *notes, struct ep_err *err)
{
	int r = ep_replay_load(path, &sensor->replay, err);

	if (r < 0)
		return r;
	r = ep_replay_describe(&sensor->replay, path, err);
	if (r < 0)
		return r;
	if (r == 0)
		ep_sensor_note(notes,
			       "not described by a run.json one folder up: "
			       "shapes and roles are guessed from the units");
	if (sensor->replay.bad_count > 0)
		ep_sensor_note(notes, "%llu lines could not be read",
			       (unsigned long long)sensor->replay.bad_count);
	if (sensor->replay.torn)
		ep_sensor_note(notes, "the last line was cut off: left out");
	return 0;
}

static int replay_open(const struct ep_env *env, const struct ep_conf *conf,
		       struct ep_sensor **ret, struct ep_sensor_notes *notes,
		       struct ep_err *err)
{
	const char *path = ep_conf_get(conf, "file");
	struct ep_sensor *sensor;
	struct settings settings;
	int r = get_settings(conf, &settings, err);

	if (r < 0)
		return r;
	if (!path)
		return ep_err_set(err, -EINVAL,
				  "file is missing: use "
				  "replay:FOLDER/sensors/NAME.csv");
	sensor = calloc(1, sizeof(*sensor));
	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = load(sensor, path, notes, err);
	if (r < 0) {
		replay_close(sensor);
		return r;
	}
	ep_replay_apply(&sensor->replay, &settings.wish);
	sensor->env = env;
	sensor->anchored = !settings.from_first_poll;
	sensor->anchor_ns = env->now_ns();
	*ret = sensor;
	return 0;
}

static size_t replay_channels(const struct ep_sensor *sensor,
			      const struct ep_channel **ret)
{
	*ret = sensor->replay.channels;
	return sensor->replay.channel_count;
}

static void emit_row(const struct ep_replay *r, size_t row, int64_t t_ns,
		     const struct ep_sink *sink)
{
	size_t columns = r->column_count + FIXED_COLUMNS;
	const int64_t *cells = r->cells + row * columns;
	const uint8_t *present = r->present + row * columns;
	int64_t span_ns = present[1] ? cells[1] : 0;
	unsigned flags = present[2] ? (unsigned)cells[2] & 0xffff : 0;
	struct ep_sample s = { .t_ns = t_ns };

	s.span_ns = span_ns < 0		   ? 0
		    : span_ns > UINT32_MAX ? UINT32_MAX
					   : (uint32_t)span_ns;
	for (size_t i = 0; i < r->column_count; i++) {
		bool has = present[FIXED_COLUMNS + i];

		s.channel = (uint16_t)i;
		s.value = has ? cells[FIXED_COLUMNS + i] : 0;
		/* An error of one cell is in the flags of its whole line; an
		 * empty cell without one was not part of that poll. */
		if (!has && !(flags & EP_SAMPLE_ERROR))
			continue;
		s.flags = (uint16_t)(has ? flags & ~(unsigned)EP_SAMPLE_ERROR
					 : EP_SAMPLE_ERROR);
		sink->emit(sink->ctx, &s);
	}
}

static int replay_poll(struct ep_sensor *sensor, int64_t now_ns,
		       const struct ep_sink *sink)
{
	const struct ep_replay *r = &sensor->replay;
	size_t columns = r->column_count + FIXED_COLUMNS;
	int count = 0;

	if (!sensor->anchored) {
		sensor->anchor_ns = now_ns;
		sensor->anchored = true;
	}
	for (; sensor->next_row < r->row_count; sensor->next_row++) {
		int64_t t_ns =
			sensor->anchor_ns +
			(r->cells[sensor->next_row * columns] - r->cells[0]);

		if (t_ns > now_ns)
			break;
		emit_row(r, sensor->next_row, t_ns, sink);
		count++;
	}
	return count * (int)r->column_count;
}

static const struct ep_param replay_params[] = {
	{ "file", NULL, "a file of an earlier run's sensors/ folder" },
	{ "align", "open",
	  "when the first line is played: open, or first (the first poll)" },
	{ "shape", "", "gauge or counter, for all channels" },
	{ "role", "", "none, total, part or aside, for power and energy" },
	{ "refresh", "", "how often the device made a value: 10ms" },
	{ "window", "", "over what the device averaged: 1s" },
	{ "gain_ppm", "", "accuracy limit, of reading" },
	{ "offset", "", "accuracy limit, in the channel's unit" },
	{ "resolution", "", "one count, in the channel's unit" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_replay = {
	.name = "replay",
	.summary = "a sensor's file of an earlier run, played back",
	.params = replay_params,
	.flags = EP_SENSOR_MANUAL,
	.check = replay_check,
	.open = replay_open,
	.channels = replay_channels,
	.poll = replay_poll,
	.close = replay_close,
};
