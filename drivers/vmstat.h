/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_VMSTAT_H
#define EP_DRIVERS_VMSTAT_H

#include "base/err.h"

#include <stdint.h>

/* /proc/vmstat: pages brought back from swap since boot.  -ENODATA where the
 * kernel has no swap (CONFIG_SWAP), -EBADMSG. */
int ep_vmstat_parse_swap_in(const char *text, int64_t *ret_count) EP_MUST_CHECK;
int ep_vmstat_swap_in(int64_t *ret_count) EP_MUST_CHECK;

#endif
