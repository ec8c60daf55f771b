/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ina_chips.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* Numbers from the data sheets and the kernel's ina2xx, ina238, ina3221. */
#define CONVERSIONS_INA226                                 \
	{                                                  \
		140, 204, 332, 588, 1100, 2116, 4156, 8244 \
	}
#define CONVERSIONS_INA228                              \
	{                                               \
		50, 84, 150, 280, 540, 1052, 2074, 4170 \
	}
#define INA260_STEP_A 1.25e-3
#define INA228_CAL_SCALE 13107.2e6

const struct ep_inabus_chip ep_inabus_chips[] = {
	/* Reading 03 clears the flag, which is in 02: done once it was seen. */
	[EP_INA219] = { .kind = EP_INA219,
			.title = "INA219",
			.address_max = 0x4f,
			.reads = { { 0x00, 2 }, { 0x02, 2 }, { 0x01, 2 } },
			.clear = 0x03,
			.conversion_us = { 84, 148, 276, 532 },
			.settings = { 0x00 },
			.setting_count = 1,
			.rail_count = 1,
			.bus_step_uv = 4000,
			.shunt_step_v = 10e-6,
			.wire_shunt_ohm = 0.1 },
	[EP_INA226] = { .kind = EP_INA226,
			.title = "INA226",
			.address_max = 0x4f,
			.reads = { { 0x06, 2 },
				   { 0x00, 2 },
				   { 0x01, 2 },
				   { 0x02, 2 } },
			.conversion_us = CONVERSIONS_INA226,
			.settings = { 0x00 },
			.setting_count = 1,
			.rail_count = 1,
			.bus_step_uv = 1250,
			.shunt_step_v = 2.5e-6,
			.wire_shunt_ohm = 0.01 },
	[EP_INA228] = { .kind = EP_INA228,
			.title = "INA228",
			.address_max = 0x4f,
			.reads = { { 0x0b, 2 },
				   { 0x00, 2 },
				   { 0x01, 2 },
				   { 0x02, 2 },
				   { 0x04, 3 },
				   { 0x05, 3 },
				   { 0x09, 5 },
				   { 0x0a, 5 } },
			.conversion_us = CONVERSIONS_INA228,
			.settings = { 0x02, 0x01 },
			.setting_count = 2,
			.rail_count = 1,
			.bus_step_uv = 195,
			.shunt_step_v = 312.5e-9,
			.wire_shunt_ohm = 0.015 },
	[EP_INA238] = { .kind = EP_INA238,
			.title = "INA238",
			.address_max = 0x4f,
			.reads = { { 0x0b, 2 },
				   { 0x00, 2 },
				   { 0x01, 2 },
				   { 0x04, 2 },
				   { 0x05, 2 } },
			.conversion_us = CONVERSIONS_INA228,
			.settings = { 0x01 },
			.setting_count = 1,
			.rail_count = 1,
			.bus_step_uv = 3125,
			.shunt_step_v = 5e-6,
			.wire_shunt_ohm = 0.01 },
	[EP_INA260] = { .kind = EP_INA260,
			.title = "INA260",
			.address_max = 0x4f,
			.reads = { { 0x06, 2 },
				   { 0x00, 2 },
				   { 0x01, 2 },
				   { 0x02, 2 } },
			.conversion_us = CONVERSIONS_INA226,
			.settings = { 0x00 },
			.setting_count = 1,
			.rail_count = 1,
			.bus_step_uv = 1250,
			.amps_step_a = INA260_STEP_A,
			.wire_shunt_ohm = 0.002 },
	[EP_INA3221_RAW] = { .kind = EP_INA3221_RAW,
			     .title = "INA3221",
			     .address_max = 0x43,
			     .reads = { { 0x0f, 2 },
					{ 0x00, 2 },
					{ 0x01, 2 },
					{ 0x02, 2 },
					{ 0x03, 2 },
					{ 0x04, 2 },
					{ 0x05, 2 },
					{ 0x06, 2 } },
			     .conversion_us = CONVERSIONS_INA226,
			     .settings = { 0x00 },
			     .setting_count = 1,
			     .rail_count = 3,
			     .bus_step_uv = 8000,
			     .shunt_step_v = 40e-6,
			     .wire_shunt_ohm = 0.005 },
};

size_t ep_inabus_read_count(const struct ep_inabus_chip *chip)
{
	size_t n = 0;

	while (n < EP_INA_READS_MAX && chip->reads[n].len > 0)
		n++;
	return n;
}

/* The registers of a frame, right-aligned. */
struct registers {
	uint64_t value[EP_INA_READS_MAX];
};

static int take_frame(const struct ep_inabus_chip *chip, const uint8_t *bytes,
		      size_t len, struct registers *ret)
{
	size_t count = ep_inabus_read_count(chip), at = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t value = 0;

		if (at < len && bytes[at] != chip->reads[i].reg)
			return -EBADMSG;
		at++;
		for (size_t k = 0; k < chip->reads[i].len; k++, at++)
			value = value << 8 | (at < len ? bytes[at] : 0);
		ret->value[i] = value;
	}
	return at <= len ? (int)at : 0;
}

static int64_t signed_of(uint64_t value, unsigned bits)
{
	uint64_t sign = UINT64_C(1) << (bits - 1);

	return (int64_t)(value ^ sign) - (int64_t)sign;
}

/* A reading of the converter: its scale ends at +-end. */
static void put_amps(struct ep_inabus_values *v, size_t rail, int64_t raw,
		     int64_t end, double step_a)
{
	v->rails[rail].ua_over = raw >= end || raw <= -end;
	v->rails[rail].ua = v->rails[rail].ua_over
				    ? 0
				    : llround((double)raw * step_a * 1e6);
}

static void put_volts(struct ep_inabus_values *v, size_t rail, int64_t raw,
		      int64_t end, double step_v)
{
	v->rails[rail].uv_over = raw >= end || raw <= -end;
	v->rails[rail].uv = v->rails[rail].uv_over
				    ? 0
				    : llround((double)raw * step_v * 1e6);
}

static bool decode_ina219(const struct registers *r, double step_a,
			  struct ep_inabus_values *v)
{
	uint16_t config = (uint16_t)r->value[0];
	uint16_t bus = (uint16_t)r->value[1];

	/* Bit 15 is never read as 1, bit 14 is not used: no INA219, or a bus
	 * on which nobody drives the line. */
	if (config & 0xc000)
		return false;
	v->settings[0] = config;
	v->ready = bus & 2;
	put_volts(v, 0, bus >> 3, config & 0x2000 ? 8000 : 4000, 4e-3);
	put_amps(v, 0, signed_of(r->value[2], 16), 4000 << (config >> 11 & 3),
		 step_a);
	return true;
}

/* INA226 and INA260: bits 14 to 12 tell them apart. */
static bool decode_ina226(const struct registers *r, unsigned fixed,
			  double step_a, struct ep_inabus_values *v)
{
	uint16_t config = (uint16_t)r->value[1];

	if (config >> 12 != fixed)
		return false;
	v->settings[0] = config;
	v->ready = r->value[0] & 8;
	put_amps(v, 0, signed_of(r->value[2], 16), 0x7fff, step_a);
	put_volts(v, 0, (int64_t)r->value[3], 0x7fff, 1.25e-3);
	return true;
}

double ep_inabus_step_ua(uint16_t config, uint16_t calibration,
			 double shunt_ohm)
{
	return (calibration & 0x7fff) * 1e6 /
	       (INA228_CAL_SCALE * shunt_ohm * (config & 0x10 ? 4 : 1));
}

static bool decode_ina228(const struct registers *r, double shunt_ohm,
			  struct ep_inabus_values *v)
{
	uint16_t config = (uint16_t)r->value[1];
	double fine = config & 0x10 ? 0.25 : 1, step_ua;

	/* RST is never read as 1, bits 3 to 0 are not used. */
	if (config & 0x800f)
		return false;
	v->settings[0] = (uint16_t)r->value[3];
	v->settings[1] = (uint16_t)r->value[2];
	v->ready = r->value[0] & 2;
	put_amps(v, 0, signed_of(r->value[4] >> 4, 20), 0x7ffff,
		 312.5e-9 * fine / shunt_ohm);
	put_volts(v, 0, signed_of(r->value[5] >> 4, 20), 0x7ffff, 195.3125e-6);
	v->math_over = r->value[0] & 0x0200;
	v->wrapped = r->value[0] & 0x0c00;
	step_ua = ep_inabus_step_ua(config, v->settings[0], shunt_ohm);
	v->has_counts = step_ua > 0;
	v->energy_uj =
		llround((double)r->value[6] * EP_INA228_ENERGY_STEPS * step_ua);
	v->charge_uc = llround((double)signed_of(r->value[7], 40) * step_ua);
	return true;
}

static bool decode_ina238(const struct registers *r, double shunt_ohm,
			  struct ep_inabus_values *v)
{
	uint16_t config = (uint16_t)r->value[1];

	if (config & 0x800f)
		return false;
	v->settings[0] = (uint16_t)r->value[2];
	v->ready = r->value[0] & 2;
	put_amps(v, 0, signed_of(r->value[3], 16), 0x7fff,
		 (config & 0x10 ? 1.25e-6 : 5e-6) / shunt_ohm);
	put_volts(v, 0, signed_of(r->value[4], 16), 0x7fff, 3.125e-3);
	return true;
}

static bool decode_ina3221(const struct registers *r, const double *shunts_ohm,
			   struct ep_inabus_values *v)
{
	uint16_t config = (uint16_t)r->value[1];

	if (config & 0x8000)
		return false;
	v->settings[0] = config;
	v->ready = r->value[0] & 1;
	for (size_t i = 0; i < EP_INA_RAILS_MAX; i++) {
		put_amps(v, i, signed_of(r->value[2 + 2 * i] >> 3, 13), 4095,
			 40e-6 / shunts_ohm[i]);
		put_volts(v, i, signed_of(r->value[3 + 2 * i] >> 3, 13), 4095,
			  8e-3);
	}
	return true;
}

int ep_inabus_decode(const struct ep_inabus_chip *chip, const uint8_t *bytes,
		     size_t len, const double *shunts_ohm,
		     struct ep_inabus_values *ret)
{
	struct ep_inabus_values v;
	struct registers regs = { 0 };
	int used = take_frame(chip, bytes, len, &regs);
	bool good = false;

	if (used <= 0)
		return used;
	memset(&v, 0, sizeof(v));
	switch (chip->kind) {
	case EP_INA219:
		good = decode_ina219(&regs, 10e-6 / shunts_ohm[0], &v);
		break;
	case EP_INA226:
		good = decode_ina226(&regs, 4, 2.5e-6 / shunts_ohm[0], &v);
		break;
	case EP_INA260:
		good = decode_ina226(&regs, 6, INA260_STEP_A, &v);
		break;
	case EP_INA228:
		good = decode_ina228(&regs, shunts_ohm[0], &v);
		break;
	case EP_INA238:
		good = decode_ina238(&regs, shunts_ohm[0], &v);
		break;
	case EP_INA3221_RAW:
		good = decode_ina3221(&regs, shunts_ohm, &v);
		break;
	}
	if (!good)
		return -EBADMSG;
	*ret = v;
	return used;
}
