/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_WORKER_H
#define EP_PROFILER_RECORD_WORKER_H

#include "profiler/record/poller.h"

#include <pthread.h>
#include <stdatomic.h>

#define EP_SLOW_LANE_NS INT64_C(200000000)

/*
 * A thread off the grid: the slow lane's many sensors, or one sensor that may
 * block.  Ordinary scheduling; polls at period_ns (what a lone sensor asks for
 * comes first), or whenever the sensor's descriptor is readable.
 */
struct ep_worker {
	struct ep_poller poller;
	struct ep_slot *slots[EP_SLOTS_MAX];
	uint16_t indexes[EP_SLOTS_MAX];
	size_t slot_count;
	int64_t period_ns;
	bool jitter; /* a random phase within each period */
	uint64_t random_state;
	int stop_fd; /* eventfd */
	_Atomic bool stop;
	bool started;
	pthread_t thread;
};

int ep_worker_start(struct ep_worker *w, const struct ep_env *env,
		    const struct ep_gate *gate, int64_t period_ns,
		    struct ep_err *err) EP_MUST_CHECK;
/* Before start only. */
void ep_worker_add(struct ep_worker *w, struct ep_slot *slot, uint16_t index);
/* Polls once more, ends the thread; the ring stays until done. */
void ep_worker_stop(struct ep_worker *w);
void ep_worker_done(struct ep_worker *w);

#endif
