/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h"
#include "drivers/uprobe_parts.h"

#define TRACK_PAGES 16
#define EVERYONE_PAGES 64
#define PIDS_MAX (4U * 1024 * 1024) /* PID_MAX_LIMIT */
#define HELD_MAX 4096		    /* mappings of one drain */

/* A mapping of a process that may turn out to be of the tree: its fork may
 * stand in the ring of a CPU that is read later. */
struct held_map {
	struct ep_uprobe_map map;
	char path[512];
};

struct ep_uprobe_track {
	struct ep_uprobe_ring *rings;
	int ring_count;
	bool everyone; /* the rings tell of all processes */
	struct held_map *held;
	size_t held_count, held_size;
	/* One bit per possible process id; pages never touched cost nothing. */
	uint8_t *pids;
	uint64_t scratch[EP_UPROBE_RECORD_BYTES / sizeof(uint64_t)];
};

static void add_pid(struct ep_uprobe_track *t, uint32_t pid)
{
	if (pid < PIDS_MAX)
		t->pids[pid / 8] |= (uint8_t)(1U << (pid % 8));
}

void ep_uprobe_track_add(struct ep_uprobe_track *t, pid_t pid)
{
	add_pid(t, (uint32_t)pid);
}

bool ep_uprobe_track_has(const struct ep_uprobe_track *t, pid_t pid)
{
	uint32_t p = (uint32_t)pid;

	return p < PIDS_MAX && (t->pids[p / 8] & (1U << (p % 8))) != 0;
}

/* A dummy event carries the side-band records.  It may be inherited: only
 * uprobe events break the target's clone(). */
static int open_ring(struct ep_uprobe_ring *ring, pid_t pid, int cpu)
{
	const bool waits = pid > 0; /* for exec */
	struct perf_event_attr attr;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
	attr.sample_id_all = 1;
	attr.disabled = waits;
	attr.enable_on_exec = waits;
	attr.inherit = waits;
	attr.exclude_kernel = 1; /* else refused to ordinary users */
	attr.mmap = 1;
	attr.mmap2 = 1;
	attr.task = 1;
	attr.use_clockid = 1;
	attr.clockid = CLOCK_MONOTONIC;
	attr.watermark = 1;
	attr.wakeup_watermark = 1;
	fd = ep_uprobe_event(&attr, pid, cpu);
	if (fd < 0)
		return fd;
	return ep_uprobe_ring_map(ring, fd,
				  waits ? TRACK_PAGES : EVERYONE_PAGES);
}

static int open_rings(pid_t pid, struct ep_uprobe_track **ret,
		      struct ep_err *err)
{
	struct ep_uprobe_track *t = calloc(1, sizeof(*t));
	int r = 0, cpus = ep_uprobe_cpu_count();

	if (!t)
		return ep_err_set(err, -ENOMEM, "out of memory");
	t->rings = calloc((size_t)cpus, sizeof(*t->rings));
	t->pids = calloc(1, PIDS_MAX / 8);
	if (!t->rings || !t->pids) {
		ep_uprobe_track_close(t);
		return ep_err_set(err, -ENOMEM, "out of memory");
	}
	for (int c = 0; c < cpus; c++) {
		t->rings[c].fd = -1;
		t->ring_count++;
		r = open_ring(&t->rings[c], pid, c);
		if (r < 0 && r != -ENODEV) {
			ep_uprobe_track_close(t);
			return ep_err_set(err, r,
					  "cannot follow what the program "
					  "loads: perf event on CPU %d: %s",
					  c, strerror(-r));
		}
	}
	*ret = t;
	return 0;
}

int ep_uprobe_track_open(pid_t pid, struct ep_uprobe_track **ret,
			 struct ep_err *err)
{
	int r = open_rings(pid, ret, err);

	if (r == 0)
		add_pid(*ret, (uint32_t)pid);
	return r;
}

int ep_uprobe_track_open_running(struct ep_uprobe_track **ret,
				 struct ep_err *err)
{
	int r = open_rings(-1, ret, err);

	if (r == 0)
		(*ret)->everyone = true;
	return r;
}

int ep_uprobe_track_watch(const struct ep_uprobe_track *t, int epoll_fd,
			  bool on)
{
	for (int c = 0; c < t->ring_count; c++) {
		struct epoll_event ev = { .events = EPOLLIN };

		if (t->rings[c].fd < 0)
			continue;
		ev.data.fd = t->rings[c].fd;
		if (epoll_ctl(epoll_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
			      t->rings[c].fd, &ev) < 0)
			return -errno;
	}
	return 0;
}

struct mmap2_record {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t addr, len, pgoff;
	uint32_t maj, min;
	uint64_t ino, ino_generation;
	uint32_t prot, flags;
	char filename[];
};

struct task_record {
	struct perf_event_header header;
	uint32_t pid, ppid, tid, ptid;
	uint64_t time;
};

/* The trailer that sample_id_all adds: pid, tid, time. */
#define TRAILER_BYTES 16

/* False: no mapping that could hold a program. */
static bool read_map(const struct perf_event_header *h,
		     struct ep_uprobe_map *ret)
{
	const struct mmap2_record *m = (const void *)h;
	size_t text;

	if (h->size < sizeof(*m) + TRAILER_BYTES)
		return false;
	text = h->size - sizeof(*m) - TRAILER_BYTES;
	if (!memchr(m->filename, 0, text) || m->filename[0] != '/')
		return false;
	/* Opening a device can have effects, and none holds a program. */
	if (ep_str_starts(m->filename, "/dev/"))
		return false;
	memcpy(&ret->t_ns, (const char *)h + h->size - sizeof(ret->t_ns),
	       sizeof(ret->t_ns));
	ret->pid = (pid_t)m->pid;
	ret->start = m->addr;
	ret->end = m->addr + m->len;
	ret->path = m->filename;
	return true;
}

/* False: no room, and it is lost. */
static bool hold(struct ep_uprobe_track *t, const struct ep_uprobe_map *m)
{
	struct held_map *h;

	if (t->held_count == t->held_size) {
		size_t size = t->held_size ? t->held_size * 2 : 16;

		h = size <= HELD_MAX ? realloc(t->held, size * sizeof(*h))
				     : NULL;
		if (!h)
			return false;
		t->held = h;
		t->held_size = size;
	}
	h = &t->held[t->held_count];
	h->map = *m;
	if (!ep_str_copy(h->path, sizeof(h->path), m->path))
		return false;
	t->held_count++;
	return true;
}

/* A number that is given out anew is another process's from then on. */
static void take_fork(struct ep_uprobe_track *t, const struct task_record *task)
{
	if (!t->everyone || ep_uprobe_track_has(t, (pid_t)task->ppid))
		add_pid(t, task->pid);
	else if (task->pid == task->tid && task->pid < PIDS_MAX)
		t->pids[task->pid / 8] &= (uint8_t) ~(1U << (task->pid % 8));
}

static int64_t take_lost(const struct perf_event_header *h)
{
	int64_t lost = 0;

	if (h->size >= sizeof(*h) + 2 * sizeof(lost))
		memcpy(&lost, (const char *)(h + 1) + sizeof(lost),
		       sizeof(lost));
	return lost;
}

/* One drain: what is known at once is told at once. */
struct draining {
	struct ep_uprobe_track *t;
	void (*map)(void *ctx, const struct ep_uprobe_map *m);
	void *ctx;
	int64_t *lost_count;
};

static void take_record(struct draining *d, const struct perf_event_header *h)
{
	struct ep_uprobe_track *t = d->t;
	const struct task_record *task = (const void *)h;
	struct ep_uprobe_map m;

	if (h->type == PERF_RECORD_FORK && h->size >= sizeof(*task)) {
		take_fork(t, task);
	} else if (h->type == PERF_RECORD_MMAP2 && read_map(h, &m)) {
		if (!t->everyone || ep_uprobe_track_has(t, m.pid))
			d->map(d->ctx, &m);
		else if (!hold(t, &m))
			(*d->lost_count)++;
	} else if (h->type == PERF_RECORD_LOST) {
		*d->lost_count += take_lost(h);
	}
}

int64_t ep_uprobe_track_drain(struct ep_uprobe_track *t,
			      void (*map)(void *ctx,
					  const struct ep_uprobe_map *m),
			      void *ctx, int64_t *lost_count)
{
	struct draining d = { t, map, ctx, lost_count };
	const struct perf_event_header *h;
	int64_t count = 0;

	for (int c = 0; c < t->ring_count; c++) {
		struct ep_uprobe_ring *ring = &t->rings[c];

		ep_uprobe_ring_mark(ring);
		while ((h = ep_uprobe_ring_next(ring, t->scratch)) != NULL) {
			count++;
			take_record(&d, h);
		}
	}
	for (size_t i = 0; i < t->held_count; i++) {
		struct held_map *held = &t->held[i];

		held->map.path = held->path;
		if (ep_uprobe_track_has(t, held->map.pid))
			map(ctx, &held->map);
	}
	t->held_count = 0;
	return count;
}

void ep_uprobe_track_close(struct ep_uprobe_track *t)
{
	if (!t)
		return;
	for (int c = 0; c < t->ring_count; c++)
		ep_uprobe_ring_unmap(&t->rings[c]);
	free(t->rings);
	free(t->held);
	free(t->pids);
	free(t);
}

/* The magic link needs the exact range, which mprotect() may have split; the
 * path is right in nearly every other case. */
int ep_uprobe_map_open(const struct ep_uprobe_map *m)
{
	char path[4200];
	int fd;

	if (!ep_str_format(path, sizeof(path), "/proc/%d/map_files/%llx-%llx",
			   (int)m->pid, (unsigned long long)m->start,
			   (unsigned long long)m->end))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		return fd;
	if (!ep_str_format(path, sizeof(path), "/proc/%d/root%s", (int)m->pid,
			   m->path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0)
		return fd;
	fd = open(m->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? -errno : fd;
}
