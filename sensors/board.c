/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/board_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sensors/table.h"

#define SENSORS_MAX \
	(sizeof(((struct ep_board *)0)->sensors) / sizeof(struct ep_conf *))
#define RAILS_MAX \
	(sizeof(((struct ep_board *)0)->rails) / sizeof(struct ep_board_rail))

static const struct ep_param top_params[] = {
	{ "name", NULL, "the file's own name without .board" },
	{ "title", NULL, "what people call it" },
	{ "source", NULL, "who measured the facts, when, with what" },
	{ "status", NULL, "untested, or tested: BOARD, KERNEL, DATE" },
	{ "coverage", NULL, "what the total includes and what it leaves out" },
	{ "estimate", "no", "yes: the total may be a model's" },
	{ "fallback", "no", "yes: taken when no other board matches" },
	{ "priority", "0", "boards with a higher one are looked at first" },
	{ NULL, NULL, NULL },
};
static const struct ep_param match_params[] = {
	{ "compatible", "", "one of the device tree's compatible strings" },
	{ "model", "", "the device tree's model; '*' and '?' match" },
	{ "path", "", "a file or folder that must be there" },
	{ "machine", "", "the kernel's machine: x86_64, aarch64" },
	{ NULL, NULL, NULL },
};
static const struct ep_param rail_params[] = {
	{ "channel", "", "SENSOR.CHANNEL; '*' and '?' match in CHANNEL" },
	{ "volts", "", "SENSOR.CHANNEL of the voltage" },
	{ "amps", "", "SENSOR.CHANNEL of the current" },
	{ "role", NULL, "total, part, aside or none" },
	{ "note", "", "what the rail feeds" },
	{ NULL, NULL, NULL },
};
static const struct ep_param counter_params[] = {
	{ "events", NULL, "names separated by commas" },
	{ NULL, NULL, NULL },
};
static const struct ep_conf_rule rules[] = {
	{ "", top_params, false, false },
	{ "match", match_params, false, true },
	{ "sensor", NULL, true, true },
	{ "rail", rail_params, true, true },
	{ "counters", counter_params, false, false },
	{ NULL, NULL, false, false },
};

static const char *text_of(const struct ep_conf *conf, const char *key)
{
	const char *text = ep_conf_get(conf, key);

	return text ? text : "";
}

bool ep_board_name_ok(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && len < EP_BOARD_NAME_BYTES && name[0] != '.' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			    "WXYZ0123456789._-") == len;
}

bool ep_board_is_fallback(const struct ep_board *board)
{
	return board->conf &&
	       strcmp(text_of(board->conf, "fallback"), "yes") == 0;
}

int64_t ep_board_priority(const struct ep_board *board)
{
	int64_t priority = 0;

	if (board->conf &&
	    ep_conf_get_i64(board->conf, "priority", 0, &priority, NULL) < 0)
		return 0;
	return priority;
}

void ep_board_free(struct ep_board *board)
{
	if (!board)
		return;
	ep_conf_free(board->conf);
	free(board);
}

static int take_top(struct ep_board *b, const char *expected,
		    struct ep_err *err)
{
	const struct ep_conf *conf = b->conf;
	static const char *const texts[] = { "title", "source", "status",
					     "coverage" };
	int64_t priority;
	bool fallback;
	int r;

	if (!ep_board_name_ok(text_of(conf, "name")))
		return ep_conf_err(conf, "name", err,
				   "use letters, digits, '.', '_' and '-', and "
				   "no '.' in front");
	if (expected && strcmp(expected, text_of(conf, "name")) != 0)
		return ep_conf_err(conf, "name", err,
				   "must be the file's own name without "
				   ".board");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!text_of(conf, texts[i])[0])
			return ep_conf_err(conf, texts[i], err,
					   "must not be empty");
	r = ep_conf_get_bool(conf, "estimate", false, &b->estimate, err);
	if (r == 0)
		r = ep_conf_get_bool(conf, "fallback", false, &fallback, err);
	if (r == 0)
		r = ep_conf_get_i64(conf, "priority", 0, &priority, err);
	if (r < 0)
		return r;
	(void)ep_str_copy(b->name, sizeof(b->name), text_of(conf, "name"));
	b->title = text_of(conf, "title");
	b->source = text_of(conf, "source");
	b->status = text_of(conf, "status");
	b->coverage = text_of(conf, "coverage");
	return 0;
}

/* The keys of a sensor section: its driver's, and "driver". */
static int check_sensor_keys(const struct ep_conf *section,
			     const struct ep_sensor_ops *ops,
			     struct ep_err *err)
{
	struct ep_param params[EP_CONF_KEYS_MAX + 1];
	size_t count = 0;
	int r;

	while (ops->params && ops->params[count].key &&
	       count < EP_CONF_KEYS_MAX - 1) {
		params[count] = ops->params[count];
		count++;
	}
	params[count++] = (struct ep_param){ "driver", "", "the sensor" };
	params[count] = (struct ep_param){ NULL, NULL, NULL };
	r = ep_conf_check(section, params, err);
	if (r == 0 && ops->check)
		r = ops->check(section, err);
	return r;
}

static bool is_plain_id(const char *id)
{
	return id[0] && strlen(id) <= 40 &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789_-") == strlen(id);
}

static int take_sensor(struct ep_board *b, const struct ep_conf *section,
		       struct ep_err *err)
{
	const char *driver = ep_conf_get(section, "driver");
	const struct ep_sensor_ops *ops;
	struct ep_err why = { 0 };

	if (!is_plain_id(section->title))
		return ep_conf_err(section, "sensor", err,
				   "its title names files and columns: use "
				   "letters, digits, '_' and '-'");
	if (b->sensor_count == SENSORS_MAX)
		return ep_conf_err(section, "sensor", err, "more than 32");
	ops = ep_sensor_find(driver ? driver : section->title, &why);
	if (!ops)
		return ep_conf_err(section, "driver", err, why.text);
	b->sensors[b->sensor_count++] = section;
	return check_sensor_keys(section, ops, err);
}

/* The sensor a "sensor.channel" speaks of; NULL when there is none. */
static const struct ep_conf *sensor_of(const struct ep_board *b,
				       const char *reference)
{
	size_t len = strcspn(reference, ".");

	if (!reference[len] || !reference[len + 1])
		return NULL;
	for (size_t i = 0; i < b->sensor_count; i++)
		if (strncmp(b->sensors[i]->title, reference, len) == 0 &&
		    b->sensors[i]->title[len] == '\0')
			return b->sensors[i];
	return NULL;
}

static int check_reference(const struct ep_board *b, const struct ep_conf *rail,
			   const char *key, struct ep_err *err)
{
	const char *names[SENSORS_MAX];
	const char *reference = text_of(rail, key);
	char id[64], message[200];
	const char *nearest;

	if (sensor_of(b, reference))
		return 0;
	for (size_t i = 0; i < b->sensor_count; i++)
		names[i] = b->sensors[i]->title;
	(void)ep_str_format(id, sizeof(id), "%.*s",
			    (int)strcspn(reference, "."), reference);
	nearest = ep_str_nearest(id, names, b->sensor_count);
	if (!strchr(reference, '.'))
		(void)ep_str_copy(message, sizeof(message),
				  "must be SENSOR.CHANNEL");
	else if (nearest)
		(void)ep_str_format(message, sizeof(message),
				    "this file has no sensor '%s'; did you "
				    "mean '%s'?",
				    id, nearest);
	else
		(void)ep_str_format(message, sizeof(message),
				    "this file has no sensor '%s'", id);
	return ep_conf_err(rail, key, err, message);
}

static int take_rail_sources(const struct ep_board *b,
			     const struct ep_conf *conf,
			     struct ep_board_rail *rail, struct ep_err *err)
{
	int r;

	rail->channel = ep_conf_get(conf, "channel");
	rail->volts = ep_conf_get(conf, "volts");
	rail->amps = ep_conf_get(conf, "amps");
	if (rail->channel) {
		if (rail->volts || rail->amps)
			return ep_conf_err(conf, "channel", err,
					   "give a channel, or volts and "
					   "amps, not both");
		return check_reference(b, conf, "channel", err);
	}
	if (!rail->volts || !rail->amps)
		return ep_conf_err(conf, rail->volts ? "volts" : "amps", err,
				   "a rail is a channel, or volts and amps");
	r = check_reference(b, conf, "volts", err);
	if (r == 0)
		r = check_reference(b, conf, "amps", err);
	if (r == 0 && sensor_of(b, rail->volts) != sensor_of(b, rail->amps))
		r = ep_conf_err(conf, "amps", err,
				"volts and amps must be of one sensor: only "
				"those are read at one instant");
	return r;
}

static int take_rail(struct ep_board *b, const struct ep_conf *conf,
		     struct ep_err *err)
{
	static const struct {
		const char *name;
		enum ep_role role;
	} roles[] = {
		{ "total", EP_ROLE_TOTAL },
		{ "part", EP_ROLE_PART },
		{ "aside", EP_ROLE_ASIDE },
		{ "none", EP_ROLE_NONE },
	};
	struct ep_board_rail *rail = &b->rails[b->rail_count];
	size_t i = 0;

	if (b->rail_count == RAILS_MAX)
		return ep_conf_err(conf, "rail", err, "more than 64");
	if (!conf->title[0])
		return ep_conf_err(conf, "rail", err, "its title is empty");
	while (i < 4 && strcmp(roles[i].name, text_of(conf, "role")) != 0)
		i++;
	if (i == 4)
		return ep_conf_err(conf, "role", err,
				   "must be total, part, aside or none");
	rail->name = conf->title;
	rail->role = roles[i].role;
	rail->note = text_of(conf, "note");
	rail->min = rail->max = NAN;
	b->rail_count++;
	return take_rail_sources(b, conf, rail, err);
}

static int check_match(const struct ep_conf *conf, struct ep_err *err)
{
	if (conf->key_count == 0)
		return ep_conf_err(conf, "match", err,
				   "an empty section would match every "
				   "machine");
	for (size_t i = 0; i < conf->key_count; i++)
		if (!conf->keys[i].value[0])
			return ep_conf_err(conf, conf->keys[i].key, err,
					   "must not be empty");
	return 0;
}

/* Sensors first: rails speak of them wherever they stand in the file. */
static int take_sections(struct ep_board *b, struct ep_err *err)
{
	const struct ep_conf *conf = b->conf;
	int r = 0;

	for (size_t i = 0; r == 0 && i < conf->section_count; i++)
		if (strcmp(conf->sections[i]->kind, "sensor") == 0)
			r = take_sensor(b, conf->sections[i], err);
	for (size_t i = 0; r == 0 && i < conf->section_count; i++) {
		const struct ep_conf *section = conf->sections[i];

		if (strcmp(section->kind, "rail") == 0)
			r = take_rail(b, section, err);
		else if (strcmp(section->kind, "match") == 0)
			r = check_match(section, err);
		else if (strcmp(section->kind, "counters") == 0)
			b->events = text_of(section, "events");
	}
	return r;
}

int ep_board_load_file(const char *path, const char *expected,
		       struct ep_board **ret, struct ep_err *err)
{
	struct ep_board *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return ep_err_set(err, -ENOMEM, "out of memory");
	b->events = b->pmus = "";
	b->battery_wh = NAN;
	if (!ep_str_copy(b->path, sizeof(b->path), path))
		r = ep_err_set(err, -ENAMETOOLONG, "%.80s...: path too long",
			       path);
	else
		r = ep_conf_load(path, rules, &b->conf, err);
	if (r == 0)
		r = take_top(b, expected, err);
	if (r == 0)
		r = take_sections(b, err);
	if (r < 0) {
		ep_board_free(b);
		return r;
	}
	*ret = b;
	return 0;
}
