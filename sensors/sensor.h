/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_SENSOR_H
#define EP_SENSORS_SENSOR_H

#include "base/conf.h"
#include "base/env.h"
#include "base/err.h"
#include "base/sample.h"

/* Each instrument's .c file defines its own struct ep_sensor. */
struct ep_sensor;

enum {
	EP_SENSOR_BLOCKING = 1 << 0, /* poll may wait: a thread of its own */
	EP_SENSOR_TARGET = 1 << 1,   /* follows the program: polled after the
				      gate only, needs env->target_pid */
	EP_SENSOR_SLOW = 1 << 2,     /* 5 Hz, off the grid's thread */
	EP_SENSOR_MODEL = 1 << 3,    /* estimates; opened only when asked for */
	EP_SENSOR_MANUAL = 1 << 4, /* never probed; board or --sensor names it*/
	EP_SENSOR_STREAM = 1 << 5, /* a thousand instants a second or more, and
				    * what is not read in time is lost; rows of
				    * a millisecond unless env->full_rate */
};

/* Why a sensor has fewer channels than one would expect; one line each. */
struct ep_sensor_notes {
	char text[8][200];
	size_t count;
};

/* A setting of the device for the time of the run: drivers/setting.h. */
struct ep_sensor_setting {
	const char *kind, *target, *value, *what;
};
struct ep_setting_sink {
	int (*set)(void *ctx, const struct ep_sensor_setting *setting,
		   struct ep_err *err);
	void *ctx;
};

/*
 * An instrument: turns what a driver delivers into timestamped channels.
 *
 * check     are the values of these keys well-formed?  Opens nothing; NULL where
 *           there is nothing to check.  Errors name the conf's file and line.
 * probe     read-only look: the number of things found (0: none), -errno with
 *           a sentence when something is there but cannot be used.
 * settings  tells what is to be set on the device before open and put back
 *           after the run, also when edgeprof is killed; reads only.  A device
 *           that cannot be reached is left to open.  NULL: nothing.
 * open      conf holds the keys of params (checked by the caller).  env and
 *           conf are borrowed until close; notes (never NULL) collects
 *           channels that were left out, and why.
 * channels  constant after open; valid until close; products come last.
 * fd        NULL: polled on the tick; else readable when poll has work.
 * period_ns of a sensor that blocks: from the begin of a poll to the next worth
 *           making, asked after each.  NULL: every tick.
 * poll      emits 0..n samples, all of one instant sharing t_ns; returns the
 *           count, or -errno when nothing could be read.  No allocation, lock,
 *           log or file I/O but the reads themselves.  A channel that fails
 *           emits one sample with EP_SAMPLE_ERROR and stays on.
 * close     NULL and half-built are fine.
 * decode    pure: one frame of a wire format to samples of wire_channels; the
 *           bytes used, 0 = more needed, -EBADMSG = no frame starts here.  It
 *           emits with a frame only; a frame may hold error samples.  NULL
 *           where there is no wire.
 *           A stream's (0 for no bytes) is driven by sensors/frames.h, which
 *           slides one byte after -EBADMSG.  A reply whose transport tells its
 *           end (firmware text, HTTP) comes whole: never 0, -EBADMSG for no
 *           bytes too.  tests/golden/NAME/ holds its vectors, CASE.hex of a
 *           stream or CASE.txt of a reply, beside CASE.out; one test and one
 *           fuzz target walk them.
 */
struct ep_sensor_ops {
	const char *name;
	const char *summary;
	const struct ep_param *params;
	unsigned flags;
	int (*check)(const struct ep_conf *conf, struct ep_err *err);
	int (*probe)(const struct ep_env *env, struct ep_err *err);
	int (*settings)(const struct ep_env *env, const struct ep_conf *conf,
			const struct ep_setting_sink *sink, struct ep_err *err);
	int (*open)(const struct ep_env *env, const struct ep_conf *conf,
		    struct ep_sensor **ret, struct ep_sensor_notes *notes,
		    struct ep_err *err);
	size_t (*channels)(const struct ep_sensor *sensor,
			   const struct ep_channel **ret);
	int (*fd)(const struct ep_sensor *sensor);
	int64_t (*period_ns)(const struct ep_sensor *sensor);
	int (*poll)(struct ep_sensor *sensor, int64_t now_ns,
		    const struct ep_sink *sink);
	void (*close)(struct ep_sensor *sensor);
	int (*decode)(const uint8_t *bytes, size_t len, int64_t t_ns,
		      const struct ep_sink *sink);
	const struct ep_channel *wire_channels;
	size_t wire_channel_count;
};

/* printf into the next line of notes; the ninth and later are dropped. */
void ep_sensor_note(struct ep_sensor_notes *notes, const char *format, ...)
	EP_PRINTF(2, 3);

#endif
