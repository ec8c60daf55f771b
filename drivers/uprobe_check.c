/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"

int ep_uprobe_explain(int code, struct ep_err *err)
{
	if (code == -EACCES && geteuid() != 0)
		return ep_err_set(err, code,
				  "phases of unmodified programs need root "
				  "here: run with sudo, or once \"sudo "
				  "edgeprof setup\", or mark phases with "
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

size_t ep_uprobe_ring_bytes(void)
{
	return EP_UPROBE_SET_PAGES * (size_t)sysconf(_SC_PAGESIZE);
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

	if (!ep_uprobe_attr_init(&attr, ep_uprobe_ring_bytes()))
		return ep_uprobe_explain(-ENOTSUP, err);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	r = try_event(&attr);
	if (r < 0)
		return ep_uprobe_explain(r, err);
	fd = ep_uprobe_trace_open();
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	r = try_pmu(&attr);
	return r < 0 ? ep_uprobe_explain(r, err) : 0;
}
