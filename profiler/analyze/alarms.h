/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_ALARMS_H
#define EP_PROFILER_ANALYZE_ALARMS_H

#include "profiler/analyze/analysis.h"

/* When an alarm channel (throttling, under-voltage) was on. */
struct ep_alarm_times {
	struct ep_alarm_time {
		int64_t from_ns, to_ns;
	} * items; /* in time order, apart from each other */
	size_t count, room;
	char names[160]; /* of the channels that were ever on in the run */
	bool recorded;	 /* some alarm channel was */
};

/* Of all alarm channels of the run together; the streams have ended.  -errno. */
int ep_alarms_read(struct ep_analysis *a,
		   struct ep_alarm_times *ret) EP_MUST_CHECK;
void ep_alarms_done(struct ep_alarm_times *t);
bool ep_alarms_touch(const struct ep_alarm_times *t, int64_t from_ns,
		     int64_t to_ns);

#endif
