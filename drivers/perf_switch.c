/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/perf_switch.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* kernel.perf_event_mlock_kb lets an ordinary user lock 512 KiB and one page
 * for each processor; a switch record is 8 bytes. */
#define DATA_BYTES (128 * 1024)

static int map_ring(struct ep_perf_switch_ring *ring, size_t page_bytes)
{
	int r = -ENOMEM;

	for (size_t data = DATA_BYTES; data >= page_bytes; data /= 4) {
		size_t bytes = page_bytes + data;
		void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				 MAP_SHARED, ring->fd, 0);

		if (map != MAP_FAILED) {
			ring->map = map;
			ring->map_bytes = bytes;
			ring->data_bytes = data;
			return 0;
		}
		r = -errno;
	}
	return r;
}

static int open_ring(struct ep_perf_switch_ring *ring, pid_t pid, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.disabled = 1,
		.inherit = 1,
		.enable_on_exec = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
		.context_switch = 1,
		.watermark = 1,
		.wakeup_watermark = UINT32_MAX,
	};
	long fd = syscall(SYS_perf_event_open, &attr, pid, cpu, -1,
			  PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -errno;
	ring->fd = (int)fd;
	return map_ring(ring, (size_t)sysconf(_SC_PAGESIZE));
}

int ep_perf_switches_open(struct ep_perf_switches *s, pid_t pid,
			  const struct ep_perf_cpus *online, struct ep_err *err)
{
	struct ep_perf_switches made = { 0 };
	int r = -ENODEV;

	made.rings = calloc(online->count, sizeof(*made.rings));
	if (!made.rings)
		return ep_err_set(err, -ENOMEM, "no memory for switch rings");
	for (size_t i = 0; i < online->count; i++) {
		struct ep_perf_switch_ring *ring = &made.rings[made.ring_count];

		ring->fd = -1;
		made.ring_count++;
		r = open_ring(ring, pid, online->ids[i]);
		if (r == -ENODEV) { /* this processor went offline */
			made.ring_count--;
			continue;
		}
		if (r < 0)
			goto fail;
	}
	if (made.ring_count == 0)
		goto fail;
	*s = made;
	return 0;
fail:
	ep_perf_switches_close(&made);
	return ep_err_set(err, r, "context switches cannot be recorded: %s%s",
			  strerror(-r),
			  r == -EPERM ? " (raise kernel.perf_event_mlock_kb)"
				      : "");
}

/* Copies out of the ring, whose records may wrap around its end. */
static void take(const struct ep_perf_switch_ring *ring, uint64_t at, void *ret,
		 size_t len)
{
	const unsigned char *data = (const unsigned char *)ring->map +
				    (ring->map_bytes - ring->data_bytes);
	size_t start = (size_t)(at & (ring->data_bytes - 1));
	size_t first = ring->data_bytes - start;

	if (first > len)
		first = len;
	memcpy(ret, data + start, first);
	memcpy((unsigned char *)ret + first, data, len - first);
}

static void drain(struct ep_perf_switches *s, struct ep_perf_switch_ring *ring)
{
	struct perf_event_mmap_page *page = ring->map;
	uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	uint64_t tail = page->data_tail;

	/* The kernel reports a loss only with the next record it can write. */
	if (head - tail > ring->data_bytes - sizeof(uint64_t[4]))
		s->lost++;
	while (head - tail >= sizeof(struct perf_event_header)) {
		struct perf_event_header h;
		struct {
			struct perf_event_header h;
			uint64_t id, lost;
		} lost;

		take(ring, tail, &h, sizeof(h));
		if (h.size < sizeof(h) || h.size > head - tail)
			break;
		if (h.type == PERF_RECORD_SWITCH &&
		    (h.misc & PERF_RECORD_MISC_SWITCH_OUT))
			s->count++;
		if (h.type == PERF_RECORD_LOST && h.size >= sizeof(lost)) {
			take(ring, tail, &lost, sizeof(lost));
			s->lost += lost.lost;
		}
		tail += h.size;
	}
	__atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
}

bool ep_perf_switches_read(struct ep_perf_switches *s)
{
	uint64_t before = s->lost;

	for (size_t i = 0; i < s->ring_count; i++)
		drain(s, &s->rings[i]);
	return s->lost != before;
}

void ep_perf_switches_close(struct ep_perf_switches *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->ring_count; i++) {
		if (s->rings[i].map)
			munmap(s->rings[i].map, s->rings[i].map_bytes);
		if (s->rings[i].fd >= 0)
			close(s->rings[i].fd);
	}
	free(s->rings);
	memset(s, 0, sizeof(*s));
}
