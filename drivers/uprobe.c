/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "drivers/uprobe_publish.h"

#define SET_PAGES_MIN 8
#define EVENTS_MAX 65536

/* A ring of a user's own is charged to him: the kernel's share for everyone
 * (perf_event_mlock_kb) may be used up already. */
static int open_ring(struct ep_uprobe_set *s, int cpu)
{
	struct perf_event_attr attr;
	size_t pages = EP_UPROBE_SET_PAGES;
	int fd, r;

	if (!ep_uprobe_attr_init(&attr, ep_uprobe_ring_bytes()))
		return -ENOTSUP;
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	if (s->pid > 0)
		ep_uprobe_attr_own(&attr);
	do {
		fd = ep_uprobe_event(&attr, s->pid > 0 ? s->pid : -1, cpu);
		if (fd < 0)
			return fd;
		r = ep_uprobe_ring_map(&s->rings[cpu], fd, pages);
		pages /= 2;
	} while (r == -EPERM && s->pid > 0 && pages >= SET_PAGES_MIN);
	return r;
}

static int open_rings(struct ep_uprobe_set *s)
{
	int cpus = ep_uprobe_cpu_count(), r = 0;

	s->rings = calloc((size_t)cpus, sizeof(*s->rings));
	s->pending = calloc((size_t)cpus, sizeof(*s->pending));
	s->has_pending = calloc((size_t)cpus, sizeof(*s->has_pending));
	if (!s->rings || !s->pending || !s->has_pending)
		return -ENOMEM;
	for (int c = 0; r == 0 && c < cpus; c++) {
		s->rings[c].fd = -1;
		s->ring_count++;
		r = open_ring(s, c);
		if (r == -ENODEV)
			r = 0;
	}
	return r;
}

int ep_uprobe_set_open(bool best, struct ep_uprobe_set **ret,
		       struct ep_err *err)
{
	struct ep_uprobe_set *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return ep_err_set(err, -ENOMEM, "out of memory");
	s->trace_fd = best ? ep_uprobe_trace_open() : -1;
	if (s->trace_fd < 0)
		r = ep_uprobe_pmu_type(&s->pmu_type);
	if (r == 0)
		r = open_rings(s);
	if (r < 0) {
		ep_uprobe_set_close(s);
		return ep_uprobe_explain(r, err);
	}
	*ret = s;
	return 0;
}

int ep_uprobe_set_open_own(pid_t pid, struct ep_uprobe_set **ret,
			   struct ep_err *err)
{
	struct ep_uprobe_set *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return ep_err_set(err, -ENOMEM, "out of memory");
	s->trace_fd = -1;
	s->pid = pid;
	r = open_rings(s);
	if (r < 0) {
		ep_uprobe_set_close(s);
		return ep_err_set(err, r,
				  "cannot open the probes that were set up: "
				  "%s",
				  strerror(-r));
	}
	*ret = s;
	return 0;
}

const char *ep_uprobe_set_way(const struct ep_uprobe_set *s)
{
	return s->pid > 0 ? "published" : s->trace_fd >= 0 ? "tracefs" : "pmu";
}

/* The kernel counts ids up, so what is appended keeps them sorted. */
static int keep_event(struct ep_uprobe_set *s,
		      const struct ep_uprobe_kind *event)
{
	if (s->event_count == s->event_size) {
		size_t size = s->event_size ? s->event_size * 2 : 64;
		struct ep_uprobe_kind *bigger;

		if (size > EVENTS_MAX)
			return -EFBIG;
		bigger = realloc(s->events, size * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		s->events = bigger;
		s->event_size = size;
	}
	s->events[s->event_count++] = *event;
	return 0;
}

static void event_name(char *ret, int number)
{
	(void)ep_str_format(ret, EP_UPROBE_NAME_BYTES,
			    EP_UPROBE_GROUP "_%d/e%d", (int)getpid(), number);
}

/* Ends the events from the given ones on, and their definitions. */
static void drop_events(struct ep_uprobe_set *s, size_t event, int name)
{
	char text[EP_UPROBE_NAME_BYTES];

	while (s->event_count > event)
		close(s->events[--s->event_count].fd);
	while (s->name_count > name) {
		event_name(text, --s->name_count);
		(void)ep_uprobe_trace_remove(s->trace_fd, text);
	}
}

int ep_uprobe_set_event(struct ep_uprobe_set *s, struct perf_event_attr *attr,
			pid_t tid, int cpu, struct ep_uprobe_kind event)
{
	int r = 0;

	event.fd = ep_uprobe_event(attr, tid, cpu);
	if (event.fd < 0)
		return event.fd == -ENODEV ? 0 : event.fd; /* went offline */
	if (ioctl(event.fd, PERF_EVENT_IOC_ID, &event.id) < 0 ||
	    ioctl(event.fd, PERF_EVENT_IOC_SET_OUTPUT, s->rings[cpu].fd) < 0 ||
	    ioctl(event.fd, PERF_EVENT_IOC_ENABLE, 0) < 0)
		r = -errno;
	if (r == 0)
		r = keep_event(s, &event);
	if (r < 0)
		close(event.fd);
	return r;
}

static int add_everywhere(struct ep_uprobe_set *s, struct perf_event_attr *attr,
			  const struct ep_uprobe_kind *event)
{
	int r = 0;

	for (int c = 0; r == 0 && c < s->ring_count; c++)
		if (s->rings[c].fd >= 0)
			r = ep_uprobe_set_event(s, attr, -1, c, *event);
	return r;
}

static int add_by_trace(struct ep_uprobe_set *s,
			const struct ep_uprobe_batch *batch)
{
	static const unsigned kinds[] = { 0, EP_UPROBE_RETURN };
	int r = 0;

	for (size_t i = 0; r == 0 && i < 2; i++) {
		struct ep_uprobe_kind event = { .flags = kinds[i],
						.probe = -1 };
		struct perf_event_attr attr;
		char name[EP_UPROBE_NAME_BYTES];
		uint64_t config = 0;

		(void)ep_uprobe_attr_init(&attr, ep_uprobe_ring_bytes());
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.sample_type |= PERF_SAMPLE_RAW;
		event_name(name, s->name_count);
		r = ep_uprobe_trace_define(s->trace_fd, name, batch, &event,
					   &config);
		if (r == -ENOENT) {
			r = 0;
			continue;
		}
		if (r < 0)
			break;
		s->name_count++;
		attr.config = config;
		r = add_everywhere(s, &attr, &event);
	}
	return r;
}

static int add_by_pmu(struct ep_uprobe_set *s,
		      const struct ep_uprobe_batch *batch)
{
	char path[64];
	int r = 0;

	(void)ep_str_format(path, sizeof(path), "/proc/self/fd/%d", batch->fd);
	for (size_t i = 0; r == 0 && i < batch->count; i++) {
		struct ep_uprobe_kind event = {
			.flags = batch->points[i].flags,
			.probe = batch->points[i].probe
		};
		struct perf_event_attr attr;

		(void)ep_uprobe_attr_init(&attr, ep_uprobe_ring_bytes());
		ep_uprobe_pmu_attr(&attr, s->pmu_type, batch->points[i].flags);
		attr.uprobe_path = (uint64_t)(uintptr_t)path;
		attr.probe_offset = batch->points[i].offset;
		r = add_everywhere(s, &attr, &event);
	}
	return r;
}

int ep_uprobe_set_add(struct ep_uprobe_set *s, int fd,
		      const struct ep_uprobe_point *points, size_t count,
		      struct ep_err *err)
{
	const struct ep_uprobe_batch batch = { fd, points, count };
	size_t events = s->event_count;
	int names = s->name_count;
	int r;

	r = s->trace_fd >= 0 ? add_by_trace(s, &batch) : add_by_pmu(s, &batch);
	/* Kernels before 5.4 know neither shared events nor constants. */
	if (r == -EINVAL && s->trace_fd >= 0 && s->name_count == 0 &&
	    ep_uprobe_pmu_type(&s->pmu_type) == 0) {
		close(s->trace_fd);
		s->trace_fd = -1;
		r = add_by_pmu(s, &batch);
	}
	if (r < 0) {
		drop_events(s, events, names);
		return ep_uprobe_explain(r, err);
	}
	return 0;
}

static const struct ep_uprobe_kind *find_event(const struct ep_uprobe_set *s,
					       uint64_t id)
{
	size_t low = 0, high = s->event_count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (s->events[mid].id == id)
			return &s->events[mid];
		if (s->events[mid].id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static void fill_pending(struct ep_uprobe_set *s, int cpu)
{
	const struct perf_event_header *h;

	while (!s->has_pending[cpu]) {
		const struct ep_uprobe_kind *event;
		uint64_t lost = 0;

		h = ep_uprobe_ring_next(&s->rings[cpu], s->scratch);
		if (!h)
			return;
		if (h->type == PERF_RECORD_LOST &&
		    h->size >= sizeof(*h) + 2 * sizeof(lost)) {
			memcpy(&lost, (const char *)(h + 1) + sizeof(lost),
			       sizeof(lost));
			s->lost += (int64_t)lost;
		}
		if (h->type != PERF_RECORD_SAMPLE)
			continue;
		event = find_event(s, ep_uprobe_sample_id(h));
		s->has_pending[cpu] =
			event &&
			ep_uprobe_sample_parse(h, event, &s->pending[cpu]);
	}
}

void ep_uprobe_set_mark(struct ep_uprobe_set *s)
{
	for (int c = 0; c < s->ring_count; c++)
		ep_uprobe_ring_mark(&s->rings[c]);
}

int64_t ep_uprobe_set_drain(struct ep_uprobe_set *s,
			    void (*hit)(void *ctx,
					const struct ep_uprobe_hit *h),
			    void *ctx)
{
	int64_t lost;

	for (;;) {
		int oldest = -1;

		for (int c = 0; c < s->ring_count; c++) {
			fill_pending(s, c);
			if (s->has_pending[c] &&
			    (oldest < 0 ||
			     s->pending[c].t_ns < s->pending[oldest].t_ns))
				oldest = c;
		}
		if (oldest < 0)
			break;
		s->has_pending[oldest] = false;
		hit(ctx, &s->pending[oldest]);
	}
	lost = s->lost;
	s->lost = 0;
	return lost;
}

void ep_uprobe_set_close(struct ep_uprobe_set *s)
{
	if (!s)
		return;
	drop_events(s, 0, 0);
	if (s->trace_fd >= 0)
		close(s->trace_fd);
	for (int c = 0; c < s->ring_count; c++)
		ep_uprobe_ring_unmap(&s->rings[c]);
	free(s->events);
	free(s->rings);
	free(s->pending);
	free(s->has_pending);
	free(s);
}
