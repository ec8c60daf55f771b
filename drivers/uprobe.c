/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"

#define SET_PAGES 64
#define EVENTS_MAX 65536
#define NAME_BYTES 16

struct ep_uprobe_set {
	int trace_fd; /* -1: by the uprobe PMU */
	uint32_t pmu_type;
	int ring_count;
	struct ep_uprobe_ring *rings;
	struct ep_uprobe_hit *pending; /* the oldest unread hit of each ring */
	bool *has_pending;
	int64_t lost;
	struct ep_uprobe_kind *events; /* ascending ids */
	size_t event_count, event_size;
	int name_count; /* tracefs events "e0", "e1", ... */
	uint64_t scratch[EP_UPROBE_RECORD_BYTES / sizeof(uint64_t)];
};

static int explain(int code, struct ep_err *err)
{
	if (code == -EACCES && geteuid() != 0)
		return ep_err_set(err, code,
				  "phases of unmodified programs need root "
				  "here: run with sudo, or mark phases with "
				  "edgeprof.h");
	if (code == -EACCES || code == -EPERM || code == -ENOSYS)
		return ep_err_set(err, -EACCES,
				  "perf_event_open is refused here (%s): a "
				  "container needs --cap-add SYS_ADMIN and a "
				  "seccomp profile that allows it; or mark "
				  "phases with edgeprof.h",
				  strerror(-code));
	if (code == -ENOTSUP)
		return ep_err_set(err, code,
				  "this kernel has no uprobe events (Linux "
				  "4.17, CONFIG_UPROBE_EVENTS, on x86-64 or "
				  "AArch64): mark phases with edgeprof.h");
	return ep_err_set(err, code, "cannot set a probe: %s", strerror(-code));
}

static size_t ring_bytes(void)
{
	return SET_PAGES * (size_t)sysconf(_SC_PAGESIZE);
}

/* The first CPU that is online tells for all. */
static int try_event(struct perf_event_attr *attr)
{
	int fd = -ENODEV;

	for (int c = 0; fd == -ENODEV && c < ep_uprobe_cpu_count(); c++)
		fd = ep_uprobe_event(attr, -1, c);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

/* A probe in a file that nobody executes. */
static int try_pmu(struct perf_event_attr *attr)
{
	static const char code[64];
	char path[64];
	uint32_t type = 0;
	int r = ep_uprobe_pmu_type(&type);
	int fd;

	if (r < 0)
		return r;
	fd = memfd_create("edgeprof-probe", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)ep_str_format(path, sizeof(path), "/proc/self/fd/%d", fd);
	ep_uprobe_pmu_attr(attr, type, 0);
	attr->uprobe_path = (uint64_t)(uintptr_t)path;
	r = write(fd, code, sizeof(code)) == (ssize_t)sizeof(code)
		    ? try_event(attr)
		    : -EIO;
	attr->uprobe_path = 0;
	close(fd);
	return r;
}

int ep_uprobe_check(struct ep_err *err)
{
	struct perf_event_attr attr;
	int r = 0, fd;

	if (!ep_uprobe_attr_init(&attr, ring_bytes()))
		return explain(-ENOTSUP, err);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	r = try_event(&attr);
	if (r < 0)
		return explain(r, err);
	fd = ep_uprobe_trace_open();
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	r = try_pmu(&attr);
	return r < 0 ? explain(r, err) : 0;
}

static int open_ring(struct ep_uprobe_set *s, int cpu)
{
	struct perf_event_attr attr;
	int fd;

	if (!ep_uprobe_attr_init(&attr, ring_bytes()))
		return -ENOTSUP;
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	fd = ep_uprobe_event(&attr, -1, cpu);
	if (fd < 0)
		return fd;
	return ep_uprobe_ring_map(&s->rings[cpu], fd, SET_PAGES);
}

int ep_uprobe_set_open(bool best, struct ep_uprobe_set **ret,
		       struct ep_err *err)
{
	struct ep_uprobe_set *s = calloc(1, sizeof(*s));
	int cpus = ep_uprobe_cpu_count(), r = 0;

	if (!s)
		return ep_err_set(err, -ENOMEM, "out of memory");
	s->rings = calloc((size_t)cpus, sizeof(*s->rings));
	s->pending = calloc((size_t)cpus, sizeof(*s->pending));
	s->has_pending = calloc((size_t)cpus, sizeof(*s->has_pending));
	s->trace_fd = best ? ep_uprobe_trace_open() : -1;
	if (s->trace_fd < 0)
		r = ep_uprobe_pmu_type(&s->pmu_type);
	if (!s->rings || !s->pending || !s->has_pending)
		r = -ENOMEM;
	for (int c = 0; r == 0 && c < cpus; c++) {
		s->rings[c].fd = -1;
		s->ring_count++;
		r = open_ring(s, c);
		if (r == -ENODEV)
			r = 0;
	}
	if (r < 0) {
		ep_uprobe_set_close(s);
		return explain(r, err);
	}
	*ret = s;
	return 0;
}

const char *ep_uprobe_set_way(const struct ep_uprobe_set *s)
{
	return s->trace_fd >= 0 ? "tracefs" : "pmu";
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

/* Ends the events from the given ones on, and their definitions. */
static void drop_events(struct ep_uprobe_set *s, size_t event, int name)
{
	char text[NAME_BYTES];

	while (s->event_count > event)
		close(s->events[--s->event_count].fd);
	while (s->name_count > name) {
		(void)ep_str_format(text, sizeof(text), "e%d", --s->name_count);
		ep_uprobe_trace_remove(s->trace_fd, text);
	}
}

static int add_on_cpu(struct ep_uprobe_set *s, struct perf_event_attr *attr,
		      int cpu, struct ep_uprobe_kind event)
{
	int r = 0;

	event.fd = ep_uprobe_event(attr, -1, cpu);
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
			r = add_on_cpu(s, attr, c, *event);
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
		char name[NAME_BYTES];
		uint64_t config = 0;

		(void)ep_uprobe_attr_init(&attr, ring_bytes());
		attr.type = PERF_TYPE_TRACEPOINT;
		attr.sample_type |= PERF_SAMPLE_RAW;
		(void)ep_str_format(name, sizeof(name), "e%d", s->name_count);
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

		(void)ep_uprobe_attr_init(&attr, ring_bytes());
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
		return explain(r, err);
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
