/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/study/store_parts.h"

#define CSV_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define METRICS_MAX 1024

/* These first; the rest by name. */
static const char *const usual[] = {
	"duration_s",
	"tokens",
	"steps",
	"cached_tokens",
	"tokens_per_s",
	"energy_j",
	"energy_net_j",
	"j_per_token",
	"net_j_per_token",
	"j_per_output_token",
	"action_j_s_per_token",
	"edp_j_s_per_token2",
	"power_mean_w",
	"power_peak_w",
	"ttft_s",
	"itl_p50_s",
	"itl_p90_s",
	"itl_p99_s",
	"rss_peak_bytes",
};
#define USUAL_COUNT (sizeof(usual) / sizeof(usual[0]))

/* Whether it has columns beside it, and what stands in the line that is
 * written. */
struct column {
	char name[80];
	bool has_u95, has_common, has_status;
	double value, u95, u_common;
	char status[16];
};

struct table {
	struct column *columns;
	struct column **by_name;
	size_t count;
	struct ep_buf *b;
};

static size_t rank_of(const char *name)
{
	for (size_t i = 0; i < USUAL_COUNT; i++)
		if (strcmp(usual[i], name) == 0)
			return i;
	return USUAL_COUNT;
}

static int by_rank(const void *a, const void *b)
{
	const struct column *x = a, *y = b;
	size_t i = rank_of(x->name), k = rank_of(y->name);

	if (i != k)
		return i < k ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int by_names(const void *a, const void *b)
{
	const struct column *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int index_names(struct table *t, struct ep_err *err)
{
	t->by_name = calloc(t->count + 1, sizeof(*t->by_name));
	if (!t->by_name)
		return ep_err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < t->count; i++)
		t->by_name[i] = &t->columns[i];
	qsort(t->by_name, t->count, sizeof(*t->by_name), by_names);
	return 0;
}

static int load_columns(struct ep_store *s, struct table *t, struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int code, r = ep_store_prepare(
			  s,
			  "SELECT name, max(u95 IS NOT NULL),"
			  " max(u95 IS NOT NULL AND"
			  " (u_common IS NULL OR u_common > 0)),"
			  " max(value IS NOT NULL AND status <> 'ok')"
			  " FROM figure GROUP BY name",
			  &stmt, err);

	if (r < 0)
		return r;
	t->columns = calloc(METRICS_MAX, sizeof(*t->columns));
	if (!t->columns) {
		sqlite3_finalize(stmt);
		return ep_err_set(err, -ENOMEM, "out of memory");
	}
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW &&
	       t->count < METRICS_MAX) {
		struct column *c = &t->columns[t->count++];

		(void)ep_str_copy(c->name, sizeof(c->name),
				  (const char *)sqlite3_column_text(stmt, 0));
		c->has_u95 = sqlite3_column_int(stmt, 1) != 0;
		c->has_common = sqlite3_column_int(stmt, 2) != 0;
		c->has_status = sqlite3_column_int(stmt, 3) != 0;
	}
	if (code == SQLITE_ROW)
		r = ep_err_set(err, -E2BIG, "more than %d metrics",
			       METRICS_MAX);
	else if (code != SQLITE_DONE)
		r = ep_store_fail(s, "columns", err);
	sqlite3_finalize(stmt);
	qsort(t->columns, t->count, sizeof(t->columns[0]), by_rank);
	return r < 0 ? r : index_names(t, err);
}

static int put_number(struct ep_buf *b, double value)
{
	char text[32];

	ep_num_put_f64(text, value);
	return ep_buf_addf(b, ",%s", text);
}

static int put_head(const struct ep_store *s, struct table *t)
{
	int r = ep_buf_adds(t->b, "study_id,config,run,order,valid,reasons,"
				  "host,board_serial");

	for (size_t i = 0; r == 0 && i < s->study.factor_count; i++)
		r = ep_buf_addf(t->b, ",%s", s->study.factors[i].name);
	if (r == 0)
		r = ep_buf_adds(t->b, ",phase,folder");
	for (size_t i = 0; r == 0 && i < t->count; i++) {
		const struct column *c = &t->columns[i];

		r = ep_buf_addf(t->b, ",%s", c->name);
		if (r == 0 && c->has_u95)
			r = ep_buf_addf(t->b, ",%s_u95", c->name);
		if (r == 0 && c->has_common)
			r = ep_buf_addf(t->b, ",%s_u_common", c->name);
		if (r == 0 && c->has_status)
			r = ep_buf_addf(t->b, ",%s_status", c->name);
	}
	return r < 0 ? r : ep_buf_adds(t->b, "\n");
}

/* What stands before the phase; columns as in lines_sql. */
static int put_run(const struct ep_store *s, struct ep_buf *b,
		   sqlite3_stmt *row)
{
	const char *state = (const char *)sqlite3_column_text(row, 4);
	const char *reasons = (const char *)sqlite3_column_text(row, 5);
	uint64_t config = (uint64_t)sqlite3_column_int64(row, 0);
	bool warmup = sqlite3_column_int(row, 1) != 0;
	bool valid = state && strcmp(state, "valid") == 0;
	size_t levels[EP_FACTORS_MAX];
	char text[EP_REASONS_MAX * 162 + 40];
	int r;

	(void)ep_str_format(text, sizeof(text), "%s%s%s%s",
			    valid || !state ? "" : state,
			    valid || !reasons || !reasons[0] ? "" : ": ",
			    valid || !reasons ? "" : reasons,
			    valid && warmup ? "warm-up" : "");
	r = ep_buf_addf(b, "%s,%llu,%s%lld,%lld,%d,", s->id,
			(unsigned long long)config + 1, warmup ? "w" : "",
			(long long)sqlite3_column_int64(row, 2),
			(long long)sqlite3_column_int64(row, 3),
			valid && !warmup);
	if (r == 0)
		r = ep_csv_put_text(b, text);
	for (int i = 6; r == 0 && i < 8; i++) {
		r = ep_buf_adds(b, ",");
		if (r == 0)
			r = ep_csv_put_text(
				b, (const char *)sqlite3_column_text(row, i));
	}
	ep_plan_levels(&s->study, config, levels);
	for (size_t i = 0; r == 0 && i < s->study.factor_count; i++) {
		r = ep_buf_adds(b, ",");
		if (r == 0)
			r = ep_csv_put_text(
				b, s->study.factors[i].levels[levels[i]]);
	}
	return r;
}

static void clear(struct column *c)
{
	c->value = c->u95 = c->u_common = (double)NAN;
	c->status[0] = '\0';
}

/* The phase, the folder and the figures of a line. */
static int put_figures(struct table *t, const char *phase, int64_t number)
{
	char folder[24];
	int r = ep_buf_adds(t->b, ",");

	ep_store_folder_name(number, folder, sizeof(folder));
	if (r == 0)
		r = ep_csv_put_text(t->b, phase);
	if (r == 0)
		r = ep_buf_addf(t->b, ",%s", folder);
	for (size_t i = 0; r == 0 && i < t->count; i++) {
		struct column *c = &t->columns[i];

		r = put_number(t->b, c->value);
		if (r == 0 && c->has_u95)
			r = put_number(t->b, c->u95);
		if (r == 0 && c->has_common)
			r = put_number(t->b, c->u_common);
		if (r == 0 && c->has_status)
			r = ep_buf_addf(t->b, ",%s", c->status);
		clear(c);
	}
	return r < 0 ? r : ep_buf_adds(t->b, "\n");
}

static double number_of(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL
		       ? (double)NAN
		       : sqlite3_column_double(row, column);
}

static int by_name(const void *key, const void *element)
{
	const struct column *const *c = element;

	return strcmp(key, (*c)->name);
}

static void take_figure(struct table *t, sqlite3_stmt *row)
{
	const char *name = (const char *)sqlite3_column_text(row, 10);
	const char *status = (const char *)sqlite3_column_text(row, 13);
	struct column **found = name ? bsearch(name, t->by_name, t->count,
					       sizeof(*found), by_name)
				     : NULL;

	if (!found)
		return;
	(*found)->value = number_of(row, 11);
	(*found)->u95 = number_of(row, 12);
	(*found)->u_common = number_of(row, 14);
	/* Every status is a word of ours; a damaged one cannot add cells. */
	if (status &&
	    status[strspn(status, "abcdefghijklmnopqrstuvwxyz_")] == '\0')
		(void)ep_str_copy((*found)->status, sizeof((*found)->status),
				  status);
}

/* A run without figures (lost) has one line, its phase empty. */
static const char lines_sql[] =
	"SELECT run.config, run.warmup, run.repetition, run.position,"
	" run.state, run.reasons, run.host, run.board_serial, run.number,"
	" figure.phase, figure.name, figure.value, figure.u95,"
	" figure.status, figure.u_common"
	" FROM run LEFT JOIN figure ON figure.run = run.number"
	" WHERE run.state NOT IN ('begun', 'interrupted')"
	" ORDER BY run.number, CASE figure.phase WHEN 'idle' THEN 0"
	" WHEN 'load' THEN 1 WHEN 'prefill' THEN 2 WHEN 'generation' THEN 3"
	" WHEN 'other' THEN 5 WHEN 'tail' THEN 6 WHEN 'request' THEN 7"
	" WHEN 'run' THEN 8 ELSE 4 END, figure.phase";

static bool same_line(int64_t number, const char *phase, sqlite3_stmt *row)
{
	const char *other = (const char *)sqlite3_column_text(row, 9);

	return number == sqlite3_column_int64(row, 8) &&
	       strcmp(phase, other ? other : "") == 0;
}

static int put_lines(struct ep_store *s, struct table *t, struct ep_err *err)
{
	sqlite3_stmt *row;
	char phase[64] = "";
	int64_t number = -1;
	int code, r = ep_store_prepare(s, lines_sql, &row, err);

	if (r < 0)
		return r;
	while (r == 0 && (code = sqlite3_step(row)) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(row, 9);

		if (!same_line(number, phase, row)) {
			if (number >= 0)
				r = put_figures(t, phase, number);
			number = sqlite3_column_int64(row, 8);
			(void)ep_str_copy(phase, sizeof(phase),
					  text ? text : "");
			if (r == 0)
				r = put_run(s, t->b, row);
		}
		take_figure(t, row);
	}
	if (r == 0 && code != SQLITE_DONE)
		r = ep_store_fail(s, "results", err);
	if (r == 0 && number >= 0)
		r = put_figures(t, phase, number);
	sqlite3_finalize(row);
	return r;
}

int ep_store_export(struct ep_store *s, struct ep_err *err)
{
	struct table t = { NULL, NULL, 0, NULL };
	struct ep_buf b;
	int r = load_columns(s, &t, err);

	ep_buf_init(&b, CSV_BYTES_MAX);
	t.b = &b;
	for (size_t i = 0; r == 0 && i < t.count; i++)
		clear(&t.columns[i]);
	if (r == 0)
		r = put_head(s, &t);
	if (r == 0)
		r = put_lines(s, &t, err);
	if (r == 0)
		r = ep_file_replace(s->dir_fd, "results.csv", b.data, b.len);
	if (r < 0 && err && err->text[0] == '\0')
		ep_err_set(err, r, "%s/results.csv: %s", s->dir, strerror(-r));
	ep_buf_done(&b);
	free(t.columns);
	free((void *)t.by_name);
	return r;
}
