/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setting_clocks.h"

#include <string.h>

#include "base/str.h"

#define CPU_DIR "/sys/devices/system/cpu"
#define POLICY_DIR CPU_DIR "/cpufreq"
#define DEVFREQ_DIR "/sys/class/devfreq"

struct walk {
	const struct ep_env *env;
	int (*each)(void *ctx, const char *file);
	void *ctx;
	const char *dir, *prefix;
	const char *const *names;
	int told; /* what each() said; a folder that is absent says nothing */
};

static int walk_one(void *ctx, const char *entry)
{
	struct walk *w = ctx;
	char path[300];
	int r = 0;

	if (!ep_str_starts(entry, w->prefix))
		return 0;
	for (size_t i = 0; r == 0 && w->names[i]; i++)
		if (ep_str_format(path, sizeof(path), "%s/%s/%s", w->dir, entry,
				  w->names[i]) &&
		    ep_root_exists(&w->env->root, path) == 0)
			r = w->each(w->ctx, path);
	w->told = r;
	return r;
}

int ep_setting_clock_files(const struct ep_env *env,
			   int (*each)(void *ctx, const char *file), void *ctx)
{
	static const char *const online[] = { "online", NULL };
	static const char *const limits[] = { "scaling_min_freq",
					      "scaling_max_freq", NULL };
	static const char *const devfreq[] = { "min_freq", "max_freq", NULL };
	struct walk walks[] = {
		{ env, each, ctx, CPU_DIR, "cpu", online, 0 },
		{ env, each, ctx, POLICY_DIR, "policy", limits, 0 },
		{ env, each, ctx, DEVFREQ_DIR, "", devfreq, 0 },
	};

	for (size_t i = 0; i < sizeof(walks) / sizeof(walks[0]); i++) {
		(void)ep_root_list(&env->root, walks[i].dir, walk_one,
				   &walks[i]);
		if (walks[i].told != 0)
			return walks[i].told;
	}
	return 0;
}

bool ep_setting_is_clock(const char *target)
{
	return strstr(target, "/cpufreq/") || strstr(target, "/devfreq/") ||
	       strstr(target, "/online");
}

struct fixed {
	const struct ep_env *env;
	size_t policies, fixed;
};

static int look_at(void *ctx, const char *entry)
{
	struct fixed *f = ctx;
	int64_t min_khz, max_khz;
	char dir[120];

	if (!ep_str_starts(entry, "policy") ||
	    !ep_str_format(dir, sizeof(dir), "%s/%s", POLICY_DIR, entry) ||
	    ep_root_read_i64_in(&f->env->root, dir, "scaling_min_freq",
				&min_khz) < 0 ||
	    ep_root_read_i64_in(&f->env->root, dir, "scaling_max_freq",
				&max_khz) < 0)
		return 0;
	f->policies++;
	f->fixed += min_khz == max_khz;
	return 0;
}

bool ep_setting_clocks_fixed(const struct ep_env *env)
{
	struct fixed f = { .env = env };

	(void)ep_root_list(&env->root, POLICY_DIR, look_at, &f);
	return f.policies > 0 && f.fixed == f.policies;
}
