/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ina_parts.h"

#include "sensors/table.h"

static void emit(const struct ep_sink *sink, int64_t t_ns, int channel,
		 int64_t value, bool over)
{
	struct ep_sample s = { .t_ns = t_ns,
			       .value = over ? 0 : value,
			       .channel = (uint16_t)channel,
			       .flags = over ? EP_SAMPLE_ERROR : 0 };

	sink->emit(sink->ctx, &s);
}

/* Frames of decode() are of a chip with the shunt of the table. */
static int decode_chip(const struct ep_inabus_chip *chip, const uint8_t *bytes,
		       size_t len, int64_t t_ns, const struct ep_sink *sink)
{
	double shunts_ohm[EP_INA_RAILS_MAX];
	struct ep_inabus_values v;
	int channel = 0, used;

	for (size_t i = 0; i < EP_INA_RAILS_MAX; i++)
		shunts_ohm[i] = chip->wire_shunt_ohm;
	used = ep_inabus_decode(chip, bytes, len, shunts_ohm, &v);
	if (used <= 0)
		return used;
	for (size_t i = 0; i < chip->rail_count; i++) {
		emit(sink, t_ns, channel++, v.rails[i].uv, v.rails[i].uv_over);
		emit(sink, t_ns, channel++, v.rails[i].ua, v.rails[i].ua_over);
	}
	emit(sink, t_ns, channel++, v.ready, false);
	if (chip->kind == EP_INA228) {
		emit(sink, t_ns, channel++, v.energy_uj, !v.has_counts);
		emit(sink, t_ns, channel++, v.charge_uc, !v.has_counts);
		emit(sink, t_ns, channel, v.wrapped, false);
	}
	return used;
}

static const struct ep_channel one_rail[] = {
	{ .name = "voltage", .quantity = EP_VOLTAGE_UV },
	{ .name = "current", .quantity = EP_CURRENT_UA },
	{ .name = "ready", .quantity = EP_COUNT },
	{ .name = "energy", .quantity = EP_ENERGY_UJ, .shape = EP_COUNTER },
	{ .name = "charge", .quantity = EP_CHARGE_UC, .shape = EP_COUNTER },
	{ .name = "wrapped", .quantity = EP_COUNT },
};

static const struct ep_channel three_rails[] = {
	{ .name = "ch1_volts", .quantity = EP_VOLTAGE_UV },
	{ .name = "ch1_amps", .quantity = EP_CURRENT_UA },
	{ .name = "ch2_volts", .quantity = EP_VOLTAGE_UV },
	{ .name = "ch2_amps", .quantity = EP_CURRENT_UA },
	{ .name = "ch3_volts", .quantity = EP_VOLTAGE_UV },
	{ .name = "ch3_amps", .quantity = EP_CURRENT_UA },
	{ .name = "ready", .quantity = EP_COUNT },
};

#define DEVICE                                                        \
	{                                                             \
		"device", NULL, "bus and address, such as i2c-1:0x40" \
	}
#define SHUNT                                                    \
	{                                                        \
		"shunt", NULL, "resistance of its shunt in ohms" \
	}
#define HOW(time, count)                                                   \
	{ "conversion", time, "time of one conversion" },                  \
		{ "average", count, "conversions averaged" },              \
		{ "set", "yes", "set both for the run; no: leave as is" }, \
		{ "period", "", "time between reads; half a conversion" }, \
		{ "gain_percent", "",                                      \
		  "accuracy limit of power: chip, shunt" },                \
		{ "shunt_offset_uv", "", "limit; of the data sheet" },     \
	{                                                                  \
		"bus_offset_mv", "", "limit; of the data sheet"            \
	}

static const struct ep_param ina219_params[] = {
	DEVICE, SHUNT, HOW("532us", "4"), { NULL, NULL, NULL }
};
static const struct ep_param ina226_params[] = {
	DEVICE,
	SHUNT,
	HOW("1100us", "4"),
	{ "model", "", "ina230 and ina231 have no identity registers" },
	{ NULL, NULL, NULL }
};
static const struct ep_param ina228_params[] = {
	DEVICE, SHUNT, HOW("1052us", "4"), { NULL, NULL, NULL }
};
static const struct ep_param ina238_params[] = {
	DEVICE,
	SHUNT,
	HOW("1052us", "4"),
	{ "model", "", "ina237 has no device number" },
	{ NULL, NULL, NULL }
};
static const struct ep_param ina260_params[] = { DEVICE,
						 HOW("1100us", "4"),
						 { NULL, NULL, NULL } };
static const struct ep_param ina3221_raw_params[] = {
	DEVICE,
	SHUNT,
	HOW("1100us", "1"),
	{ "shunt2", "", "of the second channel, where it differs" },
	{ "shunt3", "", "of the third" },
	{ "channels", "123", "those to measure" },
	{ "total", "", "channels that together are the total, such as 12" },
	{ NULL, NULL, NULL }
};

/* One chip of the family: what it does is its line of ep_inabus_chips[]. */
#define CHIP(lower, index, text, wires, wire_count)                           \
	static int lower##_check(const struct ep_conf *conf,                  \
				 struct ep_err *err)                          \
	{                                                                     \
		struct ep_inabus_keys keys;                                   \
                                                                              \
		return ep_inabus_take_keys(&ep_inabus_chips[index], conf,     \
					   &keys, err);                       \
	}                                                                     \
	static int lower##_settings(                                          \
		const struct ep_env *env, const struct ep_conf *conf,         \
		const struct ep_setting_sink *sink, struct ep_err *err)       \
	{                                                                     \
		return ep_inabus_tell_settings(&ep_inabus_chips[index], env,  \
					       conf, sink, err);              \
	}                                                                     \
	static int lower##_open(                                              \
		const struct ep_env *env, const struct ep_conf *conf,         \
		struct ep_sensor **ret, struct ep_sensor_notes *notes,        \
		struct ep_err *err)                                           \
	{                                                                     \
		struct ep_inabus_open open = { &ep_inabus_chips[index], env,  \
					       conf, notes };                 \
                                                                              \
		return ep_inabus_open(&open, ret, err);                       \
	}                                                                     \
	static int lower##_decode(const uint8_t *bytes, size_t len,           \
				  int64_t t_ns, const struct ep_sink *sink)   \
	{                                                                     \
		return decode_chip(&ep_inabus_chips[index], bytes, len, t_ns, \
				   sink);                                     \
	}                                                                     \
	const struct ep_sensor_ops ep_sensor_##lower = {                      \
		.name = #lower,                                               \
		.summary = (text),                                            \
		.params = lower##_params,                                     \
		.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL,               \
		.check = lower##_check,                                       \
		.settings = lower##_settings,                                 \
		.open = lower##_open,                                         \
		.channels = ep_inabus_channels,                               \
		.period_ns = ep_inabus_period_ns,                             \
		.poll = ep_inabus_poll,                                       \
		.close = ep_inabus_close,                                     \
		.decode = lower##_decode,                                     \
		.wire_channels = (wires),                                     \
		.wire_channel_count = (wire_count),                           \
	}

CHIP(ina219, EP_INA219, "INA219 power monitor on an I2C bus", one_rail, 3);
CHIP(ina226, EP_INA226, "INA226, INA230, INA231 power monitors on an I2C bus",
     one_rail, 3);
CHIP(ina228, EP_INA228, "INA228 power, energy and charge monitor on an I2C bus",
     one_rail, 6);
CHIP(ina238, EP_INA238, "INA237, INA238 power monitors on an I2C bus", one_rail,
     3);
CHIP(ina260, EP_INA260,
     "INA260 power monitor with its own shunt, on an I2C bus", one_rail, 3);
CHIP(ina3221_raw, EP_INA3221_RAW,
     "INA3221 on an I2C bus, without the kernel's driver", three_rails, 7);
