/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/plug_parts.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

const struct ep_channel ep_plug_channels[EP_PLUG_FIELD_COUNT] = {
	[EP_PLUG_POWER] = { .name = "power", .quantity = EP_POWER_UW },
	[EP_PLUG_ENERGY] = { .name = "energy",
			     .quantity = EP_ENERGY_UJ,
			     .shape = EP_COUNTER },
	[EP_PLUG_VOLTAGE] = { .name = "voltage", .quantity = EP_VOLTAGE_UV },
	[EP_PLUG_CURRENT] = { .name = "current", .quantity = EP_CURRENT_UA },
	[EP_PLUG_FACTOR] = { .name = "power_factor", .quantity = EP_RATIO_PPM },
	[EP_PLUG_FREQUENCY] = { .name = "frequency", .quantity = EP_FREQ_HZ },
};

/* What a socket can carry: outside of it the device talks nonsense.  In the
 * device's units; the energy is bounded so that its micro-joules fit. */
static const struct {
	double min, max;
} limits[EP_PLUG_FIELD_COUNT] = {
	[EP_PLUG_POWER] = { 0, 1e5 },	[EP_PLUG_ENERGY] = { 0, 1e9 },
	[EP_PLUG_VOLTAGE] = { 0, 1e3 }, [EP_PLUG_CURRENT] = { 0, 1e3 },
	[EP_PLUG_FACTOR] = { 0, 1 },	[EP_PLUG_FREQUENCY] = { 1, 1e3 },
};

#define WATT_MINUTE_UJ 60e6
#define WATT_HOUR_UJ 3600e6
#define KILOWATT_HOUR_UJ 3600e9

/* A field of a reply: its key, and what one of it is in the channel's unit. */
struct field {
	const char *key;
	double scale;
};

static const struct field gen1_fields[EP_PLUG_FIELD_COUNT] = {
	[EP_PLUG_POWER] = { "power", 1e6 },
	[EP_PLUG_ENERGY] = { "total", WATT_MINUTE_UJ }, /* emeters: Wh */
	[EP_PLUG_VOLTAGE] = { "voltage", 1e6 },
	[EP_PLUG_CURRENT] = { "current", 1e6 },
	[EP_PLUG_FACTOR] = { "pf", 1e6 },
};

static const struct field gen2_fields[EP_PLUG_FIELD_COUNT] = {
	[EP_PLUG_POWER] = { "apower", 1e6 }, /* EM1: act_power */
	[EP_PLUG_ENERGY] = { "total", WATT_HOUR_UJ },
	[EP_PLUG_VOLTAGE] = { "voltage", 1e6 },
	[EP_PLUG_CURRENT] = { "current", 1e6 },
	[EP_PLUG_FACTOR] = { "pf", 1e6 },
	[EP_PLUG_FREQUENCY] = { "freq", 1 },
};

static const struct field tasmota_fields[EP_PLUG_FIELD_COUNT] = {
	[EP_PLUG_POWER] = { "Power", 1e6 },
	[EP_PLUG_ENERGY] = { "Total", KILOWATT_HOUR_UJ },
	[EP_PLUG_VOLTAGE] = { "Voltage", 1e6 },
	[EP_PLUG_CURRENT] = { "Current", 1e6 },
	[EP_PLUG_FACTOR] = { "Factor", 1e6 },
	[EP_PLUG_FREQUENCY] = { "Frequency", 1 },
};

/* A reply being taken apart. */
struct work {
	const char *body;
	size_t len;
	struct ep_plug_reading *ret;
};

/*
 * Digits behind the point of the key's first number, as they are printed:
 * these firmwares print a fixed count for each field.
 */
static int decimals_of(const struct work *w, const char *key)
{
	size_t n = strlen(key), i;
	const char *end = w->body + w->len, *at = w->body;
	int digits = 0;

	for (;;) {
		at = memchr(at, '"', (size_t)(end - at));
		if (!at)
			return 0;
		at++;
		i = (size_t)(end - at);
		if (i > n && memcmp(at, key, n) == 0 && at[n] == '"')
			break;
	}
	at += n + 1;
	while (at < end && strchr(" \t\r\n:[-0123456789", *at) && *at)
		at++;
	if (at == end || *at != '.')
		return 0;
	while (++at < end && *at >= '0' && *at <= '9' && digits < 9)
		digits++;
	return digits;
}

static void take(const struct work *w, enum ep_plug_field at,
		 const struct field *field, const json_t *value)
{
	struct ep_plug_value *v = &w->ret->fields[at];
	double number;

	if (!value || v->present)
		return;
	v->present = true;
	/* A number in quotes, null, "NaN": not measured. */
	if (!json_is_number(value))
		return;
	number = json_number_value(value);
	if (!(number >= limits[at].min && number <= limits[at].max))
		return;
	if (at == EP_PLUG_ENERGY &&
	    number * field->scale > limits[at].max * WATT_HOUR_UJ)
		return;
	v->value = llround(number * field->scale);
	v->step = llround(field->scale * pow(10, -decimals_of(w, field->key)));
	if (v->step < 1)
		v->step = 1;
	v->good = true;
}

/* Whatever the meter says of itself, it says that it does not hold. */
static void spoil(struct ep_plug_reading *r)
{
	for (int i = 0; i < EP_PLUG_FIELD_COUNT; i++)
		r->fields[i].good = false;
}

static int parse_gen1(const struct work *w, const json_t *root, size_t index)
{
	const json_t *list = json_object_get(root, "emeters"), *meter, *valid;
	bool plain = !list;

	if (plain)
		list = json_object_get(root, "meters");
	if (!json_is_array(list))
		return -EBADMSG;
	w->ret->kind = EP_PLUG_GEN1;
	w->ret->meters = json_array_size(list);
	meter = json_array_get(list, index);
	if (!json_is_object(meter))
		return -ENOENT;
	/* Relays without a meter tell a power that was typed in. */
	if (plain && !json_object_get(meter, "total"))
		return -ENOENT;
	for (int i = 0; i < EP_PLUG_FIELD_COUNT; i++) {
		struct field f = gen1_fields[i];

		if (i == EP_PLUG_ENERGY && !plain)
			f.scale = WATT_HOUR_UJ;
		if (f.key)
			take(w, (enum ep_plug_field)i, &f,
			     json_object_get(meter, f.key));
	}
	valid = json_object_get(meter, "is_valid");
	if (!json_is_true(valid))
		spoil(w->ret);
	return 0;
}

static int parse_gen2(const struct work *w, const json_t *root, size_t index)
{
	const json_t *id = json_object_get(root, "id");
	const json_t *energy = json_object_get(root, "aenergy");
	const json_t *active = json_object_get(root, "act_power");

	if (!active && !energy && !json_object_get(root, "apower"))
		return -EBADMSG;
	w->ret->kind = EP_PLUG_GEN2;
	w->ret->meters = 1;
	for (int i = 0; i < EP_PLUG_FIELD_COUNT; i++) {
		struct field f = gen2_fields[i];
		const json_t *from = root;

		if (i == EP_PLUG_POWER && active)
			f.key = "act_power";
		if (i == EP_PLUG_ENERGY)
			from = energy;
		take(w, (enum ep_plug_field)i, &f,
		     json_object_get(from, f.key));
	}
	/* Another meter's reply is none of ours. */
	if (!json_is_integer(id) || json_integer_value(id) != (json_int_t)index)
		spoil(w->ret);
	return 0;
}

static int parse_tasmota(const struct work *w, const json_t *root, size_t index)
{
	const json_t *all = json_object_get(root, "StatusSNS"), *energy;
	const json_t *power;

	if (!json_is_object(all))
		return -EBADMSG;
	w->ret->kind = EP_PLUG_TASMOTA;
	energy = json_object_get(all, "ENERGY");
	if (!json_is_object(energy))
		return -ENOENT;
	power = json_object_get(energy, "Power");
	w->ret->meters = json_is_array(power) ? json_array_size(power) : 1;
	if (index >= w->ret->meters)
		return -ENOENT;
	for (int i = 0; i < EP_PLUG_FIELD_COUNT; i++) {
		const struct field *f = &tasmota_fields[i];
		const json_t *v = json_object_get(energy, f->key);

		if (json_is_array(v))
			v = json_array_get(v, index);
		/* One count for several sockets is the sum of them. */
		else if (i == EP_PLUG_ENERGY && w->ret->meters > 1)
			v = NULL;
		take(w, (enum ep_plug_field)i, f, v);
	}
	return 0;
}

static json_t *load(const char *body, size_t len, bool *ret_cut)
{
	json_error_t error;
	json_t *root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);

	*ret_cut = !root &&
		   json_error_code(&error) == json_error_premature_end_of_input;
	return root;
}

int ep_plug_parse(const char *body, size_t len, size_t index,
		  struct ep_plug_reading *ret)
{
	static int (*const parsers[])(const struct work *, const json_t *,
				      size_t) = { parse_gen1, parse_gen2,
						  parse_tasmota };
	struct ep_plug_reading reading = { .meters = 0 };
	struct work w = { body, len, &reading };
	bool cut = false;
	json_t *root;
	int r = -EBADMSG;

	if (len == 0 || len > EP_HTTP_BODY_BYTES_MAX)
		return -EBADMSG;
	root = load(body, len, &cut);
	if (!root)
		return cut ? -ENODATA : -EBADMSG;
	for (size_t i = 0; r == -EBADMSG && i < EP_PLUG_KIND_COUNT; i++)
		r = parsers[i](&w, root, index);
	json_decref(root);
	/* Without its power a reading says nothing. */
	reading.fields[EP_PLUG_POWER].present = true;
	if (r == 0)
		*ret = reading;
	return r;
}

int ep_plug_identify(const char *body, size_t len, struct ep_plug_identity *ret)
{
	const json_t *gen, *locked;
	bool cut;
	json_t *root = load(body, len, &cut);
	int r = -EBADMSG;

	gen = json_object_get(root, "gen");
	locked = json_object_get(root, gen ? "auth_en" : "auth");
	if (gen ? json_is_integer(gen) && json_integer_value(gen) >= 2
		: json_is_string(json_object_get(root, "type")) &&
			    json_is_string(json_object_get(root, "mac"))) {
		ret->kind = gen ? EP_PLUG_GEN2 : EP_PLUG_GEN1;
		ret->locked = json_is_true(locked);
		r = 0;
	}
	json_decref(root);
	return r;
}

bool ep_plug_says_missing(const char *body, size_t len)
{
	bool cut;
	json_t *root = load(body, len, &cut);
	const json_t *code = json_object_get(root, "code");
	bool missing =
		json_is_integer(code) && json_integer_value(code) == -105;

	json_decref(root);
	return missing;
}
