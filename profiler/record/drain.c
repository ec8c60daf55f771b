/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/drain.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define DRAIN_MS 500
#define FLUSH_NS EP_NS_PER_S
/* Of marks that a sensor makes: one for each of them. */
#define MARK_STREAM 1000000000

/* A stream of its own beside those of edgeprof.h. */
static void write_mark(struct ep_drain *d, const struct ep_slot *slot,
		       const struct ep_item *item)
{
	struct ep_event e = ep_event_make(item->t_ns, "mark");
	const char *name = slot->channels[item->channel].name;
	char source[32], text[EP_SLOT_ID_BYTES + EP_CHANNEL_NAME_BYTES];

	(void)ep_str_format(source, sizeof(source), "0:%d",
			    MARK_STREAM + (int)item->slot);
	(void)ep_str_format(text, sizeof(text), "%s.%s", slot->id, name);
	e.source = source;
	e.phase = item->value ? name : "";
	e.span_ns = item->span_ns;
	e.evidence = EP_EVIDENCE_MARKED;
	e.text = text;
	ep_writer_event(d->writer, &e);
}

static void write_item(struct ep_drain *d, const struct ep_item *item)
{
	const struct ep_slot_list *list = d->sampler->list;
	struct ep_sample s = { .t_ns = item->t_ns,
			       .value = item->value,
			       .span_ns = item->span_ns,
			       .channel = item->channel,
			       .flags = item->flags };
	int file;

	if (item->kind == EP_ITEM_TICK) {
		ep_writer_tick(d->writer, item->t_ns, item->value,
			       item->span_ns);
		return;
	}
	file = list->slots[item->slot]->file;
	if (file < 0)
		return;
	if (item->flags & EP_SAMPLE_MARK)
		write_mark(d, list->slots[item->slot], item);
	else if (item->kind == EP_ITEM_ROW_END)
		ep_writer_row_end(d->writer, (size_t)file);
	else
		ep_writer_sample(d->writer, (size_t)file, &s);
}

static void empty_rings(struct ep_drain *d)
{
	struct ep_item item;

	while (ep_ring_pop(&d->sampler->poller.ring, &item))
		write_item(d, &item);
	for (size_t i = 0; i < d->worker_count; i++)
		while (ep_ring_pop(&d->workers[i]->poller.ring, &item))
			write_item(d, &item);
}

static int add_worker(struct ep_drain *d, const struct ep_slot_list *list,
		      size_t first, bool slow_lane, struct ep_err *err)
{
	struct ep_worker *w = calloc(1, sizeof(*w));
	int64_t period_ns = slow_lane ? EP_SLOW_LANE_NS : d->env->interval_ns;
	int r;

	if (!w)
		return ep_err_set(err, -ENOMEM, "out of memory");
	w->stop_fd = -1;
	w->jitter = d->jitter;
	for (size_t i = first; i < list->count; i++) {
		if (!list->slots[i]->sensor ||
		    (slow_lane &&
		     atomic_load(&list->slots[i]->lane) != EP_LANE_SLOW))
			continue;
		ep_worker_add(w, list->slots[i], (uint16_t)i);
		if (!slow_lane)
			break;
	}
	if (w->slot_count == 0) {
		free(w);
		return 0;
	}
	r = ep_worker_start(w, d->env, d->gate, period_ns, err);
	if (r < 0) {
		ep_worker_done(w);
		free(w);
		return r;
	}
	d->workers[d->worker_count] = w;
	atomic_fetch_add(&d->worker_count, 1);
	return 0;
}

/* The sampler found a sensor that would delay the grid. */
static void take_moved(struct ep_drain *d)
{
	int index = atomic_load(&d->sampler->moved_index);
	const struct ep_slot_list *list = d->sampler->list;
	struct ep_event e;
	struct ep_err err = { 0 };

	if (index < 0)
		return;
	e = ep_event_make(d->env->now_ns(), "sensor");
	e.source = list->slots[index]->id;
	e.text = "polls took over 200 us three times: moved off the grid to a "
		 "thread of its own";
	if (add_worker(d, list, (size_t)index, false, &err) < 0)
		e.text = err.text;
	ep_writer_event(d->writer, &e);
	atomic_store(&d->sampler->moved_index, -1);
}

static void sync_disk(struct ep_drain *d)
{
	struct ep_event e = ep_event_make(d->env->now_ns(), "fact");
	char text[48];
	int64_t took_ns;

	(void)ep_writer_flush(d->writer);
	(void)syncfs(d->writer->dir_fd);
	took_ns = d->env->now_ns() - e.t_ns;
	(void)ep_str_format(text, sizeof(text), "%lld", (long long)took_ns);
	e.source = "disk_sync.took_ns";
	e.text = text;
	ep_writer_event(d->writer, &e);
}

static void *drain_main(void *arg)
{
	struct ep_drain *d = arg;
	struct pollfd stop = { .fd = d->stop_fd, .events = POLLIN };
	int64_t flushed_ns = d->env->now_ns(), synced_ns = flushed_ns;

	prctl(PR_SET_NAME, "edgeprof-drain", 0, 0, 0);
	while (!atomic_load_explicit(&d->stop, memory_order_acquire)) {
		(void)poll(&stop, 1, DRAIN_MS);
		atomic_fetch_add(&d->wakeup_count, 1);
		empty_rings(d);
		take_moved(d);
		/* Half a period early, so that a late wake-up does not make it
		 * two seconds. */
		if (d->env->now_ns() - flushed_ns >
		    FLUSH_NS - DRAIN_MS * EP_NS_PER_MS / 2) {
			flushed_ns = d->env->now_ns();
			ep_watch_look(&d->watch, d->env, d->writer);
			(void)ep_writer_flush(d->writer);
		}
		if (d->disk_sync_ns > 0 &&
		    d->env->now_ns() - synced_ns >= d->disk_sync_ns) {
			sync_disk(d);
			synced_ns = d->env->now_ns();
		}
	}
	return NULL;
}

int ep_drain_start(struct ep_drain *d, const struct ep_slot_list *list,
		   struct ep_err *err)
{
	int r = add_worker(d, list, 0, true, err);

	for (size_t i = 0; r == 0 && i < list->count; i++)
		if (list->slots[i]->sensor &&
		    atomic_load(&list->slots[i]->lane) == EP_LANE_OWN)
			r = add_worker(d, list, i, false, err);
	if (r < 0)
		return r;
	d->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (d->stop_fd < 0)
		return ep_err_set(err, -errno, "cannot make an eventfd: %s",
				  strerror(errno));
	ep_watch_look(&d->watch, d->env, d->writer);
	r = -pthread_create(&d->thread, NULL, drain_main, d);
	if (r < 0)
		return ep_err_set(err, r, "cannot start a thread: %s",
				  strerror(-r));
	d->started = true;
	return 0;
}

void ep_drain_stop(struct ep_drain *d)
{
	uint64_t one = 1;

	for (size_t i = 0; i < d->worker_count; i++)
		ep_worker_stop(d->workers[i]);
	if (!d->started)
		return;
	atomic_store_explicit(&d->stop, true, memory_order_release);
	while (write(d->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(d->thread, NULL);
	d->started = false;
	/* A sensor moved in the last instant: its thread polls on. */
	for (size_t i = 0; i < d->worker_count; i++)
		ep_worker_stop(d->workers[i]);
	empty_rings(d);
	ep_watch_look(&d->watch, d->env, d->writer);
}

uint64_t ep_drain_dropped(const struct ep_drain *d)
{
	uint64_t count = d->sampler->poller.ring.dropped_count;

	for (size_t i = 0; i < d->worker_count; i++)
		count += d->workers[i]->poller.ring.dropped_count;
	return count;
}

void ep_drain_done(struct ep_drain *d)
{
	for (size_t i = 0; i < d->worker_count; i++) {
		ep_worker_done(d->workers[i]);
		free(d->workers[i]);
	}
	d->worker_count = 0;
	if (d->stop_fd >= 0)
		close(d->stop_fd);
	d->stop_fd = -1;
}
