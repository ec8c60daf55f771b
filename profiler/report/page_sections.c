/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page.h"
#include "profiler/report/section_names.h"
#include "profiler/report/width.h"

#define NAME_COLUMNS 34

/* A row has it as a column; NULL: it has none. */
static const struct ep_metric *find(const struct ep_section_row *row,
				    const char *name)
{
	for (size_t i = 0; i < row->metric_count; i++)
		if (strcmp(row->metrics[i].name, name) == 0)
			return &row->metrics[i];
	return NULL;
}

static void put_cell(struct ep_page *page, char *cell,
		     const struct ep_metric *m, const struct ep_section_name *n)
{
	bool low = m && m->status == EP_STATUS_LOW_CONFIDENCE;
	char whole[EP_CELL_BYTES];

	if (n->how != EP_SECTION_WHOLE || !m || ep_cell_missing(m) ||
	    !(fabs(m->value) < 1e15)) {
		ep_cell_metric(cell, m,
			       n->how == EP_SECTION_BOTH ? EP_CELL_U95 : 0,
			       &page->marks);
		return;
	}
	ep_cell_count(whole, (int64_t)m->value);
	(void)ep_str_format(cell, EP_CELL_BYTES, "%s%.40s%s", low ? "~" : "",
			    whole,
			    m->status == EP_STATUS_ESTIMATED ? " est." : "");
	page->marks.low_confidence |= low;
	page->marks.estimated |= m->status == EP_STATUS_ESTIMATED;
}

static bool has_verdict(const struct ep_section *s)
{
	return strcmp(s->key, "break_even") == 0;
}

static void put_column(struct ep_page *page, const struct ep_section *s,
		       const char *name)
{
	const struct ep_section_name *n = ep_section_name(name);
	const char *head = n->head[0] ? n->head : name;
	int column = ep_page_table_column(page, head, n->unit, false);
	char what[200];

	for (size_t i = 0; column >= 0 && i < s->row_count; i++) {
		const struct ep_section_row *row = &s->rows[i];
		const struct ep_metric *m = find(row, name);

		put_cell(page, page->table->cells[i][column], m, n);
		/* A verdict says it already. */
		if (!m || !ep_cell_missing(m) || has_verdict(s))
			continue;
		(void)ep_str_format(what, sizeof(what), "%s (%s)", head,
				    row->scope);
		ep_page_gap(page, what, m->reason);
	}
}

/* Every metric that some row has, in order of appearance. */
static void put_columns(struct ep_page *page, const struct ep_section *s)
{
	const char *seen[EP_TABLE_COLUMNS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < s->row_count; i++)
		for (size_t k = 0; k < s->rows[i].metric_count; k++) {
			const char *name = s->rows[i].metrics[k].name;
			bool had = false;

			for (size_t j = 0; j < count && !had; j++)
				had = strcmp(seen[j], name) == 0;
			if (had || count == EP_TABLE_COLUMNS_MAX)
				continue;
			seen[count++] = name;
			put_column(page, s, name);
		}
}

/* Names of the rows: in words where these are short, else by scope. */
static void put_names(struct ep_page *page, const struct ep_section *s)
{
	struct ep_table *t = page->table;
	bool words = !has_verdict(s);

	(void)ep_page_table_column(page, s->rows_are, "", true);
	for (size_t i = 0; i < s->row_count; i++) {
		const struct ep_section_row *row = &s->rows[i];
		const char *name =
			words && row->what[0] ? row->what : row->scope;

		ep_width_clean(t->cells[t->row_count][0], EP_CELL_BYTES, name);
		ep_width_cut(t->cells[t->row_count++][0], EP_CELL_BYTES,
			     NAME_COLUMNS);
	}
	if (words)
		return;
	(void)ep_page_table_column(page, "verdict", "", true);
	for (size_t i = 0; i < s->row_count; i++)
		ep_width_clean(t->cells[i][1], EP_CELL_BYTES, s->rows[i].what);
}

static void put_low_confidence(struct ep_page *page,
			       const struct ep_section_row *row)
{
	for (size_t i = 0; i < row->metric_count; i++) {
		const struct ep_metric *m = &row->metrics[i];

		if (m->status != EP_STATUS_LOW_CONFIDENCE ||
		    m->reason[0] == '\0')
			continue;
		ep_page_note(page, "~ %s: %s", row->scope, m->reason);
		return;
	}
}

static void put_section(struct ep_page *page, const struct ep_section *s)
{
	page->ops->heading(page->ctx, s->heading);
	for (size_t i = 0; i < s->fact_count; i++)
		ep_page_fact(page, s->facts[i].label, "%s", s->facts[i].text);
	ep_page_table_start(page);
	put_names(page, s);
	put_columns(page, s);
	ep_page_table_end(page);
	ep_page_gaps_end(page);
	for (size_t i = 0; i < s->row_count; i++)
		put_low_confidence(page, &s->rows[i]);
	for (size_t i = 0; i < s->note_count; i++)
		ep_page_note(page, "%s", s->notes[i]);
}

void ep_page_sections(struct ep_page *page)
{
	const struct ep_sections *s = page->report->sections;

	for (size_t i = 0; s && i < s->count; i++)
		put_section(page, s->items[i]);
}
