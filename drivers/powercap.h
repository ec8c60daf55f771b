/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_POWERCAP_H
#define EP_DRIVERS_POWERCAP_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RAPL energy counters in the kernel's powercap class (Intel and AMD). */

struct ep_powercap_zone {
	char dir[64];	 /* "intel-rapl:0:1" */
	char name[48];	 /* "package-0", "package-0-die-1", "core", "psys" */
	char parent[48]; /* name of the zone it is a part of; "" none */
	bool mmio;	 /* the same counters once more, over MMIO */
};
/*
 * RAPL zones, those over MSR first.  The count (0 when the class is absent),
 * at most max; -EACCES and the like when it cannot be read.
 */
int ep_powercap_list(const struct ep_root *root, struct ep_powercap_zone *ret,
		     size_t max) EP_MUST_CHECK;
/*
 * A descriptor of energy_uj for ep_kept_read_i64(), read once to see that it
 * delivers.  -EACCES names the file and the remedy (it is for root only since
 * CVE-2020-8694), -EBADMSG, -ENODATA, -EIO ...
 */
int ep_powercap_open(const struct ep_root *root,
		     const struct ep_powercap_zone *zone,
		     struct ep_err *err) EP_MUST_CHECK;
/* max_energy_range_uj: where the counter starts over. */
int ep_powercap_wrap_uj(const struct ep_root *root,
			const struct ep_powercap_zone *zone,
			uint64_t *ret_uj) EP_MUST_CHECK;

/* Which package (and die of it) a processor sits in; -errno unknown. */
int ep_powercap_package(const struct ep_root *root, int cpu,
			int64_t *ret_package, int64_t *ret_die) EP_MUST_CHECK;

#endif
