/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/sampler.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/clock.h"

/* DESIGN: a poll above 200 us three times goes to a thread of its own.  A
 * hundred clean polls forgive one slow one, so that a rare stall of the whole
 * machine does not count against a sensor. */
#define SLOW_POLL_NS INT64_C(200000)
#define STRIKES_MAX 3
#define CLEAN_POLLS 100

/* Every slot gives at most a few hundred samples a tick; four seconds of a
 * stalled drain thread must fit. */
static size_t ring_capacity(const struct ep_slot_list *list,
			    int64_t interval_ns)
{
	size_t per_tick = 1, want, capacity = 4096;

	for (size_t i = 0; i < list->count; i++)
		per_tick += list->slots[i]->channel_count + 1;
	want = per_tick * (size_t)(4 * EP_NS_PER_S / interval_ns + 1);
	while (capacity < want && capacity < ((size_t)1 << 20))
		capacity *= 2;
	return capacity;
}

static void judge(struct ep_sampler *s, struct ep_slot *slot, size_t index,
		  int64_t took_ns)
{
	int none = -1;

	if (took_ns <= SLOW_POLL_NS) {
		if (slot->strike_count > 0 &&
		    ++slot->clean_count >= CLEAN_POLLS) {
			slot->strike_count--;
			slot->clean_count = 0;
		}
		return;
	}
	slot->clean_count = 0;
	if (++slot->strike_count < STRIKES_MAX)
		return;
	/* One move at a time; the drain thread makes the new thread. */
	if (atomic_compare_exchange_strong(&s->moved_index, &none, (int)index))
		atomic_store(&slot->lane, EP_LANE_OWN);
	else
		slot->strike_count = STRIKES_MAX - 1;
}

static void poll_all(struct ep_sampler *s)
{
	for (size_t i = 0; i < s->list->count; i++) {
		struct ep_slot *slot = s->list->slots[i];
		int64_t took_ns;

		if (!slot->sensor ||
		    atomic_load_explicit(&slot->lane, memory_order_acquire) !=
			    EP_LANE_GRID)
			continue;
		took_ns = ep_poller_poll(&s->poller, slot, (uint16_t)i);
		judge(s, slot, i, took_ns);
	}
}

static void become_precise(struct ep_sampler *s)
{
	struct sched_param own, want;
	int policy = sched_getscheduler(0);

	prctl(PR_SET_NAME, "edgeprof-grid", 0, 0, 0);
	prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
	sched_getparam(0, &own);
	want.sched_priority = 50;
	if ((policy & ~SCHED_RESET_ON_FORK) == SCHED_FIFO ||
	    (policy & ~SCHED_RESET_ON_FORK) == SCHED_RR)
		want.sched_priority =
			own.sched_priority < 98 ? own.sched_priority + 1 : 99;
	s->fifo = sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK,
				     &want) == 0;
}

static void push_tick(struct ep_sampler *s, int64_t due_ns, int64_t late_ns,
		      int64_t missed_count)
{
	struct ep_item item = { .t_ns = due_ns,
				.value = late_ns,
				.span_ns = (uint32_t)missed_count,
				.kind = EP_ITEM_TICK };

	(void)ep_ring_push(&s->poller.ring, &item);
}

static void *sampler_main(void *arg)
{
	struct ep_sampler *s = arg;
	int64_t k = 1, missed_count = 0, now_ns, due_ns;

	become_precise(s);
	while (!atomic_load_explicit(&s->stop, memory_order_acquire)) {
		due_ns = s->start_ns + k * s->interval_ns;
		ep_clock_sleep_until(due_ns);
		now_ns = s->poller.now_ns();
		push_tick(s, due_ns, now_ns - due_ns, missed_count);
		poll_all(s);
		atomic_fetch_add_explicit(&s->tick_count, 1,
					  memory_order_relaxed);
		now_ns = s->poller.now_ns();
		missed_count = (now_ns - due_ns) / s->interval_ns;
		k += 1 + missed_count;
		if ((k & 63) == 0)
			atomic_store(&s->cpu_ns, ep_clock_thread_cpu_ns());
	}
	poll_all(s);
	atomic_store(&s->cpu_ns, ep_clock_thread_cpu_ns());
	return NULL;
}

int ep_sampler_start(struct ep_sampler *s, const struct ep_env *env,
		     const struct ep_slot_list *list,
		     const struct ep_gate *gate, struct ep_err *err)
{
	int r;

	memset(s, 0, sizeof(*s));
	s->list = list;
	s->interval_ns = env->interval_ns;
	atomic_init(&s->moved_index, -1);
	r = ep_poller_init(&s->poller, gate, env,
			   ring_capacity(list, s->interval_ns));
	if (r < 0)
		return ep_err_set(err, r, "no memory for the sample ring");
	s->start_ns = env->now_ns();
	r = -pthread_create(&s->thread, NULL, sampler_main, s);
	if (r < 0)
		return ep_err_set(err, r, "cannot start the sampler: %s",
				  strerror(-r));
	s->started = true;
	return 0;
}

void ep_sampler_stop(struct ep_sampler *s)
{
	if (!s->started)
		return;
	atomic_store_explicit(&s->stop, true, memory_order_release);
	pthread_join(s->thread, NULL);
	s->started = false;
}

void ep_sampler_done(struct ep_sampler *s)
{
	ep_sampler_stop(s);
	ep_poller_done(&s->poller);
}
