/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_SENSOR_H
#define EP_TESTS_UNIT_SUPPORT_SENSOR_H

#include "base/conf.h"
#include "base/env.h"
#include "sensors/sensor.h"
#include "tests/unit/support_tmp.h"

/* One sensor below a folder of its own, and what it emitted last. */
struct ep_rig {
	struct ep_tmp tmp; /* env.root */
	struct ep_env env;
	const struct ep_sensor_ops *ops;
	struct ep_conf *conf;
	struct ep_sensor *sensor;
	struct ep_sensor_notes notes;
	struct ep_err err;
	const struct ep_channel *channels;
	size_t channel_count;
	struct ep_sample samples[4096];
	size_t sample_count;
};

/* The clock of env, when a test sets it: ep_rig_now_ns(). */
extern int64_t ep_rig_time_ns;
int64_t ep_rig_now_ns(void);

void ep_rig_make(struct ep_rig *rig);
void ep_rig_end(struct ep_rig *rig);
/* The same for cmocka: *state is the one rig of the program. */
int ep_rig_setup(void **state);
int ep_rig_teardown(void **state);
/* options: "key=value,..."; what open returns.  Closes what was open. */
int ep_rig_open(struct ep_rig *rig, const struct ep_sensor_ops *ops,
		const char *options);
/* Empties samples, polls; what poll returns. */
int ep_rig_poll(struct ep_rig *rig);
int ep_rig_poll_at(struct ep_rig *rig, int64_t now_ns);
/* The index of a channel by name, -1. */
int ep_rig_channel(const struct ep_rig *rig, const char *name);
/* The last sample of a channel, NULL. */
const struct ep_sample *ep_rig_sample(const struct ep_rig *rig,
				      const char *name);
/* It has this value, and nothing proved it fresh. */
void ep_rig_assert_unproven(const struct ep_rig *rig, const char *name,
			    int64_t value);
/* Is text part of one of the notes? */
bool ep_rig_noted(const struct ep_rig *rig, const char *text);
/* Runs fn in a child as uid and gid 65534; its return value, or -1. */
int ep_rig_as_nobody(int (*fn)(struct ep_rig *rig), struct ep_rig *rig);

#endif
