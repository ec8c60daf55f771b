/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_RUN_H
#define EP_PROFILER_ANALYZE_RUN_H

#include "base/buf.h"
#include "base/err.h"
#include "base/phase.h"
#include "base/sample.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a run folder says before any sample is read. */

#define EP_RUN_SENSORS_MAX 64
#define EP_RUN_TOTAL_MAX 32
#define EP_RUN_JSON_BYTES_MAX (16 * 1024 * 1024)
#define EP_RUN_EVENTS_BYTES_MAX (512 * 1024 * 1024)

struct ep_run_sensor {
	char id[64];
	char driver[64];
	bool failed;
	bool absent; /* this machine has no such thing: nothing is amiss */
	bool target; /* follows the program */
	bool client; /* follows the command beside what is measured */
	char reason[512];
	struct ep_channel *channels; /* volts_index: into channels, -1 none */
	size_t channel_count;
};

struct ep_run_observer {
	char name[64];
	bool failed;
	char reason[512];
};

struct ep_run {
	json_t *json; /* owned */
	int64_t interval_ns;
	bool jitter;
	bool system_wide;
	bool has_command;
	char scheduler[32];
	char total_channels[EP_RUN_TOTAL_MAX][128];
	size_t total_count;
	char total_source[64]; /* board, sensor, option, none, "" */
	char total_reason[512];
	char total_title[80]; /* what the board calls it, "" */
	char calibration[64]; /* asked for by name, "" */
	char coverage[1024];
	char board[64], board_detected[64];
	bool board_matched;
	struct ep_run_sensor *sensors;
	size_t sensor_count;
	struct ep_run_observer observers[8];
	size_t observer_count;

	struct ep_buf text;	 /* events.csv; the events point into it */
	struct ep_event *events; /* sorted by t_ns, stable */
	size_t event_count;
	uint64_t bad_event_count; /* lines that were no event */

	int64_t begin_ns;		    /* of the recording */
	int64_t idle_begin_ns, idle_end_ns; /* equal: no baseline */
	int64_t gate_ns, exit_ns, end_ns;
	int64_t gate_span_ns, exit_span_ns;
	bool exit_seen, end_seen;
	char exit_text[64];
};

/*
 * Opens a regular file of the run folder for reading; symbolic links, FIFOs
 * and devices are refused.  A descriptor or -errno.
 */
int ep_run_open_file(int dir_fd, const char *folder,
		     const char *name) EP_MUST_CHECK;

/*
 * run.json and events.csv of a folder.  -ENOENT, -EBADMSG, -ENODATA (no gate:
 * nothing ran), -EFBIG, -ENOMEM, each with a sentence; run is then empty.
 */
int ep_run_load(int dir_fd, struct ep_run *run,
		struct ep_err *err) EP_MUST_CHECK;
void ep_run_done(struct ep_run *run);

/* The parts of ep_run_load(), apart for tests.  text is not changed. */
int ep_run_parse_json(const char *text, size_t len, struct ep_run *run,
		      struct ep_err *err) EP_MUST_CHECK;
/* Takes over text's memory, whatever it returns. */
int ep_run_parse_events(struct ep_buf *text, struct ep_run *run,
			struct ep_err *err) EP_MUST_CHECK;
/*
 * Gate, exit, end and baseline from the events.  last_ns is the last instant
 * any raw file knows, for runs that were cut.
 */
int ep_run_find_bounds(struct ep_run *run, int64_t last_ns,
		       struct ep_err *err) EP_MUST_CHECK;

/* The value of the last fact of that name, or NULL. */
const char *ep_run_fact(const struct ep_run *run, const char *name);
/* The same as a number: -ENOENT, or -EINVAL when it is none. */
int ep_run_fact_i64(const struct ep_run *run, const char *name, int64_t *ret);
/* Sensor and channel of "sensor.channel"; false when there is none. */
bool ep_run_find_channel(const struct ep_run *run, const char *name,
			 size_t *ret_sensor, size_t *ret_channel);

#endif
