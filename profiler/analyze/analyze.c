/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/analyze.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/analyze/analysis.h"
#include "profiler/analyze/associate.h"
#include "profiler/analyze/conditions.h"
#include "profiler/analyze/energy_parts.h"
#include "profiler/analyze/environment.h"
#include "profiler/analyze/health.h"
#include "profiler/analyze/metrics.h"
#include "profiler/analyze/models.h"
#include "profiler/analyze/trace.h"
#include "profiler/analyze/warnings.h"

/* Power on either side of a border is that of so long a stretch. */
#define SIDE_NS_MIN (50 * EP_NS_PER_MS)
#define SIDE_NS_MAX (10 * EP_NS_PER_S)

static int64_t size_of(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* Opens every sensor file; the last instant and the size of all raw files. */
static int open_streams(struct ep_analysis *a, int dir_fd, int ticks_fd,
			int64_t *ret_last_ns, int64_t *ret_bytes)
{
	size_t n = a->run.sensor_count;
	int64_t last = -1, bytes = (int64_t)a->run.text.len;

	a->streams = calloc(n + 1, sizeof(*a->streams));
	if (!a->streams)
		return -ENOMEM;
	if (ticks_fd >= 0) {
		last = ep_stream_last_ns(ticks_fd);
		bytes += size_of(ticks_fd);
	}
	for (size_t i = 0; i < n; i++) {
		struct ep_stream *s = &a->streams[i];
		int code;

		a->stream_count++;
		code = ep_stream_open(s, dir_fd, &a->run, i);
		if (code < 0)
			return code;
		if (s->fd >= 0 && s->has_csv) {
			int64_t t = ep_stream_last_ns(s->fd);

			last = t > last ? t : last;
			bytes += size_of(s->fd);
		}
	}
	/* Past any clock: a damaged line. */
	*ret_last_ns = last < INT64_C(1) << 60 ? last : -1;
	*ret_bytes = bytes;
	return 0;
}

/* How far from a border the power is what it seems. */
static void widen_sides(struct ep_analysis *a, const struct ep_stream *s,
			size_t channel)
{
	const struct ep_channel *c = &s->sensor->channels[channel];
	const int64_t blurs[] = {
		c->shape == EP_GAUGE ? c->window_ns / 2 : 0,
		s->poll_ns,
		c->refresh_ns,
		c->refresh_ns == 0 ? (int64_t)s->change_ns[channel] : 0,
	};

	for (size_t i = 0; i < sizeof(blurs) / sizeof(blurs[0]); i++)
		if (blurs[i] > a->side_ns)
			a->side_ns = blurs[i];
	if (a->side_ns > SIDE_NS_MAX)
		a->side_ns = SIDE_NS_MAX;
	a->side_width_ns = a->side_ns > SIDE_NS_MIN ? a->side_ns : SIDE_NS_MIN;
}

/* The channels of the primary total. */
static void find_total(struct ep_analysis *a)
{
	struct ep_meter *m = &a->total;
	const struct ep_run *run = &a->run;

	m->fine = true;
	if (run->total_count == 0)
		(void)ep_str_copy(m->reason, sizeof(m->reason),
				  run->total_reason[0] ? run->total_reason
						       : "no power sensor");
	for (size_t i = 0; i < run->total_count && !m->reason[0]; i++) {
		const char *name = run->total_channels[i];
		const struct ep_channel *c;
		size_t s, k;

		if (!ep_run_find_channel(run, name, &s, &k)) {
			(void)ep_str_format(m->reason, sizeof(m->reason),
					    "%.80s was not recorded", name);
			return;
		}
		c = &run->sensors[s].channels[k];
		if (!(c->quantity == EP_POWER_UW && c->shape == EP_GAUGE) &&
		    !(c->quantity == EP_ENERGY_UJ && c->shape == EP_COUNTER)) {
			(void)ep_str_format(m->reason, sizeof(m->reason),
					    "%.80s is neither power nor energy",
					    name);
			return;
		}
		if (c->flags & (EP_CHANNEL_NEGOTIATED | EP_CHANNEL_CHECK)) {
			(void)ep_str_format(m->reason, sizeof(m->reason),
					    "%.80s is %s: never a total", name,
					    c->flags & EP_CHANNEL_CHECK
						    ? "a meter's own count"
						    : "negotiated");
			return;
		}
		a->streams[s].places[k].primary = true;
		m->parts[m->part_count++] = ep_part_of(&a->streams[s], k);
		if (a->streams[s].change_ns)
			widen_sides(a, &a->streams[s], k);
	}
}

static int cut_at(struct ep_cuts *c, int64_t t, int64_t half, int64_t far)
{
	int code = ep_cuts_add(c, t);

	for (int sign = -1; sign <= 1 && code == 0; sign += 2) {
		code = ep_cuts_add(c, t + sign * half);
		if (code == 0)
			code = ep_cuts_add(c, t + sign * far);
	}
	return code;
}

static int make_cuts(struct ep_analysis *a)
{
	const struct ep_timeline *tl = &a->part.timeline;
	const struct ep_run *run = &a->run;
	int64_t far = a->side_ns + a->side_width_ns,
		block = ep_idle_block_ns(run);
	int64_t after, end;
	int code = 0;

	for (size_t i = 0; i <= a->part.count && code == 0; i++) {
		int64_t t = i < a->part.count
				    ? a->part.segments[i].phase.start_ns
				    : a->part.segments[i - 1].phase.end_ns;

		code = ep_cuts_add(&a->cuts, t);
		if (code == 0)
			code = cut_at(&a->fine, t, a->side_ns, far);
	}
	for (size_t i = 0; i < tl->token_count && code == 0; i++)
		code = ep_cuts_add(&a->fine, tl->tokens[i].t_ns);
	for (int64_t t = run->idle_begin_ns;
	     block > 0 && t <= run->idle_end_ns && code == 0; t += block)
		code = ep_cuts_add(&a->fine, t);
	if (code == 0 && ep_after_bounds(a, &after, &end))
		code = ep_cuts_add(&a->fine, after);
	if (code == 0)
		code = ep_cuts_add(&a->fine, run->end_ns);
	if (code == 0)
		code = ep_cuts_seal(&a->cuts);
	return code == 0 ? ep_cuts_seal(&a->fine) : code;
}

static int plan_streams(struct ep_analysis *a, bool trace)
{
	const struct ep_stream_plan plan = {
		.run = &a->run,
		.cuts = &a->cuts,
		.fine = &a->fine,
		.trace = trace,
		.first_row = ep_trace_first_row(&a->run),
	};
	int64_t watch_ns = a->run.gate_ns + EP_NS_PER_S;
	int code = 0;

	for (size_t i = 0; i < a->stream_count && code == 0; i++) {
		if (trace)
			code = ep_stream_find_still(&a->streams[i], watch_ns);
		if (code == 0)
			code = ep_stream_plan(&a->streams[i], &plan);
	}
	return code;
}

/* The most that channel c of s said while the program ran; -1 unknown. */
static int64_t most_busy(const struct ep_analysis *a, const struct ep_stream *s,
			 size_t c)
{
	int64_t lasted_ns = a->run.exit_ns - a->run.gate_ns, seen = -1;
	struct ep_part p = ep_part_of(s, c);

	for (uint32_t k = 0; k < a->part.count; k++) {
		struct ep_set one = { &k, 1 };
		struct ep_part_sums sums;

		if (!a->part.segments[k].inside)
			continue;
		ep_part_sum(a, &p, one, &sums);
		if (sums.reads > 0 && sums.max > (double)seen)
			seen = (int64_t)sums.max;
	}
	/* Too short for two looks: it was busy between them. */
	if (seen == 0 && lasted_ns / 2 < s->sensor->channels[c].refresh_ns)
		return -1;
	return seen;
}

/* Threads that were busy at once, as the end fact or the sensor says. */
static int64_t threads_seen(const struct ep_analysis *a)
{
	int64_t seen;

	if (ep_run_fact_i64(&a->run, "threads.busy_seen", &seen) == 0)
		return seen;
	seen = -1;
	for (size_t i = 0; i < a->stream_count; i++) {
		const struct ep_stream *s = &a->streams[i];

		for (size_t c = 0; c < s->sensor->channel_count; c++) {
			int64_t most = -1;

			if (strcmp(s->sensor->channels[c].name,
				   "threads_busy") == 0)
				most = most_busy(a, s, c);
			seen = most > seen ? most : seen;
		}
	}
	return seen;
}

static void name_total(const struct ep_analysis *a, struct ep_report *r)
{
	const struct ep_run *run = &a->run;
	size_t used = 0;

	(void)ep_str_copy(r->total_name, sizeof(r->total_name),
			  run->total_title);
	for (size_t i = 0; !run->total_title[0] && i < run->total_count; i++) {
		(void)ep_str_format(r->total_name + used,
				    sizeof(r->total_name) - used, "%s%s",
				    i ? " + " : "", run->total_channels[i]);
		used = strlen(r->total_name);
	}
	(void)ep_str_copy(r->total_reason, sizeof(r->total_reason),
			  a->total.reason);
	r->total_estimated = a->total.estimated;
}

static void fill_report(struct ep_analysis *a)
{
	struct ep_report *r = a->report;
	const struct ep_run *run = &a->run;

	r->duration_s = (double)(run->exit_ns - run->gate_ns) * 1e-9;
	r->gate_ns = run->gate_ns;
	(void)ep_str_copy(r->exit_text, sizeof(r->exit_text), run->exit_text);
	(void)ep_str_copy(r->evidence_note, sizeof(r->evidence_note),
			  a->part.note);
	(void)ep_str_copy(r->log_note, sizeof(r->log_note), a->part.log.agrees);
	(void)ep_str_copy(r->coverage, sizeof(r->coverage), run->coverage);
	name_total(a, r);
	r->threads_seen = threads_seen(a);
}

static int compute(struct ep_analysis *a, int dir_fd, int ticks_fd)
{
	int code;

	ep_meter_settle(a, &a->total);
	fill_report(a);
	code = ep_rows_make(a);
	if (code == 0)
		code = ep_channels_make(a);
	if (code == 0)
		code = ep_meters_make(a);
	if (code == 0)
		code = ep_calibrated_make(a);
	if (code == 0)
		code = ep_generation_make(a);
	if (code == 0)
		code = ep_associations_make(a);
	if (code == 0)
		code = ep_health_make(a);
	if (code == 0)
		code = ep_grid_make(a, ticks_fd);
	if (code == 0)
		code = ep_conditions_make(a, dir_fd);
	if (code == 0)
		ep_warnings_make(a);
	return code;
}

static int run_analysis(struct ep_analysis *a, int dir_fd, int trace_fd,
			struct ep_err *err)
{
	int ticks_fd = ep_run_open_file(dir_fd, NULL, "ticks.csv");
	int64_t last_ns = -1, bytes = 0;
	int code = open_streams(a, dir_fd, ticks_fd, &last_ns, &bytes);

	if (code == 0) {
		code = ep_run_find_bounds(&a->run, last_ns, err);
		if (code < 0)
			goto out;
		code = ep_partition_make(&a->run, ep_observers, &a->part, err);
		if (code < 0)
			goto out;
		find_total(a);
		code = make_cuts(a);
	}
	if (code == 0)
		code = plan_streams(a, trace_fd >= 0);
	if (code == 0) {
		code = ep_trace_write(a, trace_fd, bytes, err);
		if (code < 0)
			goto out;
		code = compute(a, dir_fd, ticks_fd);
	}
	if (code < 0)
		ep_err_set(err, code, "cannot analyze the run: %s",
			   strerror(-code));
out:
	if (ticks_fd >= 0)
		(void)close(ticks_fd);
	return code;
}

int ep_analyze_run(int dir_fd, int trace_fd, struct ep_report **ret,
		   struct ep_err *err)
{
	struct ep_analysis *a = calloc(1, sizeof(*a));
	int code = -ENOMEM;

	if (a)
		a->report = calloc(1, sizeof(*a->report));
	if (!a || !a->report) {
		free(a);
		return ep_err_set(err, code, "out of memory");
	}
	code = ep_run_load(dir_fd, &a->run, err);
	if (code == 0)
		code = run_analysis(a, dir_fd, trace_fd, err);
	if (code == 0) {
		ep_environment_join(&a->run);
		ep_models_join(&a->run);
		a->report->run = json_incref(a->run.json);
		*ret = a->report;
	} else {
		ep_report_free(a->report);
	}
	for (size_t i = 0; i < a->stream_count; i++)
		ep_stream_close(&a->streams[i]);
	free(a->streams);
	ep_cuts_done(&a->cuts);
	ep_cuts_done(&a->fine);
	ep_partition_done(&a->part);
	ep_run_done(&a->run);
	free(a);
	return code;
}
