/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/perfetto.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "base/version.h"

void ep_perfetto_begin(struct ep_perfetto *p, struct ep_json_out *o, char ph,
		       int64_t t_ns)
{
	char kind[2] = { ph, '\0' };
	char text[32];

	*o = (struct ep_json_out){ .b = &p->buf, .empty = true };
	if (p->any)
		o->error = ep_buf_adds(&p->buf, ",");
	p->any = true;
	ep_json_open(o, NULL, '{', true);
	ep_json_text(o, "ph", kind);
	ep_json_raw(o, "ts");
	text[ep_num_put_scaled(text, t_ns - p->begin_ns, 3)] = '\0';
	if (o->error == 0)
		o->error = ep_buf_adds(&p->buf, text);
	ep_json_integer(o, "pid", p->pid);
	p->count++;
}

int ep_perfetto_end(struct ep_perfetto *p, struct ep_json_out *o,
		    struct ep_err *err)
{
	ep_json_close(o, '}');
	if (o->error < 0)
		return ep_err_set(err, o->error, "out of memory");
	return p->buf.len < EP_PERFETTO_BLOCK ? 0 : ep_perfetto_flush(p, err);
}

int ep_perfetto_flush(struct ep_perfetto *p, struct ep_err *err)
{
	struct ep_parcel parcel = { .path = "",
				    .data = p->buf.data,
				    .len = p->buf.len,
				    .count = p->count };
	int r = p->buf.len > 0 ? ep_carrier_send(p->carrier, &parcel, err) : 0;

	ep_buf_reset(&p->buf);
	p->count = 0;
	return r;
}

/* Names of the process (a run), and of its rows. */
static int put_name(struct ep_perfetto *p, const char *what, int tid,
		    const char *name, struct ep_err *err)
{
	bool labels = strcmp(what, "process_labels") == 0;
	struct ep_json_out o;

	ep_perfetto_begin(p, &o, 'M', p->begin_ns);
	ep_json_integer(&o, "tid", tid);
	ep_json_text(&o, "name", what);
	ep_json_open(&o, "args", '{', true);
	ep_json_text(&o, labels ? "labels" : "name", name);
	ep_json_close(&o, '}');
	return ep_perfetto_end(p, &o, err);
}

static int put_names(struct ep_perfetto *p, struct ep_err *err)
{
	static const struct {
		int tid;
		const char *name;
	} threads[] = {
		{ EP_PERFETTO_REQUESTS, "requests" },
		{ EP_PERFETTO_PHASES, "phases" },
		{ EP_PERFETTO_TOKENS, "tokens" },
		{ EP_PERFETTO_EVENTS, "events" },
	};
	const struct ep_export_run *run = p->run;
	char text[600] = "";
	int r = put_name(p, "process_name", 0, run->name, err);

	for (size_t i = 1; i < run->label_count; i++) {
		size_t len = strlen(text);

		(void)ep_str_format(text + len, sizeof(text) - len, "%s%s=%s",
				    len > 0 ? ", " : "", run->labels[i].name,
				    run->labels[i].value);
	}
	if (r == 0)
		r = put_name(p, "process_labels", 0, text, err);
	for (size_t i = 0; r == 0 && i < sizeof(threads) / sizeof(threads[0]);
	     i++)
		r = put_name(p, "thread_name", threads[i].tid, threads[i].name,
			     err);
	return r;
}

/* What the trace begins with: where it lies on other clocks. */
static int put_clocks(struct ep_perfetto *p, struct ep_err *err)
{
	const struct ep_export_run *run = p->run;
	struct ep_json_out o;
	char stamp[32];

	ep_perfetto_begin(p, &o, 'i', p->begin_ns);
	ep_json_integer(&o, "tid", EP_PERFETTO_EVENTS);
	ep_json_text(&o, "name", "begin");
	ep_json_text(&o, "cat", "event");
	ep_json_text(&o, "s", "t");
	ep_json_open(&o, "args", '{', true);
	/* As text: JavaScript would round them. */
	stamp[ep_num_put_i64(stamp, p->begin_ns)] = '\0';
	ep_json_text(&o, "monotonic_ns", stamp);
	if (run->wall.count > 0) {
		int64_t wall_ns = ep_wall_ns(&run->wall, p->begin_ns);

		stamp[ep_num_put_i64(stamp, wall_ns)] = '\0';
		ep_json_text(&o, "unix_ns", stamp);
	}
	ep_json_text(&o, "total", run->report->total_name);
	ep_json_bool(&o, "valid", run->report->validity.valid);
	ep_json_close(&o, '}');
	return ep_perfetto_end(p, &o, err);
}

static int export_run(void *ctx, struct ep_export_run *run, struct ep_err *err)
{
	struct ep_perfetto *p = ctx;
	const struct ep_run *rec = &run->recorded;
	struct ep_rows rows;
	int r = ep_rows_open(&rows, run->trace_fd, run->report, err);

	if (r < 0)
		return r;
	p->run = run;
	p->pid = (int)run->index;
	r = ep_rows_next(&rows, err);
	p->begin_ns = r == 1 ? rows.t_ns : run->report->gate_ns;
	for (size_t i = 0; i < rec->event_count; i++)
		if (rec->events[i].t_ns < p->begin_ns &&
		    rec->events[i].t_ns > 0)
			p->begin_ns = rec->events[i].t_ns;
	if (r >= 0) {
		int more = r;

		r = put_names(p, err);
		if (r == 0)
			r = put_clocks(p, err);
		if (r == 0)
			r = ep_perfetto_slices(p, err);
		if (r == 0 && more == 1)
			r = ep_perfetto_counters(p, &rows, err);
	}
	if (rows.set.more_count > 0)
		ep_export_say(run->x,
			      "%s: %zu columns of trace.csv left out: at most "
			      "%d are shown",
			      run->name, rows.set.more_count, EP_SERIES_MAX);
	ep_rows_close(&rows);
	return r;
}

static int put_text(struct ep_perfetto *p, const char *text, struct ep_err *err)
{
	int r = ep_buf_adds(&p->buf, text);

	return r < 0 ? ep_err_set(err, r, "out of memory") : 0;
}

static int put_head(struct ep_perfetto *p, struct ep_err *err)
{
	int r = ep_buf_addf(&p->buf,
			    "{\"displayTimeUnit\": \"ms\", \"otherData\": "
			    "{\"tool\": \"edgeprof %s\"}, \"traceEvents\": [\n",
			    ep_version);

	return r < 0 ? ep_err_set(err, r, "out of memory") : 0;
}

static int export_perfetto(const struct ep_export *x, struct ep_err *err)
{
	struct ep_perfetto p = { 0 };
	struct ep_export_visitor v = { .each = export_run, .ctx = &p };
	int r = ep_carrier_open(x, NULL, &p.carrier, err);

	if (r < 0)
		return r;
	ep_buf_init(&p.buf, EP_PERFETTO_BUFFER_MAX);
	r = put_head(&p, err);
	if (r == 0)
		r = ep_export_runs(x, &v, err);
	if (r == 0)
		r = put_text(&p, "]}\n", err);
	if (r == 0)
		r = ep_perfetto_flush(&p, err);
	ep_buf_done(&p.buf);
	return ep_carrier_close(p.carrier, r, err);
}

const struct ep_exporter ep_exporter_perfetto = {
	.name = "perfetto",
	.summary = "a trace for ui.perfetto.dev (JSON)",
	.run = export_perfetto,
};
