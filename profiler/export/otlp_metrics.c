/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/export/otlp.h"

/* UCUM, as OpenTelemetry wants units. */
static const char *ucum(enum ep_quantity q)
{
	static const char *const units[EP_QUANTITY_COUNT] = {
		[EP_POWER_UW] = "W",	[EP_ENERGY_UJ] = "J",
		[EP_VOLTAGE_UV] = "V",	[EP_CURRENT_UA] = "A",
		[EP_TEMP_MC] = "Cel",	[EP_FREQ_HZ] = "Hz",
		[EP_TIME_NS] = "s",	[EP_SIZE_BYTES] = "By",
		[EP_RATIO_PPM] = "1",	[EP_CHARGE_UC] = "C",
		[EP_COUNT] = "{count}",
	};

	return q < EP_QUANTITY_COUNT ? units[q] : "1";
}

/* "J/token" to "J/{token}": what is counted stands in braces. */
static void put_unit(struct ep_json_out *o, const char *metric)
{
	const char *unit = ep_metric_unit(metric);
	const char *token = strstr(unit, "token");
	char text[64];

	(void)ep_str_format(text, sizeof(text), "%s", unit[0] ? unit : "1");
	if (token)
		(void)ep_str_format(text, sizeof(text), "%.*s{%s}",
				    (int)(token - unit), unit, token);
	ep_json_text(o, "unit", text);
}

/* A figure of the totals: one metric with one point, at the end of the run. */
struct figure {
	const char *name;
	const char *metric; /* of which the unit is */
	const char *phase, *status;
	double value;
};

static void put_figure(struct ep_otlp *ot, const struct figure *f, int64_t t_ns)
{
	struct ep_json_out *o = &ot->o;

	if (!isfinite(f->value))
		return;
	ep_otlp_begin(ot, false);
	ep_json_open(o, NULL, '{', true);
	ep_json_text(o, "name", f->name);
	put_unit(o, f->metric);
	ep_json_open(o, "gauge", '{', true);
	ep_json_open(o, "dataPoints", '[', true);
	ep_json_open(o, NULL, '{', true);
	ep_otlp_time(ot, "startTimeUnixNano", ot->run->report->gate_ns);
	ep_otlp_time(ot, "timeUnixNano", t_ns);
	ep_json_number(o, "asDouble", f->value);
	ep_json_open(o, "attributes", '[', true);
	ep_otlp_text(o, "phase", f->phase);
	ep_otlp_text(o, "status", f->status);
	ep_json_close(o, ']');
	ep_json_close(o, '}');
	ep_json_close(o, ']');
	ep_json_close(o, '}');
	ep_json_close(o, '}');
	ot->count++;
}

static int put_row(struct ep_otlp *ot, const struct ep_row *row, int64_t t_ns,
		   struct ep_err *err)
{
	for (size_t i = 0; i < row->metric_count; i++) {
		const struct ep_metric *m = &row->metrics[i];
		char name[120];
		struct figure f = { .name = name,
				    .metric = m->name,
				    .phase = row->phase.name,
				    .status = ep_status_name(m->status),
				    .value = m->value };

		if (m->status == EP_STATUS_NOT_MEASURED)
			continue;
		(void)ep_str_format(name, sizeof(name), "edgeprof.%s", m->name);
		put_figure(ot, &f, t_ns);
		(void)ep_str_format(name, sizeof(name), "edgeprof.%s_u95",
				    m->name);
		f.value = m->u95;
		put_figure(ot, &f, t_ns);
		if (ot->buf.len >= EP_OTLP_BLOCK) {
			int r = ep_otlp_send(ot, false, err);

			if (r != 0)
				return r;
		}
	}
	return 0;
}

int ep_otlp_figures(struct ep_otlp *ot, struct ep_err *err)
{
	const struct ep_report *rep = ot->run->report;
	int64_t end_ns = rep->gate_ns + llround(rep->duration_s * 1e9);
	int r = 0;

	for (size_t i = 0; r == 0 && i < rep->total_count; i++)
		r = put_row(ot, &rep->totals[i], end_ns, err);
	return r == 0 ? ep_otlp_send(ot, false, err) : r;
}

/* Rows that wait to be turned into one list for each column. */
struct block {
	int64_t t_ns[EP_OTLP_ROWS];
	char phases[EP_OTLP_ROWS][64];
	int64_t requests[EP_OTLP_ROWS];
	size_t count;
	double *values; /* [EP_OTLP_ROWS][columns] */
};

static void put_point(struct ep_otlp *ot, const struct ep_rows *rows,
		      const struct block *b, size_t k, size_t column)
{
	bool rate = rows->set.series[column].rate;
	struct ep_json_out *o = &ot->o;

	ep_json_open(o, NULL, '{', true);
	/* What came within the row is known at its end. */
	if (rate)
		ep_otlp_time(ot, "startTimeUnixNano", b->t_ns[k]);
	ep_otlp_time(ot, "timeUnixNano",
		     b->t_ns[k] + (rate ? rows->interval_ns : 0));
	ep_json_number(o, "asDouble", b->values[k * rows->count + column]);
	ep_json_open(o, "attributes", '[', true);
	ep_otlp_text(o, "phase", b->phases[k]);
	if (b->requests[k] > 0)
		ep_otlp_integer(o, "request", b->requests[k]);
	if (rows->set.series[column].estimated)
		ep_otlp_text(o, "status", "estimated");
	ep_json_close(o, ']');
	ep_json_close(o, '}');
	ot->count++;
}

static void put_column(struct ep_otlp *ot, const struct ep_rows *rows,
		       const struct block *b, size_t column)
{
	const struct ep_series *s = &rows->set.series[column];
	struct ep_json_out *o = &ot->o;
	char name[160];
	bool any = false;

	for (size_t k = 0; k < b->count && !any; k++)
		any = isfinite(b->values[k * rows->count + column]);
	if (!any)
		return;
	ep_otlp_begin(ot, false);
	ep_json_open(o, NULL, '{', true);
	(void)ep_str_format(name, sizeof(name), "edgeprof.trace.%s", s->name);
	ep_json_text(o, "name", name);
	ep_json_text(o, "unit", ucum(s->quantity));
	ep_json_open(o, s->rate ? "sum" : "gauge", '{', true);
	if (s->rate) {
		ep_json_integer(o, "aggregationTemporality", 1); /* delta */
		ep_json_bool(o, "isMonotonic", true);
	}
	ep_json_open(o, "dataPoints", '[', true);
	for (size_t k = 0; k < b->count; k++)
		if (isfinite(b->values[k * rows->count + column]))
			put_point(ot, rows, b, k, column);
	ep_json_close(o, ']');
	ep_json_close(o, '}');
	ep_json_close(o, '}');
}

static int send_block(struct ep_otlp *ot, const struct ep_rows *rows,
		      struct block *b, struct ep_err *err)
{
	for (size_t i = 0; i < rows->count; i++)
		put_column(ot, rows, b, i);
	b->count = 0;
	return ep_otlp_send(ot, false, err);
}

static int read_rows(struct ep_otlp *ot, struct ep_rows *rows, struct block *b,
		     struct ep_err *err)
{
	size_t room = EP_OTLP_POINTS / rows->count;
	int r;

	room = room < 1 ? 1 : room > EP_OTLP_ROWS ? EP_OTLP_ROWS : room;
	while ((r = ep_rows_next(rows, err)) == 1) {
		size_t k = b->count++;

		b->t_ns[k] = rows->t_ns;
		b->requests[k] = rows->request;
		(void)ep_str_copy(b->phases[k], sizeof(b->phases[k]),
				  rows->phase);
		memcpy(b->values + k * rows->count, rows->values,
		       rows->count * sizeof(*b->values));
		if (b->count < room)
			continue;
		r = send_block(ot, rows, b, err);
		if (r != 0)
			return r;
	}
	return r < 0 ? r : send_block(ot, rows, b, err);
}

int ep_otlp_rows(struct ep_otlp *ot, struct ep_rows *rows, struct ep_err *err)
{
	struct block *b = calloc(1, sizeof(*b));
	int r = -ENOMEM;

	if (b)
		b->values = calloc((size_t)EP_OTLP_ROWS * rows->count,
				   sizeof(*b->values));
	if (b && b->values)
		r = read_rows(ot, rows, b, err);
	else
		(void)ep_err_set(err, r, "out of memory");
	if (b)
		free(b->values);
	free(b);
	return r;
}
