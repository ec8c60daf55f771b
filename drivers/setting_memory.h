/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_SETTING_MEMORY_H
#define EP_DRIVERS_SETTING_MEMORY_H

#include "base/env.h"

#include <stdint.h>

/* Calls each() with every swap device in use; stops at non-zero and returns
 * it.  -ENOENT: a kernel without swap. */
int ep_setting_swaps(const struct ep_env *env,
		     int (*each)(void *ctx, const char *device), void *ctx);

/* How much is swapped out, and how much memory is free for it; bytes. */
int ep_setting_swap_room(const struct ep_env *env, int64_t *ret_used_bytes,
			 int64_t *ret_free_bytes) EP_MUST_CHECK;

#endif
