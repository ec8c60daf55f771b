/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_PPK2_PARTS_H
#define EP_SENSORS_PPK2_PARTS_H

#include "base/phase.h"
#include "drivers/serial.h"
#include "sensors/ppk2_stream.h"

struct ep_ppk2_settings {
	enum ep_ppk2_mode mode; /* UNKNOWN: whatever it is in */
	int64_t voltage_mv;	/* 0: not said */
	double gain_percent;	/* < 0: not known */
	bool filter;
	int64_t connect_ns;
	const char *inputs[EP_PPK2_INPUTS]; /* names, NULL none; of conf */
};

struct ep_sensor {
	const struct ep_env *env;
	const struct ep_root *root;
	const char *path; /* borrowed from conf */
	struct ep_serial port;
	struct ep_ppk2_settings settings;
	struct ep_ppk2_stream stream;
	bool running; /* it was told to send */
	int64_t heard_ns, polled_ns, retry_ns;
	struct ep_channel channels[EP_PPK2_FIRST_INPUT + EP_PPK2_INPUTS];
	size_t channel_count;
};

#define EP_PPK2_WRITE_NS INT64_C(500000000)

int ep_ppk2_get_settings(const struct ep_conf *conf,
			 struct ep_ppk2_settings *ret,
			 struct ep_err *err) EP_MUST_CHECK;
/* Opens the port and learns what is behind it; it sends nothing then. */
int ep_ppk2_connect(struct ep_sensor *s, int64_t for_ns,
		    struct ep_ppk2_about *ret,
		    struct ep_err *err) EP_MUST_CHECK;
/* Says "stop" and takes what is still on its way. */
int ep_ppk2_make_quiet(struct ep_sensor *s) EP_MUST_CHECK;
/* Is it set as the user says?  The volts that hold; a's mode if untold. */
int ep_ppk2_judge(struct ep_sensor *s, struct ep_ppk2_about *a,
		  double *ret_volts, struct ep_err *err) EP_MUST_CHECK;
void ep_ppk2_make_channels(struct ep_sensor *s);
void ep_ppk2_note(const struct ep_sensor *s, struct ep_sensor_notes *notes);

#endif
