/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_DRAIN_H
#define EP_PROFILER_RECORD_DRAIN_H

#include "profiler/record/sampler.h"
#include "profiler/record/watch.h"
#include "profiler/record/worker.h"
#include "profiler/record/writer.h"

#include <pthread.h>
#include <stdatomic.h>

/*
 * Carries samples from the rings to the run folder: empties them twice a
 * second, writes once a second, syncs the disk every disk_sync_ns, watches the
 * clocks and the CPUs, and gives a slow sensor a thread of its own.
 */
struct ep_drain {
	struct ep_writer *writer;
	struct ep_sampler *sampler;
	struct ep_worker *workers[EP_SLOTS_MAX]; /* owned */
	_Atomic size_t worker_count;
	const struct ep_env *env;
	const struct ep_gate *gate;
	struct ep_watch watch;
	int64_t disk_sync_ns;
	bool jitter;
	int stop_fd;
	_Atomic bool stop;
	_Atomic int64_t wakeup_count;
	bool started;
	pthread_t thread;
};

/* Starts the slow lane and the blocking sensors' threads, then its own. */
int ep_drain_start(struct ep_drain *d, const struct ep_slot_list *list,
		   struct ep_err *err) EP_MUST_CHECK;
/* Ends the workers and empties every ring into the writer.  The sampler must
 * have stopped. */
void ep_drain_stop(struct ep_drain *d);
/* Samples that found a full ring. */
uint64_t ep_drain_dropped(const struct ep_drain *d);
void ep_drain_done(struct ep_drain *d);

#endif
