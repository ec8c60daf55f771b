/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/report/cell.h"
#include "profiler/report/html_parts.h"

/* Ticks of tokens that a page draws; more are counted. */
#define TICKS_MAX 200000

static void put_resolution(struct ep_html *h, const struct ep_series_set *s)
{
	char text[400], interval[EP_CELL_BYTES], stretch[EP_CELL_BYTES];
	uint64_t rows = s->grid.rows_per_stretch;

	ep_cell_seconds(interval, s->interval_s);
	ep_cell_seconds(stretch, s->interval_s * (double)rows);
	if (rows == 1)
		(void)ep_str_format(text, sizeof(text),
				    "Every row of trace.csv is drawn: means "
				    "over %s.",
				    interval);
	else
		(void)ep_str_format(
			text, sizeof(text),
			"Rows are means over %s. Of every %s the smallest and "
			"the largest one are drawn, so no peak is missing; all "
			"of them are in trace.csv.",
			interval, stretch);
	ep_html_element(h, "p", "note", text);
	if (s->more_count > 0) {
		(void)ep_str_format(text, sizeof(text),
				    "%zu more columns of trace.csv are not "
				    "drawn.",
				    s->more_count);
		ep_html_element(h, "p", "note", text);
	}
	ep_html_raw(h, "\n");
}

void ep_html_timeline(struct ep_html *h, const struct ep_report *r,
		      const struct ep_series_set *s)
{
	if (!s)
		return;
	(void)r;
	ep_html_raw(h, "<section id=\"timeline\">\n<h2 "
		       "id=\"s-timeline\">Timeline</h2>\n");
	if (s->reason[0] != '\0') {
		ep_html_raw(h, "<p class=\"note\">There are no charts: ");
		ep_html_text(h, s->reason);
		ep_html_raw(h, ".</p>\n</section>\n");
		return;
	}
	ep_html_raw(h, "<noscript><p class=\"alert\">The charts need "
		       "JavaScript; all figures are below.</p></noscript>\n"
		       "<div id=\"charts\"></div>\n");
	put_resolution(h, s);
	ep_html_raw(h, "</section>\n");
}

static void put_phases(struct ep_json_out *o, const struct ep_report *r)
{
	ep_json_open(o, "phases", '[', true);
	for (size_t i = 0; i < r->phase_count; i++) {
		const struct ep_row *row = &r->phases[i];

		ep_json_open(o, NULL, '[', true);
		ep_json_text(o, NULL, row->phase.name);
		ep_json_integer(o, NULL, row->phase.request);
		ep_json_number(o, NULL, row->start_s);
		ep_json_number(o, NULL, row->end_s);
		ep_json_count(o, NULL, row->phase.tokens_count);
		ep_json_close(o, ']');
	}
	ep_json_close(o, ']');
}

/* Microseconds since the token before; the first since the gate. */
static void put_tokens(struct ep_json_out *o, const struct ep_report *r)
{
	size_t count = r->token_count < TICKS_MAX ? r->token_count : TICKS_MAX;
	int64_t before = r->gate_ns;

	ep_json_open(o, "tokens_us", '[', true);
	for (size_t i = 0; i < count; i++) {
		int64_t us = (r->tokens[i].t_ns - before) / 1000;

		ep_json_integer(o, NULL, us);
		before += us * 1000;
	}
	ep_json_close(o, ']');
	ep_json_integer(o, "tokens_more", (int64_t)(r->token_count - count));
}

static void put_moments(struct ep_json_out *o, const struct ep_series_set *s)
{
	ep_json_open(o, "missed", '[', true);
	for (size_t i = 0; i < s->missed_count; i++) {
		ep_json_open(o, NULL, '[', true);
		ep_json_number(o, NULL, s->missed[i].time_s);
		ep_json_integer(o, NULL, s->missed[i].count);
		ep_json_close(o, ']');
	}
	ep_json_close(o, ']');
	ep_json_integer(o, "missed_more", (int64_t)s->missed_more_count);
	ep_json_open(o, "moments", '[', false);
	for (size_t i = 0; i < s->moment_count; i++) {
		ep_json_open(o, NULL, '[', true);
		ep_json_number(o, NULL, s->moments[i].time_s);
		ep_json_text(o, NULL, s->moments[i].kind);
		ep_json_text(o, NULL, s->moments[i].text);
		ep_json_close(o, ']');
	}
	ep_json_close(o, ']');
	ep_json_integer(o, "moments_more", (int64_t)s->moment_more_count);
}

/* One number for each row, or two for each stretch. */
static void put_values(struct ep_html *h, const struct ep_series_set *s,
		       size_t series)
{
	bool pairs = s->grid.rows_per_stretch > 1;

	ep_html_raw(h, "[");
	for (size_t i = 0; i < s->grid.stretch_count; i++) {
		const struct ep_extrema *e =
			ep_decimate_at(&s->grid, i, series);

		if (i > 0)
			ep_html_raw(h, ",");
		ep_html_number(h, e->first);
		if (!pairs)
			continue;
		ep_html_raw(h, ",");
		ep_html_number(h, e->second);
	}
	ep_html_raw(h, "]");
}

static void put_series(struct ep_html *h, struct ep_json_out *o,
		       const struct ep_series_set *s)
{
	ep_json_open(o, "series", '[', false);
	for (size_t i = 0; i < s->count; i++) {
		const struct ep_series *series = &s->series[i];

		ep_json_open(o, NULL, '{', true);
		ep_json_text(o, "name", series->name);
		ep_json_text(o, "quantity",
			     series->quantity < EP_QUANTITY_COUNT
				     ? ep_quantity_si_unit(series->quantity)
				     : "");
		ep_json_bool(o, "rate", series->rate);
		ep_json_bool(o, "total", series->total);
		ep_json_bool(o, "estimated", series->estimated);
		ep_json_text(o, "role", ep_role_name(series->role));
		ep_json_raw(o, "values");
		h->error = h->error ? h->error : o->error;
		put_values(h, s, i);
		o->error = h->error;
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

void ep_html_timeline_data(struct ep_html *h, const struct ep_report *r,
			   const struct ep_series_set *s)
{
	struct ep_json_out o = ep_html_data_begin(h, "data");

	ep_json_open(&o, NULL, '{', false);
	ep_json_number(&o, "start_s", s->start_s);
	ep_json_number(&o, "interval_s", s->interval_s);
	ep_json_integer(&o, "rows", (int64_t)s->grid.row_count);
	ep_json_integer(&o, "rows_per_stretch",
			(int64_t)s->grid.rows_per_stretch);
	ep_json_number(&o, "duration_s", r->duration_s);
	ep_json_number(&o, "idle_w", r->idle_power_w.value);
	ep_json_text(&o, "total_name", r->total_name);
	ep_json_bool(&o, "estimated", r->total_estimated);
	put_phases(&o, r);
	put_tokens(&o, r);
	put_moments(&o, s);
	put_series(h, &o, s);
	ep_json_close(&o, '}');
	ep_html_data_end(h, &o);
}
