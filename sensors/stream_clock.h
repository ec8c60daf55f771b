/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_STREAM_CLOCK_H
#define EP_SENSORS_STREAM_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * When a device that samples by its own clock took its n-th sample.  Samples
 * arrive in bunches and late, but never early: of each half second the arrival
 * that came soonest counts, and a line through these tells the offset and the
 * rate.  No allocation, no system call.
 */
#define EP_STREAM_CLOCK_POINTS 64

struct ep_stream_clock_point {
	double n, late_ns; /* arrival less n nominal periods, since the first */
};

struct ep_stream_clock {
	double nominal_ns;
	int64_t first_ns; /* the clock's zero; arrivals begin here */
	double offset_ns; /* of sample n: offset + n x (nominal + drift) */
	double drift_ns;  /* per sample */
	bool begun;
	/* The window that is open. */
	uint64_t window_n;
	struct ep_stream_clock_point best;
	bool has_best;
	/* Windows that have ended. */
	struct ep_stream_clock_point points[EP_STREAM_CLOCK_POINTS];
	size_t point_count, next_point;
	/* How much later than the line the last window was, at best. */
	double excess_ns;
	uint64_t window_count;
	/* What was told last: time never runs back. */
	uint64_t told_n;
	double told_ns;
};

void ep_stream_clock_init(struct ep_stream_clock *c, int64_t nominal_ns);
/* Sample n and all before it had arrived at t_ns. */
void ep_stream_clock_arrived(struct ep_stream_clock *c, uint64_t n,
			     int64_t t_ns);
/* Ends the window early: excess_ns is of the arrivals since the last end. */
void ep_stream_clock_end_window(struct ep_stream_clock *c);
/* Begins a window; what arrived in the one that is open is forgotten. */
void ep_stream_clock_restart_window(struct ep_stream_clock *c, uint64_t n);
/* The line itself: how many ns after sample n it is at t_ns. */
double ep_stream_clock_since_ns(const struct ep_stream_clock *c, uint64_t n,
				int64_t t_ns);
/* CLOCK_MONOTONIC of sample n, from 0; n never decreases.  Corrections of the line are
 * spread over the samples, a tenth of their time at most. */
int64_t ep_stream_clock_tell_ns(struct ep_stream_clock *c, uint64_t n);

#endif
