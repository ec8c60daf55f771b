/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/perf.h"

#include <errno.h>
#include <unistd.h>

static int read_separate(const struct ep_perf_instance *in, uint64_t *words)
{
	uint64_t one[3];

	for (size_t i = 0; i < in->fd_count; i++) {
		ssize_t n = read(in->fds[i], one, sizeof(one));

		if (n < 0)
			return -errno;
		if (n != (ssize_t)sizeof(one))
			return -EIO;
		if (i == 0) {
			words[1] = one[1];
			words[2] = one[2];
		}
		words[3 + i] = one[0];
	}
	return 0;
}

static int read_grouped(const struct ep_perf_instance *in, uint64_t *words)
{
	size_t want = (3 + (size_t)in->fd_count) * sizeof(words[0]);
	ssize_t n = read(in->fds[0], words, want);

	if (n < 0)
		return -errno;
	if ((size_t)n != want || words[0] != in->fd_count)
		return -EIO;
	return 0;
}

int ep_perf_group_read(const struct ep_perf_group *g,
		       struct ep_perf_values *ret)
{
	struct ep_perf_values sum = { 0 };
	uint64_t words[3 + EP_PERF_GROUP_MAX] = { 0 };

	for (size_t i = 0; i < g->instance_count; i++) {
		const struct ep_perf_instance *in = &g->instances[i];
		int r = g->separate ? read_separate(in, words)
				    : read_grouped(in, words);

		if (r < 0)
			return r;
		/* A thread is on one kind of core at a time, but enabled on
		 * all: running adds up, enabled does not. */
		if (g->system_wide ||
		    (g->threads && in->pmu == g->instances[0].pmu))
			sum.enabled_ns += words[1];
		else if (!g->threads && words[1] > sum.enabled_ns)
			sum.enabled_ns = words[1];
		sum.running_ns += words[2];
		for (size_t j = 0; j < in->fd_count; j++)
			sum.counts[in->members[j]] += words[3 + j];
	}
	*ret = sum;
	return 0;
}
