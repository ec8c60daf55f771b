/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/export/perfetto.h"

/*
 * A counter holds its value until the next event, so one comes only when it
 * changes.  It cannot say "not measured": a slice beside it does.
 */
struct track {
	double last; /* NAN: none yet, or a gap */
	bool begun;  /* had a value */
	bool gap;    /* had, and has none now */
	double factor;
	char name[120], key[24];
	/* All of an event but its time and value, made once. */
	char *before, *between;
};

/* As people write it; a counter's is per second. */
static void name_unit(const struct ep_series *s, char *ret, size_t size)
{
	static const char *const units[EP_QUANTITY_COUNT] = {
		[EP_POWER_UW] = "W",	  [EP_ENERGY_UJ] = "J",
		[EP_VOLTAGE_UV] = "V",	  [EP_CURRENT_UA] = "A",
		[EP_TEMP_MC] = "\u00b0C", [EP_FREQ_HZ] = "Hz",
		[EP_TIME_NS] = "s",	  [EP_SIZE_BYTES] = "bytes",
		[EP_RATIO_PPM] = "ratio", [EP_CHARGE_UC] = "C",
		[EP_COUNT] = "count",
	};
	const char *unit =
		s->quantity < EP_QUANTITY_COUNT ? units[s->quantity] : "value";

	if (s->rate && s->quantity == EP_ENERGY_UJ)
		unit = "W";
	else if (s->rate && s->quantity == EP_CHARGE_UC)
		unit = "A";
	else if (s->rate) {
		(void)ep_str_format(ret, size, "%s/s", unit);
		return;
	}
	(void)ep_str_copy(ret, size, unit);
}

/* text as JSON, after what goes before it. */
static char *piece(const char *before, const char *text, const char *after)
{
	struct ep_buf b;
	struct ep_json_out o = { .b = &b, .empty = true };
	int r;

	ep_buf_init(&b, 4096);
	r = ep_buf_adds(&b, before);
	ep_json_text(&o, NULL, text);
	if (r == 0 && o.error == 0)
		r = ep_buf_adds(&b, after);
	if (r == 0 && o.error == 0)
		return b.data;
	ep_buf_done(&b);
	return NULL;
}

static int prepare(struct ep_perfetto *p, const struct ep_rows *rows,
		   struct track *tracks)
{
	char before[80];

	(void)ep_str_format(before, sizeof(before),
			    ",{\"ph\": \"C\", \"pid\": %d, \"name\": ", p->pid);
	for (size_t i = 0; i < rows->count; i++) {
		const struct ep_series *s = &rows->set.series[i];
		struct track *t = &tracks[i];

		t->last = (double)NAN;
		t->factor = s->rate ? 1e9 / (double)rows->interval_ns : 1;
		name_unit(s, t->key, sizeof(t->key));
		(void)ep_str_format(t->name, sizeof(t->name), "%s%s", s->name,
				    s->estimated ? " (estimated)" : "");
		t->before = piece(before, t->name, ", \"ts\": ");
		t->between = piece(", \"args\": {", t->key, ": ");
		if (!t->before || !t->between)
			return -ENOMEM;
	}
	return 0;
}

static int put_value(struct ep_perfetto *p, const struct track *t, int64_t t_ns,
		     double value)
{
	char time[32], number[40];
	struct ep_buf *b = &p->buf;
	size_t len = ep_num_put_f64(number, value);
	size_t time_len = ep_num_put_scaled(time, t_ns - p->begin_ns, 3);
	int r = ep_buf_adds(b, t->before);

	if (r == 0)
		r = ep_buf_add(b, time, time_len);
	if (r == 0)
		r = ep_buf_adds(b, t->between);
	if (r == 0)
		r = ep_buf_add(b, number, len);
	if (r == 0)
		r = ep_buf_adds(b, "}}\n");
	p->count++;
	return r;
}

/* Where a gap begins or ends. */
static int put_gap(struct ep_perfetto *p, const struct track *t, char ph,
		   int64_t t_ns, struct ep_err *err)
{
	struct ep_json_out o;
	char id[120];

	ep_perfetto_begin(p, &o, ph, t_ns);
	ep_json_integer(&o, "tid", EP_PERFETTO_EVENTS);
	ep_json_text(&o, "cat", "not measured");
	(void)ep_str_format(id, sizeof(id), "not measured: %.90s", t->name);
	ep_json_text(&o, "name", id);
	(void)ep_str_format(id, sizeof(id), "%d.%.100s", p->pid, t->name);
	ep_json_text(&o, "id", id);
	return ep_perfetto_end(p, &o, err);
}

/* Never of NAN. */
static bool is_same(double a, double b)
{
	return a <= b && a >= b;
}

static int put_row(struct ep_perfetto *p, const struct ep_rows *rows,
		   struct track *tracks, struct ep_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < rows->count; i++) {
		struct track *t = &tracks[i];
		double value = rows->values[i] * t->factor;
		bool empty = !isfinite(value);

		if (t->begun && empty != t->gap) {
			r = put_gap(p, t, empty ? 'b' : 'e', rows->t_ns, err);
			t->gap = empty;
			t->last = (double)NAN;
		}
		if (r < 0 || empty || is_same(value, t->last))
			continue;
		r = put_value(p, t, rows->t_ns, value);
		if (r < 0)
			return ep_err_set(err, r, "out of memory");
		t->last = value;
		t->begun = true;
	}
	if (r == 0 && p->buf.len >= EP_PERFETTO_BLOCK)
		r = ep_perfetto_flush(p, err);
	return r;
}

int ep_perfetto_counters(struct ep_perfetto *p, struct ep_rows *rows,
			 struct ep_err *err)
{
	struct track *tracks = calloc(rows->count, sizeof(*tracks));
	int r = tracks ? prepare(p, rows, tracks) : -ENOMEM;

	if (r < 0)
		(void)ep_err_set(err, r, "out of memory");
	while (r == 0) {
		r = put_row(p, rows, tracks, err);
		if (r < 0)
			break;
		r = ep_rows_next(rows, err);
		if (r <= 0)
			break;
		r = 0;
	}
	for (size_t i = 0; tracks && i < rows->count; i++) {
		if (r == 0 && tracks[i].gap)
			r = put_gap(p, &tracks[i], 'e',
				    rows->t_ns + rows->interval_ns, err);
		free(tracks[i].before);
		free(tracks[i].between);
	}
	free(tracks);
	return r;
}
