/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/observers.h"

#include <stddef.h>

const struct ep_observer_ops *const ep_observers[] = {
	&ep_observer_marks,
	&ep_observer_llama,
	&ep_observer_requests,
	NULL,
};
