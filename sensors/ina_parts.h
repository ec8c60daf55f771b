/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_INA_PARTS_H
#define EP_SENSORS_INA_PARTS_H

#include "base/i2c.h"
#include "sensors/ina_chips.h"
#include "sensors/sensor.h"

struct ep_inabus_keys {
	struct ep_i2c_place place;
	const char *model;		     /* "" the chip itself */
	double shunts_ohm[EP_INA_RAILS_MAX]; /* by rail */
	int conversion_code, average_code;
	bool set;	   /* conversion and average */
	int64_t period_ns; /* 0: by the conversion */
	int64_t gain_ppm;
	double shunt_offset_uv, bus_offset_mv; /* limits; -1 unknown */
	bool rails[EP_INA_RAILS_MAX];	       /* to read */
	bool totals[EP_INA_RAILS_MAX];	       /* together the total */
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
/* Beside gain_percent, what the keys do not tell of them; -EINVAL where one stays
 * unknown: a gain alone is no accuracy. */
int ep_inabus_find_offsets(struct ep_sensor *s,
			   struct ep_err *err) EP_MUST_CHECK;
int ep_inabus_read_settings(const struct ep_inabus_chip *chip,
			    struct ep_i2c *i2c, uint16_t *ret) EP_MUST_CHECK;

/* Voltage, current and power of each rail, two counts, three flags. */
#define EP_INA_CHANNELS_MAX (3 * EP_INA_RAILS_MAX + 5)
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
	/* Channels; -1 none.  Charge, wrapped, count_lost follow the energy's. */
	int16_t energy_index, reset_index;
	double step_ua;
	bool lost; /* values are missing before the next */
	bool was_reset;
	bool counts_lost;	 /* not what was counted since the run began */
	int64_t energy_uj;	 /* the last, -1 none */
	int64_t energy_turns_uj; /* what its wraps add to it */
	int64_t charge_uc;	 /* the last */
	int64_t charge_turns_uc; /* what its wraps add to it */
	bool flag_stays;  /* reading does not clear it: it proves nothing */
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
int ep_inabus_clear_flag(struct ep_sensor *s) EP_MUST_CHECK;
size_t ep_inabus_channels(const struct ep_sensor *sensor,
			  const struct ep_channel **ret);
int64_t ep_inabus_period_ns(const struct ep_sensor *s);
int ep_inabus_poll(struct ep_sensor *s, int64_t now_ns,
		   const struct ep_sink *sink);
void ep_inabus_close(struct ep_sensor *sensor);

#endif
