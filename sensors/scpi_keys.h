/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_SCPI_KEYS_H
#define EP_SENSORS_SCPI_KEYS_H

#include "sensors/assumed.h"
#include "sensors/scpi_parts.h"

/* The one that is named, and a second one for the volts. */
enum { EP_SCPI_MAIN, EP_SCPI_VOLTS, EP_SCPI_METER_COUNT };
#define EP_SCPI_VOLTS_PRESET "dmm-dc-voltage"

/* The keys of the sensor, and what they come to. */
struct ep_scpi_settings {
	int64_t period_ns, timeout_ns;
	struct ep_serial_mode mode;
	struct ep_assumed assumed;
	/* Accuracy limits, in millionths. */
	int64_t offsets[EP_SCPI_FIELD_COUNT];
	struct ep_scpi_plan plans[EP_SCPI_METER_COUNT];
	size_t meter_count;
};
int ep_scpi_settings_get(const struct ep_conf *conf,
			 struct ep_scpi_settings *ret,
			 struct ep_err *err) EP_MUST_CHECK;

#endif
