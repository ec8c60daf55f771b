/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_OPTIONS_H
#define EP_PROFILER_RECORD_OPTIONS_H

#include "profiler/record/change.h"
#include "profiler/record/place.h"
#include "runners/drive.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EP_INTERVAL_NS_MIN INT64_C(1000000)
#define EP_INTERVAL_NS_MAX INT64_C(1000000000)
#define EP_SENSOR_OPTIONS_MAX 16
#define EP_PHASE_RULES_MAX 16
#define EP_LABELS_MAX 64

enum ep_stdio_mode {
	EP_STDIO_AUTO, /* pty where our own stream is a terminal, else pipe */
	EP_STDIO_INHERIT, /* nothing is logged */
	EP_STDIO_PIPE,
	EP_STDIO_PTY,
};

/* What `edgeprof run` was asked to do.  Strings are borrowed. */
struct ep_record_options {
	const char *board;	 /* NULL: detected */
	const char *out_dir;	 /* NULL: ./edgeprof-<UTC> */
	const char *runner;	 /* "command" */
	const char *events;	 /* NULL: the board's */
	const char *total;	 /* "sensor[.channel]" or NULL */
	const char *calibration; /* of the board file, by name; or NULL */
	const char *sensors[EP_SENSOR_OPTIONS_MAX];
	size_t sensor_count;
	int64_t interval_ns;
	int64_t idle_ns;
	int64_t tail_ns;
	int64_t duration_ns;  /* whole system, no command; 0 = a command */
	int64_t disk_sync_ns; /* 0 = never */
	int64_t thread_count; /* --threads; 0 = not asked */
	/* What to set on the board for the time of the run; NULL: nothing, not
	 * even on instruments, which add theirs.  apply fills in what came of
	 * it. */
	struct ep_change_list *changes;
	int64_t lock_wait_ns; /* for another edgeprof that holds the board */
	struct ep_place place;
	enum ep_stdio_mode stdio;
	/* Who does the work, when that is not the command: PID, NAME, :PORT or
	 * container:NAME; or NULL. */
	const char *attach;
	const char *phase_rules[EP_PHASE_RULES_MAX]; /* as typed */
	size_t phase_rule_count;
	const char *labels[EP_LABELS_MAX]; /* "NAME=VALUE", into run.json */
	size_t label_count;
	bool client;	 /* the command is a client of the runner's server */
	const char *url; /* where that is; NULL: the runner's default */
	bool jitter;
	bool full_rate; /* streams: every sample a row */
	bool estimate;
	bool stdout_to_log; /* --json: the program's stdout is only logged */
	bool stderr_to_log; /* a server's: it talks too much */
	char **argv; /* NULL-terminated; NULL with duration_ns or drive */
	const struct ep_drive *drive; /* requests, no command; or NULL */
};

#endif
