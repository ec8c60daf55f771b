/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page.h"
#include "profiler/report/parts.h"

#define ROWS_SHOWN_MAX 20

/* What was asked of whom, in place of a command. */
void ep_page_client(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	const json_t *drive = json_object_get(r->run, "drive");
	const char *model = ep_page_run_text(page, "", "model");
	const char *url = ep_page_run_text(page, "drive", "url");
	const char *prompts = ep_page_run_text(page, "drive", "prompts");
	const char *workflow = ep_page_run_text(page, "drive", "workflow");

	if (!drive)
		return;
	ep_page_fact(page, "requests", "%zu to %s%s%s%s%s, %s%s", r->told.count,
		     ep_page_run_text(page, "", "runner"), url[0] ? " at " : "",
		     url, model[0] ? ", model " : "", model,
		     workflow[0]  ? "workflow "
		     : prompts[0] ? "prompts of "
				  : "prompts built in",
		     workflow[0] ? workflow : prompts);
}

struct columns {
	int id, start, retries, load, prefill, generation, total, difference;
};

static void add_columns(struct ep_page *page, struct columns *c)
{
	(void)ep_page_table_column(page, "request", "", false);
	c->id = ep_page_table_column(page, "prompt", "", true);
	c->start = ep_page_table_column(page, "start", "", true);
	c->retries = page->report->told.try_count > 0
			     ? ep_page_table_column(page, "retries", "", false)
			     : -1;
	c->load = ep_page_table_column(page, "load", "s", false);
	c->prefill = ep_page_table_column(page, "prefill", "s", false);
	c->generation = ep_page_table_column(page, "generation", "s", false);
	c->total = ep_page_table_column(page, "total", "s", false);
	c->difference =
		ep_page_table_column(page, "seen minus told", "s", false);
}

static void put_metric(struct ep_page *page, size_t row, int column,
		       const struct ep_row *request, const char *name)
{
	const struct ep_metric *m = ep_row_metric(request, name);

	if (column < 0)
		return;
	if (m && ep_cell_missing(m))
		m = NULL;
	ep_cell_metric(page->table->cells[row][column], m, 0, &page->marks);
}

static void put_text(struct ep_page *page, size_t row, int column,
		     const char *text)
{
	char *cell;

	if (column < 0)
		return;
	cell = page->table->cells[row][column];
	(void)ep_str_format(cell, EP_CELL_BYTES, "%.20s", text[0] ? text : "-");
	ep_str_printable(cell);
}

static void put_request(struct ep_page *page, const struct columns *c,
			const struct ep_row *request,
			const struct ep_request *q)
{
	size_t row = page->table->row_count++;

	ep_cell_count(page->table->cells[row][0], request->phase.request);
	put_text(page, row, c->id, q->id);
	put_text(page, row, c->start,
		 q->error[0]   ? "failed"
		 : q->cold < 0 ? ""
		 : q->cold     ? "cold"
			       : "warm");
	if (c->retries >= 0)
		ep_cell_count(page->table->cells[row][c->retries],
			      q->retry_count);
	put_metric(page, row, c->load, request, "server_load_s");
	put_metric(page, row, c->prefill, request, "server_prefill_s");
	put_metric(page, row, c->generation, request, "server_generation_s");
	put_metric(page, row, c->total, request, "server_total_s");
	put_metric(page, row, c->difference, request, "server_difference_s");
}

static void add_length(char *text, size_t size, const char *what,
		       int64_t asked_count, int64_t got_count)
{
	size_t used = strlen(text);
	char got[32] = "unknown";

	if (asked_count < 0 || asked_count == got_count)
		return;
	if (got_count >= 0)
		(void)ep_str_format(got, sizeof(got), "%lld",
				    (long long)got_count);
	(void)ep_str_format(text + used, size - used,
			    "%s%s tokens asked %lld, %s %s", used ? "; " : "",
			    what, (long long)asked_count,
			    what[0] == 'p' ? "evaluated" : "got", got);
}

/* Prompts and answers of a fixed length: as long as asked? */
static void tell_lengths(struct ep_page *page)
{
	const struct ep_requests *told = &page->report->told;
	size_t asked = 0, exact = 0;

	for (size_t i = 0; i < told->count; i++) {
		const struct ep_request *q = &told->items[i];
		char text[200] = "";

		if (q->asked_prompt_count < 0 && q->asked_output_count < 0)
			continue;
		asked++;
		add_length(text, sizeof(text), "prompt", q->asked_prompt_count,
			   q->prompt_count);
		add_length(text, sizeof(text), "output", q->asked_output_count,
			   q->output_count);
		exact += text[0] == '\0';
		if (text[0] != '\0' && asked - exact <= ROWS_SHOWN_MAX)
			ep_page_note(page, "request %d: %s", (int)q->number,
				     text);
	}
	if (asked > 0)
		ep_page_note(page,
			     "lengths: %zu of %zu requests exactly as "
			     "long as asked",
			     exact, asked);
}

static bool tells_times(const struct ep_report *r)
{
	static const char *const names[] = { "server_load_s",
					     "server_prefill_s",
					     "server_generation_s",
					     "server_total_s" };

	for (size_t i = 0; i < r->request_count; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			const struct ep_metric *m =
				ep_row_metric(&r->requests[i], names[k]);

			if (m && !ep_cell_missing(m))
				return true;
		}
	return false;
}

/* The server's own account of each request, and what it differs by. */
void ep_page_told(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	struct columns columns;
	size_t shown = 0;

	if (r->told.count == 0)
		return;
	page->ops->heading(page->ctx, "Requests as the server tells them");
	ep_page_table_start(page);
	add_columns(page, &columns);
	for (size_t i = 0; i < r->request_count && shown < ROWS_SHOWN_MAX;
	     i++) {
		const struct ep_request *q =
			ep_report_told(r, r->requests[i].phase.request);

		if (!q)
			continue;
		put_request(page, &columns, &r->requests[i], q);
		shown++;
	}
	ep_page_table_end(page);
	if (!tells_times(r))
		ep_page_note(page, "not measured: load, prefill, generation, "
				   "total: the server tells no times");
	tell_lengths(page);
	if (r->told.count > shown)
		ep_page_note(page, "\xe2\x80\xa6 %zu more in requests.csv",
			     r->told.count - shown);
}
