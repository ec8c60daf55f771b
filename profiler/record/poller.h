/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_POLLER_H
#define EP_PROFILER_RECORD_POLLER_H

#include "base/ring.h"
#include "profiler/record/slot.h"

#include <stdatomic.h>

/* What goes through a ring: a sample, the end of a row, or a tick. */
enum ep_item_kind { EP_ITEM_SAMPLE, EP_ITEM_ROW_END, EP_ITEM_TICK };

struct ep_item {
	int64_t t_ns;	  /* tick: due */
	int64_t value;	  /* tick: late_ns */
	uint32_t span_ns; /* tick: missed count */
	uint16_t channel;
	uint16_t flags;
	uint16_t slot;
	uint16_t kind;
};

/*
 * The instants that rule sensors that follow the program, shared by all
 * threads.  0 = not yet.
 */
struct ep_gate {
	_Atomic int64_t open_ns;
	_Atomic int64_t exit_ns;
};

/* One polling thread's ring and how it polls a slot. */
struct ep_poller {
	struct ep_ring ring;
	const struct ep_gate *gate;
	int64_t (*now_ns)(void);
};

int ep_poller_init(struct ep_poller *p, const struct ep_gate *gate,
		   const struct ep_env *env, size_t capacity) EP_MUST_CHECK;
void ep_poller_done(struct ep_poller *p);

/*
 * Polls one slot into the ring, unless it follows a program that is not there.
 * The first poll after the program's end is stamped with that end (its
 * counters stand still since), then the slot is done.  Returns how long the
 * poll took, in ns.
 */
int64_t ep_poller_poll(struct ep_poller *p, struct ep_slot *slot,
		       uint16_t index);

/*
 * Called before the gate opens: the counters of a slot that follows the
 * program, as they stand.  Stamped with t_ns by emit.  Returns the count.
 */
#define EP_POLL_GATE_SAMPLES_MAX EP_CHANNELS_MAX
int ep_poller_gate_row(struct ep_slot *slot, int64_t now_ns,
		       struct ep_sample *ret, size_t max);

#endif
