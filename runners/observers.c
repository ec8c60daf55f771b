/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/observers.h"

#include <stddef.h>

const struct ep_observer_ops *const ep_observers[] = {
	/* What a person says on the command line comes first. */
	&ep_observer_rules,
	&ep_observer_marks,
	/* Requests to a server in which probes are. */
	&ep_observer_served,
	/* Knows which of the probed evaluations are a test's. */
	&ep_observer_bench,
	&ep_observer_llama,
	/* Other libraries than libllama. */
	&ep_observer_probes,
	&ep_observer_requests,
	&ep_observer_text,
	NULL,
};
