/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_INA_CHIPS_H
#define EP_SENSORS_INA_CHIPS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * TI's power monitors on an I2C bus without a kernel driver.  Current is
 * computed from the voltage over the shunt, so that a lost calibration cannot
 * make it 0; what the chip accumulates is scaled by the calibration that is
 * read beside it.
 */
#define EP_INA_RAILS_MAX 3
#define EP_INA_READS_MAX 8
#define EP_INA_FRAME_BYTES_MAX 48
#define EP_INA_SETTINGS_MAX 2

enum ep_inabus_kind {
	EP_INA219,
	EP_INA226,
	EP_INA228,
	EP_INA238,
	EP_INA260,
	EP_INA3221_RAW
};

struct ep_inabus_chip {
	enum ep_inabus_kind kind;
	const char *title; /* "INA228" */
	int address_max;
	/* What one poll reads, in this order: the flag that a conversion is
	 * done before the values, so that it holds for them. */
	struct {
		uint8_t reg, len;
	} reads[EP_INA_READS_MAX];
	uint8_t clear; /* reading it clears the flag; 0: the flag's read does */
	/* Times of one conversion, by code; 0 ends them early. */
	int32_t conversion_us[8];
	/* The registers that say how it converts (config, then another). */
	uint8_t settings[EP_INA_SETTINGS_MAX];
	size_t setting_count;
	size_t rail_count;
	int64_t bus_step_uv;
	double shunt_step_v;   /* 0: it has its own shunt */
	double amps_step_a;    /* of that */
	double wire_shunt_ohm; /* of decode(), which has no keys */
};
extern const struct ep_inabus_chip ep_inabus_chips[];

struct ep_inabus_values {
	bool ready; /* a conversion was done since the last read */
	uint16_t settings[EP_INA_SETTINGS_MAX]; /* as chip->settings */
	struct {
		int64_t uv, ua;
		bool uv_over, ua_over; /* beyond the range: no value */
	} rails[EP_INA_RAILS_MAX];
	bool has_counts; /* false: calibration 0, it counts nothing */
	bool math_over;	 /* its arithmetic was beyond its range */
	bool wrapped;	 /* a count went past its end since the last read */
	int64_t energy_uj, charge_uc;
};

size_t ep_inabus_read_count(const struct ep_inabus_chip *chip);
/*
 * A frame is what went over the bus: for each register its number and its
 * bytes.  Its length, 0 when more is needed, -EBADMSG; pure.
 */
int ep_inabus_decode(const struct ep_inabus_chip *chip, const uint8_t *bytes,
		     size_t len, const double *shunts_ohm,
		     struct ep_inabus_values *ret) EP_MUST_CHECK;
/* One step of the INA228's current, and so of its charge in a second; 0 with
 * calibration 0.  The energy's is as many times that. */
#define EP_INA228_ENERGY_STEPS (16 * 3.2)
double ep_inabus_step_ua(uint16_t config, uint16_t calibration,
			 double shunt_ohm);

/* How the chip converts with these settings; 0: not, or not without end. */
int64_t ep_inabus_cycle_ns(const struct ep_inabus_chip *chip,
			   const uint16_t *settings);
bool ep_inabus_is_rail_on(const struct ep_inabus_chip *chip,
			  const uint16_t *settings, size_t rail);

#endif
