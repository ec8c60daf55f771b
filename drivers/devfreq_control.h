/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_DEVFREQ_CONTROL_H
#define EP_DRIVERS_DEVFREQ_CONTROL_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>

#define EP_DEVFREQ_CONTROLS_MAX 32

/* A device whose clock the kernel scales, as far as it can be controlled. */
struct ep_devfreq_control {
	char name[64]; /* as in the class folder: "17000000.gpu" */
	char node[64]; /* of the device tree: "gpu", "ga10b"; "" none */
	char governor_path[160];
	char choices[256]; /* governors, separated by spaces */
};

/* The count; 0 where the kernel has none. */
int ep_devfreq_controls(const struct ep_root *root,
			struct ep_devfreq_control *ret,
			size_t max) EP_MUST_CHECK;

/* Is it what people call "gpu", "npu", "dmc", or its own name? */
bool ep_devfreq_is_called(const struct ep_devfreq_control *c, const char *name);

#endif
