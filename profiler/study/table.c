/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void ep_table_done(struct ep_table *t)
{
	if (!t)
		return;
	for (size_t c = 0; c < t->column_count; c++) {
		for (size_t i = 0; i < t->row_count; i++)
			free(t->columns[c].cells[i]);
		free(t->columns[c].cells);
		free(t->columns[c].name);
	}
	free(t->columns);
	memset(t, 0, sizeof(*t));
}

size_t ep_table_find(const struct ep_table *t, const char *name)
{
	for (size_t i = 0; i < t->column_count; i++)
		if (strcmp(t->columns[i].name, name) == 0)
			return i;
	return EP_TABLE_NONE;
}

const char *ep_table_get(const struct ep_table *t, size_t row, size_t column)
{
	const char *text = column < t->column_count && row < t->row_count
				   ? t->columns[column].cells[row]
				   : NULL;

	return text ? text : "";
}

static int grow(struct ep_table *t)
{
	size_t size = t->rows_size ? 2 * t->rows_size : 64;

	for (size_t c = 0; c < t->column_count; c++) {
		char **bigger =
			realloc(t->columns[c].cells, size * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		t->columns[c].cells = bigger;
	}
	t->rows_size = size;
	return 0;
}

int ep_table_add_row(struct ep_table *t)
{
	if ((t->row_count + 1) * (t->column_count + 1) > EP_TABLE_CELLS_MAX)
		return -E2BIG;
	if (t->row_count == t->rows_size) {
		int r = grow(t);

		if (r < 0)
			return r;
	}
	for (size_t c = 0; c < t->column_count; c++)
		t->columns[c].cells[t->row_count] = NULL;
	t->row_count++;
	return 0;
}

static int add_column(struct ep_table *t, const char *name)
{
	struct ep_table_column *bigger, *c;

	if (t->column_count == EP_TABLE_COLUMNS_MAX ||
	    (t->row_count + 1) * (t->column_count + 1) > EP_TABLE_CELLS_MAX)
		return -E2BIG;
	bigger = realloc(t->columns, (t->column_count + 1) * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	t->columns = bigger;
	c = &t->columns[t->column_count];
	c->name = strdup(name);
	c->cells = calloc(t->rows_size ? t->rows_size : 1, sizeof(*c->cells));
	if (!c->name || !c->cells) {
		free(c->name);
		free(c->cells);
		return -ENOMEM;
	}
	t->column_count++;
	return 0;
}

int ep_table_set(struct ep_table *t, const char *name, const char *text)
{
	/* Rows mostly have their columns in the same order. */
	size_t c = t->last + 1;
	char *copy;
	int r;

	if (c >= t->column_count || strcmp(t->columns[c].name, name) != 0)
		c = ep_table_find(t, name);
	if (c == EP_TABLE_NONE) {
		r = add_column(t, name);
		if (r < 0)
			return r;
		c = t->column_count - 1;
	}
	t->last = c;
	if (t->row_count == 0)
		return 0;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(t->columns[c].cells[t->row_count - 1]);
	t->columns[c].cells[t->row_count - 1] = copy;
	return 0;
}

void ep_table_suggest(const struct ep_table *t, const char *name, char *ret,
		      size_t size)
{
	const char **names = calloc(t->column_count + 1, sizeof(*names));
	const char *near = NULL;
	size_t used;

	for (size_t i = 0; names && i < t->column_count; i++)
		names[i] = t->columns[i].name;
	if (names)
		near = ep_str_nearest(name, names, t->column_count);
	if (near) {
		(void)ep_str_format(ret, size, "did you mean '%s'?", near);
	} else {
		(void)ep_str_copy(ret, size, "there are ");
		for (size_t i = 0; i < t->column_count && i < 12; i++) {
			used = strlen(ret);
			(void)ep_str_format(ret + used, size - used, "%s%s",
					    i ? ", " : "", t->columns[i].name);
		}
		used = strlen(ret);
		if (t->column_count > 12)
			(void)ep_str_format(ret + used, size - used,
					    " and %zu more",
					    t->column_count - 12);
	}
	ep_str_printable(ret);
	free(names);
}
