/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_SURVEY_H
#define EP_PROFILER_RECORD_SURVEY_H

#include "profiler/record/sampler.h"
#include "profiler/record/slot.h"
#include "profiler/record/worker.h"

#include <stdbool.h>
#include <stdint.h>

/* Intervals between changes that the median is taken of: the last ones. */
#define EP_SURVEY_CHANGES_MAX 64

/* What one channel has told so far; sums follow the rules of the analysis. */
struct ep_survey_channel {
	int64_t value; /* the last one read, in the channel's unit */
	int64_t t_ns;  /* of it; 0: none yet */
	int64_t min, max;
	int64_t read_count, repeat_count, error_count, gap_count, reset_count;
	bool failing;	  /* the last read gave no value */
	double sum;	  /* gauge: integral in unit * s; counter: its growth */
	double covered_s; /* the time that sum covers */
	/* For survey_channel.c: */
	bool in_row; /* read in the present row; of a product's factors */
	int64_t spacing_ns;
	int64_t change_ns; /* of the last change; 0: none yet */
	uint64_t change_count;
	int64_t intervals_ns[EP_SURVEY_CHANGES_MAX]; /* a ring */
	struct {
		int64_t t_ns;
		double sum;
	} marks[3]; /* a counter at changes: long ago, newer, the last */
};

/*
 * What the sensors of this machine tell while nothing is recorded: opened and
 * polled as in a run, summed up by the caller's thread.  Sensors that follow
 * the program are opened as for a program and never polled.
 */
struct ep_survey {
	struct ep_env env;
	struct ep_board *board;
	char detected[EP_BOARD_NAME_BYTES];
	bool asked;   /* the board was named */
	bool matches; /* this machine looks like it */
	struct ep_slot_list slots;
	struct ep_total total;
	/* Of each slot as many as it has channels; owned. */
	struct ep_survey_channel *channels[EP_SLOTS_MAX];
	int64_t begin_ns;
	/* For survey.c: */
	struct ep_gate gate; /* never opens */
	struct ep_sampler sampler;
	struct ep_worker *workers[EP_SLOTS_MAX];
	size_t worker_count;
};

/* What is asked for: options->board, sensors, estimate and interval_ns.  The
 * survey is zeroed by the caller, and ended by ep_survey_close() also after a
 * failure.  -EINVAL, -ENOENT: a mistake of the user. */
int ep_survey_open(struct ep_survey *s, const struct ep_record_options *options,
		   struct ep_err *err) EP_MUST_CHECK;
/* Starts to poll. */
int ep_survey_start(struct ep_survey *s, struct ep_err *err) EP_MUST_CHECK;
/* Takes what was read since; call it at least once a second. */
void ep_survey_collect(struct ep_survey *s);
/* Ends the threads, each after the poll it is in, and collects. */
void ep_survey_stop(struct ep_survey *s);
void ep_survey_close(struct ep_survey *s);
/* Samples that found a full ring. */
uint64_t ep_survey_dropped(const struct ep_survey *s);

/* Polled here; else it follows a program, or could not be opened. */
bool ep_survey_is_polled(const struct ep_slot *slot);
/* The channel "id.name" of a total; false when there is none. */
bool ep_survey_find(const struct ep_survey *s, const char *name,
		    size_t *ret_slot, size_t *ret_channel);

/* One read, or one that failed. */
void ep_survey_channel_read(struct ep_survey_channel *ch,
			    const struct ep_channel *c,
			    const struct ep_sample *sample);
void ep_survey_channel_fail(struct ep_survey_channel *ch);
/* The end of a line: products of what it held. */
void ep_survey_row_end(struct ep_survey_channel *channels,
		       const struct ep_slot *slot);

/* Median time between changes; NAN before the second one. */
double ep_survey_refresh_s(const struct ep_survey_channel *ch);
/* As a person asks for it, SI: a gauge's last value; what a counter grows by in
 * a second, over the last one or two (watts of an energy counter, seconds per
 * second of a time).  NAN when there is none: a counter that stands still is no
 * measurement. */
double ep_survey_now(const struct ep_survey_channel *ch,
		     const struct ep_channel *c, int64_t now_ns);
/* Joules since the begin of a power or energy channel that measures; else NAN.
 */
double ep_survey_energy_j(const struct ep_survey_channel *ch,
			  const struct ep_channel *c);
/* Watts and joules of the primary total; NAN when one of its channels has
 * none.  Either may be NULL. */
void ep_survey_total(const struct ep_survey *s, double *ret_w, double *ret_j);

#endif
