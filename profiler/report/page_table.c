/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "profiler/report/page.h"
#include "profiler/report/width.h"

struct ep_table *ep_page_table_new(size_t rows)
{
	struct ep_table *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->row_room = rows > EP_TABLE_ROWS_MAX ? rows : EP_TABLE_ROWS_MAX;
	t->cells = calloc(t->row_room, sizeof(*t->cells));
	if (t->cells)
		return t;
	free(t);
	return NULL;
}

void ep_page_table_free(struct ep_table *t)
{
	if (t)
		free(t->cells);
	free(t);
}

void ep_page_table_start(struct ep_page *page)
{
	struct ep_table *t = page->table;

	memset(t->columns, 0, sizeof(t->columns));
	memset(t->cells, 0, t->row_room * sizeof(*t->cells));
	t->column_count = t->row_count = 0;
}

int ep_page_table_column(struct ep_page *page, const char *head,
			 const char *unit, bool left)
{
	struct ep_table *t = page->table;
	struct ep_table_column *c;

	if (t->column_count == EP_TABLE_COLUMNS_MAX)
		return -1;
	c = &t->columns[t->column_count];
	ep_width_clean(c->head, sizeof(c->head), head);
	ep_width_clean(c->unit, sizeof(c->unit), unit);
	c->left = left;
	return (int)t->column_count++;
}

void ep_page_table_end(struct ep_page *page)
{
	if (page->table->row_count > 0)
		page->ops->table(page->ctx, page->table);
}
