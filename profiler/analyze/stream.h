/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_STREAM_H
#define EP_PROFILER_ANALYZE_STREAM_H

#include "base/csv.h"
#include "profiler/analyze/lane.h"
#include "profiler/analyze/run.h"

/* What the streams share. */
struct ep_stream_plan {
	const struct ep_run *run;
	const struct ep_cuts *cuts; /* sealed */
	const struct ep_cuts *fine; /* sealed; or NULL */
	bool trace;
	int64_t first_row;
};

struct ep_stream_lane {
	struct ep_lane lane;
	int64_t shift_ns;
	size_t *source; /* per slot: index into the stream's values */
	int64_t *values;
	uint8_t *present;
};

/* Where a channel is integrated. */
struct ep_stream_place {
	size_t lane, slot;
	bool in_file; /* false: not measured */
	bool primary;
	bool tracked; /* its lane keeps statistics */
	bool still;   /* an energy counter that stands still: no figure */
};

/* One sensor's raw file on its way through the lanes. */
struct ep_stream {
	const struct ep_run_sensor *sensor;
	bool target;	  /* its counters are the program's own */
	char reason[256]; /* why there is nothing; "" all is well */
	int fd;
	struct ep_csv_ints csv;
	bool has_csv;
	int64_t *values; /* columns, then one per channel for products */
	uint8_t *present;
	size_t *source;			/* per channel: index into values */
	struct ep_stream_place *places; /* per channel */
	double *change_ns; /* per channel: early estimate, 0 unknown */
	int64_t *cell_ns;  /* per channel: between its values, likewise */
	struct ep_stream_lane *lanes;
	size_t lane_count;
	int64_t poll_ns;    /* estimated from the first lines */
	size_t early_count; /* lines that estimate rests on */

	bool held, paused, ended;
	int64_t held_ns, last_ns;
	struct ep_hist *spacing;
	double span_sum_ns;
	int64_t line_count, unproven_count, backward_count;
};

/*
 * Opens sensors/<id>.csv and looks at its first lines.  A file that is absent
 * or no sensor file leaves a reason, not an error.  -ENOMEM.
 */
int ep_stream_open(struct ep_stream *s, int dir_fd, const struct ep_run *run,
		   size_t sensor) EP_MUST_CHECK;
/* Finds the energy counters that do not move before watch_ns.  -errno. */
int ep_stream_find_still(struct ep_stream *s, int64_t watch_ns) EP_MUST_CHECK;
/* Makes the lanes; places[].primary is set before.  -ENOMEM, -EFBIG. */
int ep_stream_plan(struct ep_stream *s,
		   const struct ep_stream_plan *plan) EP_MUST_CHECK;
/*
 * Reads on until every contribution before until_ns is in.  1 when there is
 * more, 0 at the end of the file, -errno.
 */
int ep_stream_pump(struct ep_stream *s, int64_t until_ns) EP_MUST_CHECK;
void ep_stream_close(struct ep_stream *s);

/* The first number of the last whole line of a file, or -1. */
int64_t ep_stream_last_ns(int fd);
/* Mean width of the reads, ns. */
double ep_stream_span_ns(const struct ep_stream *s);

static inline const struct ep_lane *ep_stream_lane_of(const struct ep_stream *s,
						      size_t channel)
{
	return &s->lanes[s->places[channel].lane].lane;
}

#endif
