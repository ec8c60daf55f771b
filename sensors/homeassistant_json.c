/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/homeassistant_parts.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "drivers/http.h"

/* Beyond this the number is nonsense: a house has less. */
#define WATTS_MAX 1e6
#define KWH_MAX 1e6

static const struct {
	const char *name;
	enum ep_home_field field;
	double scale; /* to uW, uJ */
} units[] = {
	{ "W", EP_HOME_POWER, 1e6 },	    { "kW", EP_HOME_POWER, 1e9 },
	{ "mW", EP_HOME_POWER, 1e3 },	    { "MW", EP_HOME_POWER, 1e12 },
	{ "Wh", EP_HOME_ENERGY, 3600e6 },   { "kWh", EP_HOME_ENERGY, 3600e9 },
	{ "MWh", EP_HOME_ENERGY, 3600e12 }, { "J", EP_HOME_ENERGY, 1e6 },
	{ "kJ", EP_HOME_ENERGY, 1e9 },	    { "MJ", EP_HOME_ENERGY, 1e12 },
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

bool ep_home_is_entity(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	size_t domain = strspn(text, letters);
	size_t object;

	if (domain == 0 || text[domain] != '.')
		return false;
	object = strspn(text + domain + 1, letters);
	return object > 0 && text[domain + 1 + object] == '\0' &&
	       strlen(text) < EP_HOME_ENTITY_BYTES;
}

/* Digits behind the point, as printed. */
static int decimals_of(const char *number)
{
	const char *point = strchr(number, '.');
	size_t digits = point ? strspn(point + 1, "0123456789") : 0;

	return digits > 9 ? 9 : (int)digits;
}

/* "unavailable", "unknown", "" and the like are no numbers. */
static void take_state(struct ep_home_reading *r, const char *state,
		       double scale)
{
	double number, max = r->field == EP_HOME_POWER ? WATTS_MAX * 1e6
						       : KWH_MAX * 3600e9;

	if (!ep_str_copy(r->state, sizeof(r->state), state) ||
	    ep_num_parse_f64(state, &number) < 0)
		return;
	number *= scale;
	if (!(fabs(number) <= max) ||
	    (r->field == EP_HOME_ENERGY && number < 0))
		return;
	r->value = llround(number);
	r->step = llround(scale * pow(10, -decimals_of(state)));
	if (r->step < 1)
		r->step = 1;
	r->good = true;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static int parse_root(const json_t *root, struct ep_home_reading *r)
{
	const json_t *attributes = json_object_get(root, "attributes");
	const char *state = json_string_value(json_object_get(root, "state"));
	const char *stamp = text_of(root, "last_reported");
	double scale = 0;

	if (!state || !json_is_object(attributes) ||
	    !ep_home_is_entity(text_of(root, "entity_id")))
		return -EBADMSG;
	(void)ep_str_copy(r->entity, sizeof(r->entity),
			  text_of(root, "entity_id"));
	(void)ep_str_copy(r->unit, sizeof(r->unit),
			  text_of(attributes, "unit_of_measurement"));
	(void)ep_str_copy(r->stamp, sizeof(r->stamp),
			  stamp[0] ? stamp : text_of(root, "last_updated"));
	r->field = EP_HOME_FIELD_COUNT;
	for (size_t i = 0; i < UNIT_COUNT; i++)
		if (strcmp(units[i].name, r->unit) == 0) {
			r->field = units[i].field;
			scale = units[i].scale;
		}
	if (r->field != EP_HOME_FIELD_COUNT)
		take_state(r, state, scale);
	else
		(void)ep_str_copy(r->state, sizeof(r->state), state);
	ep_str_printable(r->state);
	ep_str_printable(r->unit);
	return 0;
}

int ep_home_parse(const char *body, size_t len, struct ep_home_reading *ret)
{
	struct ep_home_reading reading = { .value = 0 };
	json_error_t error;
	json_t *root;
	int r;

	if (len == 0 || len > EP_HTTP_BODY_BYTES_MAX)
		return -EBADMSG;
	root = json_loadb(body, len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return json_error_code(&error) ==
				       json_error_premature_end_of_input
			       ? -ENODATA
			       : -EBADMSG;
	r = parse_root(root, &reading);
	json_decref(root);
	if (r == 0)
		*ret = reading;
	return r;
}
