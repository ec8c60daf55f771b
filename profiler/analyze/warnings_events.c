/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/warnings.h"

#include <string.h>

#include "base/num.h"
#include "base/str.h"

/* BOOTTIME and MONOTONIC part only while the machine sleeps. */
#define SUSPEND_NS INT64_C(50000000)

void ep_warnings_invalidate(struct ep_report *r, const char *reason)
{
	struct ep_validity *v = &r->validity;

	v->valid = false;
	if (v->reason_count < sizeof(v->reasons) / sizeof(v->reasons[0]))
		(void)ep_str_copy(v->reasons[v->reason_count++],
				  sizeof(v->reasons[0]), reason);
}

/* "boot_ns=N" in the text of a clock event. */
static bool boot_of(const struct ep_event *e, int64_t *ret)
{
	const char *at = strstr(e->text, "boot_ns=");
	size_t len;

	if (!at)
		return false;
	at += strlen("boot_ns=");
	len = strcspn(at, " ");
	return ep_num_scan_i64(at, len, ret) == (int)len && *ret >= 0 &&
	       *ret < INT64_C(1) << 61;
}

/* How long the machine slept, by the clock pairs. */
static int64_t slept_ns(const struct ep_run *run)
{
	int64_t first = 0, most = 0, boot;
	bool any = false;

	for (size_t i = 0; i < run->event_count; i++) {
		const struct ep_event *e = &run->events[i];

		if (strcmp(e->event, "clock") != 0 || !boot_of(e, &boot))
			continue;
		if (!any)
			first = boot - e->t_ns;
		any = true;
		if (boot - e->t_ns - first > most)
			most = boot - e->t_ns - first;
	}
	return most;
}

static const struct ep_event *nth(const struct ep_run *run, const char *event,
				  const char *source, size_t *ret_count)
{
	const struct ep_event *first = NULL;

	*ret_count = 0;
	for (size_t i = 0; i < run->event_count; i++) {
		const struct ep_event *e = &run->events[i];

		if (strcmp(e->event, event) != 0 ||
		    (source && strcmp(e->source, source) != 0))
			continue;
		if (!first)
			first = e;
		(*ret_count)++;
	}
	return first;
}

static void look_at_clock(struct ep_analysis *a)
{
	int64_t slept = slept_ns(&a->run);
	const struct ep_event *e;
	size_t steps = 0, boots = 0;

	(void)nth(&a->run, "step", "boottime", &boots);
	e = nth(&a->run, "step", NULL, &steps);
	if (e && steps > boots)
		ep_warn(a->report, EP_WARN_CLOCK_STEP,
			"the wall clock was set during the run (%zu times)",
			steps - boots);
	if (slept > SUSPEND_NS || boots > 0) {
		ep_warn(a->report, EP_WARN_SUSPENDED,
			"the machine was suspended for %.3g s during the run",
			(double)slept * 1e-9);
		ep_warnings_invalidate(a->report, "the machine was suspended");
	}
}

static void look_at_end(struct ep_analysis *a)
{
	struct ep_report *r = a->report;
	const struct ep_run *run = &a->run;
	size_t count;
	const struct ep_event *e = nth(run, "error", NULL, &count);

	r->validity.complete = run->exit_seen && run->end_seen && !e;
	if (e) {
		ep_warn(r, EP_WARN_RECORDING_ERROR, "recording failed: %s",
			e->text);
		ep_warnings_invalidate(r, "recording failed");
	}
	if (!run->exit_seen)
		ep_warnings_invalidate(
			r, "the recording was cut before the program ended");
	if (!run->exit_seen || !run->end_seen)
		ep_warn(r, EP_WARN_INCOMPLETE, "the recording was cut %s",
			run->exit_seen ? "after the program ended"
				       : "while the program ran");
	if (run->exit_seen && run->has_command &&
	    strcmp(run->exit_text, "exit 0") != 0)
		ep_warn(r, EP_WARN_EXIT_STATUS, "the program ended with %s",
			run->exit_text);
}

static int64_t positive_fact(const struct ep_run *run, const char *name)
{
	int64_t value;

	return ep_run_fact_i64(run, name, &value) == 0 && value > 0 ? value : 0;
}

static void look_at_losses(struct ep_analysis *a)
{
	static const struct {
		const char *fact;
		enum ep_warn warn;
		const char *what;
	} losses[] = {
		{ "dropped.samples", EP_WARN_DROPPED_SAMPLES,
		  "samples were dropped because the disk did not keep up" },
		{ "marks.lost", EP_WARN_MARKS_LOST,
		  "marks were lost on their way" },
		{ "probes.lost", EP_WARN_PROBE_LOST, "probe hits were lost" },
		{ "stdout.dropped_bytes", EP_WARN_OUTPUT_TRUNCATED,
		  "bytes of the program's output are not in stdout.log" },
		{ "stderr.dropped_bytes", EP_WARN_OUTPUT_TRUNCATED,
		  "bytes of the program's output are not in stderr.log" },
	};
	const char *names = ep_run_fact(&a->run, "survivors");

	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
		int64_t count = positive_fact(&a->run, losses[i].fact);

		if (count > 0)
			ep_warn(a->report, losses[i].warn, "%lld %s",
				(long long)count, losses[i].what);
	}
	if (names && names[0])
		ep_warn(a->report, EP_WARN_SURVIVORS,
			"the program left processes running: %.200s", names);
	if (a->run.bad_event_count > 0)
		ep_warn(a->report, EP_WARN_RAW_DAMAGED,
			"events.csv: %llu lines are damaged",
			(unsigned long long)a->run.bad_event_count);
}

/* What the program printed of its own timings. */
static void look_at_log(struct ep_analysis *a)
{
	const struct ep_text_verdict *log = &a->part.log;
	size_t shown = log->differ_count < EP_TEXT_DIFFERS_MAX
			       ? log->differ_count
			       : EP_TEXT_DIFFERS_MAX;

	for (size_t i = 0; i < shown; i++)
		ep_warn(a->report, EP_WARN_LOG_DIFFERS, "%s", log->differs[i]);
	if (log->differ_count > shown)
		ep_warn(a->report, EP_WARN_LOG_DIFFERS,
			"the log differs in %zu more places",
			log->differ_count - shown);
}

void ep_warnings_events(struct ep_analysis *a)
{
	const struct ep_run *run = &a->run;
	const struct ep_event *e;
	size_t count;

	look_at_losses(a);
	look_at_clock(a);
	look_at_log(a);
	e = nth(run, "cpu", NULL, &count);
	if (e)
		ep_warn(a->report, EP_WARN_CPU_CHANGED,
			"CPUs came or went during the run: %s",
			e->text[0] ? e->text : e->source);
	for (size_t i = 0; i < run->event_count; i++) {
		e = &run->events[i];
		if (strcmp(e->event, "sensor") == 0)
			ep_warn(a->report, EP_WARN_SENSOR_CHANGED, "%s: %s",
				e->source, e->text);
		else if (strcmp(e->event, "warning") == 0)
			ep_warn(a->report, EP_WARN_RECORDER, "%s%s%s",
				e->source, e->source[0] ? ": " : "", e->text);
	}
	look_at_end(a);
}
