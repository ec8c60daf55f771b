/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_DMM_PARTS_H
#define EP_SENSORS_DMM_PARTS_H

#include "sensors/link.h"

/*
 * Hand multimeters with a serial port.  A frame is what the display shows: one
 * quantity.  Direct voltage and current are told in base units, whatever the
 * range; all else (resistance, alternating current, a held, relative or
 * overloaded display) is no number: the channel's sample is an error.
 */
enum ep_dmm_channel { EP_DMM_VOLTAGE, EP_DMM_CURRENT, EP_DMM_CHANNEL_COUNT };

/* value x 10^exponent, in volts and amperes. */
struct ep_dmm_reading {
	bool volts, amps; /* what is measured; neither: something else */
	bool good;	  /* it is a number, and of now */
	int64_t value;
	int exponent;
};

extern const struct ep_channel ep_dmm_channels[EP_DMM_CHANNEL_COUNT];
void ep_dmm_emit(const struct ep_dmm_reading *reading, int64_t t_ns,
		 const struct ep_sink *sink);

/* What differs between families. */
struct ep_dmm_family {
	struct ep_link_setup setup;
	int64_t refresh_ns, window_ns;
	int64_t amp_ua; /* one count, in the range of the most */
	int64_t volt_uv;
};

#define EP_DMM_PARAMS(period, baud)                                          \
	{ "device", NULL, "its port, such as /dev/ttyUSB0" },                \
		{ "volts", "", "port of a second meter across the supply" }, \
		EP_ASSUMED_PARAMS,                                           \
		{ "period", period, "time between readings" },               \
		{ "timeout", "2s", "how long to wait for one reading" },     \
		{ "connect", "6s", "how long to wait for the first one" },   \
	{                                                                    \
		"baud", baud, "speed of the line"                            \
	}

/* Each family's ops differ in check, open and decode. */
int ep_dmm_check(const struct ep_conf *conf, const struct ep_dmm_family *family,
		 struct ep_err *err) EP_MUST_CHECK;
struct ep_dmm_request {
	const struct ep_env *env;
	const struct ep_conf *conf;
	const struct ep_dmm_family *family;
};
int ep_dmm_open(const struct ep_dmm_request *request, struct ep_sensor **ret,
		struct ep_sensor_notes *notes,
		struct ep_err *err) EP_MUST_CHECK;
size_t ep_dmm_channel_list(const struct ep_sensor *sensor,
			   const struct ep_channel **ret);
int64_t ep_dmm_period_ns(const struct ep_sensor *sensor);
int ep_dmm_poll(struct ep_sensor *sensor, int64_t now_ns,
		const struct ep_sink *sink);
void ep_dmm_close(struct ep_sensor *sensor);

#endif
