/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/perf.h"

#include <errno.h>
#include <limits.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/root.h"

#define TIMES (PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING)

static int event_open(struct perf_event_attr *attr, pid_t pid, int cpu,
		      int group_fd)
{
	long fd = syscall(SYS_perf_event_open, attr, pid, cpu, group_fd,
			  PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int read_paranoid(void)
{
	const struct ep_root machine = { .fd = -1 };
	int64_t value = 0;

	if (ep_root_read_i64(&machine, "/proc/sys/kernel/perf_event_paranoid",
			     &value) < 0 ||
	    value < INT_MIN || value > INT_MAX)
		return INT_MIN;
	return (int)value;
}

static int refused(int code, struct ep_err *err)
{
	int paranoid = read_paranoid();

	if (code == -EACCES && paranoid != INT_MIN)
		return ep_err_set(
			err, code,
			"perf_event_open was denied (EACCES): counting needs "
			"`sudo sysctl kernel.perf_event_paranoid=2` (it is %d "
			"now), root or CAP_PERFMON; if it is 2 or less "
			"already, a security module or filter denies it",
			paranoid);
	if (code == -EACCES)
		return ep_err_set(
			err, code,
			"perf_event_open was denied (EACCES): counting needs "
			"`sudo sysctl kernel.perf_event_paranoid=2`, root or "
			"CAP_PERFMON");
	if (code == -EPERM || code == -ENOSYS)
		return ep_err_set(
			err, code,
			"perf_event_open is blocked (%s) by a seccomp filter "
			"or container%s: start the container with --cap-add "
			"PERFMON, or with --security-opt seccomp=PROFILE where "
			"the profile allows perf_event_open",
			code == -EPERM ? "EPERM" : "ENOSYS",
			code == -ENOSYS ? ", or the kernel has no perf events"
					: "");
	return ep_err_set(err, code, "perf_event_open: %s", strerror(-code));
}

int ep_perf_probe(struct ep_perf_caps *ret, struct ep_err *err)
{
	struct ep_perf_caps caps = { .paranoid = read_paranoid() };
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_TASK_CLOCK,
		.read_format = TIMES,
		.disabled = 1,
	};
	int fd = event_open(&attr, 0, -1, -1);

	if (fd == -EACCES) {
		caps.user_only = true;
		attr.exclude_kernel = 1;
		attr.exclude_hv = 1;
		fd = event_open(&attr, 0, -1, -1);
	}
	if (fd < 0)
		return refused(fd, err);
	close(fd);
	attr.inherit = 1;
	attr.read_format |= PERF_FORMAT_GROUP;
	fd = event_open(&attr, 0, -1, -1);
	caps.group_read = fd >= 0;
	if (fd >= 0)
		close(fd);
	*ret = caps;
	return 0;
}

static void fill_attr(struct perf_event_attr *attr,
		      const struct ep_perf_event *event,
		      const struct ep_perf_code *code,
		      const struct ep_perf_scope *scope)
{
	memset(attr, 0, sizeof(*attr));
	attr->size = sizeof(*attr);
	attr->type = code->type;
	attr->config = code->config;
	attr->config1 = code->config1;
	attr->config2 = code->config2;
	attr->read_format = TIMES;
	if (!scope->separate)
		attr->read_format |= PERF_FORMAT_GROUP;
	if (event->kind == EP_PERF_DEVICE)
		return; /* such PMUs cannot tell user from kernel */
	attr->exclude_kernel = event->user_only || scope->user_only;
	attr->exclude_hv = attr->exclude_kernel;
	attr->exclude_user = event->kernel_only;
}

/* Which thread (-1: all), on which processor (-1: any). */
struct place {
	pid_t pid;
	int cpu;
};

static int open_member(struct ep_perf_instance *in,
		       const struct ep_perf_event *event,
		       const struct ep_perf_code *code,
		       const struct ep_perf_scope *scope, struct place at)
{
	struct perf_event_attr attr;
	int leader = in->fd_count ? in->fds[0] : -1;
	int fd;

	fill_attr(&attr, event, code, scope);
	attr.disabled = leader < 0; /* members follow their leader */
	if (scope->pid >= 0) {
		attr.inherit = 1;
		attr.enable_on_exec = leader < 0 && !scope->threads;
	}
	fd = event_open(&attr, at.pid, at.cpu, leader);
	if (fd >= 0)
		in->fds[in->fd_count++] = fd;
	return fd;
}

/*
 * Software events that join a leader which already runs (task-clock has a PMU
 * of its own) stay at 0 on kernel 6.18, so a group starts only when whole.
 */
static int start_instance(const struct ep_perf_instance *in, bool separate)
{
	for (size_t i = 0; i < in->fd_count; i++) {
		if (ioctl(in->fds[i], PERF_EVENT_IOC_ENABLE,
			  separate ? 0 : PERF_IOC_FLAG_GROUP) < 0)
			return -errno;
		if (!separate)
			break;
	}
	return 0;
}

/* All events that have a code for this PMU, at one place. */
static int open_instance(struct ep_perf_group *g,
			 const struct ep_perf_event *events,
			 const struct ep_perf_scope *scope, int pmu,
			 struct place at)
{
	struct ep_perf_instance *in = &g->instances[g->instance_count];

	memset(in, 0, sizeof(*in));
	in->pmu = pmu;
	g->instance_count++;
	for (size_t i = 0; i < g->event_count; i++) {
		for (size_t j = 0; j < events[i].code_count; j++) {
			int fd;

			if (events[i].codes[j].pmu != pmu)
				continue;
			in->members[in->fd_count] = (uint8_t)i;
			fd = open_member(in, &events[i], &events[i].codes[j],
					 scope, at);
			if (fd < 0)
				return fd;
		}
	}
	if (in->fd_count == 0) {
		g->instance_count--;
		return 0;
	}
	/* With a program, exec starts it. */
	return scope->pid < 0 || scope->threads
		       ? start_instance(in, scope->separate)
		       : 0;
}

static void drop_last(struct ep_perf_group *g)
{
	struct ep_perf_instance *in = &g->instances[--g->instance_count];

	for (size_t i = 0; i < in->fd_count; i++)
		close(in->fds[i]);
}

/* A thread that has ended meanwhile is left out. */
static int open_threads(struct ep_perf_group *g,
			const struct ep_perf_event *events,
			const struct ep_perf_scope *scope, int pmu)
{
	size_t opened = 0;

	for (size_t i = 0; i < scope->thread_count; i++) {
		int r = open_instance(g, events, scope, pmu,
				      (struct place){ scope->threads[i], -1 });

		if (r < 0 && r != -ESRCH)
			return r;
		if (r == -ESRCH)
			drop_last(g);
		opened += r == 0;
	}
	return opened > 0 ? 0 : -ESRCH;
}

static int open_everywhere(struct ep_perf_group *g,
			   const struct ep_perf_event *events,
			   const struct ep_perf_scope *scope, int pmu)
{
	const struct ep_perf_cpus *cpus = scope->online;
	int opened = 0;

	if (scope->threads)
		return open_threads(g, events, scope, pmu);
	if (scope->pid >= 0)
		return open_instance(g, events, scope, pmu,
				     (struct place){ scope->pid, -1 });
	if (events[0].kind == EP_PERF_DEVICE)
		cpus = &events[0].cpus;
	for (size_t i = 0; i < cpus->count; i++) {
		int cpu = cpus->ids[i];
		int r;

		if (pmu >= 0 && scope->pmus->cores[pmu].cpus.count > 0 &&
		    !ep_perf_cpus_have(&scope->pmus->cores[pmu].cpus, cpu))
			continue;
		r = open_instance(g, events, scope, pmu,
				  (struct place){ -1, cpu });
		if (r < 0 && r != -ENODEV)
			return r;
		if (r == -ENODEV) /* this processor went offline */
			drop_last(g);
		opened += r == 0;
	}
	return opened || cpus->count == 0 ? 0 : -ENODEV;
}

static int explain(int code, const struct ep_perf_event *events, size_t count,
		   const struct ep_perf_scope *scope, struct ep_err *err)
{
	if (code == -EACCES && scope->pid < 0)
		return ep_err_set(err, code,
				  "counting the whole system needs `sudo "
				  "sysctl kernel.perf_event_paranoid=0`, root "
				  "or CAP_PERFMON");
	if (code == -EACCES || code == -EPERM || code == -ENOSYS)
		return refused(code, err);
	if (code == -EMFILE || code == -ENFILE)
		return ep_err_set(err, code,
				  "too many open files for the counters: raise "
				  "the limit with `ulimit -n`");
	return ep_err_set(err, code, "event '%s'%s: %s", events[0].name,
			  count > 1 ? " and its group" : "", strerror(-code));
}

int ep_perf_group_open(struct ep_perf_group *g,
		       const struct ep_perf_event *events, size_t count,
		       const struct ep_perf_scope *scope, struct ep_err *err)
{
	struct ep_perf_group group = {
		.event_count = count,
		.separate = scope->separate,
		.system_wide = scope->pid < 0,
		.threads = scope->threads != NULL,
	};
	size_t places = scope->pid < 0 ? EP_PERF_CPUS_MAX : 1;
	int r = 0;

	if (count == 0 || count > EP_PERF_GROUP_MAX)
		return ep_err_set(err, -E2BIG, "a group of %zu events", count);
	if (scope->threads)
		places = scope->thread_count;
	else if (scope->pid < 0 && events[0].kind != EP_PERF_DEVICE)
		places = scope->online->count;
	group.instances = calloc(places * (EP_PERF_CORES_MAX + 1),
				 sizeof(*group.instances));
	if (!group.instances)
		return ep_err_set(err, -ENOMEM, "no memory for counters");
	for (int pmu = -1; pmu < (int)scope->pmus->core_count && r == 0; pmu++)
		r = open_everywhere(&group, events, scope, pmu);
	if (r == 0 && group.instance_count == 0)
		r = -ENOENT;
	if (r < 0) {
		ep_perf_group_close(&group);
		return explain(r, events, count, scope, err);
	}
	*g = group;
	return 0;
}

void ep_perf_group_close(struct ep_perf_group *g)
{
	if (!g)
		return;
	while (g->instance_count > 0)
		drop_last(g);
	free(g->instances);
	memset(g, 0, sizeof(*g));
}

int ep_perf_event_try(struct ep_perf_event *event,
		      const struct ep_perf_scope *scope)
{
	struct ep_perf_event left = *event;
	int first = 0;

	left.code_count = 0;
	for (size_t i = 0; i < event->code_count; i++) {
		struct ep_perf_event one = *event;
		struct ep_perf_group g = { 0 };
		int r;

		one.codes[0] = event->codes[i];
		one.code_count = 1;
		r = ep_perf_group_open(&g, &one, 1, scope, NULL);
		ep_perf_group_close(&g);
		if (r == 0)
			left.codes[left.code_count++] = event->codes[i];
		else if (first == 0)
			first = r;
	}
	if (left.code_count == 0)
		return first ? first : -ENOENT;
	*event = left;
	return 0;
}

int ep_perf_device_open(const struct ep_perf_event *event, int cpu,
			struct ep_err *err)
{
	struct perf_event_attr attr;
	const struct ep_perf_scope scope = { .pid = -1, .separate = true };
	int fd;

	fill_attr(&attr, event, &event->codes[0], &scope);
	attr.read_format = 0;
	fd = event_open(&attr, -1, cpu, -1);
	if (fd < 0)
		return explain(fd, event, 1, &scope, err);
	return fd;
}

int ep_perf_device_read(int fd, uint64_t *ret)
{
	uint64_t value = 0;
	ssize_t n = read(fd, &value, sizeof(value));

	if (n < 0)
		return -errno;
	if (n != (ssize_t)sizeof(value))
		return -EIO;
	*ret = value;
	return 0;
}
