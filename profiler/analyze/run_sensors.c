/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/run_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/analyze/run.h"

/* The longest refresh or window a device may claim: one day. */
#define SPAN_NS_MAX (86400 * EP_NS_PER_S)
#define LIMIT_MAX INT64_C(1000000000000000)

struct word {
	const char *name;
	unsigned value;
};

static const struct word roles[] = {
	{ "none", EP_ROLE_NONE },
	{ "total", EP_ROLE_TOTAL },
	{ "part", EP_ROLE_PART },
	{ "aside", EP_ROLE_ASIDE },
	{ NULL, 0 },
};

static const struct word shapes[] = {
	{ "gauge", EP_GAUGE },
	{ "counter", EP_COUNTER },
	{ NULL, 0 },
};

static const struct word flag_words[] = {
	{ "estimated", EP_CHANNEL_ESTIMATED },
	{ "event", EP_CHANNEL_EVENT },
	{ "hardware", EP_CHANNEL_HARDWARE },
	{ "product", EP_CHANNEL_PRODUCT },
	{ "alarm", EP_CHANNEL_ALARM },
	{ "negotiated", EP_CHANNEL_NEGOTIATED },
	{ "check", EP_CHANNEL_CHECK },
	{ "signed", EP_CHANNEL_SIGNED },
	{ NULL, 0 },
};

static bool find_word(const struct word *words, const char *name, unsigned *ret)
{
	for (; words->name; words++) {
		if (strcmp(words->name, name) == 0) {
			*ret = words->value;
			return true;
		}
	}
	return false;
}

static int get_word(const struct ep_rj *r, const char *key,
		    const struct word *words, unsigned *ret)
{
	char text[32] = "";
	int code = ep_rj_text(r, key, text, sizeof(text));

	if (code < 0 || text[0] == '\0')
		return code;
	if (!find_word(words, text, ret))
		return ep_rj_bad(r, key, "is not a known word");
	return 0;
}

static int get_quantity(const struct ep_rj *r, enum ep_quantity *ret)
{
	char text[32] = "";
	int code = ep_rj_text(r, "quantity", text, sizeof(text));

	for (int q = 0; code == 0 && q < EP_QUANTITY_COUNT; q++) {
		if (strcmp(ep_quantity_unit((enum ep_quantity)q), text) == 0) {
			*ret = (enum ep_quantity)q;
			return 0;
		}
	}
	return code < 0 ? code : ep_rj_bad(r, "quantity", "is not a unit");
}

/* Flags of later versions are ignored. */
static int get_flags(const struct ep_rj *r, unsigned *ret)
{
	const json_t *array;
	int code = ep_rj_array(r, "flags", 32, &array);

	for (size_t i = 0; array && i < json_array_size(array); i++) {
		const json_t *v = json_array_get(array, i);
		unsigned flag = 0;

		if (!json_is_string(v))
			return ep_rj_bad(r, "flags", "holds more than text");
		if (find_word(flag_words, json_string_value(v), &flag))
			*ret |= flag;
	}
	return code;
}

/* u64 does not fit a JSON integer, so it is text. */
static int get_wrap(const struct ep_rj *r, uint64_t *ret)
{
	char text[32] = "0";
	int code = ep_rj_text(r, "wrap", text, sizeof(text));

	if (code == 0 && ep_num_parse_u64(text, ret) < 0)
		code = ep_rj_bad(r, "wrap", "is not an unsigned number");
	return code;
}

/* Absent: no bound. */
static int get_bound(const struct ep_rj *r, const char *key, unsigned flag,
		     struct ep_channel *c, int64_t *ret)
{
	const struct ep_rj_range limit = { -LIMIT_MAX, LIMIT_MAX };

	const json_t *bound = json_object_get(r->object, key);

	if (!bound || json_is_null(bound))
		return 0;
	c->flags |= flag;
	return ep_rj_i64(r, key, limit, ret);
}

static int get_limits(const struct ep_rj *r, struct ep_channel *c)
{
	const struct ep_rj_range span = { 0, SPAN_NS_MAX };
	const struct ep_rj_range limit = { 0, LIMIT_MAX };
	int code = ep_rj_i64(r, "refresh_ns", span, &c->refresh_ns);

	if (code == 0)
		code = ep_rj_i64(r, "window_ns", span, &c->window_ns);
	if (code == 0)
		code = ep_rj_i64(r, "gain_ppm", limit, &c->gain_ppm);
	if (code == 0)
		code = ep_rj_i64(r, "offset", limit, &c->offset);
	if (code == 0)
		code = ep_rj_i64(r, "resolution", limit, &c->resolution);
	if (code == 0)
		code = ep_rj_i64(r, "min_window_ns", span, &c->min_window_ns);
	if (code == 0)
		code = get_bound(r, "low", EP_CHANNEL_LOW, c, &c->low);
	if (code == 0)
		code = get_bound(r, "high", EP_CHANNEL_HIGH, c, &c->high);
	return code;
}

static int parse_channel(const struct ep_rj *r, struct ep_channel *c)
{
	unsigned shape = EP_GAUGE, role = EP_ROLE_NONE;
	int code = ep_rj_text(r, "name", c->name, sizeof(c->name));

	if (code == 0 && !ep_rj_channel_name(c->name))
		code = ep_rj_bad(r, "name", "is not a channel name");
	if (code == 0)
		code = get_quantity(r, &c->quantity);
	if (code == 0)
		code = get_word(r, "shape", shapes, &shape);
	if (code == 0)
		code = get_word(r, "role", roles, &role);
	if (code == 0)
		code = get_flags(r, &c->flags);
	if (code == 0)
		code = get_wrap(r, &c->wrap);
	if (code == 0)
		code = get_limits(r, c);
	c->shape = (enum ep_shape)shape;
	c->role = (enum ep_role)role;
	c->volts_index = c->amps_index = -1;
	return code;
}

static int find_factor(const struct ep_rj *r, const struct ep_run_sensor *s,
		       const char *key, int16_t *ret)
{
	char text[EP_CHANNEL_NAME_BYTES] = "";
	int code = ep_rj_text(r, key, text, sizeof(text));

	for (size_t i = 0; code == 0 && i < s->channel_count; i++) {
		if (strcmp(s->channels[i].name, text) == 0 &&
		    !(s->channels[i].flags & EP_CHANNEL_PRODUCT) &&
		    s->channels[i].shape == EP_GAUGE) {
			*ret = (int16_t)i;
			return 0;
		}
	}
	return code < 0 ? code
			: ep_rj_bad(r, key,
				    "does not name a gauge of this sensor");
}

static int link_products(const struct ep_rj *r, const json_t *array,
			 struct ep_run_sensor *s)
{
	for (size_t i = 0; i < s->channel_count; i++) {
		struct ep_channel *c = &s->channels[i];
		struct ep_rj e;
		int code;

		if (!(c->flags & EP_CHANNEL_PRODUCT))
			continue;
		code = ep_rj_element(r, array, "channels", i, &e);
		if (code == 0)
			code = find_factor(&e, s, "volts", &c->volts_index);
		if (code == 0)
			code = find_factor(&e, s, "amps", &c->amps_index);
		if (code == 0 &&
		    (c->quantity != EP_POWER_UW || c->shape != EP_GAUGE))
			code = ep_rj_bad(&e, "flags",
					 "says product of what is no power");
		if (code < 0)
			return code;
	}
	return 0;
}

static int check_unique(const struct ep_rj *r, const struct ep_run_sensor *s)
{
	for (size_t i = 0; i < s->channel_count; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(s->channels[i].name, s->channels[j].name) ==
			    0)
				return ep_rj_bad(r, "channels",
						 "names one channel twice");
	return 0;
}

static int parse_channels(const struct ep_rj *r, struct ep_run_sensor *s)
{
	const json_t *array;
	int code = ep_rj_array(r, "channels", EP_CHANNELS_MAX, &array);
	size_t count = array ? json_array_size(array) : 0;

	if (code < 0 || count == 0)
		return code;
	s->channels = calloc(count, sizeof(*s->channels));
	if (!s->channels)
		return ep_err_set(r->err, -ENOMEM, "out of memory");
	s->channel_count = count;
	for (size_t i = 0; i < count && code == 0; i++) {
		struct ep_rj e;

		code = ep_rj_element(r, array, "channels", i, &e);
		if (code == 0)
			code = parse_channel(&e, &s->channels[i]);
	}
	if (code == 0)
		code = link_products(r, array, s);
	return code == 0 ? check_unique(r, s) : code;
}

/* "sensors/<id>.csv" and nothing else: no path can leave the folder. */
static int check_file(const struct ep_rj *r, const struct ep_run_sensor *s)
{
	char text[128] = "", want[128];
	int code = ep_rj_text(r, "file", text, sizeof(text));

	(void)ep_str_format(want, sizeof(want), "sensors/%s.csv", s->id);
	if (code == 0 && text[0] && strcmp(text, want) != 0)
		code = ep_rj_bad(r, "file", "is not sensors/ID.csv");
	return code;
}

static int parse_sensor(const struct ep_rj *r, struct ep_run_sensor *s)
{
	char status[16] = "ok", scope[16] = "";
	int code = ep_rj_text(r, "id", s->id, sizeof(s->id));

	if (code == 0 && !ep_rj_plain_name(s->id))
		code = ep_rj_bad(r, "id", "is not a plain file name");
	if (code == 0)
		code = ep_rj_text(r, "driver", s->driver, sizeof(s->driver));
	if (code == 0)
		code = ep_rj_text(r, "status", status, sizeof(status));
	if (code == 0 && strcmp(status, "ok") != 0 &&
	    strcmp(status, "failed") != 0)
		code = ep_rj_bad(r, "status", "is neither ok nor failed");
	s->failed = strcmp(status, "failed") == 0;
	if (code == 0)
		code = ep_rj_text(r, "reason", s->reason, sizeof(s->reason));
	if (code == 0)
		code = ep_rj_bool(r, "absent", &s->absent);
	if (code == 0)
		code = ep_rj_bool(r, "target", &s->target);
	if (code == 0)
		code = ep_rj_text(r, "scope", scope, sizeof(scope));
	s->client = strcmp(scope, "client") == 0;
	if (code == 0 && !s->failed)
		code = check_file(r, s);
	if (code == 0)
		code = parse_channels(r, s);
	return code;
}

int ep_run_parse_sensors(const struct ep_rj *root, struct ep_run *run)
{
	const json_t *array;
	int code = ep_rj_array(root, "sensors", EP_RUN_SENSORS_MAX, &array);
	size_t count = array ? json_array_size(array) : 0;

	if (code < 0 || count == 0)
		return code;
	run->sensors = calloc(count, sizeof(*run->sensors));
	if (!run->sensors)
		return ep_err_set(root->err, -ENOMEM, "out of memory");
	run->sensor_count = count;
	for (size_t i = 0; i < count && code == 0; i++) {
		struct ep_rj e;

		code = ep_rj_element(root, array, "sensors", i, &e);
		if (code == 0)
			code = parse_sensor(&e, &run->sensors[i]);
		for (size_t j = 0; code == 0 && j < i; j++)
			if (strcmp(run->sensors[i].id, run->sensors[j].id) == 0)
				code = ep_rj_bad(&e, "id", "is used twice");
	}
	return code;
}
