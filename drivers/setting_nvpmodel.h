/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_SETTING_NVPMODEL_H
#define EP_DRIVERS_SETTING_NVPMODEL_H

#include "base/env.h"
#include "base/err.h"

#include <stddef.h>

#define EP_POWER_MODES_MAX 32
#define EP_POWER_MODE_BYTES 48

/* A power mode of a Jetson, as nvpmodel -p --verbose lists it. */
struct ep_power_mode {
	int id;
	char name[EP_POWER_MODE_BYTES];
};

/*
 * The modes of this board; names and numbers differ from board to board and
 * from release to release.  The count; -ENOENT when there is no nvpmodel, with
 * a sentence.  Starts a program: up to 10 s.
 */
int ep_power_modes(const struct ep_env *env, struct ep_power_mode *ret,
		   size_t max, struct ep_err *err) EP_MUST_CHECK;
/* Pure: the modes in what nvpmodel -p --verbose printed. */
size_t ep_power_modes_parse(const char *text, struct ep_power_mode *ret,
			    size_t max);
/* Pure: the mode in what nvpmodel -q printed; -EBADMSG when there is none. */
int ep_power_mode_parse(const char *text,
			struct ep_power_mode *ret) EP_MUST_CHECK;

#endif
