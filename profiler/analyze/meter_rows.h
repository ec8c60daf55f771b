/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_METER_ROWS_H
#define EP_PROFILER_ANALYZE_METER_ROWS_H

#include "base/sample.h"
#include "profiler/analyze/metric.h"

#include <stdbool.h>
#include <stdint.h>

/* Channels and instruments side by side; part of the report model. */

/* Energy per phase of every power or energy channel, primary or not. */
struct ep_channel_row {
	char name[128]; /* "rapl.package_0" */
	enum ep_role role;
	bool primary; /* belongs to the primary total */
	bool estimated;
	bool has_limits;	    /* false: its own error is in no u95 */
	struct ep_metric idle_w;    /* mean over the baseline */
	struct ep_metric *energy_j; /* one per totals row, same order */
};

/*
 * An instrument that measures power by itself, beside the others: what it says
 * over the totals rows, and how far that is from the primary total.  Never
 * added to another.
 */
struct ep_meter_row {
	char sensor[64];
	char what[160]; /* "um34c.power", "PMIC sum" */
	bool primary;
	bool estimated;
	bool has_limits;
	int64_t declared_refresh_ns; /* the slowest channel's; 0 unknown */
	double measured_refresh_s;   /* NAN: the value never changed */
	struct ep_metric idle_w;
	/* One per totals row, same order. */
	struct ep_metric *energy_j;
	struct ep_metric *mean_w;
	struct ep_metric *difference_j; /* from the primary; its u95 is that of
					 * both together */
	/* Its own energy count over the whole run, and what its power
	 * integrates to in the same time less that; not measured where it
	 * counts none. */
	struct ep_metric count_j, count_difference_j;
	double count_step_j; /* of that count; 0 unknown */
};

/* A board file's fit, applied to the total because it was asked for: never in
 * another figure, and indicative unless it tells its own uncertainty. */
struct ep_calibrated {
	char name[64]; /* "" none was asked for */
	char target[80], source[400], caveat[400];
	bool has_interval;
	struct ep_metric *energy_j; /* one per totals row */
	struct ep_metric *mean_w;
};

#endif
