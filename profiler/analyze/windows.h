/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_WINDOWS_H
#define EP_PROFILER_ANALYZE_WINDOWS_H

#include "profiler/analyze/stream.h"

/* Short pieces of the recording, read again from the middle of a sensor's
 * file: the cost depends on their number, not on the length of the run. */
struct ep_window {
	int64_t from_ns, to_ns;
};

/*
 * Means over each window (a gauge's value, what a counter counted a second) of
 * channels of a stream that has ended, in SI units, to
 * ret[window * stride + k]; NAN where less than nine tenths of it were seen.
 * Windows in time order.  -errno.
 */
struct ep_windows {
	const struct ep_window *windows;
	size_t count;
	const size_t *channels;
	size_t channel_count;
	double *ret;
	size_t stride;
};
int ep_windows_read(const struct ep_stream *s,
		    const struct ep_windows *w) EP_MUST_CHECK;

#endif
