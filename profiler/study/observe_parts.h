/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_OBSERVE_PARTS_H
#define EP_PROFILER_STUDY_OBSERVE_PARTS_H

#include "profiler/study/observe.h"

/* Inside observe*.c. */

/* A row of a group; -ENOMEM, -E2BIG. */
int ep_observe_row(struct ep_observations *o, size_t group,
		   size_t source) EP_MUST_CHECK;
/* Facts and totals of the report in a run folder. */
int ep_observe_source(struct ep_observations *o, int dir_fd, const char *name,
		      size_t group) EP_MUST_CHECK;

#endif
