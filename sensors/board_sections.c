/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/board_parts.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "sensors/table.h"

#define CALIBRATIONS_MAX                                \
	(sizeof(((struct ep_board *)0)->calibrations) / \
	 sizeof(struct ep_board_calibration))

const struct ep_param ep_board_match_params[] = {
	{ "compatible", "", "one of the device tree's compatible strings" },
	{ "model", "", "the device tree's model; '*' and '?' match" },
	{ "path", "", "a file or folder that must be there" },
	{ "machine", "", "the kernel's machine: x86_64, aarch64" },
	{ NULL, NULL, NULL },
};
const struct ep_param ep_board_counter_params[] = {
	{ "events", "", "names separated by commas" },
	{ "pmus", "", "the core PMUs the board should have, by name" },
	{ NULL, NULL, NULL },
};
const struct ep_param ep_board_calibration_params[] = {
	{ "target", NULL, "what the result stands for: at the wall" },
	{ "gain", NULL, "by what the total is multiplied" },
	{ "offset_w", "0", "watts added to that" },
	{ "u_gain", "", "standard uncertainty of gain" },
	{ "u_offset_w", "", "standard uncertainty of offset_w" },
	{ "covariance_w", "", "covariance of gain and offset_w" },
	{ "residual_w", "", "standard deviation of what the fit left" },
	{ "from_w", "", "of the total: it was fitted from here" },
	{ "to_w", "", "to here" },
	{ "source", NULL, "who found it, when, with what" },
	{ "caveat", NULL, "where it does not hold" },
	{ NULL, NULL, NULL },
};

static bool is_plain_id(const char *id)
{
	return id[0] && strlen(id) <= 40 &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789_-") == strlen(id);
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

int ep_board_take_sensor(struct ep_board *b, const struct ep_conf *section,
			 struct ep_err *err)
{
	const char *driver = ep_conf_get(section, "driver");
	const struct ep_sensor_ops *ops;
	struct ep_err why = { 0 };

	if (!is_plain_id(section->title))
		return ep_conf_err(section, "sensor", err,
				   "its title names files and columns: use "
				   "letters, digits, '_' and '-'");
	if (b->sensor_count == EP_BOARD_SENSORS_MAX)
		return ep_conf_err(section, "sensor", err, "more than 32");
	b->sensors[b->sensor_count++] = section;
	ops = ep_sensor_find(driver ? driver : section->title, &why);
	if (!ops)
		return ep_conf_err(section, "driver", err, why.text);
	return check_sensor_keys(section, ops, err);
}

int ep_board_check_match(const struct ep_conf *conf, struct ep_err *err)
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

/* Names as the kernel gives them below event_source/devices, each once. */
static int check_pmus(const struct ep_conf *conf, const char *list,
		      struct ep_err *err)
{
	for (const char *p = list;; p++) {
		size_t len = strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLM"
				       "NOPQRSTUVWXYZ0123456789_.-");

		if (len == 0 || (p[len] && p[len] != ','))
			return ep_conf_err(conf, "pmus", err,
					   "must be names such as "
					   "armv8_cortex_a76, separated by "
					   "commas without spaces");
		for (const char *q = list; q < p; q += strcspn(q, ",") + 1)
			if (strcspn(q, ",") == len && strncmp(p, q, len) == 0)
				return ep_conf_err(conf, "pmus", err,
						   "one name is given twice");
		p += len;
		if (!*p)
			return 0;
	}
}

int ep_board_take_counters(struct ep_board *b, const struct ep_conf *conf,
			   struct ep_err *err)
{
	const char *events = ep_conf_get(conf, "events");
	const char *pmus = ep_conf_get(conf, "pmus");
	int r = 0;

	if (!events && !pmus)
		return ep_conf_err(conf, "counters", err,
				   "give events, pmus or both");
	if (events && !events[0])
		return ep_conf_err(conf, "events", err, "must not be empty");
	if (pmus)
		r = check_pmus(conf, pmus, err);
	if (r == 0) {
		b->events = events ? events : "";
		b->pmus = pmus ? pmus : "";
	}
	return r;
}

/* All of how well it is known, or nothing. */
static int take_covariance(const struct ep_conf *conf,
			   struct ep_board_calibration *c, struct ep_err *err)
{
	const struct {
		const char *key;
		double *value;
		bool signed_value;
	} keys[] = {
		{ "u_gain", &c->u_gain, false },
		{ "u_offset_w", &c->u_offset_w, false },
		{ "residual_w", &c->residual_w, false },
		{ "covariance_w", &c->covariance_w, true },
		{ "from_w", &c->from_w, true },
		{ "to_w", &c->to_w, true },
	};
	size_t given = 0;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int r = ep_conf_get_f64(conf, keys[i].key, (double)NAN,
					keys[i].value, err);

		if (r == 0 && !keys[i].signed_value && *keys[i].value < 0)
			r = ep_conf_err(conf, keys[i].key, err,
					"must not be below 0");
		if (r < 0)
			return r;
		given += i < 4 && !isnan(*keys[i].value);
	}
	if (given != 0 && given != 4)
		return ep_conf_err(conf, "u_gain", err,
				   "give u_gain, u_offset_w, covariance_w and "
				   "residual_w together, or none of them");
	if (given &&
	    fabs(c->covariance_w) > 1.000001 * c->u_gain * c->u_offset_w)
		return ep_conf_err(conf, "covariance_w", err,
				   "cannot be beyond u_gain times u_offset_w");
	if (c->from_w >= c->to_w || isnan(c->from_w) != isnan(c->to_w))
		return ep_conf_err(conf, "to_w", err, "must be above from_w");
	return 0;
}

int ep_board_take_calibration(struct ep_board *b, const struct ep_conf *conf,
			      struct ep_err *err)
{
	static const char *const texts[] = { "target", "source", "caveat" };
	struct ep_board_calibration *c = &b->calibrations[b->calibration_count];
	int r;

	if (b->calibration_count == CALIBRATIONS_MAX)
		return ep_conf_err(conf, "calibration", err, "more than 8");
	if (!is_plain_id(conf->title))
		return ep_conf_err(conf, "calibration", err,
				   "its title is asked for with --calibration: "
				   "use letters, digits, '_' and '-'");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!ep_board_text(conf, texts[i])[0])
			return ep_conf_err(conf, texts[i], err,
					   "must not be empty");
	r = ep_conf_get_f64(conf, "gain", 0, &c->gain, err);
	if (r == 0 && (c->gain <= 0 || c->gain > 1000))
		r = ep_conf_err(conf, "gain", err,
				"must be above 0 and at most 1000");
	if (r == 0)
		r = ep_conf_get_f64(conf, "offset_w", 0, &c->offset_w, err);
	if (r == 0 && (c->offset_w < -10000 || c->offset_w > 10000))
		r = ep_conf_err(conf, "offset_w", err,
				"must be from -10000 to 10000");
	if (r == 0)
		r = take_covariance(conf, c, err);
	if (r < 0)
		return r;
	c->name = conf->title;
	c->target = ep_board_text(conf, "target");
	c->source = ep_board_text(conf, "source");
	c->caveat = ep_board_text(conf, "caveat");
	b->calibration_count++;
	return 0;
}

int ep_board_take_battery(struct ep_board *b, const struct ep_conf *conf,
			  struct ep_err *err)
{
	const char *text = ep_conf_get(conf, "battery");
	char number[40];
	double wh;

	if (!text)
		return 0;
	if (!ep_str_ends(text, "Wh") ||
	    !ep_str_format(number, sizeof(number), "%.*s",
			   (int)strlen(text) - 2, text) ||
	    ep_num_parse_f64(number, &wh) < 0)
		return ep_conf_err(conf, "battery", err,
				   "must be an energy such as 18.84Wh");
	if (wh <= 0 || wh > 1000000)
		return ep_conf_err(conf, "battery", err,
				   "must be above 0Wh and at most 1000000Wh");
	b->battery_wh = wh;
	return 0;
}
