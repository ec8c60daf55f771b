/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

/*
 * A governor's tunables live in a folder of its name, in the policy's folder or
 * (one for all policies) beside it.  The folder goes when the last policy
 * leaves the governor and comes back with defaults.
 */
struct walk {
	const struct ep_env *env;
	const char *dir;
	int (*each)(void *ctx, const char *file);
	void *ctx;
	int said; /* by each(): what is not a failure to list a folder */
};

static int folder_of(const char *path, char *ret, size_t size)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return -EINVAL;
	return ep_str_format(ret, size, "%.*s", (int)(slash - path), path)
		       ? 0
		       : -ENAMETOOLONG;
}

/* A file that can be read and written; root may open any, so its mode says. */
static bool is_setting(const struct ep_env *env, const char *path)
{
	struct stat st;
	int fd = ep_root_openat(&env->root, path, O_PATH);
	bool good;

	if (fd < 0)
		return false;
	good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       (st.st_mode & S_IWUSR) && (st.st_mode & S_IRUSR);
	close(fd);
	return good;
}

static int offer(struct walk *w, const char *name)
{
	char path[PATH_MAX], text[EP_SETTING_VALUE_BYTES];

	if (!ep_str_format(path, sizeof(path), "%s/%s", w->dir, name) ||
	    !is_setting(w->env, path) ||
	    ep_setting_file.read(w->env, path, text, sizeof(text), NULL) < 0)
		return 0;
	w->said = w->each(w->ctx, path);
	return w->said;
}

static int offer_each(void *ctx, const char *name)
{
	return offer(ctx, name);
}

static int governor_companions(const struct ep_env *env, const char *target,
			       int (*each)(void *ctx, const char *file),
			       void *ctx)
{
	char name[64], policy[PATH_MAX], above[PATH_MAX], dir[PATH_MAX];
	struct walk w = { env, policy, each, ctx, 0 };
	int r = ep_setting_file.read(env, target, name, sizeof(name), NULL);

	if (r < 0 || strchr(name, '/') ||
	    folder_of(target, policy, sizeof(policy)) < 0 ||
	    folder_of(policy, above, sizeof(above)) < 0)
		return 0;
	/* intel_pstate and amd-pstate alter it with the governor. */
	(void)offer(&w, "energy_performance_preference");
	/* Elsewhere it reads "<unsupported>". */
	if (w.said == 0 && strcmp(name, "userspace") == 0)
		(void)offer(&w, "scaling_setspeed");
	w.dir = dir;
	for (int i = 0; w.said == 0 && i < 2; i++) {
		if (!ep_str_format(dir, sizeof(dir), "%s/%s",
				   i == 0 ? policy : above, name))
			continue;
		(void)ep_root_list(&env->root, dir, offer_each, &w);
	}
	return w.said;
}

static bool lies_in(const char *path, const char *dir)
{
	return ep_str_starts(path, dir) && path[strlen(dir)] == '/';
}

/* What is in its policy's folder, and the tunables of all policies. */
static bool governor_touches(const char *target, const char *other)
{
	char policy[PATH_MAX], above[PATH_MAX];

	if (strcmp(target, other) == 0 ||
	    folder_of(target, policy, sizeof(policy)) < 0 ||
	    folder_of(policy, above, sizeof(above)) < 0)
		return false;
	return lies_in(other, policy) ||
	       (lies_in(other, above) &&
		!ep_str_starts(other + strlen(above), "/policy"));
}

static int governor_read(const struct ep_env *env, const char *target,
			 char *ret, size_t size, struct ep_err *err)
{
	return ep_setting_file.read(env, target, ret, size, err);
}

static int governor_write(const struct ep_env *env, const char *target,
			  const char *value, struct ep_err *err)
{
	return ep_setting_file.write(env, target, value, err);
}

static int governor_choices(const struct ep_env *env, const char *target,
			    char *ret, size_t size)
{
	return ep_setting_file.choices(env, target, ret, size);
}

const struct ep_setting_ops ep_setting_governor = {
	.name = "governor",
	.read = governor_read,
	.write = governor_write,
	.touches = governor_touches,
	.companions = governor_companions,
	.choices = governor_choices,
};
