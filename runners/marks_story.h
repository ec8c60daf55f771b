/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_MARKS_STORY_H
#define EP_RUNNERS_MARKS_STORY_H

#include "base/phase.h"

#include <stdbool.h>

/* Only for runners/marks_*.c: what one source of marks tells. */

/* A mark as it stands in the events, borrowed from them. */
struct ep_mark_event {
	int64_t t_ns;
	int64_t key; /* its source: a process, or minus a named stream */
	size_t order;
	bool token;
	const char *name; /* of the phase, "" ends one */
	int64_t tokens_count;
};

struct ep_mark_span {
	int64_t gate_ns; /* where the first load begins; -1: at its mark */
	int64_t end_ns;	 /* where what is still open ends */
};

/*
 * Phases and tokens of the marks in time order; requests count from 1.  The
 * rules stand in docs/marks.md.  Adds to *ret.  -ENOMEM, -EFBIG.
 */
int ep_mark_story(const struct ep_mark_event *marks, size_t count,
		  const struct ep_mark_span *span,
		  struct ep_timeline *ret) EP_MUST_CHECK;

#endif
