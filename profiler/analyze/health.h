/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_HEALTH_H
#define EP_PROFILER_ANALYZE_HEALTH_H

#include "profiler/analyze/analysis.h"

/* The health of every channel, after the streams have ended.  -ENOMEM. */
int ep_health_make(struct ep_analysis *a) EP_MUST_CHECK;
/*
 * The grid from ticks.csv (fd, or -1 when there is none) and what edgeprof
 * itself used, into report->grid.  Rows of the report are made before.
 * -ENOMEM, or -errno of a read.
 */
int ep_grid_make(struct ep_analysis *a, int fd) EP_MUST_CHECK;

#endif
