/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "profiler/export/otlp.h"

/* A span and what it is in: "run" holds requests, which hold phases. */
struct span {
	const struct ep_row *row; /* NULL: the run */
	const char *kind;
	size_t index;
	char parent[17]; /* "" none */
	const char *name;
	int64_t start_ns, end_ns;
};

static void name_span(const struct ep_otlp *ot, const char *kind, size_t index,
		      char ret[17])
{
	char text[120], hash[EP_HASH_BYTES];

	(void)ep_str_format(text, sizeof(text), "%s %s %zu", ot->trace_id, kind,
			    index);
	ep_hash_bytes(text, strlen(text), hash);
	(void)ep_str_format(ret, 17, "%.16s", hash);
}

static void put_metrics(struct ep_json_out *o, const struct ep_row *row)
{
	char name[100];

	for (size_t i = 0; i < row->metric_count; i++) {
		const struct ep_metric *m = &row->metrics[i];

		if (m->status == EP_STATUS_NOT_MEASURED || !isfinite(m->value))
			continue;
		ep_otlp_number(o, m->name, m->value);
		(void)ep_str_format(name, sizeof(name), "%s_u95", m->name);
		ep_otlp_number(o, name, m->u95);
		(void)ep_str_format(name, sizeof(name), "%s_status", m->name);
		if (m->status != EP_STATUS_OK)
			ep_otlp_text(o, name, ep_status_name(m->status));
	}
}

static void put_attributes(struct ep_otlp *ot, const struct span *s)
{
	const struct ep_report *rep = ot->run->report;
	struct ep_json_out *o = &ot->o;
	const struct ep_phase *ph = s->row ? &s->row->phase : NULL;

	ep_json_open(o, "attributes", '[', true);
	if (!ph) {
		ep_otlp_bool(o, "valid", rep->validity.valid);
		ep_otlp_text(o, "total", rep->total_name);
		ep_otlp_text(o, "exit", rep->exit_text);
	} else {
		if (ph->request > 0)
			ep_otlp_integer(o, "request", ph->request);
		if (ph->tokens_count >= 0)
			ep_otlp_integer(o, "tokens", ph->tokens_count);
		if (ph->cached_count >= 0)
			ep_otlp_integer(o, "cached_tokens", ph->cached_count);
		ep_otlp_text(o, "evidence", ep_evidence_name(ph->evidence));
		ep_otlp_number(o, "slack_s", s->row->slack_s);
		put_metrics(o, s->row);
	}
	ep_json_close(o, ']');
}

static void put_token(struct ep_otlp *ot, size_t i)
{
	const struct ep_report *rep = ot->run->report;
	struct ep_json_out *o = &ot->o;

	ep_json_open(o, NULL, '{', true);
	ep_otlp_time(ot, "timeUnixNano", rep->tokens[i].t_ns);
	ep_json_text(o, "name", "token");
	ep_json_open(o, "attributes", '[', true);
	ep_otlp_integer(o, "index", rep->tokens[i].index);
	if (rep->token_energy_j)
		ep_otlp_number(o, "energy_j", rep->token_energy_j[i]);
	ep_json_close(o, ']');
	ep_json_close(o, '}');
}

/* The first token that is not before an instant. */
static size_t find_token(const struct ep_report *rep, int64_t t_ns)
{
	size_t low = 0, high = rep->token_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rep->tokens[middle].t_ns < t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The tokens of a request, which are in the order of time. */
static void put_tokens(struct ep_otlp *ot, const struct span *s)
{
	const struct ep_report *rep = ot->run->report;
	struct ep_json_out *o = &ot->o;
	int64_t count = 0, cut = 0;

	ep_json_open(o, "events", '[', true);
	for (size_t i = find_token(rep, s->start_ns);
	     i < rep->token_count && rep->tokens[i].t_ns <= s->end_ns; i++) {
		if (rep->tokens[i].request != s->row->phase.request)
			continue;
		if (count++ < EP_OTLP_SPAN_EVENTS)
			put_token(ot, i);
		else
			cut++;
	}
	ot->seen_count += count;
	ep_json_close(o, ']');
	if (cut > 0)
		ep_json_integer(o, "droppedEventsCount", cut);
	ot->cut_count += cut;
}

static int put_span(struct ep_otlp *ot, const struct span *s,
		    struct ep_err *err)
{
	struct ep_json_out *o = &ot->o;
	char id[17];
	bool failed =
		s->row && strcmp(s->row->phase.name, EP_PHASE_FAILED) == 0;

	name_span(ot, s->kind, s->index, id);
	ep_otlp_begin(ot, true);
	ep_json_open(o, NULL, '{', true);
	ep_json_text(o, "traceId", ot->trace_id);
	ep_json_text(o, "spanId", id);
	if (s->parent[0])
		ep_json_text(o, "parentSpanId", s->parent);
	ep_json_text(o, "name", s->name);
	ep_json_integer(o, "kind", 1); /* internal */
	ep_otlp_time(ot, "startTimeUnixNano", s->start_ns);
	ep_otlp_time(ot, "endTimeUnixNano", s->end_ns);
	put_attributes(ot, s);
	if (s->row && strcmp(s->kind, "request") == 0)
		put_tokens(ot, s);
	if (failed) {
		ep_json_open(o, "status", '{', true);
		ep_json_integer(o, "code", 2); /* error */
		ep_json_close(o, '}');
	}
	ep_json_close(o, '}');
	ot->count++;
	return ot->count < EP_OTLP_SPANS && ot->buf.len < EP_OTLP_BLOCK
		       ? 0
		       : ep_otlp_send(ot, true, err);
}

/* From a row's times. */
static void place(const struct ep_otlp *ot, struct span *s)
{
	int64_t gate_ns = ot->run->report->gate_ns;

	s->start_ns = gate_ns + llround(s->row->start_s * 1e9);
	s->end_ns = gate_ns + llround(s->row->end_s * 1e9);
	if (s->end_ns < s->start_ns)
		s->end_ns = s->start_ns;
}

/* In the request it belongs to, or else in the run. */
static void find_parent(const struct ep_otlp *ot, struct span *s)
{
	const struct ep_report *rep = ot->run->report;

	int32_t request = s->row->phase.request;
	size_t at = request > 0 ? (size_t)request - 1 : 0;

	name_span(ot, "run", 0, s->parent);
	if (request <= 0)
		return;
	/* Nearly always the rows are numbered from one. */
	if (at >= rep->request_count ||
	    rep->requests[at].phase.request != request)
		for (at = 0; at < rep->request_count; at++)
			if (rep->requests[at].phase.request == request)
				break;
	if (at < rep->request_count)
		name_span(ot, "request", at, s->parent);
}

/* From the first phase, which may be the baseline, to the last. */
static void place_run(const struct ep_otlp *ot, struct span *s)
{
	const struct ep_report *rep = ot->run->report;
	double start_s = 0, end_s = rep->duration_s;

	for (size_t i = 0; i < rep->phase_count; i++) {
		start_s = fmin(start_s, rep->phases[i].start_s);
		end_s = fmax(end_s, rep->phases[i].end_s);
	}
	s->start_ns = rep->gate_ns + llround(start_s * 1e9);
	s->end_ns = rep->gate_ns + llround(end_s * 1e9);
}

int ep_otlp_spans(struct ep_otlp *ot, struct ep_err *err)
{
	const struct ep_report *rep = ot->run->report;
	struct span s = { .kind = "run", .name = "run" };
	int r;

	place_run(ot, &s);
	r = put_span(ot, &s, err);
	for (size_t i = 0; r == 0 && i < rep->request_count; i++) {
		s = (struct span){ .kind = "request",
				   .name = "request",
				   .index = i,
				   .row = &rep->requests[i] };
		name_span(ot, "run", 0, s.parent);
		place(ot, &s);
		r = put_span(ot, &s, err);
	}
	for (size_t i = 0; r == 0 && i < rep->phase_count; i++) {
		s = (struct span){ .kind = "phase",
				   .name = rep->phases[i].phase.name,
				   .index = i,
				   .row = &rep->phases[i] };
		place(ot, &s);
		find_parent(ot, &s);
		r = put_span(ot, &s, err);
	}
	return r == 0 ? ep_otlp_send(ot, true, err) : r;
}
