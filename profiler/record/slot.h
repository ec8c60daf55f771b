/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_SLOT_H
#define EP_PROFILER_RECORD_SLOT_H

#include "base/conf.h"
#include "base/env.h"
#include "base/sample.h"
#include "profiler/record/options.h"
#include "sensors/board.h"
#include "sensors/sensor.h"

#include <stdatomic.h>
#include <stdbool.h>

#define EP_SLOTS_MAX 48
#define EP_SLOT_ID_BYTES 64

enum ep_lane {
	EP_LANE_GRID, /* on the sampler's tick */
	EP_LANE_SLOW, /* 5 Hz, one thread for all of them */
	EP_LANE_OWN,  /* a thread of its own */
};

/* One sensor of a run, opened or not. */
struct ep_slot {
	char id[EP_SLOT_ID_BYTES]; /* names the trace file */
	const struct ep_sensor_ops *ops;
	const struct ep_conf *conf; /* borrowed from the board, or own_conf */
	struct ep_conf *own_conf;
	struct ep_sensor *sensor; /* NULL: could not be opened */
	struct ep_sensor_notes notes;
	char reason[480]; /* why it could not */
	bool absent;	  /* the board's, but this machine has no such thing */
	bool from_option; /* --sensor */
	bool client;	  /* follows the command beside what is measured */
	struct ep_channel *channels; /* owned; products last */
	size_t channel_count;
	int file;	  /* index in the writer; -1 none */
	_Atomic int lane; /* enum ep_lane; may become OWN while running */
	/* Below: owned by the thread that polls. */
	int strike_count;
	int clean_count;
	int64_t last_t_ns;
	bool done; /* the program it follows has ended */
};

struct ep_slot_list {
	struct ep_slot *slots[EP_SLOTS_MAX];
	size_t count;
};

/* A slot with a free id (id, id-2, ...), owned by the list. */
int ep_slot_add(struct ep_slot_list *list, const struct ep_sensor_ops *ops,
		const char *id, struct ep_slot **ret,
		struct ep_err *err) EP_MUST_CHECK;
/* Opens its sensor and takes the channels with the board's rails and roles. */
int ep_slot_open(const struct ep_env *env, const struct ep_board *board,
		 struct ep_slot *slot, struct ep_err *err) EP_MUST_CHECK;

/*
 * Opens the board's sensors and those of --sensor and --events.  A sensor that
 * cannot be opened stays in the list with its reason; only mistakes of the
 * user (unknown name, bad key) fail; -EINTR when env is cancelled meanwhile.
 * Returns the count of slots.
 */
int ep_slots_open(const struct ep_env *env, const struct ep_board *board,
		  const struct ep_record_options *options,
		  struct ep_slot_list *list, struct ep_err *err) EP_MUST_CHECK;
void ep_slots_close(struct ep_slot_list *list);

/* Tells what the same sensors want to be set on their devices before they are
 * opened.  Mistakes of the user fail. */
int ep_slots_settings(const struct ep_env *env, const struct ep_board *board,
		      const struct ep_record_options *options,
		      const struct ep_setting_sink *sink,
		      struct ep_err *err) EP_MUST_CHECK;

/*
 * The primary total (DESIGN: the board's total role if it delivers, else the
 * first --sensor that measures power; --total overrides), as "id.channel".
 */
#define EP_TOTAL_CHANNELS_MAX 32
struct ep_total {
	char channels[EP_TOTAL_CHANNELS_MAX]
		     [EP_SLOT_ID_BYTES + EP_CHANNEL_NAME_BYTES];
	size_t count;
	const char *source;  /* "board", "sensor", "option", "none" */
	char reason[320];    /* why there is none; "" when there is */
	char coverage[1024]; /* what it includes and leaves out */
	char title[80];	     /* what the board calls it; "" */
};
int ep_total_choose(const struct ep_slot_list *list,
		    const struct ep_board *board, const char *wanted,
		    struct ep_total *ret, struct ep_err *err) EP_MUST_CHECK;

#endif
