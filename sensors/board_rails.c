/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/board_parts.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

#define RAILS_MAX \
	(sizeof(((struct ep_board *)0)->rails) / sizeof(struct ep_board_rail))

const struct ep_param ep_board_rail_params[] = {
	{ "channel", "", "SENSOR.CHANNEL; '*' and '?' match in CHANNEL" },
	{ "volts", "", "SENSOR.CHANNEL of the voltage" },
	{ "amps", "", "SENSOR.CHANNEL of the current" },
	{ "role", NULL, "total, part, aside or none" },
	{ "note", "", "what the rail feeds" },
	{ "min", "", "below this, in SI units, a warning says so" },
	{ "max", "", "above this, in SI units, a warning says so" },
	{ NULL, NULL, NULL },
};

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
	const char *names[EP_BOARD_SENSORS_MAX];
	const char *reference = ep_board_text(rail, key);
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

static int take_sources(const struct ep_board *b, const struct ep_conf *conf,
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

static int take_role(const struct ep_conf *conf, struct ep_board_rail *rail,
		     struct ep_err *err)
{
	static const enum ep_role roles[] = { EP_ROLE_TOTAL, EP_ROLE_PART,
					      EP_ROLE_ASIDE, EP_ROLE_NONE };

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
		if (strcmp(ep_role_name(roles[i]),
			   ep_board_text(conf, "role")) != 0)
			continue;
		rail->role = roles[i];
		return 0;
	}
	return ep_conf_err(conf, "role", err,
			   "must be total, part, aside or none");
}

static int take_limits(const struct ep_conf *conf, struct ep_board_rail *rail,
		       struct ep_err *err)
{
	int r = ep_conf_get_f64(conf, "min", (double)NAN, &rail->min, err);

	if (r == 0)
		r = ep_conf_get_f64(conf, "max", (double)NAN, &rail->max, err);
	if (r == 0 && rail->min >= rail->max)
		r = ep_conf_err(conf, "max", err, "must be above min");
	return r;
}

int ep_board_take_rail(struct ep_board *b, const struct ep_conf *conf,
		       struct ep_err *err)
{
	struct ep_board_rail *rail = &b->rails[b->rail_count];
	int r;

	if (b->rail_count == RAILS_MAX)
		return ep_conf_err(conf, "rail", err, "more than 64");
	if (!conf->title[0])
		return ep_conf_err(conf, "rail", err, "its title is empty");
	rail->name = conf->title;
	rail->note = ep_board_text(conf, "note");
	r = take_role(conf, rail, err);
	if (r == 0)
		r = take_limits(conf, rail, err);
	if (r == 0)
		r = take_sources(b, conf, rail, err);
	if (r == 0)
		b->rail_count++;
	return r;
}
