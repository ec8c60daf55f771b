/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_POWER_SUPPLY_PARTS_H
#define EP_SENSORS_POWER_SUPPLY_PARTS_H

#include "base/conf.h"
#include "drivers/power_supply.h"
#include "sensors/sensor.h"

/* power, energy, and of each supply power, volts, amps and capacity */
#define EP_SUPPLY_CHANNELS_MAX (2 + EP_SUPPLIES_MAX * 4)

enum ep_supply_file {
	EP_SUPPLY_STATUS,
	EP_SUPPLY_ONLINE,
	EP_SUPPLY_POWER,  /* uW */
	EP_SUPPLY_VOLTS,  /* uV */
	EP_SUPPLY_AMPS,	  /* uA */
	EP_SUPPLY_ENERGY, /* uWh */
	EP_SUPPLY_CHARGE, /* uAh */
	EP_SUPPLY_SHARE,  /* capacity, % */
	EP_SUPPLY_FILE_COUNT
};

struct ep_supply_reading {
	int64_t value;
	int error; /* 0, or -errno: no value */
};

struct ep_supply_meter {
	struct ep_supply info;
	bool has[EP_SUPPLY_FILE_COUNT]; /* when it was opened */
	int fds[EP_SUPPLY_FILE_COUNT];	/* -1: not now */
	struct ep_supply_reading read[EP_SUPPLY_FILE_COUNT];
	enum ep_supply_state state;
	struct ep_supply_reading power;	    /* given is positive, taken minus */
	int channels[EP_SUPPLY_FILE_COUNT]; /* -1 none; POWER's is power */
	bool shown; /* else only whether it is online counts */
	/* What has been taken out of it while it discharged. */
	int64_t stock; /* of the last poll, uWh or uAh; -1 none */
	int64_t drawn_uj;
};

struct ep_sensor {
	const struct ep_env *env;
	int64_t period_ns;
	struct ep_supply_meter supplies[EP_SUPPLIES_MAX];
	size_t supply_count;
	int power_channel, energy_channel; /* of all batteries; -1 none */
	struct ep_channel channels[EP_SUPPLY_CHANNELS_MAX];
	struct ep_supply_reading out[EP_SUPPLY_CHANNELS_MAX];
	size_t channel_count;
};

extern const char *const ep_supply_files[EP_SUPPLY_FILE_COUNT];

/* Opens what there is, names the channels and says what was left out. */
int ep_supply_survey(struct ep_sensor *sensor, const struct ep_conf *conf,
		     struct ep_sensor_notes *notes,
		     struct ep_err *err) EP_MUST_CHECK;
/* Reads every file once and fills read, state, power and out. */
void ep_supply_read(struct ep_sensor *sensor);

#endif
