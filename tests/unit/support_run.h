/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_RUN_H
#define EP_TESTS_UNIT_SUPPORT_RUN_H

#include "base/sample.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes run folders from a script of phases and functions of time.  Every
 * time is in seconds after the gate; the gate opens at SUPPORT_GATE_NS.
 */
#define SUPPORT_GATE_NS INT64_C(1000000000000)

/*
 * One channel.  value gives a gauge's value, or where a counter stands, at t_s,
 * in the channel's own micro-unit; counters are taken modulo their wrap.
 */
struct support_channel {
	struct ep_channel ch; /* volts_index, amps_index: of a product */
	double (*value)(double t_s);
};

struct support_sensor {
	const char *id, *driver; /* driver NULL: as id */
	int64_t poll_ns;	 /* 0: the run's interval */
	double late_s;		 /* every poll this much after its tick */
	double from_s, to_s;	 /* both 0: the whole recording */
	int flags;		 /* EP_SAMPLE_* of every line */
	int64_t span_ns;
	bool target, failed;
	const char *reason;
	const struct support_channel *channels;
	size_t channel_count;
	bool (*skip_line)(double t_s);		       /* NULL: none */
	bool (*skip_cell)(double t_s, size_t channel); /* NULL: none */
	/* Cells that are not read: empty, and no error. */
	bool (*spare_cell)(double t_s, size_t channel);
	int (*more_flags)(double t_s); /* of a line; NULL: none */
};

/* A mark, as edgeprof.h makes it; name "" ends the phase before. */
struct support_mark {
	double at_s;
	const char *name;
	int64_t tokens; /* -1 none */
	int stamps; /* token events, evenly to the next mark; the first at at_s */
};

struct support_run {
	int64_t interval_ns; /* 0: 10 ms */
	double idle_s;	     /* baseline before the gate; 0 none */
	double run_s, tail_s;
	bool no_exit, no_end; /* killed: the files stop at run_s */
	bool jitter, system_wide;
	const struct support_sensor *sensors;
	size_t sensor_count;
	const char *total;			/* "a.b,c.d"; NULL none */
	const char *total_source, *total_title; /* NULL: sensor, none */
	const char *calibration;		/* NULL: none */
	const char *calibrations; /* JSON of board.calibrations, or NULL */
	const struct support_mark *marks;
	size_t mark_count;
	const char *const *facts; /* "name=value", NULL-terminated; or NULL */
	const char *const *lines; /* more lines for events.csv; or NULL */
};

struct support_folder {
	char path[128];
	int fd; /* of the folder */
};

/* Fails the test when it cannot. */
void support_run_make(const struct support_run *run,
		      struct support_folder *ret);
void support_run_remove(struct support_folder *folder);
struct ep_report;
struct ep_row;
struct ep_metric;
/* Makes the folder, analyzes it without trace.csv and removes it again; the
 * caller frees the report. */
struct ep_report *support_run_analyze(const struct support_run *run);
/* trace.csv of a folder, NUL ended; the caller frees it.  ret_report may be
 * NULL. */
char *support_run_trace(const struct support_folder *folder,
			struct ep_report **ret_report);
/* The first phase, or total, of that name; fails the test when absent. */
const struct ep_row *support_phase(const struct ep_report *report,
				   const char *name);
const struct ep_row *support_total(const struct ep_report *report,
				   const char *name);
/* A metric of the row; fails the test when absent. */
const struct ep_metric *support_metric(const struct ep_row *row,
				       const char *name);
/* Fails unless a is within tolerance of b. */
void support_near(double a, double b, double tolerance);
bool support_warned(const struct ep_report *report, const char *code);

/* Replaces name (below the folder) by bytes. */
void support_run_write(const struct support_folder *folder, const char *name,
		       const void *bytes, size_t len);
/* The content of name, NUL ended; the caller frees it. */
char *support_run_read(const struct support_folder *folder, const char *name,
		       size_t *ret_len);

#endif
