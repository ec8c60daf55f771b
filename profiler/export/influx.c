/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/export/influx.h"
#include "profiler/export/rows.h"

int ep_influx_begin(struct ep_influx *in, const char *measurement,
		    const struct ep_influx_tag *tag)
{
	const struct ep_export_run *run = in->run;
	int r = ep_buf_adds(&in->buf, measurement);

	in->any = false;
	for (size_t i = 0; r == 0 && i < run->label_count; i++)
		r = ep_influx_tag(&in->buf, run->labels[i].name,
				  run->labels[i].value);
	if (r == 0 && tag)
		r = ep_influx_tag(&in->buf, tag->name, tag->value);
	return r;
}

int ep_influx_end(struct ep_influx *in, int r, int64_t t_ns, struct ep_err *err)
{
	char text[24];

	if (r == 0 && !in->any) {
		in->buf.len = in->line_begin; /* no field, no point */
		in->buf.data[in->buf.len] = '\0';
		return 0;
	}
	text[ep_num_put_i64(text, ep_wall_ns(&in->run->wall, t_ns))] = '\0';
	if (r == 0)
		r = ep_buf_addf(&in->buf, " %s\n", text);
	if (r < 0)
		return ep_err_set(err, r,
				  "a point is too large, or out of "
				  "memory");
	in->count++;
	in->line_begin = in->buf.len;
	if (in->count < EP_INFLUX_POINTS && in->buf.len < EP_INFLUX_BLOCK)
		return 0;
	return ep_influx_flush(in, err);
}

int ep_influx_flush(struct ep_influx *in, struct ep_err *err)
{
	struct ep_parcel parcel = {
		.path = in->run->x->org ? "/api/v2/write" : "/write",
		.data = in->buf.data,
		.len = in->buf.len,
		.count = in->count,
	};
	int r = in->count > 0 ? ep_carrier_send(in->carrier, &parcel, err) : 0;

	ep_buf_reset(&in->buf);
	in->count = 0;
	in->line_begin = 0;
	return r;
}

/* Two points of a series at one instant would be one. */
static int64_t later(int64_t *last_ns, int64_t t_ns)
{
	if (t_ns <= *last_ns)
		t_ns = *last_ns + 1;
	*last_ns = t_ns;
	return t_ns;
}

static int put_metrics(struct ep_influx *in, const struct ep_row *row)
{
	char name[100];
	int r = 0;

	for (size_t i = 0; r == 0 && i < row->metric_count; i++) {
		const struct ep_metric *m = &row->metrics[i];

		if (m->status == EP_STATUS_NOT_MEASURED || !isfinite(m->value))
			continue;
		r = ep_influx_number(in, m->name, m->value);
		(void)ep_str_format(name, sizeof(name), "%s_u95", m->name);
		if (r == 0)
			r = ep_influx_number(in, name, m->u95);
		(void)ep_str_format(name, sizeof(name), "%s_status", m->name);
		if (r == 0 && m->status != EP_STATUS_OK)
			r = ep_influx_text(in, name, ep_status_name(m->status));
	}
	return r;
}

/* A row of figures at the instant it begins. */
static int put_row(struct ep_influx *in, const char *measurement,
		   const struct ep_row *row, int64_t t_ns, struct ep_err *err)
{
	const struct ep_phase *ph = &row->phase;
	const struct ep_influx_tag tag = { "phase", ph->name };
	int r = ep_influx_begin(in, measurement, &tag);

	if (r == 0 && ph->request > 0)
		r = ep_influx_integer(in, "request", ph->request);
	if (r == 0 && ph->tokens_count >= 0)
		r = ep_influx_integer(in, "tokens", ph->tokens_count);
	if (r == 0 && ph->steps_count >= 0)
		r = ep_influx_integer(in, "steps", ph->steps_count);
	if (r == 0)
		r = put_metrics(in, row);
	return ep_influx_end(in, r, t_ns, err);
}

static int put_figures(struct ep_influx *in, struct ep_err *err)
{
	const struct ep_report *rep = in->run->report;
	int64_t last_ns = 0, requests_ns = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < rep->total_count; i++)
		r = put_row(in, "edgeprof_total", &rep->totals[i], rep->gate_ns,
			    err);
	for (size_t i = 0; r == 0 && i < rep->phase_count; i++)
		r = put_row(
			in, "edgeprof_phase", &rep->phases[i],
			later(&last_ns,
			      rep->gate_ns +
				      llround(rep->phases[i].start_s * 1e9)),
			err);
	for (size_t i = 0; r == 0 && i < rep->request_count; i++)
		r = put_row(
			in, "edgeprof_request", &rep->requests[i],
			later(&requests_ns,
			      rep->gate_ns +
				      llround(rep->requests[i].start_s * 1e9)),
			err);
	return r;
}

static int put_tokens(struct ep_influx *in, struct ep_err *err)
{
	const struct ep_report *rep = in->run->report;
	int64_t last_ns = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < rep->token_count; i++) {
		const struct ep_token *t = &rep->tokens[i];

		r = ep_influx_begin(in, "edgeprof_token", NULL);
		if (r == 0)
			r = ep_influx_integer(in, "request", t->request);
		if (r == 0)
			r = ep_influx_integer(in, "index", t->index);
		if (r == 0 && rep->token_energy_j)
			r = ep_influx_number(in, "energy_j",
					     rep->token_energy_j[i]);
		r = ep_influx_end(in, r, later(&last_ns, t->t_ns), err);
	}
	return r;
}

static int put_events(struct ep_influx *in, struct ep_err *err)
{
	const struct ep_run *rec = &in->run->recorded;
	int64_t last_ns = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < rec->event_count; i++) {
		const struct ep_event *e = &rec->events[i];
		const struct ep_influx_tag tag = { "event", e->event };

		if (!ep_export_is_told(e->event))
			continue;
		r = ep_influx_begin(in, "edgeprof_event", &tag);
		if (r == 0)
			r = ep_influx_text(in, "source", e->source);
		if (r == 0)
			r = ep_influx_text(in, "text", e->text);
		r = ep_influx_end(in, r, later(&last_ns, e->t_ns), err);
	}
	return r;
}

static int put_trace(struct ep_influx *in, struct ep_rows *rows,
		     struct ep_err *err)
{
	int r;

	for (;;) {
		struct ep_influx_tag tag = { "phase", rows->phase };
		int code;

		r = ep_rows_next(rows, err);
		if (r <= 0)
			return r;
		code = ep_influx_begin(in, "edgeprof_trace", &tag);
		if (code == 0 && in->run->report->total_estimated)
			code = ep_influx_tag(&in->buf, "power_w_status",
					     "estimated");
		for (size_t i = 0; code == 0 && i < rows->count; i++)
			code = ep_influx_number(in, rows->names[i],
						rows->values[i]);
		if (code == 0 && rows->request > 0)
			code = ep_influx_integer(in, "request", rows->request);
		if (code == 0 && rows->tokens >= (in->any ? 0 : 1))
			code = ep_influx_integer(in, "tokens", rows->tokens);
		code = ep_influx_end(in, code, rows->t_ns, err);
		if (code != 0)
			return code;
	}
}

static int export_run(void *ctx, struct ep_export_run *run, struct ep_err *err)
{
	struct ep_influx *in = ctx;
	struct ep_rows rows;
	int r = ep_rows_open(&rows, run->trace_fd, run->report, err);

	if (r < 0)
		return r;
	in->run = run;
	r = put_figures(in, err);
	if (r == 0)
		r = put_tokens(in, err);
	if (r == 0)
		r = put_events(in, err);
	if (r == 0)
		r = put_trace(in, &rows, err);
	if (r == 0)
		r = ep_influx_flush(in, err);
	if (rows.set.more_count > 0)
		ep_export_say(run->x,
			      "%s: %zu columns of trace.csv left out: at most "
			      "%d are sent",
			      run->name, rows.set.more_count, EP_SERIES_MAX);
	ep_rows_close(&rows);
	return r;
}

/* Where a database or bucket is named. */
static int name_place(const struct ep_export *x, struct ep_address *a,
		      struct ep_err *err)
{
	char one[280], other[280];

	if (!x->url)
		return x->database || x->bucket || x->org
			       ? ep_err_set(err, -EINVAL,
					    "--db, --org and --bucket say "
					    "nothing without --url")
			       : 0;
	if (!x->database == !(x->org && x->bucket) ||
	    (x->database && (x->org || x->bucket)))
		return ep_err_set(err, -EINVAL,
				  "into which database? give --db NAME "
				  "(InfluxDB 1), or --org NAME and --bucket "
				  "NAME (InfluxDB 2)");
	if (!ep_influx_quote(x->database ? x->database : x->org, one,
			     sizeof(one)) ||
	    !ep_influx_quote(x->bucket ? x->bucket : "", other, sizeof(other)))
		return ep_err_set(err, -EINVAL,
				  "--db, --org, --bucket: a name is too long");
	if (x->database)
		(void)ep_str_format(a->query, sizeof(a->query),
				    "?db=%s&precision=ns", one);
	else
		(void)ep_str_format(a->query, sizeof(a->query),
				    "?org=%s&bucket=%s&precision=ns", one,
				    other);
	return 0;
}

/* {"error":"partial write: ... dropped=3"} */
static void judge(int status, const char *body, struct ep_verdict *ret)
{
	json_t *o = json_loads(body, 0, NULL);
	const char *why = json_string_value(json_object_get(o, "error")), *at;
	size_t len;

	if (!why)
		why = json_string_value(json_object_get(o, "message"));
	(void)ep_str_copy(ret->why, sizeof(ret->why), why ? why : "");
	at = why ? strstr(why, "dropped=") : NULL;
	if (status == 400 && at && strstr(why, "partial write")) {
		at += strlen("dropped=");
		len = strspn(at, "0123456789");
		ret->known = ep_num_scan_i64(at, len, &ret->refused_count) ==
				     (int)len &&
			     ret->refused_count > 0;
	}
	json_decref(o);
}

static int export_influx(const struct ep_export *x, struct ep_err *err)
{
	struct ep_address address = { .type = "text/plain; charset=utf-8",
				      .token_scheme = true,
				      .judge = judge };
	struct ep_influx in = { 0 };
	struct ep_export_visitor v = { .each = export_run,
				       .ctx = &in,
				       .needs_clock = true };
	int r = name_place(x, &address, err);

	if (r == 0)
		r = ep_carrier_open(x, &address, &in.carrier, err);
	if (r < 0)
		return r;
	ep_buf_init(&in.buf, EP_INFLUX_BUFFER_MAX);
	r = ep_export_runs(x, &v, err);
	ep_buf_done(&in.buf);
	return ep_carrier_close(in.carrier, r, err);
}

const struct ep_exporter ep_exporter_influx = {
	.name = "influx",
	.summary = "InfluxDB line protocol, as a file or to --url",
	.takes = EP_EXPORT_URL | EP_EXPORT_DATABASE,
	.run = export_influx,
};
