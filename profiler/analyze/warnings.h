/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_WARNINGS_H
#define EP_PROFILER_ANALYZE_WARNINGS_H

#include "profiler/analyze/analysis.h"

enum ep_warn {
	EP_WARN_ESTIMATED,
	EP_WARN_NO_TOTAL,
	EP_WARN_ACCURACY_UNKNOWN,
	EP_WARN_BOARD_MISMATCH,
	EP_WARN_SENSOR_FAILED,
	EP_WARN_SENSOR_GAPS,
	EP_WARN_SENSOR_CHANGED,
	EP_WARN_COUNTER_RESET,
	EP_WARN_ALARM,
	EP_WARN_OUT_OF_LIMITS,
	EP_WARN_COUNT_DIFFERS,
	EP_WARN_CALIBRATION,
	EP_WARN_NO_PHASES,
	EP_WARN_PHASES_OVERLAP,
	EP_WARN_PHASE_SHORT,
	EP_WARN_LOG_DIFFERS,
	EP_WARN_SAMPLING_LOCKED,
	EP_WARN_MARKS_LOST,
	EP_WARN_PROBE_LOST,
	EP_WARN_PROBES_IMPLAUSIBLE,
	EP_WARN_MIXED_REQUESTS,
	EP_WARN_UNEQUAL_REQUESTS,
	EP_WARN_NEGATIVE_NET,
	EP_WARN_NO_BASELINE,
	EP_WARN_COUNTERS_REFUSED,
	EP_WARN_NO_PMU,
	EP_WARN_MISSED_TICKS,
	EP_WARN_SCHEDULER_OTHER,
	EP_WARN_DROPPED_SAMPLES,
	EP_WARN_CLOCK_STEP,
	EP_WARN_SUSPENDED,
	EP_WARN_CPU_CHANGED,
	EP_WARN_INCOMPLETE,
	EP_WARN_RECORDING_ERROR,
	EP_WARN_RAW_DAMAGED,
	EP_WARN_EXIT_STATUS,
	EP_WARN_SURVIVORS,
	EP_WARN_OUTPUT_TRUNCATED,
	EP_WARN_RECORDER,
	EP_WARN_RUN_TO_RUN_UNKNOWN,
	EP_WARN_COUNT
};

/* Past EP_WARNINGS_MAX the last one says how many more there are. */
void ep_warn(struct ep_report *r, enum ep_warn w, const char *format, ...)
	EP_PRINTF(3, 4);

/* Every warning and the validity of a->report, whose figures are made. */
void ep_warnings_make(struct ep_analysis *a);
/* The run is not valid, for this reason. */
void ep_warnings_invalidate(struct ep_report *r, const char *reason);
/* The part of it that looks at alarms, limits and meters. */
void ep_warnings_channels(struct ep_analysis *a);
/* The part of it that looks at events and facts. */
void ep_warnings_events(struct ep_analysis *a);

#endif
