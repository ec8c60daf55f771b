/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/busy_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

#define CPU_DIR "/sys/devices/system/cpu"
/* Reading more idle states than this every tick would be a load of its own. */
#define STATE_FILES_MAX 256

struct idle_search {
	const struct ep_root *root;
	struct ep_busy *b;
	char dir[96];
	int number;
	size_t found;
};

static int add_state(void *ctx, const char *name)
{
	struct idle_search *s = ctx;
	char path[192];
	int fd;

	if (!ep_str_starts(name, "state"))
		return 0;
	if (s->b->state_count == STATE_FILES_MAX)
		return -E2BIG;
	(void)ep_str_format(path, sizeof(path), "%s/%.40s/time", s->dir, name);
	fd = ep_root_openat(s->root, path, O_RDONLY);
	if (fd < 0)
		return fd;
	s->b->state_fds[s->b->state_count] = fd;
	s->b->state_cpus[s->b->state_count++] = (unsigned short)s->b->cpu_count;
	s->found++;
	return 0;
}

/* Is number in a list like "0-3,6"? */
static bool in_cpu_list(const char *list, int64_t number)
{
	while (*list >= '0' && *list <= '9') {
		int64_t low, high;
		int n = ep_num_scan_i64(list, strspn(list, "0123456789"), &low);

		if (n <= 0)
			return false;
		list += n;
		high = low;
		if (*list == '-') {
			list++;
			n = ep_num_scan_i64(list, strspn(list, "0123456789"),
					    &high);
			if (n <= 0)
				return false;
			list += n;
		}
		if (number >= low && number <= high)
			return true;
		list += *list == ',';
	}
	return false;
}

/* The CPUs online into list; false when the kernel does not say. */
static bool read_online(const struct ep_busy *b, char *list, size_t size)
{
	return b->fd >= 0 && ep_kept_read_text(b->fd, list, size) > 0;
}

static int add_cpu(void *ctx, const char *name)
{
	struct idle_search *s = ctx;
	char list[1024];
	int64_t number;
	size_t len = strlen(name);
	int r;

	if (!ep_str_starts(name, "cpu") || len > 8 ||
	    ep_num_scan_i64(name + 3, len - 3, &number) != (int)len - 3)
		return 0;
	if (read_online(s->b, list, sizeof(list)) && !in_cpu_list(list, number))
		return 0;
	if (s->b->cpu_count == EP_BUSY_CPUS_MAX)
		return -E2BIG;
	(void)ep_str_format(s->dir, sizeof(s->dir), CPU_DIR "/%s/cpuidle",
			    name);
	s->found = 0;
	r = ep_root_list(s->root, s->dir, add_state, s);
	if (r < 0 || s->found == 0)
		return r < 0 ? r : -ENOENT;
	s->b->numbers[s->b->cpu_count++] = (int)number;
	return 0;
}

int ep_busy_open_cpuidle(const struct ep_root *root, struct ep_busy **ret)
{
	struct idle_search s = { .root = root, .b = ep_busy_new() };
	int r = -ENOMEM;

	if (!s.b)
		return -ENOMEM;
	s.b->state_fds = calloc(STATE_FILES_MAX, sizeof(*s.b->state_fds));
	s.b->state_cpus = calloc(STATE_FILES_MAX, sizeof(*s.b->state_cpus));
	s.b->numbers = calloc(EP_BUSY_CPUS_MAX, sizeof(*s.b->numbers));
	if (s.b->state_fds && s.b->state_cpus && s.b->numbers) {
		s.b->fd = ep_root_openat(root, CPU_DIR "/online", O_RDONLY);
		if (!ep_root_redirected(root))
			s.b->loadavg_fd =
				open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
		r = ep_root_list(root, CPU_DIR, add_cpu, &s);
	}
	if (r == 0 && s.b->cpu_count == 0)
		r = -ENOENT;
	if (r < 0) {
		ep_busy_close(s.b);
		return r;
	}
	*ret = s.b;
	return 0;
}

/*
 * A CPU's idle time grows when it leaves an idle state, so while it stands
 * still the CPU may be busy or idle.  When it has grown between two reads, all
 * of it lay before the second, and the CPU was busy for at least (time of the
 * first read - idle time): a lower bound that is late by one read.
 * awake: the CPU is known to be busy at this instant; then it has not slept
 * since its idle time last grew, and the bound is not late.
 */
static void note_idle(struct ep_busy *b, struct ep_busy_cpu *c, int64_t idle_ns,
		      int64_t now_ns, bool awake)
{
	int64_t busy_ns;

	if (!c->known) {
		c->base_ns = now_ns - idle_ns;
		c->known = true;
	} else if (idle_ns != c->idle_ns) {
		busy_ns = b->last_read_ns - idle_ns - c->base_ns;
		/* The sleep that ended first may have begun before open. */
		if (busy_ns < 0 && !c->settled)
			c->base_ns = now_ns - idle_ns;
		else if (busy_ns > c->busy_ns)
			c->busy_ns = busy_ns;
		c->settled = true;
	} else if (awake && now_ns - idle_ns - c->base_ns > c->busy_ns) {
		c->busy_ns = now_ns - idle_ns - c->base_ns;
	}
	c->idle_ns = idle_ns;
}

/* Is there a task for every CPU, ourselves not counted?  "0.00 0.01 0.05 3/99
 * 1234" of loadavg: 3 are running or runnable. */
static bool is_crowded(const struct ep_busy *b)
{
	char text[128];
	const char *at = text;
	int64_t runnable;
	size_t online = 0;

	if (b->loadavg_fd < 0 ||
	    ep_kept_read_text(b->loadavg_fd, text, sizeof(text)) <= 0)
		return false;
	for (int i = 0; i < 3 && at; i++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	if (!at ||
	    ep_num_scan_i64(at, strspn(at, "0123456789"), &runnable) <= 0)
		return false;
	for (size_t i = 0; i < b->cpu_count; i++)
		online += !b->away[i];
	return runnable - 1 >= (int64_t)online;
}

/* Looked at less often than the idle times: a CPU does not come and go within
 * a tenth of a second. */
static void look_who_is_online(struct ep_busy *b, int64_t now_ns)
{
	char list[1024];

	if (now_ns < b->online_due_ns)
		return;
	b->online_due_ns = now_ns + 100 * EP_NS_PER_MS;
	if (!read_online(b, list, sizeof(list)))
		return;
	for (size_t i = 0; i < b->cpu_count; i++)
		b->away[i] = !in_cpu_list(list, b->numbers[i]);
}

/* 1 when the files of a CPU that is there cannot be read. */
int ep_busy_cpuidle_read(struct ep_busy *b, int64_t now_ns)
{
	int64_t idle_ns[EP_BUSY_CPUS_MAX];
	bool lost[EP_BUSY_CPUS_MAX];
	/* Waking up here has ended this CPU's sleep, if it was asleep. */
	int here = b->loadavg_fd >= 0 ? sched_getcpu() : -1;
	bool crowded;
	int ret = 0;

	look_who_is_online(b, now_ns);
	crowded = is_crowded(b);
	memset(idle_ns, 0, b->cpu_count * sizeof(*idle_ns));
	memset(lost, 0, b->cpu_count * sizeof(*lost));
	for (size_t i = 0; i < b->state_count; i++) {
		int64_t us;
		int r = ep_kept_read_i64(b->state_fds[i], &us);

		if (r == -EBADMSG)
			return r;
		if (r < 0)
			lost[b->state_cpus[i]] = true;
		else
			idle_ns[b->state_cpus[i]] += us * EP_NS_PER_US;
	}
	for (size_t i = 0; i < b->cpu_count; i++) {
		struct ep_busy_cpu *c = &b->cpus[i];

		if (!lost[i] && !b->away[i]) {
			note_idle(b, c, idle_ns[i], now_ns,
				  crowded || b->numbers[i] == here);
			continue;
		}
		/* Time it is away is not busy. */
		c->base_ns += now_ns - b->last_read_ns;
		ret |= !b->away[i];
	}
	return ret;
}
