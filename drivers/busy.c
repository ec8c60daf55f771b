/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/busy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

#define CPU_DIR "/sys/devices/system/cpu"
#define CPUS_MAX 1024
/* Reading more idle states than this every tick would be a load of its own. */
#define STATE_FILES_MAX 256

struct cpu {
	int64_t busy_ns; /* what is known for sure */
	int64_t base_ns; /* schedstat: the last count; cpuidle: clock - idle
			    when nothing was busy yet */
	int64_t idle_ns; /* at the last read */
	bool known;	 /* base is set */
	bool settled;	 /* idle time was seen to grow */
};

struct ep_busy {
	bool schedstat;
	int fd; /* of schedstat, or of the list of CPUs that are online */
	int *state_fds; /* cpuidle: all states of CPU 0, then of CPU 1 ... */
	unsigned short *state_cpus; /* index into cpus */
	size_t state_count, cpu_count;
	int *numbers;		   /* of the CPUs of cpuidle */
	struct cpu cpus[CPUS_MAX]; /* schedstat: by number */
	bool away[CPUS_MAX];	   /* cpuidle: offline at the last look */
	int64_t online_due_ns;
	int64_t last_read_ns;
	int64_t known_ns; /* sum over CPUs at the last read */
	int64_t sum_ns;	  /* with what the witness said */
	int64_t witness_ns;
};

static struct ep_busy *new_busy(void)
{
	struct ep_busy *b = calloc(1, sizeof(*b));

	if (b)
		b->fd = -1;
	return b;
}

void ep_busy_close(struct ep_busy *busy)
{
	if (!busy)
		return;
	if (busy->fd >= 0)
		close(busy->fd);
	for (size_t i = 0; i < busy->state_count; i++)
		close(busy->state_fds[i]);
	free(busy->state_fds);
	free(busy->state_cpus);
	free(busy->numbers);
	free(busy);
}

const char *ep_busy_source(const struct ep_busy *busy)
{
	return busy->schedstat ? "schedstat" : "cpuidle";
}

/* "cpu3 0 0 0 0 0 0 RUNTIME ...": the seventh number, ns the CPU ran tasks
 * (Documentation/scheduler/sched-stats.rst, versions 15 to 17). */
static int schedstat_line(struct ep_busy *b, const char *line)
{
	const char *at = line + strlen("cpu");
	int64_t number, value;
	struct cpu *c;
	int used = ep_num_scan_i64(at, strspn(at, "0123456789"), &number);

	if (used <= 0 || at[used] != ' ' || number >= CPUS_MAX)
		return -EBADMSG;
	at += used;
	for (int i = 0; i < 6; i++) {
		at = strchr(at + 1, ' ');
		if (!at)
			return -EBADMSG;
	}
	at++;
	if (ep_num_scan_i64(at, strspn(at, "0123456789"), &value) <= 0)
		return -EBADMSG;
	c = &b->cpus[number];
	if (c->known && value > c->base_ns)
		c->busy_ns += value - c->base_ns;
	c->base_ns = value;
	c->known = true;
	return 1;
}

/* Lines are cut out of blocks, so memory stays constant whatever the number of
 * scheduling domains. */
static int schedstat_read(struct ep_busy *b)
{
	char text[4096];
	size_t kept = 0;
	off_t at = 0;
	int found = 0;

	for (;;) {
		ssize_t n =
			pread(b->fd, text + kept, sizeof(text) - 1 - kept, at);
		char *line = text, *end;

		if (n < 0)
			return -errno;
		if (n == 0)
			return found > 0 ? 0 : -EBADMSG;
		at += n;
		text[kept + (size_t)n] = '\0';
		while ((end = strchr(line, '\n')) != NULL) {
			*end = '\0';
			if (ep_str_starts(line, "cpu")) {
				int r = schedstat_line(b, line);

				if (r < 0)
					return r;
				found++;
			}
			line = end + 1;
		}
		kept = strlen(line);
		if (kept >= sizeof(text) - 1)
			kept = 0;
		memmove(text, line, kept);
	}
}

int ep_busy_open_schedstat(const char *path, struct ep_busy **ret)
{
	struct ep_busy *b = new_busy();
	int64_t sum = 0;
	int r;

	if (!b)
		return -ENOMEM;
	b->schedstat = true;
	b->fd = open(path ? path : "/proc/schedstat", O_RDONLY | O_CLOEXEC);
	r = b->fd < 0 ? -errno : schedstat_read(b);
	for (size_t i = 0; i < CPUS_MAX; i++)
		sum += b->cpus[i].base_ns;
	/* A machine that has booted has run something. */
	if (r == 0 && sum == 0)
		r = -ENODATA;
	if (r < 0) {
		ep_busy_close(b);
		return r;
	}
	*ret = b;
	return 0;
}

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
	if (s->b->cpu_count == CPUS_MAX)
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
	struct idle_search s = { .root = root, .b = new_busy() };
	int r = -ENOMEM;

	if (!s.b)
		return -ENOMEM;
	s.b->state_fds = calloc(STATE_FILES_MAX, sizeof(*s.b->state_fds));
	s.b->state_cpus = calloc(STATE_FILES_MAX, sizeof(*s.b->state_cpus));
	s.b->numbers = calloc(CPUS_MAX, sizeof(*s.b->numbers));
	if (s.b->state_fds && s.b->state_cpus && s.b->numbers) {
		s.b->fd = ep_root_openat(root, CPU_DIR "/online", O_RDONLY);
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

int ep_busy_open(const struct ep_root *root, struct ep_busy **ret,
		 struct ep_err *err)
{
	int r = ep_busy_open_schedstat(NULL, ret);

	if (r < 0)
		r = ep_busy_open_cpuidle(root, ret);
	if (r == -ENOMEM)
		return ep_err_set(err, r, "out of memory");
	if (r < 0)
		return ep_err_set(err, -ENOTSUP,
				  "this kernel tells neither what its "
				  "processors ran (schedstat) nor how long "
				  "they idled (cpuidle)");
	return 0;
}

/*
 * A CPU's idle time grows when it leaves an idle state, so while it stands
 * still the CPU may be busy or idle.  When it has grown between two reads, all
 * of it lay before the second, and the CPU was busy for at least (time of the
 * first read - idle time): a lower bound that is late by one read.
 */
static void note_idle(struct ep_busy *b, struct cpu *c, int64_t idle_ns,
		      int64_t now_ns)
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
	}
	c->idle_ns = idle_ns;
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
static int cpuidle_read(struct ep_busy *b, int64_t now_ns)
{
	int64_t idle_ns[CPUS_MAX];
	bool lost[CPUS_MAX];
	int ret = 0;

	look_who_is_online(b, now_ns);
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
		struct cpu *c = &b->cpus[i];

		if (!lost[i] && !b->away[i]) {
			note_idle(b, c, idle_ns[i], now_ns);
			continue;
		}
		/* Time it is away is not busy. */
		c->base_ns += now_ns - b->last_read_ns;
		ret |= !b->away[i];
	}
	b->last_read_ns = now_ns;
	return ret;
}

int ep_busy_read(struct ep_busy *busy, int64_t now_ns, int64_t witness_ns,
		 int64_t *ret_ns)
{
	size_t count = busy->schedstat ? CPUS_MAX : busy->cpu_count;
	int64_t known_ns = 0;
	int r;

	if (busy->last_read_ns == 0)
		busy->last_read_ns = now_ns;
	r = busy->schedstat ? schedstat_read(busy) : cpuidle_read(busy, now_ns);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		known_ns += busy->cpus[i].busy_ns;
	if (witness_ns > busy->witness_ns) {
		if (busy->witness_ns > 0)
			busy->sum_ns += witness_ns - busy->witness_ns;
		busy->witness_ns = witness_ns;
	}
	if (known_ns > busy->sum_ns)
		busy->sum_ns = known_ns;
	*ret_ns = busy->sum_ns;
	return r;
}
