/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/env.h"

#include "base/clock.h"

#include <stdlib.h>

int ep_env_init(struct ep_env *env, struct ep_err *err)
{
	struct ep_root root;
	int r = ep_root_open(&root, secure_getenv("EDGEPROF_ROOT"), err);

	if (r < 0) {
		ep_err_prefix(err, "EDGEPROF_ROOT");
		return r;
	}
	env->root = root;
	env->now_ns = ep_clock_monotonic_ns;
	env->target_pid = 0;
	env->target_runs = 0;
	env->target_path = NULL;
	env->target_argv = NULL;
	env->system_wide = 0;
	env->interval_ns = 10 * EP_NS_PER_MS;
	env->full_rate = false;
	env->is_cancelled = NULL;
	env->cancel_ctx = NULL;
	return 0;
}

void ep_env_done(struct ep_env *env)
{
	if (env)
		ep_root_close(&env->root);
}

bool ep_env_is_cancelled(const struct ep_env *env)
{
	return env->is_cancelled && env->is_cancelled(env->cancel_ctx);
}
