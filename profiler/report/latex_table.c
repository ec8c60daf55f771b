/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/latex.h"

struct ep_latex_table *ep_latex_table_new(struct ep_latex *l, const char *label)
{
	struct ep_latex_table *t = calloc(1, sizeof(*t));

	if (!t) {
		l->error = l->error ? l->error : -ENOMEM;
		return NULL;
	}
	(void)ep_str_copy(t->label, sizeof(t->label), label);
	ep_str_slug(t->label);
	return t;
}

int ep_latex_column(struct ep_latex_table *t, const char *head,
		    const char *unit, bool is_text)
{
	struct ep_latex_column *c;

	if (t->column_count == EP_LATEX_COLUMNS_MAX)
		return -1;
	c = &t->columns[t->column_count];
	(void)ep_str_copy(c->head, sizeof(c->head), head);
	(void)ep_str_copy(c->unit, sizeof(c->unit), unit);
	c->is_text = is_text;
	return (int)t->column_count++;
}

ptrdiff_t ep_latex_row(struct ep_latex_table *t)
{
	const size_t width = EP_LATEX_COLUMNS_MAX;

	if (t->row_count == t->row_max) {
		size_t max = t->row_max > 0 ? 2 * t->row_max : 8;
		struct ep_latex_cell *bigger =
			realloc(t->cells, max * width * sizeof(*bigger));

		if (!bigger)
			return -1;
		t->cells = bigger;
		t->row_max = max;
	}
	memset(&t->cells[t->row_count * width], 0, width * sizeof(*t->cells));
	return (ptrdiff_t)t->row_count++;
}

struct ep_latex_cell *ep_latex_at(struct ep_latex_table *t, size_t row,
				  int column)
{
	return &t->cells[row * EP_LATEX_COLUMNS_MAX + (size_t)column];
}

void ep_latex_figure(struct ep_latex_cell *cell, const struct ep_metric *m,
		     double factor)
{
	cell->flags = m ? ep_rounded_flags(m) : 0;
	if (!m)
		return;
	if (!(cell->flags & EP_ROUNDED_MISSING))
		ep_rounded_make(m->value * factor, m->u95 * factor,
				&cell->rounded);
}

void ep_latex_plain(struct ep_latex_cell *cell, const struct ep_metric *m,
		    double factor)
{
	ep_latex_figure(cell, m, factor);
	if (m && !(cell->flags & EP_ROUNDED_MISSING))
		ep_rounded_plain(m->value * factor, m->u95 * factor,
				 &cell->rounded);
}

void ep_latex_caption(struct ep_latex_table *t, const char *format, ...)
{
	size_t used = strlen(t->caption);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(t->caption + used, sizeof(t->caption) - used, format,
			args);
	va_end(args);
}

void ep_latex_note(struct ep_latex_table *t, const char *format, ...)
{
	va_list args;

	if (t->note_count == EP_LATEX_NOTES_MAX) {
		t->note_more_count++;
		return;
	}
	va_start(args, format);
	(void)vsnprintf(t->notes[t->note_count++], sizeof(t->notes[0]), format,
			args);
	va_end(args);
}

void ep_latex_gap(struct ep_latex_table *t, const char *what,
		  const char *reason)
{
	struct ep_latex_gap *g = NULL;
	size_t used;

	for (size_t i = 0; i < t->gap_count; i++)
		if (strcmp(t->gaps[i].reason, reason) == 0)
			g = &t->gaps[i];
	if (!g && t->gap_count == EP_LATEX_GAPS_MAX) {
		t->gap_more_count++;
		return;
	}
	if (!g) {
		g = &t->gaps[t->gap_count++];
		(void)ep_str_copy(g->reason, sizeof(g->reason), reason);
	}
	used = strlen(g->what);
	if (used > 0 && used + strlen(what) + 2 >= sizeof(g->what)) {
		if (!ep_str_ends(g->what, ", ..."))
			(void)ep_str_copy(g->what + (used < 230 ? used : 230),
					  sizeof(g->what) -
						  (used < 230 ? used : 230),
					  ", ...");
		return;
	}
	(void)ep_str_format(g->what + used, sizeof(g->what) - used, "%s%s",
			    used > 0 ? ", " : "", what);
}

void ep_latex_table_drop(struct ep_latex_table *t)
{
	if (!t)
		return;
	free(t->cells);
	free(t);
}
