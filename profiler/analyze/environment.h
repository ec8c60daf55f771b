/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_ENVIRONMENT_H
#define EP_PROFILER_ANALYZE_ENVIRONMENT_H

#include "profiler/analyze/run.h"

/*
 * The settings of "environment" in run.json were written before the first
 * sample.  Adds to each what events.csv says became of it: "back" is
 * "restored", "kept", "gone", "unrestored", or "unknown" (edgeprof was killed,
 * and its guardian put it back), and "back_note" the sentence.  Entries that
 * changed nothing, and what is no such list, stay as they are.
 */
void ep_environment_join(struct ep_run *run);

#endif
