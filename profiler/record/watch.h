/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_WATCH_H
#define EP_PROFILER_RECORD_WATCH_H

#include "base/clock.h"
#include "base/env.h"
#include "profiler/record/writer.h"

/* Once a second: clock pairs and steps, CPUs that come and go. */
struct ep_watch {
	struct ep_clock_pair last;
	bool has_last;
	char online[256]; /* the kernel's list: "0-3" */
};

/* Emits clock, step and cpu events; the first call only takes the state. */
void ep_watch_look(struct ep_watch *w, const struct ep_env *env,
		   struct ep_writer *writer);

#endif
