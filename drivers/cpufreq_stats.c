/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/cpufreq_stats.h"

#include <errno.h>

#include "base/str.h"

#define CPUFREQ_DIR "/sys/devices/system/cpu/cpufreq"

struct sum {
	const struct ep_root *root;
	int64_t count;
	int policies;
};

static int add_policy(void *ctx, const char *name)
{
	struct sum *s = ctx;
	char path[128];
	int64_t count;
	int r;

	if (!ep_str_starts(name, "policy") ||
	    !ep_str_format(path, sizeof(path),
			   CPUFREQ_DIR "/%s/stats/total_trans", name))
		return 0;
	r = ep_root_read_i64(s->root, path, &count);
	if (r < 0)
		return r;
	s->count += count;
	s->policies++;
	return 0;
}

int ep_cpufreq_transitions(const struct ep_root *root, int64_t *ret_count)
{
	struct sum s = { root, 0, 0 };
	int r = ep_root_list(root, CPUFREQ_DIR, add_policy, &s);

	if (r < 0)
		return r;
	if (s.policies == 0)
		return -ENOENT;
	*ret_count = s.count;
	return 0;
}
