/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_SETTING_CLOCKS_H
#define EP_DRIVERS_SETTING_CLOCKS_H

#include "base/env.h"

#include <stdbool.h>

/*
 * Calls each() with the files of all clock limits and CPU switches of the
 * board: what a power mode or jetson_clocks sets besides.  CPUs come first,
 * since the files of a policy go away with its CPUs.  Stops at non-zero and
 * returns it.
 */
int ep_setting_clock_files(const struct ep_env *env,
			   int (*each)(void *ctx, const char *file), void *ctx);
/* Is it one of them, or a governor? */
bool ep_setting_is_clock(const char *target);
/* Does every CPU policy run at a fixed clock (lowest = highest)?  False too
 * where there is no cpufreq. */
bool ep_setting_clocks_fixed(const struct ep_env *env);

#endif
