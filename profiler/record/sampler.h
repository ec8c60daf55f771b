/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_SAMPLER_H
#define EP_PROFILER_RECORD_SAMPLER_H

#include "profiler/record/poller.h"

#include <pthread.h>
#include <stdatomic.h>

/*
 * The grid: one thread that wakes at absolute multiples of the interval and
 * polls every slot of the grid lane.  No allocation, lock, log or file I/O but
 * the sensors' own reads.
 */
struct ep_sampler {
	struct ep_poller poller;
	const struct ep_slot_list *list;
	int64_t interval_ns;
	int64_t start_ns;
	_Atomic bool stop;
	_Atomic int moved_index; /* a slot just moved off the grid; -1 none */
	_Atomic int64_t tick_count;
	_Atomic int64_t cpu_ns; /* of this thread, updated every second */
	bool fifo;
	bool started;
	pthread_t thread;
};

/*
 * Starts the thread.  SCHED_FIFO one above edgeprof's own policy where
 * allowed, else as it is with a timer slack of 1 ns; fifo says which.
 */
int ep_sampler_start(struct ep_sampler *s, const struct ep_env *env,
		     const struct ep_slot_list *list,
		     const struct ep_gate *gate,
		     struct ep_err *err) EP_MUST_CHECK;
/* Polls everything once more, then ends the thread. */
void ep_sampler_stop(struct ep_sampler *s);
void ep_sampler_done(struct ep_sampler *s);

#endif
