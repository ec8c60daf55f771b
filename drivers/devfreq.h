/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_DEVFREQ_H
#define EP_DRIVERS_DEVFREQ_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Documentation/ABI/testing/sysfs-class-devfreq, and the load files that
 * vendors' kernels have beside it. */

#define EP_DEVFREQ_MAX 32
#define EP_DEVFREQ_LOADS_MAX 8 /* cores in one load file */

struct ep_devfreq {
	char name[48]; /* "17000000.gpu", "dmc" */
	char node[32]; /* name of its device tree node, else what follows the
			* last dot of name: "gpu", "ga10b", "npu" */
};

enum ep_devfreq_kind {
	EP_DEVFREQ_GPU,
	EP_DEVFREQ_NPU,
	EP_DEVFREQ_MEMORY,
	EP_DEVFREQ_KIND_COUNT
};
/* "gpu", "npu", "memory" */
const char *ep_devfreq_kind_name(enum ep_devfreq_kind kind);

/* In natural order; the count (0: none) or -errno. */
int ep_devfreq_list(const struct ep_root *root, struct ep_devfreq *ret,
		    size_t max) EP_MUST_CHECK;
/* Is its node one that devices of this kind are known by? */
bool ep_devfreq_is(const struct ep_devfreq *d, enum ep_devfreq_kind kind);
/* Descriptors; -errno.  A load is looked for where kernels are known to put it;
 * *ret_path tells where it was (name of EP_DEVFREQ_PATH_BYTES). */
#define EP_DEVFREQ_PATH_BYTES 160
int ep_devfreq_open_clock(const struct ep_root *root,
			  const struct ep_devfreq *d) EP_MUST_CHECK;
int ep_devfreq_open_load(const struct ep_root *root, const struct ep_devfreq *d,
			 char ret_path[EP_DEVFREQ_PATH_BYTES]) EP_MUST_CHECK;

/*
 * What a load file says, as parts per million of the time it was busy:
 *   "371"                      permille (Jetson); percent when is_percent
 *   "37@600000000Hz"           percent (Rockchip)
 *   "NPU load:  Core0: 12%, Core1:  0%, Core2:  0%,"    one for each core
 * The count, or -EBADMSG; -ERANGE above the whole.
 */
int ep_devfreq_parse_load(const char *text, bool is_percent,
			  int64_t ret_ppm[EP_DEVFREQ_LOADS_MAX]) EP_MUST_CHECK;
/* Does a file of this name hold percent? "utilisation" */
bool ep_devfreq_is_percent(const char *path);

#endif
