/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/export/perfetto.h"

/* Rows for requests at the same time; beyond that they share the last. */
#define LANES_MAX 256

static int64_t at_ns(const struct ep_perfetto *p, double time_s)
{
	return p->run->report->gate_ns + llround(time_s * 1e9);
}

/* Figures that were measured, and what is to be known of them. */
static void put_metrics(struct ep_json_out *o, const struct ep_row *row)
{
	char name[100];

	for (size_t i = 0; i < row->metric_count; i++) {
		const struct ep_metric *m = &row->metrics[i];

		if (m->status == EP_STATUS_NOT_MEASURED || !isfinite(m->value))
			continue;
		ep_json_number(o, m->name, m->value);
		if (isfinite(m->u95)) {
			(void)ep_str_format(name, sizeof(name), "%s_u95",
					    m->name);
			ep_json_number(o, name, m->u95);
		}
		if (m->status != EP_STATUS_OK) {
			(void)ep_str_format(name, sizeof(name), "%s_status",
					    m->name);
			ep_json_text(o, name, ep_status_name(m->status));
		}
	}
}

static void put_known(struct ep_json_out *o, const char *key, int64_t count)
{
	if (count >= 0)
		ep_json_integer(o, key, count);
}

static int put_slice(struct ep_perfetto *p, const struct ep_row *row, int tid,
		     struct ep_err *err)
{
	const struct ep_phase *ph = &row->phase;
	int64_t start_ns = at_ns(p, row->start_s);
	int64_t dur_ns = at_ns(p, row->end_s) - start_ns;
	bool request = tid >= EP_PERFETTO_REQUESTS;
	struct ep_json_out o;
	char text[48];

	ep_perfetto_begin(p, &o, 'X', start_ns);
	ep_json_integer(&o, "tid", tid);
	ep_json_raw(&o, "dur");
	text[ep_num_put_scaled(text, dur_ns > 0 ? dur_ns : 0, 3)] = '\0';
	if (o.error == 0)
		o.error = ep_buf_adds(o.b, text);
	(void)ep_str_format(text, sizeof(text), "request %d", ph->request);
	ep_json_text(&o, "name", request ? text : ph->name);
	ep_json_text(&o, "cat", request ? "request" : "phase");
	ep_json_open(&o, "args", '{', true);
	if (ph->request > 0)
		ep_json_integer(&o, "request", ph->request);
	if (ph->evidence != EP_EVIDENCE_NONE)
		ep_json_text(&o, "evidence", ep_evidence_name(ph->evidence));
	if (isfinite(row->slack_s))
		ep_json_number(&o, "slack_s", row->slack_s);
	put_known(&o, "tokens", ph->tokens_count);
	put_known(&o, "steps", ph->steps_count);
	put_known(&o, "cached_tokens", ph->cached_count);
	put_metrics(&o, row);
	ep_json_close(&o, '}');
	return ep_perfetto_end(p, &o, err);
}

/* Slices of one row may not overlap, but requests may. */
static int put_requests(struct ep_perfetto *p, struct ep_err *err)
{
	const struct ep_report *r = p->run->report;
	double end_s[LANES_MAX];
	int count = 0, code = 0;

	for (size_t i = 0; code == 0 && i < r->request_count; i++) {
		const struct ep_row *row = &r->requests[i];
		int lane = 0;

		while (lane < count && end_s[lane] > row->start_s)
			lane++;
		if (lane == LANES_MAX)
			lane = LANES_MAX - 1;
		else if (lane == count)
			count++;
		end_s[lane] = row->end_s;
		code = put_slice(p, row, EP_PERFETTO_REQUESTS + lane, err);
	}
	return code;
}

static int put_tokens(struct ep_perfetto *p, struct ep_err *err)
{
	const struct ep_report *r = p->run->report;
	int code = 0;

	for (size_t i = 0; code == 0 && i < r->token_count; i++) {
		const struct ep_token *t = &r->tokens[i];
		double energy_j =
			r->token_energy_j ? r->token_energy_j[i] : (double)NAN;
		struct ep_json_out o;

		ep_perfetto_begin(p, &o, 'i', t->t_ns);
		ep_json_integer(&o, "tid", EP_PERFETTO_TOKENS);
		ep_json_text(&o, "name", "token");
		ep_json_text(&o, "cat", "token");
		ep_json_text(&o, "s", "t");
		ep_json_open(&o, "args", '{', true);
		ep_json_integer(&o, "request", t->request);
		ep_json_integer(&o, "index", t->index);
		if (isfinite(energy_j))
			ep_json_number(&o, "energy_j", energy_j);
		ep_json_close(&o, '}');
		code = ep_perfetto_end(p, &o, err);
	}
	return code;
}

static int put_event(struct ep_perfetto *p, const struct ep_event *e,
		     struct ep_err *err)
{
	struct ep_json_out o;

	ep_perfetto_begin(p, &o, 'i', e->t_ns);
	ep_json_integer(&o, "tid", EP_PERFETTO_EVENTS);
	ep_json_text(&o, "name", e->event);
	ep_json_text(&o, "cat", "event");
	ep_json_text(&o, "s", "t");
	ep_json_open(&o, "args", '{', true);
	if (e->source[0])
		ep_json_text(&o, "source", e->source);
	if (e->text[0])
		ep_json_text(&o, "text", e->text);
	ep_json_close(&o, '}');
	return ep_perfetto_end(p, &o, err);
}

int ep_perfetto_slices(struct ep_perfetto *p, struct ep_err *err)
{
	const struct ep_report *r = p->run->report;
	const struct ep_run *rec = &p->run->recorded;
	int code = 0;

	for (size_t i = 0; code == 0 && i < r->phase_count; i++)
		code = put_slice(p, &r->phases[i], EP_PERFETTO_PHASES, err);
	if (code == 0)
		code = put_requests(p, err);
	if (code == 0)
		code = put_tokens(p, err);
	for (size_t i = 0; code == 0 && i < rec->event_count; i++)
		if (ep_export_is_told(rec->events[i].event))
			code = put_event(p, &rec->events[i], err);
	return code;
}
