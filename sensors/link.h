/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_LINK_H
#define EP_SENSORS_LINK_H

#include "drivers/serial.h"
#include "sensors/frames.h"

/*
 * What meters share that answer each request on a serial line with one frame:
 * the port, request and deadline, resync, and the way back after the device
 * went away (Bluetooth out of reach, USB unplugged).
 *
 * ep_link_ask() waits at most the time-out for the answer.  What fails is a
 * missed poll; the first answer after one is marked EP_SAMPLE_GAP.  When the
 * device vanishes, or stays silent for EP_LINK_SILENT_MAX polls, the port is
 * closed and opened again, after 0.5, 1, 2, 4 s and so on, at most every 8 s.
 */
#define EP_LINK_CHANNELS_MAX 32
#define EP_LINK_SILENT_MAX 8

struct ep_link_setup {
	const struct ep_sensor_ops *ops; /* its decode() */
	struct ep_serial_mode mode;
	uint8_t request[16];
	size_t request_len;
	/* It sends by itself: nothing is asked, and an answer has the time at
	 * which it came. */
	bool unasked;
	const char *path;   /* NULL: the key device */
	int64_t period_ns;  /* between requests */
	int64_t timeout_ns; /* for one answer */
	int64_t connect_ns; /* for the first one */
	const char *title;  /* for messages: "a TC66" */
};

struct ep_link {
	struct ep_link_setup setup;
	const struct ep_env *env;
	const struct ep_root *root;
	const char *path; /* borrowed from conf */
	struct ep_serial port;
	struct ep_frames frames;
	bool gap; /* polls were missed since the last answer */
	unsigned silent_count;
	int64_t retry_ns, backoff_ns;
	/* The last answer, by wire channel. */
	struct ep_sample samples[EP_LINK_CHANNELS_MAX];
	uint32_t present; /* bit per channel */
	int64_t begin_ns, end_ns;
};

/* The keys that every such sensor has; list them in its params. */
#define EP_LINK_PARAMS(period, timeout)                                       \
	{ "device", NULL, "its port, such as /dev/ttyACM0 or /dev/rfcomm0" }, \
		{ "period", period, "time between requests" },                \
		{ "timeout", timeout, "how long to wait for one answer" },    \
		{ "connect", "6s", "how long to wait for the first answer" }, \
	{                                                                     \
		"baud", "115200", "speed of the line; Bluetooth has none"     \
	}

/* The keys above into setup, which holds their defaults; opens nothing. */
int ep_link_configure(struct ep_link_setup *setup, const struct ep_conf *conf,
		      struct ep_err *err) EP_MUST_CHECK;
/* Opens the port and waits for the first answer, which is then there. */
int ep_link_open(struct ep_link *l, const struct ep_env *env,
		 const struct ep_conf *conf, const struct ep_link_setup *setup,
		 struct ep_err *err) EP_MUST_CHECK;
void ep_link_close(struct ep_link *l);

/* One request.  0: samples[] hold the answer; -ETIMEDOUT, -ENODEV.  With a
 * timeout_ns of 0 only what has come already is an answer. */
int ep_link_ask(struct ep_link *l) EP_MUST_CHECK;
/* The answer is of no use after all: a missed poll. */
void ep_link_refuse(struct ep_link *l);
/* The value of a wire channel in the last answer; false: none, or an error. */
bool ep_link_value(const struct ep_link *l, size_t channel, int64_t *ret);
/*
 * Emits wire channels 0..count-1 of the last answer, unproven (an answer does
 * not tell that the value is new), and as channel count the bytes skipped so
 * far.  Returns the number of samples.
 */
int ep_link_emit(struct ep_link *l, size_t count, const struct ep_sink *sink);
/* The channel for them. */
extern const struct ep_channel ep_link_skipped_channel;

#endif
