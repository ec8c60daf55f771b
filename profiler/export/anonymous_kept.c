/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/anonymous.h"

#define PLAIN EP_KEPT_PLAIN
#define TEXT EP_KEPT_TEXT
#define ID EP_KEPT_ID
#define RULE EP_KEPT_RULE
#define TABLE(rows)                                      \
	{                                                \
		(rows), sizeof(rows) / sizeof((rows)[0]) \
	}

/* Not here, so never copied: user, boot_id, board.serial and its hash, which is
 * soon guessed, and whatever a later version adds before somebody has thought
 * about it. */
static const struct ep_kept run[] = {
	{ "schema", PLAIN },
	{ "version", PLAIN },
	{ "build", PLAIN },
	{ "command[]", TEXT },
	{ "started_real_ns", PLAIN },
	{ "started_mono_ns", PLAIN },
	{ "host.name", TEXT },
	{ "host.kernel", TEXT },
	{ "host.machine", PLAIN },
	{ "host.cpus_online", PLAIN },
	{ "host.perf_event_paranoid", PLAIN },
	{ "governor", PLAIN },
	{ "board.name", TEXT },
	{ "board.title", TEXT },
	{ "board.source", TEXT },
	{ "board.status", TEXT },
	{ "board.coverage", TEXT },
	{ "board.firmware", PLAIN },
	{ "board.firmware.*", TEXT },
	{ "board.firmware_reason", TEXT },
	{ "board.serial_reason", TEXT },
	{ "board.matched", PLAIN },
	{ "board.asked", PLAIN },
	{ "board.detected", PLAIN },
	{ "board.calibrations[].name", TEXT },
	{ "board.calibrations[].target", RULE },
	{ "board.calibrations[].source", TEXT },
	{ "board.calibrations[].caveat", TEXT },
	{ "board.calibrations[].*", PLAIN },
	{ "interval_ns", PLAIN },
	{ "idle_ns", PLAIN },
	{ "tail_ns", PLAIN },
	{ "jitter", PLAIN },
	{ "system_wide", PLAIN },
	{ "runner", PLAIN },
	{ "scheduler", PLAIN },
	{ "model", TEXT },
	{ "model_files[].path", TEXT },
	{ "model_files[].*", PLAIN },
	{ "model_files_left_out", PLAIN },
	{ "drive.url", TEXT },
	{ "drive.prompts", TEXT },
	{ "drive.workflow", TEXT },
	{ "drive.*", PLAIN },
	{ "attach.asked", TEXT },
	{ "attach.exe", TEXT },
	{ "attach.how", TEXT },
	{ "attach.reason", TEXT },
	{ "attach.note", TEXT },
	{ "attach.url", TEXT },
	{ "attach.client", PLAIN },
	{ "attach.pid", PLAIN },
	{ "attach.port", PLAIN },
	{ "attach.runner", PLAIN },
	{ "labels.*", TEXT },
	{ "total.channels[]", ID },
	{ "total.source", PLAIN },
	{ "total.reason", TEXT },
	{ "total.coverage", TEXT },
	{ "total.title", TEXT },
	{ "calibration", TEXT },
	{ "sensors[].id", ID },
	{ "sensors[].driver", PLAIN },
	{ "sensors[].status", PLAIN },
	{ "sensors[].reason", TEXT },
	{ "sensors[].absent", PLAIN },
	{ "sensors[].target", PLAIN },
	{ "sensors[].scope", PLAIN },
	{ "sensors[].notes[]", TEXT },
	{ "sensors[].file", ID },
	{ "sensors[].channels[].name", ID },
	{ "sensors[].channels[].volts", ID },
	{ "sensors[].channels[].amps", ID },
	{ "sensors[].channels[].flags[]", PLAIN },
	{ "sensors[].channels[].*", PLAIN },
	{ "observers[].name", PLAIN },
	{ "observers[].status", PLAIN },
	{ "observers[].reason", TEXT },
	{ "environment[].state", PLAIN },
	{ "environment[].*", TEXT },
	{ "restored_before", PLAIN },
	{ "cpufreq[].*", PLAIN },
	{ "options.phase_rules[]", RULE },
	{ "options.*", TEXT },
};

static const struct ep_kept study[] = {
	{ "schema", PLAIN },
	{ "id", PLAIN },
	{ "study.title", TEXT },
	{ "study.options[]", TEXT },
	{ "study.command[]", TEXT },
	{ "study.factors[].name", ID },
	{ "study.factors[].option", PLAIN },
	{ "study.factors[].levels[]", TEXT },
	{ "study.factors[].flag", PLAIN },
	{ "study.*", PLAIN },
};

static const struct ep_kept lost[] = {
	{ "schema", PLAIN }, { "failed", PLAIN }, { "labels.*", PLAIN },
	{ "reason", TEXT },  { "why", TEXT },	  { "*", PLAIN },
};

/* What is said of a request and of its reply. */
static const struct ep_kept event[] = {
	{ "id", TEXT },	   { "tag", TEXT },   { "model", TEXT },
	{ "error", TEXT }, { "stop", PLAIN }, { "*", PLAIN },
};

const struct ep_kept_table ep_kept_run = TABLE(run);
const struct ep_kept_table ep_kept_study = TABLE(study);
const struct ep_kept_table ep_kept_lost = TABLE(lost);
const struct ep_kept_table ep_kept_event = TABLE(event);
