/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/cpufreq.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define CPUFREQ_DIR "/sys/devices/system/cpu/cpufreq"

struct policy_list {
	const struct ep_root *root;
	struct ep_cpufreq_policy *policies;
	size_t count, max;
};

static void read_text(const struct ep_root *root, const char *dir,
		      const char *name, char *ret, size_t size)
{
	if (ep_root_read_text_in(root, dir, name, ret, size) < 0)
		ret[0] = '\0';
	ep_str_printable(ret);
}

static int64_t read_khz(const struct ep_root *root, const char *dir,
			const char *name)
{
	int64_t khz;

	if (ep_root_read_i64_in(root, dir, name, &khz) < 0 || khz < 0 ||
	    khz > INT64_MAX / 1000)
		return 0;
	return khz * 1000;
}

static int add_policy(void *ctx, const char *name)
{
	struct policy_list *l = ctx;
	struct ep_cpufreq_policy *p;
	int64_t number;

	if (!ep_str_starts(name, "policy") || strlen(name) > 12 ||
	    ep_num_parse_i64(name + strlen("policy"), &number) < 0 ||
	    l->count == l->max)
		return 0;
	p = &l->policies[l->count++];
	memset(p, 0, sizeof(*p));
	p->number = (int)number;
	(void)ep_str_format(p->dir, sizeof(p->dir), CPUFREQ_DIR "/%s", name);
	read_text(l->root, p->dir, "scaling_governor", p->governor,
		  sizeof(p->governor));
	read_text(l->root, p->dir, "scaling_driver", p->driver,
		  sizeof(p->driver));
	read_text(l->root, p->dir, "affected_cpus", p->cpus, sizeof(p->cpus));
	p->min_hz = read_khz(l->root, p->dir, "scaling_min_freq");
	p->max_hz = read_khz(l->root, p->dir, "scaling_max_freq");
	return 0;
}

int ep_cpufreq_policies(const struct ep_root *root,
			struct ep_cpufreq_policy *policies, size_t max)
{
	struct policy_list l = { root, policies, 0, max };
	int r = ep_root_list(root, CPUFREQ_DIR, add_policy, &l);

	if (r < 0 && r != -ENOENT)
		return r;
	return (int)l.count;
}

void ep_cpufreq_governor(const struct ep_root *root, char *ret, size_t size)
{
	struct ep_cpufreq_policy *policies =
		calloc(EP_CPUFREQ_POLICIES_MAX, sizeof(*policies));
	int count = policies ? ep_cpufreq_policies(root, policies,
						   EP_CPUFREQ_POLICIES_MAX)
			     : 0;

	(void)ep_str_copy(ret, size, count > 0 ? policies[0].governor : "");
	for (int i = 1; i < count; i++)
		if (strcmp(policies[i].governor, policies[0].governor) != 0)
			(void)ep_str_copy(ret, size, "");
	free(policies);
}

int ep_cpufreq_open_current(const struct ep_root *root,
			    const struct ep_cpufreq_policy *policy)
{
	char path[128];

	(void)ep_str_format(path, sizeof(path), "%s/scaling_cur_freq",
			    policy->dir);
	return ep_root_openat(root, path, O_RDONLY);
}
