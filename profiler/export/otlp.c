/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/otlp.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/num.h"
#include "base/str.h"
#include "base/version.h"

static void open_attribute(struct ep_json_out *o, const char *key)
{
	ep_json_open(o, NULL, '{', true);
	ep_json_text(o, "key", key);
	ep_json_open(o, "value", '{', true);
}

static void close_attribute(struct ep_json_out *o)
{
	ep_json_close(o, '}');
	ep_json_close(o, '}');
}

void ep_otlp_text(struct ep_json_out *o, const char *key, const char *value)
{
	if (!value || !value[0])
		return;
	open_attribute(o, key);
	ep_json_text(o, "stringValue", value);
	close_attribute(o);
}

void ep_otlp_integer(struct ep_json_out *o, const char *key, int64_t value)
{
	char text[24];

	open_attribute(o, key);
	text[ep_num_put_i64(text, value)] = '\0';
	ep_json_text(o, "intValue", text);
	close_attribute(o);
}

void ep_otlp_number(struct ep_json_out *o, const char *key, double value)
{
	if (!isfinite(value))
		return;
	open_attribute(o, key);
	ep_json_number(o, "doubleValue", value);
	close_attribute(o);
}

void ep_otlp_bool(struct ep_json_out *o, const char *key, bool value)
{
	open_attribute(o, key);
	ep_json_bool(o, "boolValue", value);
	close_attribute(o);
}

void ep_otlp_time(struct ep_otlp *ot, const char *key, int64_t t_ns)
{
	char text[24];

	text[ep_num_put_i64(text, ep_wall_ns(&ot->run->wall, t_ns))] = '\0';
	ep_json_text(&ot->o, key, text);
}

/* Names of OpenTelemetry's where it has one. */
static void put_resource(struct ep_otlp *ot)
{
	static const struct {
		const char *label, *attribute;
	} known[] = {
		{ "host", "host.name" },
		{ "board", "edgeprof.board" },
		{ "run", "edgeprof.run" },
	};
	const struct ep_export_run *run = ot->run;
	struct ep_json_out *o = &ot->o;
	char name[100];

	ep_json_open(o, "resource", '{', true);
	ep_json_open(o, "attributes", '[', true);
	ep_otlp_text(o, "service.name", "edgeprof");
	ep_otlp_text(o, "service.version", ep_version);
	ep_otlp_text(o, "service.instance.id", run->name);
	for (size_t i = 0; i < run->label_count; i++) {
		const struct ep_export_label *l = &run->labels[i];

		(void)ep_str_format(name, sizeof(name), "edgeprof.%s", l->name);
		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			if (strcmp(known[k].label, l->name) == 0)
				(void)ep_str_copy(name, sizeof(name),
						  known[k].attribute);
		ep_otlp_text(o, name, l->value);
	}
	ep_json_close(o, ']');
	ep_json_close(o, '}');
}

void ep_otlp_begin(struct ep_otlp *ot, bool spans)
{
	struct ep_json_out *o = &ot->o;

	if (ot->open)
		return;
	*o = (struct ep_json_out){ .b = &ot->buf, .empty = true };
	ot->open = true;
	ep_json_open(o, NULL, '{', true);
	ep_json_open(o, spans ? "resourceSpans" : "resourceMetrics", '[', true);
	ep_json_open(o, NULL, '{', true);
	put_resource(ot);
	ep_json_open(o, spans ? "scopeSpans" : "scopeMetrics", '[', true);
	ep_json_open(o, NULL, '{', true);
	ep_json_open(o, "scope", '{', true);
	ep_json_text(o, "name", "edgeprof");
	ep_json_text(o, "version", ep_version);
	ep_json_close(o, '}');
	ep_json_open(o, spans ? "spans" : "metrics", '[', true);
}

int ep_otlp_send(struct ep_otlp *ot, bool spans, struct ep_err *err)
{
	static const char closing[] = "]}]}]}";
	struct ep_parcel parcel = {
		.path = spans ? "/v1/traces" : "/v1/metrics",
		.count = ot->count,
	};
	int r = 0;

	if (!ot->open)
		return 0;
	for (const char *p = closing; *p; p++)
		ep_json_close(&ot->o, *p);
	parcel.data = ot->buf.data;
	parcel.len = ot->buf.len;
	if (ot->o.error < 0)
		r = ep_err_set(err, ot->o.error, "out of memory");
	else if (ot->count > 0)
		r = ep_carrier_send(ot->carrier, &parcel, err);
	ep_buf_reset(&ot->buf);
	ot->count = 0;
	ot->open = false;
	return r;
}

/* The same run has the same trace, whenever and wherever it is exported. */
static void name_trace(struct ep_otlp *ot)
{
	const json_t *json = ot->run->recorded.json;
	char text[200], hash[EP_HASH_BYTES];

	(void)ep_str_format(
		text, sizeof(text), "%s %lld %lld",
		json_string_value(json_object_get(json, "boot_id"))
			? json_string_value(json_object_get(json, "boot_id"))
			: "",
		(long long)json_integer_value(
			json_object_get(json, "started_mono_ns")),
		(long long)ot->run->report->gate_ns);
	ep_hash_bytes(text, strlen(text), hash);
	(void)ep_str_format(ot->trace_id, sizeof(ot->trace_id), "%.32s", hash);
}

/* What was left out. */
static void tell(const struct ep_otlp *ot, const struct ep_rows *rows)
{
	const struct ep_export_run *run = ot->run;
	int64_t outside = (int64_t)run->report->token_count - ot->seen_count;

	if (rows->set.more_count > 0)
		ep_export_say(run->x,
			      "%s: %zu columns of trace.csv left out: at most "
			      "%d are sent",
			      run->name, rows->set.more_count, EP_SERIES_MAX);
	if (ot->cut_count > 0)
		ep_export_say(run->x,
			      "%s: %lld tokens are only counted in their span, "
			      "which holds %d at most",
			      run->name, (long long)ot->cut_count,
			      EP_OTLP_SPAN_EVENTS);
	if (outside > 0)
		ep_export_say(run->x,
			      "%s: %lld tokens left out that lie in no request",
			      run->name, (long long)outside);
}

static int export_run(void *ctx, struct ep_export_run *run, struct ep_err *err)
{
	struct ep_otlp *ot = ctx;
	struct ep_rows rows;
	int r = ep_rows_open(&rows, run->trace_fd, run->report, err);

	if (r < 0)
		return r;
	ot->run = run;
	ot->seen_count = ot->cut_count = 0;
	name_trace(ot);
	r = ep_otlp_spans(ot, err);
	if (r == 0)
		r = ep_otlp_figures(ot, err);
	if (r == 0)
		r = ep_otlp_rows(ot, &rows, err);
	if (r == 0)
		tell(ot, &rows);
	ep_rows_close(&rows);
	return r;
}

/* A count that may be text, as protobuf's int64 are in JSON. */
static int64_t count_of(const json_t *v)
{
	const char *text = json_string_value(v);
	int64_t count = 0;

	if (json_is_integer(v))
		return json_integer_value(v);
	return text && ep_num_parse_i64(text, &count) == 0 ? count : 0;
}

/* {"partialSuccess": {"rejectedDataPoints": "5", "errorMessage": ""}} or, when
 * it failed, {"code": 3, "message": ""} */
static void judge(int status, const char *body, struct ep_verdict *ret)
{
	json_t *o = json_loads(body, 0, NULL);
	const json_t *part = json_object_get(o, "partialSuccess");
	const char *why =
		json_string_value(json_object_get(part, "errorMessage"));

	if (!why)
		why = json_string_value(json_object_get(o, "message"));
	(void)ep_str_copy(ret->why, sizeof(ret->why), why ? why : "");
	if (part && status >= 200 && status < 300) {
		int64_t points =
			count_of(json_object_get(part, "rejectedDataPoints"));
		int64_t spans =
			count_of(json_object_get(part, "rejectedSpans"));

		ret->refused_count = points > spans ? points : spans;
		ret->known = ret->refused_count > 0;
	}
	json_decref(o);
}

static int export_otlp(const struct ep_export *x, struct ep_err *err)
{
	struct ep_address address = { .type = "application/json",
				      .judge = judge };
	struct ep_otlp ot = { 0 };
	struct ep_export_visitor v = { .each = export_run,
				       .ctx = &ot,
				       .needs_clock = true };
	int r = ep_carrier_open(x, &address, &ot.carrier, err);

	if (r < 0)
		return r;
	ep_buf_init(&ot.buf, EP_OTLP_BUFFER_MAX);
	r = ep_export_runs(x, &v, err);
	ep_buf_done(&ot.buf);
	return ep_carrier_close(ot.carrier, r, err);
}

const struct ep_exporter ep_exporter_otlp = {
	.name = "otlp",
	.summary = "OpenTelemetry (OTLP/HTTP JSON), as a file or to --url",
	.takes = EP_EXPORT_URL,
	.run = export_otlp,
};
