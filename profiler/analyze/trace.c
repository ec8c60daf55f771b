/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/trace.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"

#define BUFFER_BYTES ((size_t)256 * 1024)
#define CELL_BYTES 32
/* Rows a folder may claim beside one per raw byte. */
#define ROWS_MIN 100000

/* A column: raw unit times factor, written with so many decimals. */
struct column {
	const struct ep_stream *stream;
	size_t channel;
	const struct ep_lane *lane;
	size_t slot;
	bool mean; /* over the row; else the difference within it */
	double factor;
	int decimals;
};

struct trace {
	struct ep_analysis *a;
	int fd;
	struct column *columns;
	size_t column_count;
	char *buffer;
	size_t used, size;
	size_t segment, token; /* cursors */
	struct ep_buf label;   /* ",phase,request," of the present segment */
	size_t label_segment;
};

int64_t ep_trace_first_row(const struct ep_run *run)
{
	int64_t from = run->idle_end_ns > run->idle_begin_ns
			       ? run->idle_begin_ns
			       : run->gate_ns;

	return -((run->gate_ns - from + run->interval_ns - 1) /
		 run->interval_ns);
}

static int64_t row_end(const struct ep_run *run)
{
	return (run->end_ns - run->gate_ns + run->interval_ns - 1) /
	       run->interval_ns;
}

/* SI with micro digits; energies and times with nano digits. */
static void set_unit(struct column *col, const struct ep_channel *c)
{
	int si = ep_quantity_si_scale(c->quantity), power;

	col->mean = c->shape == EP_GAUGE;
	col->decimals = 6;
	if ((c->quantity == EP_ENERGY_UJ && !col->mean) ||
	    c->quantity == EP_TIME_NS)
		col->decimals = 9;
	if (c->flags & EP_CHANNEL_EVENT)
		si = 0;
	col->factor = 1;
	for (power = col->decimals - si; power > 0; power--)
		col->factor *= 10;
	for (; power < 0; power++)
		col->factor /= 10;
}

static int list_columns(struct trace *t)
{
	size_t room = 1;

	for (size_t i = 0; i < t->a->stream_count; i++)
		room += t->a->streams[i].sensor->channel_count;
	t->columns = calloc(room, sizeof(*t->columns));
	if (!t->columns)
		return -ENOMEM;
	for (int events = 0; events < 2; events++) {
		for (size_t i = 0; i < t->a->stream_count; i++) {
			const struct ep_stream *s = &t->a->streams[i];
			size_t n = s->lane_count ? s->sensor->channel_count : 0;

			for (size_t c = 0; c < n; c++) {
				const struct ep_channel *ch =
					&s->sensor->channels[c];
				struct column *col =
					&t->columns[t->column_count];
				bool event = ch->flags & EP_CHANNEL_EVENT;

				if (event != (events == 1) ||
				    !s->places[c].in_file)
					continue;
				col->stream = s;
				col->channel = c;
				col->lane = ep_stream_lane_of(s, c);
				col->slot = s->places[c].slot;
				set_unit(col, ch);
				t->column_count++;
			}
		}
	}
	return 0;
}

static bool event_name_taken(const struct trace *t, size_t column,
			     const char *name)
{
	char other[EP_CHANNEL_NAME_BYTES];

	for (size_t i = 0; i < column; i++) {
		const struct column *col = &t->columns[i];
		const struct ep_channel *c =
			&col->stream->sensor->channels[col->channel];

		if (!(c->flags & EP_CHANNEL_EVENT))
			continue;
		(void)ep_str_copy(other, sizeof(other), c->name);
		ep_str_slug(other);
		if (strcmp(other, name) == 0)
			return true;
	}
	return false;
}

static int put_header(struct trace *t, struct ep_buf *b)
{
	int code = ep_buf_adds(b, "time_s,phase,request,tokens,power_w");

	for (size_t i = 0; i < t->column_count && code == 0; i++) {
		const struct column *col = &t->columns[i];
		const struct ep_run_sensor *s = col->stream->sensor;
		const struct ep_channel *c = &s->channels[col->channel];
		char name[EP_CHANNEL_NAME_BYTES];

		if (!(c->flags & EP_CHANNEL_EVENT)) {
			code = ep_buf_addf(b, ",%s.%s_%s", s->id, c->name,
					   ep_quantity_si_unit(c->quantity));
			continue;
		}
		(void)ep_str_copy(name, sizeof(name), c->name);
		ep_str_slug(name);
		if (event_name_taken(t, i, name))
			code = ep_buf_addf(b, ",%s.%s_count", s->id, name);
		else
			code = ep_buf_addf(b, ",%s_count", name);
	}
	return code == 0 ? ep_buf_adds(b, "\n") : code;
}

static int flush(struct trace *t)
{
	int code = ep_file_write_all(t->fd, t->buffer, t->used);

	t->used = 0;
	return code;
}

static int begin(struct trace *t)
{
	struct ep_buf header;
	int code = list_columns(t);

	ep_buf_init(&t->label, 1024);
	ep_buf_init(&header, 64 * 1024 * 1024);
	t->label_segment = SIZE_MAX;
	t->size = BUFFER_BYTES + (t->column_count + 8) * CELL_BYTES;
	t->buffer = malloc(t->size);
	if (code == 0 && !t->buffer)
		code = -ENOMEM;
	if (code == 0)
		code = put_header(t, &header);
	if (code == 0)
		code = ep_file_write_all(t->fd, header.data, header.len);
	ep_buf_done(&header);
	return code;
}

/* value to an integer, empty when it is none that fits. */
static char *put_value(char *p, double value, int decimals)
{
	/* Whole units where the digits would not fit int64. */
	if (!(fabs(value) < 9e18)) {
		for (; decimals > 0; decimals--)
			value /= 10;
		if (!(fabs(value) < 9e18))
			return p;
	}
	return p + ep_num_put_scaled(p, (int64_t)llrint(value), decimals);
}

/* Sum of the primary total over row k as mean power; empty if a channel
 * misses half of it. */
static char *put_power(const struct trace *t, int64_t k, char *p)
{
	const struct ep_meter *m = &t->a->total;
	double half = (double)t->a->run.interval_ns * 0.5e-9, power = 0;

	if (m->part_count == 0 || m->reason[0])
		return p;
	for (size_t i = 0; i < m->part_count; i++) {
		const struct ep_part *part = &m->parts[i];
		const struct ep_stream_place *place =
			&part->stream->places[part->channel];
		double sum, cover;

		if (part->stream->lane_count == 0 || !place->in_file ||
		    place->still)
			return p;
		ep_lane_row(&part->stream->lanes[place->lane].lane, k,
			    place->slot, &sum, &cover);
		if (cover < half)
			return p;
		power += sum / cover;
	}
	return put_value(p, power, 6);
}

static char *put_cells(const struct trace *t, int64_t k, char *p)
{
	double half = (double)t->a->run.interval_ns * 0.5e-9;

	for (size_t i = 0; i < t->column_count; i++) {
		const struct column *col = &t->columns[i];
		double sum, cover;

		*p++ = ',';
		ep_lane_row(col->lane, k, col->slot, &sum, &cover);
		if (cover < half || col->stream->places[col->channel].still)
			continue;
		if (col->mean)
			sum /= cover;
		p = put_value(p, sum * col->factor, col->decimals);
	}
	return p;
}

/* ",phase,request," of the segment at t_ns. */
static int set_label(struct trace *t, int64_t t_ns)
{
	const struct ep_partition *part = &t->a->part;
	const struct ep_phase *phase;
	int code;

	while (t->segment + 1 < part->count &&
	       part->segments[t->segment].phase.end_ns <= t_ns)
		t->segment++;
	if (t->label_segment == t->segment)
		return 0;
	t->label_segment = t->segment;
	ep_buf_reset(&t->label);
	phase = &part->segments[t->segment].phase;
	code = ep_buf_adds(&t->label, ",");
	if (code == 0)
		code = ep_csv_put_text(&t->label, phase->name);
	if (code == 0 && phase->request > 0)
		code = ep_buf_addf(&t->label, ",%d,", (int)phase->request);
	else if (code == 0)
		code = ep_buf_adds(&t->label, ",,");
	return code;
}

static int put_row(struct trace *t, int64_t k)
{
	const struct ep_run *run = &t->a->run;
	const struct ep_timeline *tl = &t->a->part.timeline;
	int64_t start = run->gate_ns + k * run->interval_ns, count = 0;
	char *p;
	int code = set_label(t, start + run->interval_ns / 2);

	if (code < 0)
		return code;
	if (t->used >= BUFFER_BYTES - t->label.len) {
		code = flush(t);
		if (code < 0)
			return code;
	}
	p = t->buffer + t->used;
	p += ep_num_put_scaled(p, k * run->interval_ns, 9);
	memcpy(p, t->label.data, t->label.len);
	p += t->label.len;
	while (t->token < tl->token_count &&
	       tl->tokens[t->token].t_ns < start + run->interval_ns) {
		count += tl->tokens[t->token].t_ns >= start;
		t->token++;
	}
	if (tl->token_count > 0)
		p += ep_num_put_i64(p, count);
	*p++ = ',';
	p = put_power(t, k, p);
	p = put_cells(t, k, p);
	*p++ = '\n';
	t->used = (size_t)(p - t->buffer);
	return 0;
}

static int write_rows(struct trace *t)
{
	const struct ep_run *run = &t->a->run;
	int64_t last = row_end(run);
	int code = 0;

	for (int64_t k = ep_trace_first_row(run); k < last && code >= 0; k++) {
		int64_t end = run->gate_ns + (k + 1) * run->interval_ns;

		for (size_t i = 0; i < t->a->stream_count && code >= 0; i++)
			code = ep_stream_pump(&t->a->streams[i], end);
		if (code >= 0)
			code = put_row(t, k);
		for (size_t i = 0; i < t->a->stream_count; i++)
			for (size_t n = 0; n < t->a->streams[i].lane_count; n++)
				ep_lane_free_rows(
					&t->a->streams[i].lanes[n].lane, k + 1);
	}
	if (code >= 0)
		code = flush(t);
	return code;
}

/* What is left of the streams, without rows. */
static int drain(struct ep_analysis *a)
{
	int code = 0;

	for (size_t i = 0; i < a->stream_count && code >= 0; i++) {
		struct ep_stream *s = &a->streams[i];

		for (size_t n = 0; n < s->lane_count; n++)
			s->lanes[n].lane.rows.ring = 0;
		code = ep_stream_pump(s, INT64_MAX);
	}
	return code;
}

int ep_trace_write(struct ep_analysis *a, int fd, int64_t raw_bytes,
		   struct ep_err *err)
{
	int64_t rows = row_end(&a->run) - ep_trace_first_row(&a->run);
	struct trace t = { .a = a, .fd = fd };
	int code = 0;

	if (fd >= 0 && rows > ROWS_MIN + raw_bytes)
		return ep_err_set(err, -EBADMSG,
				  "the run would have %lld rows, more than its "
				  "files can hold: a time in events.csv is "
				  "wrong",
				  (long long)rows);
	if (fd >= 0) {
		code = begin(&t);
		if (code >= 0)
			code = write_rows(&t);
		free(t.columns);
		free(t.buffer);
		ep_buf_done(&t.label);
		if (code < 0)
			return ep_err_set(err, code,
					  "cannot write trace.csv: %s",
					  strerror(-code));
	}
	code = drain(a);
	if (code < 0)
		return ep_err_set(err, code, "cannot read the samples: %s",
				  strerror(-code));
	return 0;
}
