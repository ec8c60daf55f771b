/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_COUNTERS_PARTS_H
#define EP_SENSORS_COUNTERS_PARTS_H

#include "drivers/perf.h"
#include "drivers/perf_switch.h"
#include "sensors/sensor.h"

/*
 * The counters sensor's groups and channels.
 *
 * Channels come in group order: software events first, then for each hardware
 * group its events, <group>_enabled and <group>_running (ns).  A hardware
 * channel therefore belongs to the next pair of these; its count over a phase
 * is raw and is scaled by enabled / running of that phase.  Cycles and
 * instructions that a group counts only to relate its events to them are
 * called <group>_cycles and carry no EP_CHANNEL_EVENT.
 */
#define EP_COUNTERS_EVENTS_MAX 64
#define EP_COUNTERS_GROUPS_MAX 68
#define EP_COUNTERS_CHANNELS_MAX 352

enum ep_counters_source {
	EP_COUNTERS_COUNT,
	EP_COUNTERS_ENABLED,
	EP_COUNTERS_RUNNING,
	EP_COUNTERS_SWITCHES, /* the side-band of perf_switch */
};
struct ep_counters_slot {
	uint8_t source; /* enum ep_counters_source */
	uint8_t group;
	uint8_t index;
};

struct ep_counters {
	struct ep_channel channels[EP_COUNTERS_CHANNELS_MAX];
	struct ep_counters_slot slots[EP_COUNTERS_CHANNELS_MAX];
	size_t channel_count;
	struct ep_perf_group groups[EP_COUNTERS_GROUPS_MAX];
	size_t group_count;
	size_t hardware_count; /* hardware groups among them */
	struct ep_perf_switches switches;
	bool has_switches;
};

/* Events not measured, gathered by reason so that notes stay few. */
#define EP_COUNTERS_REASONS_MAX 6
struct ep_counters_missing {
	struct {
		char reason[112];
		char names[80];
	} rows[EP_COUNTERS_REASONS_MAX];
	size_t count;
};
void ep_counters_miss(struct ep_counters_missing *m, const char *name,
		      const char *reason);
void ep_counters_tell(const struct ep_counters_missing *m,
		      struct ep_sensor_notes *notes);

/* false when the table is full. */
bool ep_counters_channel(struct ep_counters *c, const char *name,
			 unsigned flags, enum ep_quantity quantity,
			 struct ep_counters_slot slot);

/*
 * Opens groups for events[0..count), all of which can be counted alone, and
 * adds their channels.  What does not fit goes to m.
 */
int ep_counters_group_all(struct ep_counters *c, struct ep_perf_event *events,
			  size_t count, const struct ep_perf_scope *scope,
			  struct ep_counters_missing *m) EP_MUST_CHECK;

#endif
