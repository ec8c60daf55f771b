/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_INA_PARTS_H
#define EP_SENSORS_INA_PARTS_H

#include "base/i2c.h"
#include "sensors/sensor.h"

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
	bool has_energy; /* false: calibration 0, it counts nothing */
	int64_t energy_uj;
};

size_t ep_inabus_read_count(const struct ep_inabus_chip *chip);
/*
 * A frame is what went over the bus: for each register its number and its
 * bytes.  Its length, 0 when more is needed, -EBADMSG; pure.
 */
int ep_inabus_decode(const struct ep_inabus_chip *chip, const uint8_t *bytes,
		     size_t len, const double *shunts_ohm,
		     struct ep_inabus_values *ret) EP_MUST_CHECK;
/* One joule-step of the INA228's accumulator; 0 with calibration 0. */
double ep_inabus_energy_step_uj(uint16_t config, uint16_t calibration,
				double shunt_ohm);

/* How the chip converts with these settings; 0: not, or not without end. */
int64_t ep_inabus_cycle_ns(const struct ep_inabus_chip *chip,
			   const uint16_t *settings);
bool ep_inabus_is_rail_on(const struct ep_inabus_chip *chip,
			  const uint16_t *settings, size_t rail);

struct ep_inabus_keys {
	struct ep_i2c_place place;
	const char *model;		     /* "" the chip itself */
	double shunts_ohm[EP_INA_RAILS_MAX]; /* by rail */
	int conversion_code, average_code;
	bool set;	   /* conversion and average */
	int64_t period_ns; /* 0: by the conversion */
	int64_t gain_ppm;
	bool rails[EP_INA_RAILS_MAX];  /* to read */
	bool totals[EP_INA_RAILS_MAX]; /* together the total */
};
int ep_inabus_take_keys(const struct ep_inabus_chip *chip,
			const struct ep_conf *conf, struct ep_inabus_keys *ret,
			struct ep_err *err) EP_MUST_CHECK;

/* settings[] as the keys want them, given those there are. */
void ep_inabus_want(const struct ep_inabus_chip *chip,
		    const struct ep_inabus_keys *keys, uint16_t *settings);
/* Is it the chip it should be?  notes may be NULL. */
int ep_inabus_identify(const struct ep_inabus_chip *chip,
		       const struct ep_inabus_keys *keys, struct ep_i2c *i2c,
		       struct ep_sensor_notes *notes,
		       struct ep_err *err) EP_MUST_CHECK;
int ep_inabus_read_settings(const struct ep_inabus_chip *chip,
			    struct ep_i2c *i2c, uint16_t *ret) EP_MUST_CHECK;

/* Voltage and current of each rail, energy, reset, and the powers. */
#define EP_INA_CHANNELS_MAX (3 * EP_INA_RAILS_MAX + 2)
struct ep_sensor {
	const struct ep_env *env;
	const struct ep_root *root;
	const struct ep_inabus_chip *chip;
	struct ep_inabus_keys keys;
	struct ep_i2c i2c;
	uint16_t settings[EP_INA_SETTINGS_MAX]; /* when it was opened */
	int64_t cycle_ns;
	struct ep_channel channels[EP_INA_CHANNELS_MAX];
	size_t channel_count;
	int16_t energy_index, reset_index; /* channels; -1 none */
	double energy_step_uj;
	bool lost; /* values are missing before the next */
	bool was_reset;
	int64_t fresh_ns; /* of the last new values */
	int64_t read_ns;  /* begin of the last read that succeeded */
	int64_t retry_ns; /* not opened again before */
};
void ep_inabus_make_channels(struct ep_sensor *s);

struct ep_inabus_open {
	const struct ep_inabus_chip *chip;
	const struct ep_env *env;
	const struct ep_conf *conf;
	struct ep_sensor_notes *notes;
};
int ep_inabus_open(const struct ep_inabus_open *open, struct ep_sensor **ret,
		   struct ep_err *err) EP_MUST_CHECK;
int ep_inabus_tell_settings(const struct ep_inabus_chip *chip,
			    const struct ep_env *env,
			    const struct ep_conf *conf,
			    const struct ep_setting_sink *sink,
			    struct ep_err *err) EP_MUST_CHECK;
int ep_inabus_read_values(struct ep_sensor *s,
			  struct ep_inabus_values *ret) EP_MUST_CHECK;
size_t ep_inabus_channels(const struct ep_sensor *sensor,
			  const struct ep_channel **ret);
int64_t ep_inabus_period_ns(const struct ep_sensor *s);
int ep_inabus_poll(struct ep_sensor *s, int64_t now_ns,
		   const struct ep_sink *sink);
void ep_inabus_close(struct ep_sensor *sensor);

#endif
