/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ina_parts.h"

#include <string.h>

#include "base/clock.h"

/* Reset value of the INA228's: what it accumulates has then the range and
 * resolution of the converter, whatever the shunt. */
#define INA228_CALIBRATION 4096

static const int16_t averages[] = { 1, 4, 16, 64, 128, 256, 512, 1024 };

/* 0xxx one conversion of 9 to 12 bits, 1xxx 2^xxx of 12 bits. */
static int64_t ina219_ns(const struct ep_inabus_chip *chip, unsigned code)
{
	if (code & 8)
		return ((int64_t)chip->conversion_us[3] << (code & 7)) *
		       EP_NS_PER_US;
	return chip->conversion_us[code & 3] * EP_NS_PER_US;
}

static int64_t conversion_ns(const struct ep_inabus_chip *chip, unsigned code)
{
	return chip->conversion_us[code & 7] * EP_NS_PER_US;
}

bool ep_inabus_is_rail_on(const struct ep_inabus_chip *chip,
			  const uint16_t *settings, size_t rail)
{
	return chip->kind != EP_INA3221_RAW || settings[0] >> (14 - rail) & 1;
}

static int64_t ina228_cycle_ns(const struct ep_inabus_chip *chip, unsigned adc)
{
	int64_t ns =
		conversion_ns(chip, adc >> 9) + conversion_ns(chip, adc >> 6);

	/* Continuous, shunt, bus: 1011; 1111 with the temperature. */
	if ((adc >> 12 & 11) != 11)
		return 0;
	if (adc & 0x4000)
		ns += conversion_ns(chip, adc >> 3);
	return ns * averages[adc & 7];
}

int64_t ep_inabus_cycle_ns(const struct ep_inabus_chip *chip,
			   const uint16_t *settings)
{
	unsigned config = settings[0];
	int64_t ns;

	if (chip->kind == EP_INA228)
		return ina228_cycle_ns(chip, settings[1]);
	if (chip->kind == EP_INA238)
		return ina228_cycle_ns(chip, config);
	if ((config & 7) != 7)
		return 0;
	if (chip->kind == EP_INA219)
		return ina219_ns(chip, config >> 7) +
		       ina219_ns(chip, config >> 3);
	ns = (conversion_ns(chip, config >> 6) +
	      conversion_ns(chip, config >> 3)) *
	     averages[config >> 9 & 7];
	if (chip->kind == EP_INA3221_RAW)
		ns *= (config >> 14 & 1) + (config >> 13 & 1) +
		      (config >> 12 & 1);
	return ns;
}

void ep_inabus_want(const struct ep_inabus_chip *chip,
		    const struct ep_inabus_keys *keys, uint16_t *settings)
{
	unsigned ct = (unsigned)keys->conversion_code;
	unsigned avg = (unsigned)keys->average_code;
	unsigned config = settings[0];

	switch (chip->kind) {
	case EP_INA219:
		/* avg counts powers of two here. */
		ct = avg > 0 ? 8 | avg : ct;
		config = (config & 0x3800) | ct << 7 | ct << 3 | 7;
		break;
	case EP_INA226:
	case EP_INA260:
		config = (config & 0x7000) | avg << 9 | ct << 6 | ct << 3 | 7;
		break;
	case EP_INA3221_RAW:
		config = avg << 9 | ct << 6 | ct << 3 | 7;
		for (unsigned i = 0; i < EP_INA_RAILS_MAX; i++)
			config |= keys->rails[i] ? 1u << (14 - i) : 0;
		break;
	case EP_INA228:
		settings[1] = (uint16_t)(0xb000 | ct << 9 | ct << 6 |
					 (settings[1] & 0x38) | avg);
		config = INA228_CALIBRATION;
		break;
	case EP_INA238:
		config = 0xb000 | ct << 9 | ct << 6 | (config & 0x38) | avg;
		break;
	}
	settings[0] = (uint16_t)config;
}

int ep_inabus_read_settings(const struct ep_inabus_chip *chip,
			    struct ep_i2c *i2c, uint16_t *ret)
{
	uint16_t got[EP_INA_SETTINGS_MAX] = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < chip->setting_count; i++)
		r = ep_i2c_read_word(i2c, chip->settings[i], &got[i]);
	if (r == 0)
		memcpy(ret, got, sizeof(got));
	return r;
}
