/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/busy_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

struct ep_busy *ep_busy_new(void)
{
	struct ep_busy *b = calloc(1, sizeof(*b));

	if (b)
		b->fd = b->loadavg_fd = -1;
	return b;
}

void ep_busy_close(struct ep_busy *busy)
{
	if (!busy)
		return;
	if (busy->fd >= 0)
		close(busy->fd);
	if (busy->loadavg_fd >= 0)
		close(busy->loadavg_fd);
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
	struct ep_busy_cpu *c;
	int used = ep_num_scan_i64(at, strspn(at, "0123456789"), &number);

	if (used <= 0 || at[used] != ' ' || number >= EP_BUSY_CPUS_MAX)
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
	struct ep_busy *b = ep_busy_new();
	int64_t sum = 0;
	int r;

	if (!b)
		return -ENOMEM;
	b->schedstat = true;
	b->fd = open(path ? path : "/proc/schedstat", O_RDONLY | O_CLOEXEC);
	r = b->fd < 0 ? -errno : schedstat_read(b);
	for (size_t i = 0; i < EP_BUSY_CPUS_MAX; i++)
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

/* With what the witness says, and no faster than all CPUs at work. */
static void add_up(struct ep_busy *b, int64_t known_ns, int64_t witness_ns,
		   int64_t most_ns)
{
	int64_t sum_ns = b->sum_ns;

	if (witness_ns > b->witness_ns) {
		if (b->witness_ns > 0)
			sum_ns += witness_ns - b->witness_ns;
		b->witness_ns = witness_ns;
	}
	if (known_ns > sum_ns)
		sum_ns = known_ns;
	if (sum_ns > b->sum_ns + most_ns)
		sum_ns = b->sum_ns + most_ns;
	b->sum_ns = sum_ns;
}

int ep_busy_read(struct ep_busy *busy, int64_t now_ns, int64_t witness_ns,
		 int64_t *ret_ns)
{
	size_t count = busy->schedstat ? EP_BUSY_CPUS_MAX : busy->cpu_count;
	int64_t known_ns = 0, before_ns = busy->last_read_ns, cpu_count = 0;
	int r;

	if (before_ns == 0)
		before_ns = busy->last_read_ns = now_ns;
	r = busy->schedstat ? schedstat_read(busy)
			    : ep_busy_cpuidle_read(busy, now_ns);
	if (r < 0)
		return r;
	busy->last_read_ns = now_ns;
	for (size_t i = 0; i < count; i++) {
		known_ns += busy->cpus[i].busy_ns;
		cpu_count += busy->cpus[i].known;
	}
	add_up(busy, known_ns, witness_ns, cpu_count * (now_ns - before_ns));
	*ret_ns = busy->sum_ns;
	return r;
}
