/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_SENSORS_PARTS_H
#define EP_PROFILER_CLI_SENSORS_PARTS_H

#include "base/buf.h"
#include "profiler/record/survey.h"
#include "profiler/report/cell.h"

#include <stdbool.h>

#define EP_SCREEN_ROWS_MAX 256
#define EP_SCREEN_COLUMNS_MAX 240
#define EP_SCREEN_LINE_BYTES 1024
#define EP_SCREEN_HISTORY 64

/* The parts of `edgeprof sensors`; sensors.c is the command. */

/* What signals and keys have asked for. */
struct ep_sensors_end {
	int signal_fd;
	int signo; /* the signal that ended it; 0 none */
	bool asked;
};

/* One channel with what was read of it. */
struct ep_sensors_row {
	const struct ep_slot *slot;
	const struct ep_channel *c;
	const struct ep_survey_channel *ch;
	bool primary; /* part of the primary total */
};
struct ep_sensors_row ep_sensors_row_at(const struct ep_survey *s, size_t slot,
					size_t channel);

/* What measures power comes first, of sensors and of their channels. */
bool ep_sensors_is_power(const struct ep_channel *c);
bool ep_sensors_has_power(const struct ep_slot *slot);

/* Figures as people read them; each fits EP_CELL_BYTES. */
void ep_sensors_value(char *ret, const struct ep_sensors_row *row,
		      int64_t now_ns);
void ep_sensors_declared(char *ret, const struct ep_channel *c);
void ep_sensors_measured(char *ret, const struct ep_survey_channel *ch);
void ep_sensors_accuracy(char *ret, const struct ep_channel *c);
const char *ep_sensors_role(const struct ep_channel *c);
/* "4.66 W", "920 mA": a finite SI value with the fitting prefix. */
void ep_sensors_si(char *ret, double value, const char *unit);
/* The channels of the primary total: "a.b + c.d"; ret of size bytes. */
void ep_sensors_total_names(const struct ep_survey *s, char *ret, size_t size);

/* Adds text to line (EP_SCREEN_LINE_BYTES), padded to columns on the right, or on
 * the left of a figure; at least one space before that. */
void ep_sensors_left(char *line, const char *text, int columns);
void ep_sensors_right(char *line, const char *text, int columns);

/* Does the locale say UTF-8?  Where not, plain turns the text of one line into
 * ASCII of the same width, in place. */
bool ep_sensors_utf8(void);
void ep_sensors_plain(char *line);

/* 80 columns of text, or columns; one object of JSON.  -ENOMEM. */
int ep_sensors_table(const struct ep_survey *s, double seconds, int columns,
		     struct ep_buf *out) EP_MUST_CHECK;
int ep_sensors_json(const struct ep_survey *s, double seconds,
		    struct ep_buf *out) EP_MUST_CHECK;

/* Shows the survey live until a key, a signal or the end of duration_ns (0:
 * none).  stdout is a terminal.  The terminal is as before when it returns. */
int ep_sensors_watch(struct ep_survey *s, struct ep_sensors_end *end,
		     int64_t duration_ns, struct ep_err *err) EP_MUST_CHECK;

/* The screen of --watch: what stands on it, and what each channel was. */

struct ep_screen_channel {
	double means[EP_SCREEN_HISTORY]; /* a ring; NAN: not read */
	double sum, covered_s;		 /* as of the last of them */
	char measured[EP_CELL_BYTES];
	bool primary;
};

struct ep_screen {
	const struct ep_survey *survey;
	bool utf8;
	int rows, columns;
	bool all; /* nothing on the terminal is known */
	size_t history_count;
	int64_t history_ns;				  /* of the last one */
	struct ep_screen_channel *channels[EP_SLOTS_MAX]; /* owned */
	char (*lines)[EP_SCREEN_LINE_BYTES];		  /* owned */
	char (*before)[EP_SCREEN_LINE_BYTES];		  /* owned */
	int used;					  /* lines so far */
};

int ep_screen_init(struct ep_screen *screen, const struct ep_survey *s,
		   bool utf8) EP_MUST_CHECK;
void ep_screen_done(struct ep_screen *screen);
void ep_screen_size(struct ep_screen *screen, int rows, int columns);
/* The bytes that bring the terminal up to date, added to out. */
int ep_screen_draw(struct ep_screen *screen, struct ep_buf *out) EP_MUST_CHECK;

/* For sensors_screen.c: a column of history each half second; the last columns
 * of it as a line of blocks, of at most EP_SCREEN_HISTORY * 3 bytes. */
void ep_screen_take_history(struct ep_screen *screen);
void ep_screen_sparkline(const struct ep_screen *screen,
			 const struct ep_screen_channel *sc, char *ret,
			 int columns);

#endif
