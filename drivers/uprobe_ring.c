/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

int ep_uprobe_cpu_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_CONF);

	return n < 1 ? 1 : n > 4096 ? 4096 : (int)n;
}

/* The measured program gets its own limits back at exec. */
static int raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 ||
	    limit.rlim_cur >= limit.rlim_max)
		return -EMFILE;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -EMFILE : 0;
}

int ep_uprobe_event(struct perf_event_attr *attr, pid_t pid, int cpu)
{
	long fd;

	attr->size = sizeof(*attr);
	fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1,
		     PERF_FLAG_FD_CLOEXEC);
	if (fd < 0 && errno == EMFILE && raise_file_limit() == 0)
		fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1,
			     PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : (int)fd;
}

int ep_uprobe_ring_map(struct ep_uprobe_ring *r, int fd, size_t pages)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *base = mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE,
			  MAP_SHARED, fd, 0);
	int code;

	if (base == MAP_FAILED) {
		code = -errno;
		close(fd);
		return code;
	}
	r->fd = fd;
	r->base = base;
	r->data_bytes = pages * page;
	r->limit_bytes = 0;
	return 0;
}

void ep_uprobe_ring_unmap(struct ep_uprobe_ring *r)
{
	if (r->base) {
		size_t page = (size_t)sysconf(_SC_PAGESIZE);

		munmap(r->base, r->data_bytes + page);
		close(r->fd);
	}
	r->base = NULL;
	r->fd = -1;
}

static struct perf_event_mmap_page *control(const struct ep_uprobe_ring *r)
{
	return (struct perf_event_mmap_page *)(void *)r->base;
}

void ep_uprobe_ring_mark(struct ep_uprobe_ring *r)
{
	if (r->base)
		r->limit_bytes = __atomic_load_n(&control(r)->data_head,
						 __ATOMIC_ACQUIRE);
}

static void copy_out(const struct ep_uprobe_ring *r, uint64_t from, void *dst,
		     size_t len)
{
	const unsigned char *data = r->base + (size_t)sysconf(_SC_PAGESIZE);
	size_t at = (size_t)(from & (r->data_bytes - 1));
	size_t first = r->data_bytes - at;

	if (first > len)
		first = len;
	memcpy(dst, data + at, first);
	memcpy((char *)dst + first, data, len - first);
}

const struct perf_event_header *ep_uprobe_ring_next(struct ep_uprobe_ring *r,
						    uint64_t *scratch)
{
	struct perf_event_header header;
	uint64_t tail;

	if (!r->base)
		return NULL;
	tail = control(r)->data_tail;
	if (r->limit_bytes - tail < sizeof(header) || tail > r->limit_bytes)
		return NULL;
	copy_out(r, tail, &header, sizeof(header));
	if (header.size < sizeof(header) || header.size > r->limit_bytes - tail)
		return NULL;
	memset(scratch, 0, sizeof(header));
	copy_out(r, tail, scratch, header.size);
	__atomic_store_n(&control(r)->data_tail, tail + header.size,
			 __ATOMIC_RELEASE);
	return (const struct perf_event_header *)(const void *)scratch;
}
