/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_ASSUMED_H
#define EP_SENSORS_ASSUMED_H

#include "sensors/sensor.h"

/* Power of instruments that measure a current alone: the volts are assumed. */
struct ep_assumed {
	int64_t volts_uv;   /* 0: they are not */
	int64_t gain_ppm;   /* limit of a power's error; 0 unknown */
	bool is_gain_known; /* of the instrument itself */
	double percent;	    /* limit of the assumption's */
};

#define EP_ASSUMED_PARAMS                                                   \
	{ "assume_v", "", "volts of the supply, where none are measured" }, \
		{ "assume_percent", "5", "how far these may be off" },      \
	{                                                                   \
		"gain_percent", "",                                         \
			"accuracy limit of the instrument, of reading"      \
	}

int ep_assumed_get(const struct ep_conf *conf, struct ep_assumed *ret,
		   struct ep_err *err) EP_MUST_CHECK;
/* A power channel for what ep_assumed_uw() gives. */
void ep_assumed_channel(const struct ep_assumed *a,
			const struct ep_channel *current,
			struct ep_channel *ret);
int64_t ep_assumed_uw(const struct ep_assumed *a, int64_t current_ua);
/* What a reader of the report should know. */
void ep_assumed_note(const struct ep_assumed *a, struct ep_sensor_notes *notes);

#endif
