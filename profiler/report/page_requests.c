/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page.h"
#include "profiler/report/parts.h"

#define REQUESTS_SHOWN_MAX 20

/* Of a single request: what its user waited for, as a sentence. */
void ep_page_latency(struct ep_page *page)
{
	const struct {
		const char *metric, *before, *after;
	} figures[] = {
		{ "ttft_s", "first token ",
		  page->report->told.count > 0 ? " s after the request"
					       : " s after the gate" },
		{ "itl_p50_s", "then one every ", " s (median)" },
		{ "itl_p90_s", "90 % within ", " s" },
		{ "itl_p99_s", "99 % within ", " s" },
	};
	const struct ep_row *row = page->report->requests;
	char text[400] = "", cell[EP_CELL_BYTES];

	if (page->report->request_count != 1)
		return;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		const struct ep_metric *m =
			ep_row_metric(row, figures[i].metric);
		size_t used = strlen(text);

		if (!m || ep_cell_missing(m))
			continue;
		ep_cell_metric(cell, m, 0, &page->marks);
		(void)ep_str_format(text + used, sizeof(text) - used,
				    "%s%s%s%s", used > 0 ? ", " : "",
				    figures[i].before, cell, figures[i].after);
	}
	if (text[0] != '\0')
		ep_page_note(page, "waiting: %s", text);
}

static void put_number(struct ep_page *page, size_t row, int column,
		       double value)
{
	if (column < 0)
		return;
	ep_cell_number(page->table->cells[row][column], value, 4);
	if (page->table->cells[row][column][0] == '\0')
		(void)ep_str_copy(page->table->cells[row][column],
				  EP_CELL_BYTES, "-");
}

struct columns {
	int start, prompt, output, first, rate, energy, per_token;
};

static void add_columns(struct ep_page *page, struct columns *c)
{
	bool estimated = page->report->total_estimated;

	(void)ep_page_table_column(page, "request", "", false);
	c->start = ep_page_table_column(page, "start", "s", false);
	c->prompt = ep_page_table_column(page, "prompt", "tokens", false);
	c->output = ep_page_table_column(page, "output", "tokens", false);
	c->first = ep_page_table_column(page, "1st token", "s", false);
	c->rate = ep_page_table_column(page, "rate", "tokens/s", false);
	if (page->report->total_name[0] == '\0') {
		c->energy = -1;
		c->per_token = -1;
		return;
	}
	c->energy = ep_page_table_column(page, "energy",
					 estimated ? "J est." : "J", false);
	c->per_token =
		ep_page_table_column(page, estimated ? "energy est." : "energy",
				     "J/output token", false);
}

static void put_metric(struct ep_page *page, size_t row, int column,
		       const struct ep_metric *m, unsigned flags)
{
	if (column < 0)
		return;
	if (m && ep_cell_missing(m))
		m = NULL;
	ep_cell_metric(page->table->cells[row][column], m,
		       flags | (page->report->total_estimated
					? EP_CELL_HEAD_SAYS_EST
					: 0),
		       &page->marks);
}

static void put_request(struct ep_page *page, const struct columns *c,
			const struct ep_request_parts *p)
{
	struct ep_table *t = page->table;
	size_t row = t->row_count++;

	ep_cell_count(t->cells[row][0], p->row->phase.request);
	put_number(page, row, c->start, p->row->start_s);
	ep_cell_count(t->cells[row][c->prompt], p->prompt_count);
	ep_cell_count(t->cells[row][c->output], p->output_count);
	put_metric(page, row, c->first, ep_row_metric(p->row, "ttft_s"), 0);
	put_number(page, row, c->rate, p->tokens_per_s);
	put_metric(page, row, c->energy, ep_row_metric(p->row, "energy_j"), 0);
	put_metric(page, row, c->per_token,
		   ep_row_metric(p->row, "j_per_output_token"), EP_CELL_U95);
}

void ep_page_requests(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	struct ep_request_parts *parts;
	struct columns columns;

	if (r->request_count < 2 || ep_request_parts_build(r, &parts) < 0) {
		ep_page_told(page);
		return;
	}
	page->ops->heading(page->ctx, "Requests");
	ep_page_table_start(page);
	add_columns(page, &columns);
	for (size_t i = 0; i < r->request_count && i < REQUESTS_SHOWN_MAX; i++)
		put_request(page, &columns, &parts[i]);
	ep_page_table_end(page);
	if (r->request_count > REQUESTS_SHOWN_MAX)
		ep_page_note(page, "\xe2\x80\xa6 %zu more in phases.csv",
			     r->request_count - REQUESTS_SHOWN_MAX);
	free(parts);
	ep_page_told(page);
}
