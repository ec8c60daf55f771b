/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_INA3221_PARTS_H
#define EP_SENSORS_INA3221_PARTS_H

#include "base/conf.h"
#include "base/env.h"
#include "drivers/ina3221.h"
#include "sensors/sensor.h"

/* Between ina3221.c (polls) and ina3221_open.c (finds, names, measures). */

#define EP_INA_RAILS_MAX (EP_INA3221_CHIPS_MAX * EP_INA3221_RAILS)

struct ep_ina_rail {
	size_t chip;
	int number;
	char name[EP_CHANNEL_NAME_BYTES]; /* "vdd_in" */
	struct ep_ina3221_rail file;
	int64_t amps_max_ua, amps_step_ua;
	uint16_t volts, amps; /* channels; of a POWER rail both the same */
	int64_t cost_ns;      /* of reading it, measured at open */
	int64_t first_uv, first_ua; /* what was read then */
	bool often;
	bool volts_lost, amps_lost; /* errors since the last value */
};

struct ep_sensor {
	const struct ep_env *env;
	struct ep_ina3221_chip chips[EP_INA3221_CHIPS_MAX];
	struct ep_ina3221_timing timings[EP_INA3221_CHIPS_MAX];
	int64_t retry_ns[EP_INA3221_CHIPS_MAX]; /* look again from then on */
	int mode_fds[EP_INA3221_CHIPS_MAX];	/* -1 none */
	size_t chip_count;
	struct ep_ina_rail rails[EP_INA_RAILS_MAX];
	size_t rail_count;
	struct ep_channel channels[3 * EP_INA_RAILS_MAX];
	size_t channel_count;
	/* Reads that wait for conversions are made a rail at a time, those of
	 * order[] in turn; else all at once. */
	bool in_turn;
	uint8_t order[2 * EP_INA_RAILS_MAX];
	size_t order_count, turn;
	int64_t period_ns;
};

struct ep_ina_limits {
	int64_t gain_ppm;   /* of volts times amps */
	int64_t shunt_uohm; /* where the kernel tells none; 0 unknown */
	const char *often;  /* globs of rails, comma list */
};

/* Fills chips, rails and channels; r < 0 with a sentence when nothing can be
 * read. */
int ep_ina_open(struct ep_sensor *s, const char *chips,
		const struct ep_ina_limits *limits,
		struct ep_sensor_notes *notes,
		struct ep_err *err) EP_MUST_CHECK;
/* Chooses in_turn, order and period from what reads cost, and notes it. */
void ep_ina_plan(struct ep_sensor *s, const struct ep_ina_limits *limits,
		 struct ep_sensor_notes *notes);

#endif
