/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ina_parts.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

#define SHUNT_MIN_OHM 10e-6
#define SHUNT_MAX_OHM 10.0
#define PERIOD_MIN_NS (50 * EP_NS_PER_US)
#define PERIOD_MAX_NS EP_NS_PER_S
#define MAKER 0x5449
#define TRIES 3

static int take_shunt(const struct ep_conf *conf, const char *key,
		      double *ret_ohm, struct ep_err *err)
{
	double ohm;
	int r = ep_conf_get_f64(conf, key, 0, &ohm, err);

	if (r < 0)
		return r;
	if (!(ohm >= SHUNT_MIN_OHM && ohm <= SHUNT_MAX_OHM))
		return ep_conf_err(
			conf, key, err,
			"must be ohms from 0.00001 to 10, as printed "
			"on the resistor: R015 is 0.015");
	*ret_ohm = ohm;
	return 0;
}

static int take_shunts(const struct ep_inabus_chip *chip,
		       const struct ep_conf *conf, struct ep_inabus_keys *ret,
		       struct ep_err *err)
{
	static const char *const keys[EP_INA_RAILS_MAX] = { "shunt", "shunt2",
							    "shunt3" };
	int r = 0;

	if (chip->amps_step_a > 0)
		return 0;
	for (size_t i = 0;
	     r == 0 && i < chip->rail_count && i < EP_INA_RAILS_MAX; i++) {
		const char *text = ep_conf_get(conf, keys[i]);

		if (i > 0)
			ret->shunts_ohm[i] = ret->shunts_ohm[0];
		if (i == 0 || (text && text[0]))
			r = take_shunt(conf, keys[i], &ret->shunts_ohm[i], err);
	}
	return r;
}

/* The chip's own times, or an error that lists them. */
static int take_conversion(const struct ep_inabus_chip *chip,
			   const struct ep_conf *conf, const char *fallback,
			   struct ep_inabus_keys *ret, struct ep_err *err)
{
	const char *text = ep_conf_get(conf, "conversion");
	char list[160] = "must be one of";
	int64_t ns;
	int r;

	if (!text)
		text = fallback;
	r = ep_num_parse_duration_ns(text, &ns);
	for (size_t i = 0; i < 8 && chip->conversion_us[i] > 0; i++) {
		size_t len = strlen(list);

		if (r == 0 && ns == chip->conversion_us[i] * EP_NS_PER_US) {
			ret->conversion_code = (int)i;
			return 0;
		}
		(void)ep_str_format(list + len, sizeof(list) - len, " %dus",
				    (int)chip->conversion_us[i]);
	}
	return ep_conf_err(conf, "conversion", err, list);
}

static int take_average(const struct ep_inabus_chip *chip,
			const struct ep_conf *conf, int64_t fallback,
			struct ep_inabus_keys *ret, struct ep_err *err)
{
	static const int16_t usual[] = { 1, 4, 16, 64, 128, 256, 512, 1024 };
	static const int16_t ina219[] = { 1, 2, 4, 8, 16, 32, 64, 128 };
	bool old = chip->kind == EP_INA219;
	int64_t count;
	int r = ep_conf_get_i64(conf, "average", fallback, &count, err);

	if (r < 0)
		return r;
	for (int i = 0; i < 8; i++)
		if (count == (old ? ina219 : usual)[i]) {
			ret->average_code = i;
			if (old && i > 0 && ret->conversion_code != 3)
				return ep_conf_err(
					conf, "average", err,
					"an INA219 averages conversions of "
					"532us only");
			return 0;
		}
	return ep_conf_err(conf, "average", err,
			   old ? "must be one of 1 2 4 8 16 32 64 128"
			       : "must be one of 1 4 16 64 128 256 512 1024");
}

/* "13": the first and the third. */
static int take_rails(const struct ep_conf *conf, const char *key,
		      const char *fallback, bool *ret, struct ep_err *err)
{
	const char *text = ep_conf_get(conf, key);
	bool rails[EP_INA_RAILS_MAX] = { false };

	if (!text)
		text = fallback;
	for (; *text; text++) {
		if (*text < '1' || *text > '3' || rails[*text - '1'])
			return ep_conf_err(
				conf, key, err,
				"must be channels without a blank, "
				"such as 13 for the first and third");
		rails[*text - '1'] = true;
	}
	memcpy(ret, rails, sizeof(rails));
	return 0;
}

static int take_channels(const struct ep_conf *conf, struct ep_inabus_keys *ret,
			 struct ep_err *err)
{
	size_t count = 0;
	int r = take_rails(conf, "channels", "123", ret->rails, err);

	if (r == 0)
		r = take_rails(conf, "total", "", ret->totals, err);
	for (size_t i = 0; r == 0 && i < EP_INA_RAILS_MAX; i++) {
		count += ret->rails[i];
		if (ret->totals[i] && !ret->rails[i])
			return ep_conf_err(conf, "total", err,
					   "names a channel that 'channels' "
					   "leaves out");
	}
	if (r == 0 && count == 0)
		return ep_conf_err(conf, "channels", err, "names none");
	/* The only one there is. */
	for (size_t i = 0; r == 0 && count == 1 && i < EP_INA_RAILS_MAX; i++)
		ret->totals[i] = ret->rails[i];
	return r;
}

static int take_offset(const struct ep_conf *conf, const char *key, double *ret,
		       struct ep_err *err)
{
	const char *text = ep_conf_get(conf, key);
	double value = -1;
	int r = 0;

	if (text && text[0]) {
		r = ep_conf_get_f64(conf, key, 0, &value, err);
		if (r == 0 && !(value >= 0 && value <= 1000))
			return ep_conf_err(conf, key, err,
					   "must be from 0 to 1000");
	}
	if (r == 0)
		*ret = value;
	return r;
}

static int take_rest(const struct ep_conf *conf, struct ep_inabus_keys *ret,
		     struct ep_err *err)
{
	const char *period = ep_conf_get(conf, "period");
	const char *gain = ep_conf_get(conf, "gain_percent");
	double percent = 0;
	int r = ep_conf_get_bool(conf, "set", true, &ret->set, err);

	if (r == 0 && period && period[0])
		r = ep_conf_get_duration_ns(conf, "period", 0, &ret->period_ns,
					    err);
	if (r == 0 && period && period[0] &&
	    (ret->period_ns < PERIOD_MIN_NS || ret->period_ns > PERIOD_MAX_NS))
		return ep_conf_err(conf, "period", err,
				   "must be from 50us to 1s");
	if (r == 0 && gain && gain[0])
		r = ep_conf_get_f64(conf, "gain_percent", 0, &percent, err);
	if (r == 0 && !(percent >= 0 && percent <= 100))
		return ep_conf_err(conf, "gain_percent", err,
				   "must be from 0 to 100");
	if (r == 0)
		ret->gain_ppm = llround(percent * 1e4);
	if (r == 0)
		r = take_offset(conf, "shunt_offset_uv", &ret->shunt_offset_uv,
				err);
	if (r == 0)
		r = take_offset(conf, "bus_offset_mv", &ret->bus_offset_mv,
				err);
	return r;
}

int ep_inabus_take_keys(const struct ep_inabus_chip *chip,
			const struct ep_conf *conf, struct ep_inabus_keys *ret,
			struct ep_err *err)
{
	const char *device = ep_conf_get(conf, "device");
	const char *model = ep_conf_get(conf, "model");
	bool is_3221 = chip->kind == EP_INA3221_RAW;
	bool is_219 = chip->kind == EP_INA219;
	bool is_228 = chip->kind == EP_INA228 || chip->kind == EP_INA238;
	struct ep_inabus_keys keys = { .rails = { true }, .totals = { true } };
	int r;

	if (!device || ep_i2c_parse(device, &keys.place) < 0 ||
	    keys.place.address < 0x40 || keys.place.address > chip->address_max)
		return ep_conf_err(conf, "device", err,
				   is_3221 ? "must be bus and address, from "
					     "i2c-1:0x40 to i2c-1:0x43"
					   : "must be bus and address, from "
					     "i2c-1:0x40 to i2c-1:0x4f");
	keys.model = model ? model : "";
	r = take_shunts(chip, conf, &keys, err);
	if (r == 0)
		r = take_conversion(chip, conf,
				    is_219   ? "532us"
				    : is_228 ? "1052us"
					     : "1100us",
				    &keys, err);
	if (r == 0)
		r = take_average(chip, conf, is_3221 ? 1 : 4, &keys, err);
	if (r == 0 && is_3221)
		r = take_channels(conf, &keys, err);
	if (r == 0)
		r = take_rest(conf, &keys, err);
	if (r == 0)
		*ret = keys;
	return r;
}

/* Another device may answer for a moment while the bus settles. */
static int read_word(struct ep_i2c *i2c, uint8_t reg, uint16_t *ret)
{
	int r = -EIO;

	for (int i = 0; r < 0 && i < TRIES; i++)
		r = ep_i2c_read_word(i2c, reg, ret);
	return r;
}

/* Who says it is what, by its identity registers; NULL: none of them. */
static const char *name_by(uint16_t low_maker, uint16_t low_die,
			   uint16_t high_maker, uint16_t high_die)
{
	if (high_maker == MAKER && high_die == 0x2260)
		return "INA226";
	if (high_maker == MAKER && high_die == 0x2270)
		return "INA260";
	if (high_maker == MAKER && high_die == 0x3220)
		return "INA3221";
	if (low_maker == MAKER && (low_die & 0xfff0) == 0x2280)
		return "INA228";
	if (low_maker == MAKER && (low_die & 0xfff0) == 0x2380)
		return "INA238";
	/* The kernel says that it has no device number. */
	if (low_maker == MAKER)
		return "INA237";
	return NULL;
}

static bool is_right(const struct ep_inabus_chip *chip,
		     const struct ep_inabus_keys *keys, const char *found,
		     uint16_t config)
{
	bool is_sibling = strcmp(keys->model, "ina230") == 0 ||
			  strcmp(keys->model, "ina231") == 0;

	/* Those have no identity registers, but fixed bits. */
	if (!found && chip->kind == EP_INA219)
		return (config & 0xc000) == 0;
	if (!found)
		return is_sibling && config >> 12 == 4;
	if (strcmp(found, "INA237") == 0)
		return strcmp(keys->model, "ina237") == 0;
	return strcmp(found, chip->title) == 0;
}

static int refuse(const struct ep_i2c *i2c, int code, struct ep_err *err)
{
	return ep_err_set(err, code, "i2c-%d:0x%02x: %s", i2c->place.bus,
			  (unsigned)i2c->place.address, ep_i2c_reason(code));
}

int ep_inabus_identify(const struct ep_inabus_chip *chip,
		       const struct ep_inabus_keys *keys, struct ep_i2c *i2c,
		       struct ep_sensor_notes *notes, struct ep_err *err)
{
	uint16_t config = 0, low[2] = { 0 }, high[2] = { 0 };
	const char *found;
	int r = read_word(i2c, 0x00, &config);

	/* A chip may refuse registers that it does not have. */
	if (r == 0 && (read_word(i2c, 0x3e, &low[0]) < 0 ||
		       read_word(i2c, 0x3f, &low[1]) < 0))
		low[0] = 0;
	if (r == 0 && (read_word(i2c, 0xfe, &high[0]) < 0 ||
		       read_word(i2c, 0xff, &high[1]) < 0))
		high[0] = 0;
	if (r < 0)
		return refuse(i2c, r, err);
	found = name_by(low[0], low[1], high[0], high[1]);
	if (!is_right(chip, keys, found, config))
		return ep_err_set(
			err, -EBADMSG,
			"i2c-%d:0x%02x is not an %s: %s%s (registers 0x3e, "
			"0x3f: 0x%04x 0x%04x; 0xfe, 0xff: 0x%04x 0x%04x; "
			"0x00: 0x%04x)",
			i2c->place.bus, (unsigned)i2c->place.address,
			chip->title, found ? "it says that it is an " : "",
			found ? found : "its identity is not that of one",
			low[0], low[1], high[0], high[1], config);
	for (size_t i = 0; r == 0 && i < ep_inabus_read_count(chip); i++)
		if (chip->reads[i].len > 2)
			r = ep_i2c_check_blocks(i2c, 0x3e, MAKER);
	if (r < 0)
		return refuse(i2c, r, err);
	if (notes && !found)
		ep_sensor_note(notes,
			       "it has no identity registers: that it is this "
			       "kind of chip cannot be checked");
	return 0;
}
