/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/worker.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"

#define RING_ITEMS 8192
/* Several seconds of a thousand rows a second, while a disk stalls. */
#define STREAM_RING_ITEMS 65536
/* The same of a hundred thousand rows a second. */
#define FULL_RATE_RING_ITEMS (1 << 20)

void ep_worker_add(struct ep_worker *w, struct ep_slot *slot, uint16_t index)
{
	w->slots[w->slot_count] = slot;
	w->indexes[w->slot_count++] = index;
}

/* splitmix64: spreads reads over the period so that they cannot lock to the
 * tokens; quality beyond that does not matter. */
static uint64_t next_random(struct ep_worker *w)
{
	uint64_t z = w->random_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* What a sensor of its own thread asks for, else the lane's period. */
static int64_t period_ns(const struct ep_worker *w)
{
	const struct ep_slot *first = w->slots[0];
	int64_t ns = w->slot_count == 1 && first->ops->period_ns
			     ? first->ops->period_ns(first->sensor)
			     : 0;

	return ns > 0 ? ns : w->period_ns;
}

static int64_t next_due(struct ep_worker *w, int64_t *grid_ns)
{
	int64_t now_ns = w->poller.now_ns();
	int64_t step_ns = period_ns(w);

	*grid_ns += step_ns;
	if (*grid_ns < now_ns)
		*grid_ns = now_ns;
	if (!w->jitter)
		return *grid_ns;
	return *grid_ns + (int64_t)(next_random(w) % (uint64_t)step_ns) -
	       step_ns / 2;
}

/* Waits for the due time, the sensor's descriptor, or the end. */
static void wait_turn(struct ep_worker *w, int64_t due_ns)
{
	const struct ep_slot *first = w->slots[0];
	struct pollfd fds[2] = { { .fd = w->stop_fd, .events = POLLIN },
				 { .fd = -1, .events = POLLIN } };
	int64_t left_ns = due_ns - w->poller.now_ns();
	struct timespec timeout = { 0, 0 };

	if (w->slot_count == 1 && first->ops->fd) {
		fds[1].fd = first->ops->fd(first->sensor);
		left_ns = EP_NS_PER_S;
	}
	if (left_ns > 0) {
		timeout.tv_sec = left_ns / EP_NS_PER_S;
		timeout.tv_nsec = left_ns % EP_NS_PER_S;
	}
	(void)ppoll(fds, 2, &timeout, NULL);
}

static void poll_slots(struct ep_worker *w)
{
	for (size_t i = 0; i < w->slot_count; i++)
		(void)ep_poller_poll(&w->poller, w->slots[i], w->indexes[i]);
}

static bool is_stream(const struct ep_worker *w)
{
	return w->slot_count == 1 &&
	       (w->slots[0]->ops->flags & EP_SENSOR_STREAM);
}

static size_t ring_items(const struct ep_worker *w, const struct ep_env *env)
{
	if (!is_stream(w))
		return RING_ITEMS;
	return env->full_rate ? FULL_RATE_RING_ITEMS : STREAM_RING_ITEMS;
}

/* Where it is allowed; below the grid's thread. */
static void become_prompt(void)
{
	const struct sched_param want = { .sched_priority = 40 };

	prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
	(void)sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &want);
}

static void *worker_main(void *arg)
{
	struct ep_worker *w = arg;
	int64_t grid_ns = w->poller.now_ns();

	prctl(PR_SET_NAME, "edgeprof-slow", 0, 0, 0);
	if (is_stream(w))
		become_prompt();
	while (!atomic_load_explicit(&w->stop, memory_order_acquire)) {
		poll_slots(w);
		wait_turn(w, next_due(w, &grid_ns));
	}
	poll_slots(w);
	return NULL;
}

int ep_worker_start(struct ep_worker *w, const struct ep_env *env,
		    const struct ep_gate *gate, int64_t period_ns,
		    struct ep_err *err)
{
	int r;

	w->period_ns = period_ns;
	w->random_state = (uint64_t)env->now_ns();
	w->stop_fd = eventfd(0, EFD_CLOEXEC);
	r = w->stop_fd < 0 ? -errno : 0;
	if (r == 0)
		r = ep_poller_init(&w->poller, gate, env, ring_items(w, env));
	if (r == 0)
		r = -pthread_create(&w->thread, NULL, worker_main, w);
	if (r < 0)
		return ep_err_set(err, r, "cannot start a worker thread: %s",
				  strerror(-r));
	w->started = true;
	return 0;
}

void ep_worker_stop(struct ep_worker *w)
{
	uint64_t one = 1;

	if (!w->started)
		return;
	atomic_store_explicit(&w->stop, true, memory_order_release);
	while (write(w->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(w->thread, NULL);
	w->started = false;
}

void ep_worker_done(struct ep_worker *w)
{
	ep_worker_stop(w);
	ep_poller_done(&w->poller);
	if (w->stop_fd > 0)
		close(w->stop_fd);
	w->stop_fd = -1;
}
