/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page.h"
#include "profiler/report/width.h"

#define VALUE_COLUMNS 20

static const char *text_of(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));

	return text ? text : "";
}

static void put_cell(char *cell, const char *text, int columns)
{
	ep_width_clean(cell, EP_CELL_BYTES, text[0] != '\0' ? text : "-");
	ep_width_cut(cell, EP_CELL_BYTES, columns);
}

static const char *afterwards(const json_t *entry)
{
	static const struct {
		const char *back, *text;
	} words[] = {
		{ "restored", "back" },	       { "kept", "left: see below" },
		{ "gone", "gone: see below" }, { "unrestored", "NOT BACK" },
		{ "unknown", "not told" },
	};
	const char *back = text_of(entry, "back");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].back, back) == 0)
			return words[i].text;
	if (strcmp(text_of(entry, "state"), "failed") == 0)
		return "not set";
	return strcmp(text_of(entry, "state"), "done") == 0 ? "done"
							    : "unchanged";
}

static void put_row(struct ep_page *page, const json_t *entry)
{
	struct ep_table *t = page->table;
	char(*cells)[EP_CELL_BYTES] = t->cells[t->row_count++];

	put_cell(cells[0], text_of(entry, "what"), 28);
	put_cell(cells[1], text_of(entry, "was"), VALUE_COLUMNS);
	put_cell(cells[2], text_of(entry, "asked"), VALUE_COLUMNS);
	put_cell(cells[3], text_of(entry, "is"), VALUE_COLUMNS);
	put_cell(cells[4], afterwards(entry), VALUE_COLUMNS);
}

/* The sentences of what is not simply back. */
static void put_notes(struct ep_page *page, const json_t *list)
{
	bool unknown = false;
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		const char *back = text_of(entry, "back");
		const char *note = text_of(entry, "back_note");

		unknown |= strcmp(back, "unknown") == 0;
		if (strcmp(back, "kept") == 0 || strcmp(back, "gone") == 0 ||
		    strcmp(back, "unrestored") == 0)
			ep_page_note(page, "%s %s", text_of(entry, "what"),
				     note);
		if (strcmp(text_of(entry, "state"), "failed") == 0)
			ep_page_note(page, "%s", text_of(entry, "note"));
	}
	if (unknown)
		ep_page_note(page, "not told: edgeprof was killed before the "
				   "end; its guardian then puts the settings "
				   "back, and edgeprof restore says whether "
				   "something is left to do");
}

void ep_page_environment(struct ep_page *page)
{
	const json_t *list = json_object_get(page->report->run, "environment");
	size_t i, count = json_array_size(list);
	const json_t *entry;

	if (count == 0)
		return;
	page->ops->heading(page->ctx, "Settings of the board for this run");
	ep_page_table_start(page);
	(void)ep_page_table_column(page, "setting", "", true);
	(void)ep_page_table_column(page, "was", "", true);
	(void)ep_page_table_column(page, "asked", "", true);
	(void)ep_page_table_column(page, "kernel said", "", true);
	(void)ep_page_table_column(page, "afterwards", "", true);
	json_array_foreach(list, i, entry) if (page->table->row_count <
					       EP_TABLE_ROWS_MAX)
		put_row(page, entry);
	ep_page_table_end(page);
	if (count > EP_TABLE_ROWS_MAX)
		ep_page_note(page, "%zu more are in report.json",
			     count - EP_TABLE_ROWS_MAX);
	put_notes(page, list);
}
