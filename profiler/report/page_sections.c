/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page.h"
#include "profiler/report/section_names.h"
#include "profiler/report/width.h"

#define NAME_COLUMNS 34
#define LOW_SHOWN_MAX 8

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
	ep_cell_metric(cell, m, ep_section_flags(n), &page->marks);
}

/* In break-even's own rows what they are is the verdict. */
static const char *verdict_of(const struct ep_section *s,
			      const struct ep_section_row *row)
{
	return strcmp(s->key, "break_even") == 0 ? row->what : row->verdict;
}

static bool has_verdict(const struct ep_section *s)
{
	for (size_t i = 0; i < s->row_count; i++)
		if (verdict_of(s, &s->rows[i])[0] != '\0')
			return true;
	return false;
}

static void put_column(struct ep_page *page, const struct ep_section *s,
		       const char *name)
{
	const struct ep_section_name *n = ep_section_name(name);
	const char *head = n->head[0] ? n->head : name;
	const char *unit = n->head[0] ? n->unit : ep_metric_unit(name);
	int column = ep_page_table_column(page, head, unit, false);
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

static void put_columns(struct ep_page *page, const struct ep_section *s)
{
	const char *names[EP_TABLE_COLUMNS_MAX];
	size_t count = ep_section_metrics(s, names, EP_TABLE_COLUMNS_MAX);

	for (size_t i = 0; i < count; i++)
		put_column(page, s, names[i]);
}

/* Names of the rows: in words where these are short, else by scope. */
static void put_name(const struct ep_section *s,
		     const struct ep_section_row *row, char *cell)
{
	bool own = strcmp(s->key, "break_even") == 0;
	char name[220];

	if (s->by_config)
		(void)ep_str_format(name, sizeof(name), "%s \u00b7 %s",
				    row->scope, row->what);
	else
		(void)ep_str_copy(name, sizeof(name),
				  own || !row->what[0] ? row->scope
						       : row->what);
	ep_width_clean(cell, EP_CELL_BYTES, name);
	ep_width_cut(cell, EP_CELL_BYTES, NAME_COLUMNS);
}

static void put_names(struct ep_page *page, const struct ep_section *s)
{
	struct ep_table *t = page->table;
	int verdict;

	(void)ep_page_table_column(page, s->rows_are, "", true);
	for (size_t i = 0; i < s->row_count; i++)
		put_name(s, &s->rows[i], t->cells[t->row_count++][0]);
	if (!has_verdict(s))
		return;
	verdict = ep_page_table_column(page, "verdict", "", true);
	for (size_t i = 0; verdict >= 0 && i < s->row_count; i++)
		ep_width_clean(t->cells[i][verdict], EP_CELL_BYTES,
			       verdict_of(s, &s->rows[i]));
}

static const struct ep_metric *low_confidence(const struct ep_section_row *row)
{
	for (size_t i = 0; i < row->metric_count; i++)
		if (row->metrics[i].status == EP_STATUS_LOW_CONFIDENCE &&
		    row->metrics[i].reason[0] != '\0')
			return &row->metrics[i];
	return NULL;
}

static void put_low_confidence(struct ep_page *page, const struct ep_section *s)
{
	size_t more = 0, shown = 0;

	for (size_t i = 0; i < s->row_count; i++) {
		const struct ep_metric *m = low_confidence(&s->rows[i]);

		if (m && shown++ < LOW_SHOWN_MAX)
			ep_page_note(page, "~ %s: %s", s->rows[i].scope,
				     m->reason);
		else
			more += m != NULL;
	}
	if (more > 0)
		ep_page_note(page, "~ %zu more, each with its reason in JSON",
			     more);
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
	put_low_confidence(page, s);
	for (size_t i = 0; i < s->note_count; i++)
		ep_page_note(page, "%s", s->notes[i]);
}

size_t ep_page_sections_rows(const struct ep_sections *s)
{
	size_t most = 0;

	for (size_t i = 0; s && i < s->count; i++)
		if (s->items[i]->row_count > most)
			most = s->items[i]->row_count;
	return most;
}

void ep_page_sections(struct ep_page *page, const struct ep_sections *s)
{
	for (size_t i = 0; s && i < s->count; i++)
		put_section(page, s->items[i]);
}
