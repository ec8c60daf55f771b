/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/report/csv_files.h"
#include "profiler/report/formats.h"
#include "profiler/report/page_study.h"
#include "profiler/report/section_names.h"

#define COLUMNS_MAX 512

void ep_csv_put(struct ep_csv_out *o, const char *text, char end)
{
	if (o->error == 0)
		o->error = ep_buf_adds(o->b, text);
	if (o->error == 0)
		o->error = ep_buf_add(o->b, &end, 1);
}

void ep_csv_put_number(struct ep_csv_out *o, double value, char end)
{
	char text[40];

	(void)ep_num_put_f64(text, value);
	ep_csv_put(o, text, end);
}

void ep_csv_put_count(struct ep_csv_out *o, int64_t value, char end)
{
	char text[24] = "";

	if (value >= 0)
		text[ep_num_put_i64(text, value)] = '\0';
	ep_csv_put(o, text, end);
}

void ep_csv_put_quoted(struct ep_csv_out *o, const char *text, char end)
{
	if (o->error == 0)
		o->error = ep_csv_put_text(o->b, text);
	ep_csv_put(o, "", end);
}

/* A metric's column, and whether <metric>_u95 stands beside it. */
struct column {
	const char *name; /* borrowed from the report, or fixed */
	bool has_u95;
	size_t hint; /* where the last row had it */
};

/* There in every run, in this order, whatever could be measured. */
static const char *const fixed_columns[] = {
	"duration_s",	      "energy_j",	 "energy_net_j",
	"power_mean_w",	      "power_peak_w",	 "tokens_per_s",
	"j_per_token",	      "net_j_per_token", "action_j_s_per_token",
	"edp_j_s_per_token2", "rss_peak_bytes",
};

static void add_column(struct column *columns, size_t *count, const char *name)
{
	columns[*count].name = name;
	/* By name alone, so that it does not depend on the run either. */
	columns[*count].has_u95 = !ep_str_ends(name, "_bytes");
	(*count)++;
}

static bool has_column(const struct column *columns, size_t count,
		       const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(columns[i].name, name) == 0)
			return true;
	return false;
}

/* Rows of one kind have the same metrics in the same order. */
static bool same_metrics(const struct ep_row *a, const struct ep_row *b)
{
	if (!a || a->metric_count != b->metric_count)
		return false;
	for (size_t i = 0; i < a->metric_count; i++)
		if (strcmp(a->metrics[i].name, b->metrics[i].name) != 0)
			return false;
	return true;
}

/* The fixed columns, then every other metric in order of appearance; the
 * count or -E2BIG. */
static int collect_columns(const struct ep_report *r, struct column *columns)
{
	const struct ep_row *before = NULL;
	size_t count = 0;

	for (size_t i = 0; i < sizeof(fixed_columns) / sizeof(*fixed_columns);
	     i++)
		add_column(columns, &count, fixed_columns[i]);
	for (size_t i = 0; i < r->phase_count; i++) {
		const struct ep_row *row = &r->phases[i];

		if (same_metrics(before, row))
			continue;
		before = row;
		for (size_t k = 0; k < row->metric_count; k++) {
			const char *name = row->metrics[k].name;

			if (has_column(columns, count, name))
				continue;
			if (count == COLUMNS_MAX)
				return -E2BIG;
			add_column(columns, &count, name);
		}
	}
	return (int)count;
}

/* NULL when the row has no such metric. */
static const struct ep_metric *metric_of(const struct ep_row *row,
					 struct column *column)
{
	size_t hint = column->hint;

	if (hint < row->metric_count &&
	    strcmp(row->metrics[hint].name, column->name) == 0)
		return &row->metrics[hint];
	for (size_t i = 0; i < row->metric_count; i++) {
		if (strcmp(row->metrics[i].name, column->name) == 0) {
			column->hint = i;
			return &row->metrics[i];
		}
	}
	return NULL;
}

static void put_heads(struct ep_csv_out *o, const struct column *columns,
		      size_t count)
{
	char u95[96];

	ep_csv_put(o, "request,phase,evidence,start_s,end_s,slack_s", ',');
	ep_csv_put(o, "tokens,steps,cached_tokens", ',');
	for (size_t i = 0; i < count; i++) {
		ep_csv_put(o, columns[i].name, ',');
		if (!columns[i].has_u95)
			continue;
		(void)ep_str_format(u95, sizeof(u95), "%s_u95",
				    columns[i].name);
		ep_csv_put(o, u95, ',');
	}
	ep_csv_put(o, "energy_j_status", '\n');
}

/* An estimate stands in a row only where energy_j_status says so, which does
 * not tell of tokens that nobody counted. */
double ep_csv_value(const struct ep_row *row, const struct ep_metric *m)
{
	const struct ep_metric *energy = ep_row_metric(row, "energy_j");

	if (!m || m->status == EP_STATUS_NOT_MEASURED || m->by_chunks ||
	    (m->status == EP_STATUS_ESTIMATED &&
	     !(energy && energy->status == EP_STATUS_ESTIMATED)))
		return (double)NAN;
	return m->value;
}

static void put_cells(struct ep_csv_out *o, const struct column *column,
		      const struct ep_row *row, const struct ep_metric *m)
{
	bool missing = !isfinite(ep_csv_value(row, m));

	ep_csv_put_number(o, missing ? (double)NAN : m->value, ',');
	if (column->has_u95)
		ep_csv_put_number(o, missing ? (double)NAN : m->u95, ',');
}

static void put_row(struct ep_csv_out *o, const struct ep_row *row,
		    struct column *columns, size_t count)
{
	const struct ep_metric *energy = ep_row_metric(row, "energy_j");
	const struct ep_phase *p = &row->phase;

	ep_csv_put_count(o, p->request, ',');
	ep_csv_put_quoted(o, p->name, ',');
	ep_csv_put(o, ep_evidence_name(p->evidence), ',');
	ep_csv_put_number(o, row->start_s, ',');
	ep_csv_put_number(o, row->end_s, ',');
	ep_csv_put_number(o, row->slack_s, ',');
	ep_csv_put_count(o, p->tokens_count, ',');
	ep_csv_put_count(o, p->steps_count, ',');
	ep_csv_put_count(o, p->cached_count, ',');
	for (size_t i = 0; i < count; i++)
		put_cells(o, &columns[i], row, metric_of(row, &columns[i]));
	ep_csv_put(o,
		   ep_status_name(energy ? energy->status
					 : EP_STATUS_NOT_MEASURED),
		   '\n');
}

int ep_csv_phases(const struct ep_report *r, struct ep_buf *b)
{
	struct column *columns = calloc(COLUMNS_MAX, sizeof(*columns));
	struct ep_csv_out o = { .b = b };
	int count;

	if (!columns)
		return -ENOMEM;
	count = collect_columns(r, columns);
	if (count < 0) {
		free(columns);
		return count;
	}
	put_heads(&o, columns, (size_t)count);
	for (size_t i = 0; i < r->phase_count && o.error == 0; i++)
		put_row(&o, &r->phases[i], columns, (size_t)count);
	free(columns);
	return o.error;
}

static int csv_render(const struct ep_report *report,
		      const struct ep_render_options *options, struct ep_buf *b)
{
	size_t start = b->len;
	struct ep_csv_out o = { .b = b };
	int r = ep_csv_phases(report, b);

	(void)options;
	if (r == 0) {
		ep_csv_sections(&o, report);
		r = o.error;
	}
	if (r < 0 && b->data) {
		b->len = start;
		b->data[start] = '\0';
	}
	return r;
}

const struct ep_format ep_format_csv = {
	.name = "csv",
	.summary = "one line for each phase (phases.csv)",
	.study = &ep_study_format_csv,
	.render = csv_render,
};
