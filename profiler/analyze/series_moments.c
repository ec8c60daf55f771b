/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/str.h"
#include "profiler/analyze/run.h"
#include "profiler/analyze/series.h"

/* The instants a reader of a chart wants to see. */
static const char *const told[] = {
	"gate",	   "exit",    "step",	 "cpu",	  "sensor",
	"setting", "restore", "warning", "error",
};

static bool is_told(const char *event)
{
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (strcmp(told[i], event) == 0)
			return true;
	return false;
}

static void add_moment(struct ep_series_set *set, const struct ep_event *e,
		       int64_t gate_ns)
{
	struct ep_moment *m = &set->moments[set->moment_count];

	if (set->moment_count == EP_MOMENTS_MAX) {
		set->moment_more_count++;
		return;
	}
	m->time_s = (double)(e->t_ns - gate_ns) / 1e9;
	(void)ep_str_copy(m->kind, sizeof(m->kind), e->event);
	(void)ep_str_format(m->text, sizeof(m->text), "%s%s%s", e->source,
			    e->source[0] && e->text[0] ? ": " : "", e->text);
	set->moment_count++;
}

static int read_events(int dir_fd, const struct ep_report *report,
		       struct ep_series_set *set)
{
	struct ep_run run = { 0 };
	struct ep_err err;
	int code = ep_run_load(dir_fd, &run, &err);

	if (code < 0)
		return code == -ENOMEM ? code : 0;
	set->moments = calloc(EP_MOMENTS_MAX, sizeof(*set->moments));
	if (!set->moments)
		code = -ENOMEM;
	for (size_t i = 0; code == 0 && i < run.event_count; i++)
		if (is_told(run.events[i].event))
			add_moment(set, &run.events[i], report->gate_ns);
	ep_run_done(&run);
	return code;
}

/* Columns due_ns, late_ns, missed. */
static int read_ticks(int fd, int64_t gate_ns, struct ep_series_set *set)
{
	struct ep_csv_ints csv = { 0 };
	struct ep_err err;
	int64_t values[3] = { 0 };
	uint8_t present[3] = { 0 };
	int code = ep_csv_ints_open(&csv, fd, &err);

	if (code == 0 && csv.columns != 3)
		code = -EBADMSG;
	while (code == 0 && ep_csv_ints_next(&csv, values, present) == 1) {
		if (!present[0] || !present[2] || values[2] <= 0)
			continue;
		if (set->missed_count == EP_MISSED_MAX) {
			set->missed_more_count++;
			continue;
		}
		set->missed[set->missed_count++] = (struct ep_missed){
			.time_s = (double)(values[0] - gate_ns) / 1e9,
			.count = values[2],
		};
	}
	ep_csv_ints_close(&csv);
	return code == -ENOMEM ? code : 0;
}

int ep_moments_read(int dir_fd, const struct ep_report *report,
		    struct ep_series_set *set)
{
	int code = read_events(dir_fd, report, set);
	int fd;

	if (code < 0)
		return code;
	set->missed = calloc(EP_MISSED_MAX, sizeof(*set->missed));
	if (!set->missed)
		return -ENOMEM;
	fd = ep_run_open_file(dir_fd, NULL, "ticks.csv");
	if (fd < 0)
		return 0;
	code = read_ticks(fd, report->gate_ns, set);
	(void)close(fd);
	return code;
}
