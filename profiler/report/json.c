/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/version.h"
#include "profiler/report/formats.h"
#include "profiler/report/json_generation.h"
#include "profiler/report/json_head.h"
#include "profiler/report/json_out.h"
#include "profiler/report/page_study.h"
#include "profiler/report/section_names.h"

static void put_terms(struct ep_json_out *o, const struct ep_metric *m)
{
	if (m->term_count == 0)
		return;
	ep_json_open(o, "budget", '{', true);
	for (size_t i = 0; i < m->term_count; i++)
		ep_json_number(o, m->terms[i].name, m->terms[i].u);
	ep_json_close(o, '}');
}

void ep_json_metric(struct ep_json_out *o, const char *key,
		    const struct ep_metric *m)
{
	bool missing =
		m->status == EP_STATUS_NOT_MEASURED || !isfinite(m->value);

	ep_json_open(o, key, '{', true);
	ep_json_number(o, "value", missing ? (double)NAN : m->value);
	ep_json_number(o, "u95", missing ? (double)NAN : m->u95);
	ep_json_text(
		o, "status",
		ep_status_name(missing ? EP_STATUS_NOT_MEASURED : m->status));
	ep_json_text_or_null(o, "reason", m->reason);
	if (m->sample_count > 0)
		ep_json_integer(o, "samples", m->sample_count);
	put_terms(o, m);
	ep_json_close(o, '}');
}

static void put_counts(struct ep_json_out *o, const struct ep_phase *p)
{
	ep_json_count(o, "tokens", p->tokens_count);
	ep_json_count(o, "steps", p->steps_count);
	ep_json_count(o, "cached_tokens", p->cached_count);
}

static void put_metrics(struct ep_json_out *o, const struct ep_row *row)
{
	for (size_t i = 0; i < row->metric_count; i++)
		ep_json_metric(o, row->metrics[i].name, &row->metrics[i]);
}

static void put_row_open(struct ep_json_out *o, const struct ep_row *row)
{
	ep_json_open(o, NULL, '{', false);
	ep_json_integer(o, "request", row->phase.request);
	ep_json_text(o, "phase", row->phase.name);
	ep_json_text(o, "evidence", ep_evidence_name(row->phase.evidence));
	ep_json_number(o, "start_s", row->start_s);
	ep_json_number(o, "end_s", row->end_s);
	ep_json_number(o, "slack_s", row->slack_s);
	put_counts(o, &row->phase);
	ep_json_open(o, "metrics", '{', false);
	put_metrics(o, row);
	ep_json_close(o, '}');
}

static void put_row(struct ep_json_out *o, const struct ep_row *row)
{
	put_row_open(o, row);
	ep_json_close(o, '}');
}

/* What was asked, for runners that send requests. */
static void put_asked(struct ep_json_out *o, const struct ep_request *q)
{
	ep_json_open(o, "asked", '{', false);
	ep_json_text(o, "prompt_id", q->id);
	ep_json_text(o, "model", q->model);
	ep_json_number(o, "temperature", q->randomness);
	ep_json_text(o, "tag", q->tag);
	ep_json_text(o, "start",
		     q->cold < 0 ? "unknown"
		     : q->cold	 ? "cold"
				 : "warm");
	ep_json_text(o, "error", q->error);
	ep_json_close(o, '}');
}

static void put_requests(struct ep_json_out *o, const struct ep_report *r)
{
	ep_json_open(o, "requests", '[', false);
	for (size_t i = 0; i < r->request_count; i++) {
		const struct ep_row *row = &r->requests[i];
		const struct ep_request *q =
			ep_report_told(r, row->phase.request);

		put_row_open(o, row);
		if (q)
			put_asked(o, q);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

static void put_rows(struct ep_json_out *o, const char *key,
		     const struct ep_row *rows, size_t count)
{
	ep_json_open(o, key, '[', false);
	for (size_t i = 0; i < count; i++)
		put_row(o, &rows[i]);
	ep_json_close(o, ']');
}

/* <scope>.<metric>: totals.generation.energy_j */
static void put_totals(struct ep_json_out *o, const struct ep_report *r)
{
	ep_json_open(o, "totals", '{', false);
	for (size_t i = 0; i < r->total_count; i++) {
		ep_json_open(o, r->totals[i].phase.name, '{', false);
		put_counts(o, &r->totals[i].phase);
		put_metrics(o, &r->totals[i]);
		ep_json_close(o, '}');
	}
	if (r->has_client) {
		ep_json_open(o, "client", '{', false);
		put_counts(o, &r->client.phase);
		put_metrics(o, &r->client);
		ep_json_close(o, '}');
	}
	ep_json_close(o, '}');
}

/* Keys of run.json that have a list of their own, or that are added here. */
static bool is_taken(const char *key)
{
	static const char *const taken[] = { "sensors",	     "observers",
					     "duration_s",   "ended",
					     "phases_found", "log_agrees",
					     "threads_seen" };

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(key, taken[i]) == 0)
			return true;
	return false;
}

static void put_run(struct ep_json_out *o, const struct ep_report *r)
{
	/* jansson iterates in insertion order but takes no const object. */
	json_t *run = json_incref(r->run);
	const char *key;
	json_t *value;

	ep_json_open(o, "run", '{', false);
	json_object_foreach(run, key, value) if (!is_taken(key))
		ep_json_value(o, key, value);
	ep_json_number(o, "duration_s", r->duration_s);
	ep_json_text(o, "ended", r->exit_text);
	ep_json_text(o, "phases_found", r->evidence_note);
	ep_json_text_or_null(o, "log_agrees", r->log_note);
	ep_json_count(o, "threads_seen", r->threads_seen);
	ep_json_close(o, '}');
	json_decref(run);
}

static void put_total(struct ep_json_out *o, const struct ep_report *r)
{
	ep_json_open(o, "total", '{', false);
	ep_json_text_or_null(o, "name", r->total_name);
	ep_json_bool(o, "estimated", r->total_estimated);
	ep_json_text_or_null(o, "reason", r->total_reason);
	ep_json_text(o, "coverage", r->coverage);
	ep_json_metric(o, "idle_power_w", &r->idle_power_w);
	ep_json_close(o, '}');
}

/* One figure for each of the totals. */
static void put_by_phase(struct ep_json_out *o, const char *key,
			 const struct ep_report *r, const struct ep_metric *m)
{
	ep_json_open(o, key, '{', false);
	for (size_t k = 0; k < r->total_count; k++)
		ep_json_metric(o, r->totals[k].phase.name, &m[k]);
	ep_json_close(o, '}');
}

static void put_channels(struct ep_json_out *o, const struct ep_report *r)
{
	ep_json_open(o, "channels", '[', false);
	for (size_t i = 0; i < r->channel_count; i++) {
		const struct ep_channel_row *c = &r->channels[i];

		ep_json_open(o, NULL, '{', false);
		ep_json_text(o, "channel", c->name);
		ep_json_text(o, "role", ep_role_name(c->role));
		ep_json_bool(o, "primary", c->primary);
		ep_json_bool(o, "estimated", c->estimated);
		ep_json_bool(o, "accuracy_known", c->has_limits);
		ep_json_metric(o, "idle_w", &c->idle_w);
		put_by_phase(o, "energy_j", r, c->energy_j);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

static void put_meters(struct ep_json_out *o, const struct ep_report *r)
{
	ep_json_open(o, "meters", '[', false);
	for (size_t i = 0; i < r->meter_count; i++) {
		const struct ep_meter_row *m = &r->meters[i];
		bool declared = m->declared_refresh_ns > 0;

		ep_json_open(o, NULL, '{', false);
		ep_json_text(o, "sensor", m->sensor);
		ep_json_text(o, "what", m->what);
		ep_json_bool(o, "primary", m->primary);
		ep_json_bool(o, "estimated", m->estimated);
		ep_json_bool(o, "accuracy_known", m->has_limits);
		ep_json_number(o, "declared_refresh_s",
			       declared ? (double)m->declared_refresh_ns / 1e9
					: (double)NAN);
		ep_json_number(o, "measured_refresh_s", m->measured_refresh_s);
		ep_json_metric(o, "idle_w", &m->idle_w);
		put_by_phase(o, "energy_j", r, m->energy_j);
		put_by_phase(o, "power_mean_w", r, m->mean_w);
		if (!m->primary)
			put_by_phase(o, "difference_j", r, m->difference_j);
		ep_json_metric(o, "own_count_j", &m->count_j);
		ep_json_metric(o, "own_count_difference_j",
			       &m->count_difference_j);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

static void put_calibrated(struct ep_json_out *o, const struct ep_report *r)
{
	const struct ep_calibrated *c = &r->calibrated;

	if (!c->name[0]) {
		ep_json_value(o, "calibrated", NULL);
		return;
	}
	ep_json_open(o, "calibrated", '{', false);
	ep_json_text(o, "name", c->name);
	ep_json_text(o, "target", c->target);
	ep_json_text(o, "source", c->source);
	ep_json_text(o, "caveat", c->caveat);
	put_by_phase(o, "energy_j", r, c->energy_j);
	put_by_phase(o, "power_mean_w", r, c->mean_w);
	ep_json_close(o, '}');
}

static void put_health(struct ep_json_out *o, const struct ep_report *r)
{
	ep_json_open(o, "health", '[', false);
	for (size_t i = 0; i < r->health_count; i++) {
		const struct ep_health *h = &r->health[i];
		bool declared = h->declared_refresh_ns > 0;

		ep_json_open(o, NULL, '{', true);
		ep_json_text(o, "sensor", h->sensor);
		ep_json_text(o, "channel", h->channel);
		ep_json_text(o, "unit", h->unit ? h->unit : "");
		ep_json_number(o, "declared_refresh_s",
			       declared ? (double)h->declared_refresh_ns / 1e9
					: (double)NAN);
		ep_json_number(o, "measured_refresh_s", h->measured_refresh_s);
		ep_json_number(o, "poll_s", h->poll_s);
		ep_json_integer(o, "reads", h->read_count);
		ep_json_integer(o, "repeats", h->repeat_count);
		ep_json_integer(o, "errors", h->error_count);
		ep_json_integer(o, "gaps", h->gap_count);
		ep_json_number(o, "max_gap_s", h->max_gap_s);
		ep_json_bool(o, "stands_still", h->standing_still);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

static void put_grid(struct ep_json_out *o, const struct ep_grid_health *g)
{
	ep_json_open(o, "recording", '{', false);
	ep_json_number(o, "interval_s", g->interval_s);
	ep_json_number(o, "interval_mean_s", g->interval_mean_s);
	ep_json_integer(o, "ticks", g->tick_count);
	ep_json_integer(o, "missed_ticks", g->missed_count);
	ep_json_number(o, "late_p50_us", g->late_p50_us);
	ep_json_number(o, "late_p99_us", g->late_p99_us);
	ep_json_number(o, "late_max_us", g->late_max_us);
	ep_json_number(o, "self_cpu_s", g->self_cpu_s);
	ep_json_number(o, "self_cpu_share", g->self_cpu_share);
	ep_json_number(o, "self_energy_j", g->self_energy_j);
	ep_json_count(o, "self_wakeups", g->self_wakeups);
	ep_json_count(o, "self_bytes", g->self_bytes);
	ep_json_close(o, '}');
}

static void put_conditions(struct ep_json_out *o, const struct ep_conditions *c)
{
	ep_json_open(o, "conditions", '{', false);
	ep_json_number(o, "background_cpu_share", c->background_cpu_share);
	ep_json_number(o, "temperature_start_c", c->temperature_start_c);
	ep_json_number(o, "temperature_end_c", c->temperature_end_c);
	ep_json_number(o, "frequency_shortfall", c->frequency_shortfall);
	ep_json_count(o, "swap_in_count", c->swap_in_count);
	ep_json_count(o, "stopped_by", c->stopped_by > 0 ? c->stopped_by : -1);
	ep_json_close(o, '}');
}

static void put_verdict(struct ep_json_out *o, const struct ep_report *r)
{
	const struct ep_validity *v = &r->validity;

	ep_json_open(o, "validity", '{', false);
	ep_json_bool(o, "valid", v->valid);
	ep_json_bool(o, "complete", v->complete);
	ep_json_open(o, "reasons", '[', false);
	for (size_t i = 0; i < v->reason_count; i++)
		ep_json_text(o, NULL, v->reasons[i]);
	ep_json_close(o, ']');
	ep_json_close(o, '}');
	ep_json_open(o, "warnings", '[', false);
	for (size_t i = 0; i < r->warning_count; i++) {
		ep_json_open(o, NULL, '{', false);
		ep_json_text(o, "code", r->warnings[i].code);
		ep_json_text(o, "text", r->warnings[i].text);
		ep_json_text(o, "advice", r->warnings[i].advice);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

/* The first lines, which alone tell whether trace.csv is current. */
static void put_head(struct ep_json_out *o, int64_t trace_bytes)
{
	o->empty = true;
	ep_json_open(o, NULL, '{', false);
	ep_json_text(o, "schema", "edgeprof.report/1");
	ep_json_text(o, "build", ep_build);
	ep_json_open(o, "derived", '{', true);
	ep_json_count(o, "trace_csv_bytes", trace_bytes > 0 ? trace_bytes : -1);
	ep_json_close(o, '}');
}

int ep_json_head(struct ep_buf *b, int64_t trace_bytes)
{
	struct ep_json_out o = { .b = b };

	put_head(&o, trace_bytes);
	return o.error;
}

static int json_render(const struct ep_report *r,
		       const struct ep_render_options *options,
		       struct ep_buf *b)
{
	struct ep_json_out o = { .b = b };
	size_t start = b->len;

	put_head(&o, options->trace_bytes);
	put_run(&o, r);
	put_total(&o, r);
	put_rows(&o, "phases", r->phases, r->phase_count);
	put_totals(&o, r);
	put_requests(&o, r);
	put_channels(&o, r);
	put_meters(&o, r);
	put_calibrated(&o, r);
	ep_json_value(&o, "sensors", json_object_get(r->run, "sensors"));
	ep_json_value(&o, "observers", json_object_get(r->run, "observers"));
	put_health(&o, r);
	put_grid(&o, &r->grid);
	put_conditions(&o, &r->conditions);
	ep_json_generation(&o, r);
	put_verdict(&o, r);
	ep_json_sections(&o, r);
	ep_json_close(&o, '}');
	if (o.error < 0 && b->data) {
		b->len = start;
		b->data[start] = '\0';
	}
	return o.error;
}

const struct ep_format ep_format_json = {
	.name = "json",
	.summary = "everything, with uncertainty budgets",
	.study = &ep_study_format_json,
	.render = json_render,
};
