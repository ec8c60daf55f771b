/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_PPK2_STREAM_H
#define EP_SENSORS_PPK2_STREAM_H

#include "sensors/ppk2_wire.h"
#include "sensors/stream_clock.h"

/* Channels of the sensor; the inputs that are named follow. */
enum {
	EP_PPK2_POWER,
	EP_PPK2_CURRENT,
	EP_PPK2_LOST,
	EP_PPK2_DAMAGED,
	EP_PPK2_SKIPPED,
	EP_PPK2_VOLTAGE,
	/* Of rows of more than one sample. */
	EP_PPK2_CURRENT_MIN,
	EP_PPK2_CURRENT_MAX,
	EP_PPK2_SAMPLES,
	EP_PPK2_FIRST_INPUT
};

/* The filter of Nordic's app: means that bridge a change of range. */
struct ep_ppk2_filter {
	bool on, begun;
	double fast, slow; /* means */
	unsigned range, in_range_count;
	int after_change;
};

struct ep_ppk2_row {
	double sum, min, max;
	unsigned count;
	bool gap;
};

/* Bytes to rows. */
struct ep_ppk2_stream {
	struct ep_ppk2_about about;
	double volts;
	/* In one row: EP_PPK2_ROW_SAMPLES, or 1. */
	unsigned row_samples;
	struct ep_ppk2_filter filter;
	struct ep_stream_clock clock;
	/* Which input is which channel, 0: none. */
	uint16_t input_channels[EP_PPK2_INPUTS];
	unsigned levels, named; /* bits */
	int phase_input;	/* whose phase lasts; -1 none */
	bool has_levels;
	/* Bytes that wait for more, then those of one read. */
	size_t len;
	uint8_t bytes[2 * EP_PPK2_RUN_BYTES + EP_PPK2_READ_BYTES];
	int64_t begin_ns; /* it was told to send */
	/* What came first, or after silence, until it is known when it was
	 * sampled: by the arrival that came soonest. */
	bool beginning, silent;
	int64_t held_ns;
	double held_late_ns;
	int64_t soonest_ns;
	uint64_t soonest_n;
	size_t held_len;
	uint8_t held[1024 * 1024];
	bool synced, fresh;
	uint64_t astray_bytes; /* skipped since the last word */
	uint64_t n;	       /* of the next word */
	bool suspect;
	uint64_t suspect_n;
	unsigned late_windows;
	uint64_t seen_windows;
	uint64_t row_index;
	struct ep_ppk2_row row;
	uint64_t row_count;
	/* Since it was opened. */
	uint64_t lost_count, damaged_count, skipped_bytes;
	int emitted;
};

void ep_ppk2_stream_init(struct ep_ppk2_stream *s,
			 const struct ep_ppk2_about *about);
/* It was stopped, or went away: what comes is a new stream. */
void ep_ppk2_stream_restart(struct ep_ppk2_stream *s);
/* len <= EP_PPK2_READ_BYTES that were there at t_ns; samples emitted. */
int ep_ppk2_stream_feed(struct ep_ppk2_stream *s, const uint8_t *bytes,
			size_t len, int64_t t_ns, const struct ep_sink *sink);
/* The device was silent for a while: samples may be missing without a trace in
 * the counter. */
void ep_ppk2_stream_was_silent(struct ep_ppk2_stream *s);

/* For ppk2_stream.c.  The row that ends before sample end_n. */
void ep_ppk2_close_row(struct ep_ppk2_stream *s, uint64_t end_n,
		       const struct ep_sink *sink);
/* The sample numbered n. */
void ep_ppk2_take_word(struct ep_ppk2_stream *s, const struct ep_ppk2_word *w,
		       const struct ep_sink *sink);

#endif
