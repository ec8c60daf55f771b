/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ina_parts.h"

#include <errno.h>
#include <string.h>

/*
 * Maxima of the data sheets' electrical characteristics, at 25 degrees: of the
 * voltage over the shunt and of that at the bus, referred to the input.
 * UNKNOWN: nobody has read it there; a figure made up would be worse than none.
 */
#define UNKNOWN (-1.0)

static const struct row {
	enum ep_inabus_kind kind;
	const char *model;
	double shunt_uv, bus_mv;
} rows[] = {
	{ EP_INA226, "", 10, 7.5 },	      /* SBOS547B */
	{ EP_INA226, "ina230", 50, 30 },      /* SBOS601, later ones less */
	{ EP_INA226, "ina231", 50, UNKNOWN }, /* SBOS644 */
	{ EP_INA228, "", 1, UNKNOWN },	      /* SLYS022A, see below */
	{ EP_INA238, "", 5, 5 },	      /* SLYS026A */
	{ EP_INA238, "ina237", 50, UNKNOWN }, /* SBOSA27A */
	{ EP_INA260, "", 10, UNKNOWN },	      /* SBOS656C: 5 mA in 2 mOhm */
	{ EP_INA3221_RAW, "", 80, 16 },	      /* SBOS576A */
};

/* Conversions that the INA228's figure holds for take over 280 us. */
#define INA228_LONG_CODE 4

static struct row find(const struct ep_sensor *s)
{
	/* SBOS448G: of grade A by gain, /1 to /8.  What the bus errs by is all
	 * in its percent. */
	static const double ina219_uv[] = { 100, 125, 150, 200 };
	struct row row = { s->chip->kind, "", UNKNOWN, UNKNOWN };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].kind == s->chip->kind &&
		    (!rows[i].model[0] ||
		     strcmp(rows[i].model, s->keys.model) == 0))
			row = rows[i];
	if (s->chip->kind == EP_INA219) {
		row.shunt_uv = ina219_uv[s->settings[0] >> 11 & 3];
		row.bus_mv = 0;
	}
	if (s->chip->kind == EP_INA228 &&
	    (s->settings[1] >> 6 & 7) < INA228_LONG_CODE)
		row.shunt_uv = UNKNOWN;
	return row;
}

int ep_inabus_find_offsets(struct ep_sensor *s, struct ep_err *err)
{
	struct ep_inabus_keys *keys = &s->keys;
	struct row row = find(s);

	if (keys->gain_ppm == 0)
		return 0;
	if (keys->shunt_offset_uv < 0)
		keys->shunt_offset_uv = row.shunt_uv;
	if (keys->bus_offset_mv < 0)
		keys->bus_offset_mv = row.bus_mv;
	if (keys->shunt_offset_uv >= 0 && keys->bus_offset_mv >= 0)
		return 0;
	return ep_err_set(err, -EINVAL,
			  "i2c-%d:0x%02x: gain_percent is not all of the %s's "
			  "accuracy, and edgeprof does not know its offset: "
			  "give %s= too, from the data sheet",
			  keys->place.bus, (unsigned)keys->place.address,
			  s->chip->title,
			  keys->shunt_offset_uv < 0 ? "shunt_offset_uv"
						    : "bus_offset_mv");
}
