/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/warnings.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/energy_parts.h"

static const struct {
	const char *code;
	const char *advice;
} table[EP_WARN_COUNT] = {
	[EP_WARN_ESTIMATED] = { "estimated",
				"use a board or a sensor that measures power "
				"(--board, --sensor)" },
	[EP_WARN_NO_TOTAL] = { "no-total",
			       "name a power sensor with --sensor or --total, "
			       "or accept a model with --estimate" },
	[EP_WARN_ACCURACY_UNKNOWN] = { "accuracy-unknown",
				       "compare with a meter before you quote "
				       "absolute figures" },
	[EP_WARN_BOARD_MISMATCH] = { "board-mismatch",
				     "leave --board away, or name the board "
				     "that this machine is" },
	[EP_WARN_SENSOR_FAILED] = { "sensor-failed",
				    "the run went on without it; mend what it "
				    "names and measure again" },
	[EP_WARN_SENSOR_GAPS] = { "sensor-gaps",
				  "figures whose phase lacks samples say so; "
				  "measure again on a quieter machine" },
	[EP_WARN_SENSOR_CHANGED] = { "sensor-changed",
				     "see events.csv for when" },
	[EP_WARN_COUNTER_RESET] = { "counter-reset",
				    "nothing else may reset the device while "
				    "it is measured" },
	[EP_WARN_ALARM] = { "alarm",
			    "remove the cause (supply, cable, cooling) and "
			    "measure again" },
	[EP_WARN_OUT_OF_LIMITS] = { "out-of-limits",
				    "look at the supply and at what lies "
				    "between it and the board: an inline meter "
				    "and its cable drop some voltage" },
	[EP_WARN_COUNT_DIFFERS] = { "count-differs",
				    "one of the two is wrong, or the sampling "
				    "too slow for this load: compare with "
				    "another meter" },
	[EP_WARN_CALIBRATION] = { "calibration",
				  "fit your own board against a meter before "
				  "you quote calibrated figures" },
	[EP_WARN_NO_PHASES] = { "no-phases",
				"mark phases (edgeprof.h, --phase-rule), or run "
				"as root a program that uses libllama" },
	[EP_WARN_PHASES_OVERLAP] = { "phases-overlap",
				     "the earlier phase was kept; mark phases "
				     "one after the other" },
	[EP_WARN_PHASE_SHORT] = { "phase-short",
				  "use more tokens or a longer prompt, a "
				  "shorter --interval, or a faster sensor" },
	[EP_WARN_LOG_DIFFERS] = { "log-differs",
				  "figures use what was observed; the log may "
				  "be of another request, leave time out, or "
				  "the phases be wrong" },
	[EP_WARN_SAMPLING_LOCKED] = { "sampling-locked",
				      "measure again with --jitter" },
	[EP_WARN_MARKS_LOST] = { "marks-lost",
				 "mark less often, or only phases" },
	[EP_WARN_PROBE_LOST] = { "probe-lost",
				 "phases and counts may be wrong; run fewer "
				 "programs beside this one" },
	[EP_WARN_PROBES_IMPLAUSIBLE] = { "probes-implausible",
					 "probes are left out: use a version "
					 "of the library that edgeprof knows, "
					 "or mark phases with edgeprof.h" },
	[EP_WARN_MIXED_REQUESTS] = { "mixed-requests",
				     "send one request after the other to tell "
				     "their phases apart" },
	[EP_WARN_UNEQUAL_REQUESTS] = { "unequal-requests",
				       "action per token grows with the number "
				       "of tokens: compare requests of equal "
				       "length" },
	[EP_WARN_NEGATIVE_NET] = { "negative-net",
				   "the baseline was not idle: let the machine "
				   "settle, or use a longer --idle" },
	[EP_WARN_NO_BASELINE] = { "no-baseline",
				  "leave --idle at its default, or make it "
				  "longer, to get net energies" },
	[EP_WARN_COUNTERS_REFUSED] = { "counters-refused",
				       "do what the message says, or run as root" },
	[EP_WARN_NO_PMU] = { "no-pmu",
			     "cycles, instructions and cache misses need a "
			     "machine, or a virtual one, with a hardware PMU" },
	[EP_WARN_MISSED_TICKS] = { "missed-ticks",
				   "leave one core free, run as root (real-time "
				   "scheduling), or use a longer --interval" },
	[EP_WARN_SCHEDULER_OTHER] = { "scheduler-other",
				      "run as root, or allow real-time scheduling "
				      "(ulimit -r)" },
	[EP_WARN_DROPPED_SAMPLES] = { "dropped-samples",
				      "use a longer --interval, or a faster "
				      "disk" },
	[EP_WARN_CLOCK_STEP] = { "clock-step",
				 "no figure uses the wall clock; time stamps "
				 "of other logs may not match" },
	[EP_WARN_SUSPENDED] = { "suspended",
				"keep the machine awake and measure again" },
	[EP_WARN_CPU_CHANGED] = { "cpu-changed",
				  "keep CPUs online while measuring" },
	[EP_WARN_INCOMPLETE] = { "incomplete",
				 "figures go to the last sample; measure again "
				 "for a whole run" },
	[EP_WARN_RECORDING_ERROR] = { "recording-error",
				      "make room or mend what it names, and "
				      "measure again" },
	[EP_WARN_RAW_DAMAGED] = { "raw-damaged",
				  "those lines were left out; was the disk "
				  "full, or the folder edited?" },
	[EP_WARN_EXIT_STATUS] = { "exit-status",
				  "see stderr.log for what it said" },
	[EP_WARN_SURVIVORS] = { "survivors",
				"what they used after the exit is in no "
				"figure" },
	[EP_WARN_OUTPUT_TRUNCATED] = { "output-truncated",
				       "the program itself was not slowed; "
				       "redirect its output to keep all of it" },
	[EP_WARN_RECORDER] = { "recorder", "see events.csv for when" },
	[EP_WARN_RUN_TO_RUN_UNKNOWN] = { "run-to-run-unknown",
					 "measure several times and look at the "
					 "spread before you compare" },
};

void ep_warn(struct ep_report *r, enum ep_warn w, const char *format, ...)
{
	struct ep_warning *to;
	va_list args;

	if (r->warning_count == EP_WARNINGS_MAX) {
		to = &r->warnings[EP_WARNINGS_MAX - 1];
		to->code = table[EP_WARN_RECORDER].code;
		(void)ep_str_copy(to->text, sizeof(to->text),
				  "there are more warnings than fit here");
		(void)ep_str_copy(to->advice, sizeof(to->advice),
				  table[EP_WARN_RECORDER].advice);
		return;
	}
	to = &r->warnings[r->warning_count++];
	to->code = table[w].code;
	va_start(args, format);
	(void)vsnprintf(to->text, sizeof(to->text), format, args);
	va_end(args);
	ep_str_printable(to->text);
	(void)ep_str_copy(to->advice, sizeof(to->advice), table[w].advice);
}

/* Parts of the total that claim no limits: u of their own error is 0. */
static void look_at_accuracy(struct ep_analysis *a)
{
	const struct ep_meter *m = &a->total;

	for (size_t i = 0; i < m->part_count && !m->reason[0]; i++) {
		const struct ep_channel *c = ep_part_channel(&m->parts[i]);

		if (c->gain_ppm != 0 || c->offset != 0 || m->estimated)
			continue;
		ep_warn(a->report, EP_WARN_ACCURACY_UNKNOWN,
			"%s.%s: its accuracy is not known: the sensor's own "
			"error is not in the \u00b1",
			m->parts[i].stream->sensor->id, c->name);
		return;
	}
}

static void look_at_total(struct ep_analysis *a)
{
	struct ep_report *r = a->report;
	const struct ep_run *run = &a->run;

	if (!run->board_matched)
		ep_warn(r, EP_WARN_BOARD_MISMATCH,
			"this machine is not the board '%s'%s%s%s", run->board,
			run->board_detected[0] ? " but '" : "",
			run->board_detected, run->board_detected[0] ? "'" : "");
	if (r->total_estimated)
		ep_warn(r, EP_WARN_ESTIMATED,
			"watts and joules are a model's estimate, not a "
			"measurement");
	if (r->total_reason[0])
		ep_warn(r, EP_WARN_NO_TOTAL, "energy is not measured: %s",
			r->total_reason);
	else if (isnan(a->total.idle_w))
		ep_warn(r, EP_WARN_NO_BASELINE,
			"net energies are not measured: %s",
			a->total.idle_reason);
	look_at_accuracy(a);
}

static int64_t resets_of(const struct ep_stream *s)
{
	int64_t sum = 0;

	for (size_t i = 0; i < s->lane_count; i++)
		for (size_t k = 0; k < s->lanes[i].lane.slot_count; k++)
			sum += s->lanes[i].lane.health[k].reset_count;
	return sum;
}

/* Gaps of what figures are made of. */
static int64_t gaps_of(const struct ep_stream *s)
{
	int64_t most = 0;

	for (size_t i = 0; i < s->lane_count; i++)
		for (size_t k = 0; k < s->lanes[i].lane.slot_count; k++)
			if (s->lanes[i].lane.health[k].gap_count > most)
				most = s->lanes[i].lane.health[k].gap_count;
	return most;
}

static double longest_gap_s(const struct ep_stream *s)
{
	int64_t most = 0;

	for (size_t i = 0; i < s->lane_count; i++)
		for (size_t k = 0; k < s->lanes[i].lane.slot_count; k++)
			if (s->lanes[i].lane.health[k].max_gap_ns > most)
				most = s->lanes[i].lane.health[k].max_gap_ns;
	return (double)most * 1e-9;
}

static void look_at_sensor(struct ep_report *r, const struct ep_stream *s)
{
	const char *id = s->sensor->id;
	bool counters = strcmp(s->sensor->driver, "counters") == 0;
	int64_t resets = resets_of(s), gaps = gaps_of(s);
	uint64_t bad = s->csv.bad_count + (uint64_t)s->backward_count;

	if (s->reason[0] && !s->sensor->absent)
		ep_warn(r,
			counters ? EP_WARN_COUNTERS_REFUSED
				 : EP_WARN_SENSOR_FAILED,
			"%s: not measured: %s", id, s->reason);
	if (resets > 0)
		ep_warn(r, EP_WARN_COUNTER_RESET,
			"%s: counters went backwards %lld time%s without "
			"wrapping",
			id, (long long)resets, resets == 1 ? "" : "s");
	if (gaps > resets)
		ep_warn(r, EP_WARN_SENSOR_GAPS,
			"%s: its samples have %lld gap%s, the longest of "
			"%.3g s",
			id, (long long)gaps, gaps == 1 ? "" : "s",
			longest_gap_s(s));
	if (bad > 0)
		ep_warn(r, EP_WARN_RAW_DAMAGED,
			"sensors/%s.csv: %llu line%s damaged", id,
			(unsigned long long)bad, bad == 1 ? " is" : "s are");
}

static bool note_says(const struct ep_run *run, const char *text)
{
	const json_t *sensors = json_object_get(run->json, "sensors"), *sensor;
	size_t i, k;

	json_array_foreach(sensors, i, sensor)
	{
		const json_t *notes = json_object_get(sensor, "notes"), *note;

		json_array_foreach(notes, k,
				   note) if (json_string_value(note) &&
					     strstr(json_string_value(note),
						    text)) return true;
	}
	return false;
}

static void look_at_phases(struct ep_analysis *a)
{
	struct ep_report *r = a->report;
	size_t found = 0, weak = 0, locked = 0;
	char names[120] = "";

	for (size_t i = 0; i < a->part.count; i++)
		found += a->part.segments[i].found;
	if (found == 0)
		ep_warn(r, EP_WARN_NO_PHASES,
			"no phases were seen: the whole run is one phase (%s)",
			r->evidence_note);
	if (a->part.implausible[0])
		ep_warn(r, EP_WARN_PROBES_IMPLAUSIBLE, "%s",
			a->part.implausible);
	if (ep_str_starts(a->part.timeline.note, "mixed"))
		ep_warn(r, EP_WARN_MIXED_REQUESTS, "%s", a->part.timeline.note);
	if (a->part.clipped_count + a->part.dropped_count > 0)
		ep_warn(r, EP_WARN_PHASES_OVERLAP,
			"%zu phases overlapped others, %zu were empty or "
			"outside the run",
			a->part.clipped_count, a->part.dropped_count);
	for (size_t i = 0; i < r->phase_count; i++) {
		const struct ep_row *row = &r->phases[i];
		const struct ep_metric *m = ep_row_metric(row, "energy_j");
		size_t used = strlen(names);

		if (!m || row->phase.evidence == EP_EVIDENCE_NONE)
			continue;
		locked += strstr(m->reason, "locked") != NULL;
		if (!strstr(m->reason, "fresh sample") &&
		    !strstr(m->reason, "no sample") &&
		    !strstr(m->reason, "can judge") &&
		    !strstr(m->reason, "window"))
			continue;
		weak++;
		if (!strstr(names, row->phase.name) && used < 60)
			(void)ep_str_format(names + used, sizeof(names) - used,
					    "%s%s", used ? ", " : "",
					    row->phase.name);
	}
	if (weak > 0 && !r->total_reason[0])
		ep_warn(r, EP_WARN_PHASE_SHORT,
			"%zu of %zu phases hold fewer than 5 fresh power "
			"samples: %s",
			weak, found, names);
	if (locked > 0)
		ep_warn(r, EP_WARN_SAMPLING_LOCKED,
			"in %zu phase%s sampling kept step with the tokens",
			locked, locked == 1 ? "" : "s");
}

static void look_at_requests(struct ep_analysis *a)
{
	struct ep_report *r = a->report;
	int64_t least = INT64_MAX, most = -1;

	for (size_t i = 0; i < r->request_count; i++) {
		int64_t n = r->requests[i].phase.tokens_count;

		least = n >= 0 && n < least ? n : least;
		most = n > most ? n : most;
	}
	if (r->request_count > 1 && least < most)
		ep_warn(r, EP_WARN_UNEQUAL_REQUESTS,
			"%zu requests put out between %lld and %lld tokens",
			r->request_count, (long long)least, (long long)most);
	for (size_t i = 0; i < r->total_count; i++) {
		const struct ep_metric *m =
			ep_row_metric(&r->totals[i], "energy_net_j");

		if (!m || m->status == EP_STATUS_NOT_MEASURED ||
		    !(m->value + m->u95 < 0))
			continue;
		ep_warn(r, EP_WARN_NEGATIVE_NET,
			"%s used less than the machine did before the run",
			r->totals[i].phase.name);
		return;
	}
}

static void look_at_grid(struct ep_analysis *a)
{
	const struct ep_grid_health *g = &a->report->grid;
	const char *fact = ep_run_fact(&a->run, "sampler.scheduler");
	bool other = strcmp(fact ? fact : a->run.scheduler, "other") == 0;

	if (g->missed_count > 0)
		ep_warn(a->report, EP_WARN_MISSED_TICKS,
			"%lld of %lld ticks %s missed",
			(long long)g->missed_count,
			(long long)(g->missed_count + g->tick_count),
			g->missed_count == 1 ? "was" : "were");
	/* A tenth of the grid: what a figure of one sample could feel. */
	if (other && g->late_p99_us > g->interval_s * 1e5)
		ep_warn(a->report, EP_WARN_SCHEDULER_OTHER,
			"ticks were up to %.3g ms late (99 %%), without "
			"real-time scheduling",
			g->late_p99_us * 1e-3);
}

void ep_warnings_make(struct ep_analysis *a)
{
	struct ep_report *r = a->report;

	r->validity.valid = true;
	look_at_total(a);
	for (size_t i = 0; i < a->stream_count; i++)
		look_at_sensor(r, &a->streams[i]);
	if (note_says(&a->run, "no hardware PMU"))
		ep_warn(r, EP_WARN_NO_PMU,
			"this machine shows no hardware PMU: cycles, "
			"instructions and cache misses are not measured");
	ep_warnings_channels(a);
	look_at_phases(a);
	look_at_requests(a);
	look_at_grid(a);
	ep_warnings_events(a);
	if (!r->total_reason[0])
		ep_warn(r, EP_WARN_RUN_TO_RUN_UNKNOWN,
			"one run: the spread between runs is not in the \u00b1");
}
