/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/section.h"
#include "profiler/report/latex.h"
#include "profiler/report/section_names.h"

static const struct ep_metric *find(const struct ep_section_row *row,
				    const char *name)
{
	for (size_t i = 0; i < row->metric_count; i++)
		if (strcmp(row->metrics[i].name, name) == 0)
			return &row->metrics[i];
	return NULL;
}

static void put_column(struct ep_latex_table *t, const struct ep_section *s,
		       const char *name)
{
	const struct ep_section_name *n = ep_section_name(name);
	const char *head = n->head[0] ? n->head : name;
	int column = ep_latex_column(t, head, n->unit, false);
	char what[200];

	for (size_t i = 0; column >= 0 && i < t->row_count; i++) {
		const struct ep_section_row *row = &s->rows[i];
		const struct ep_metric *m = find(row, name);

		(n->how == EP_SECTION_ROUNDED
			 ? ep_latex_plain
			 : ep_latex_figure)(ep_latex_at(t, i, column), m, 1);
		if (!m || !(ep_rounded_flags(m) & EP_ROUNDED_MISSING))
			continue;
		(void)ep_str_format(what, sizeof(what), "%s (%s)", head,
				    s->by_config ? row->what : row->scope);
		ep_latex_gap(t, what, m->reason);
	}
}

static void put_columns(struct ep_latex_table *t, const struct ep_section *s)
{
	const char *names[EP_LATEX_COLUMNS_MAX];
	size_t count = ep_section_metrics(s, names, EP_LATEX_COLUMNS_MAX);

	for (size_t i = 0; i < count; i++)
		put_column(t, s, names[i]);
}

/* Names and verdicts of the rows; false: no memory. */
static bool put_rows(struct ep_latex_table *t, const struct ep_section *s)
{
	bool verdicts = false;
	int column;

	(void)ep_latex_column(t, s->rows_are, "", true);
	for (size_t i = 0; i < s->row_count; i++) {
		const struct ep_section_row *row = &s->rows[i];

		if (ep_latex_row(t) < 0)
			return false;
		(void)ep_str_copy(ep_latex_at(t, i, 0)->text,
				  EP_LATEX_TEXT_BYTES,
				  row->what[0] ? row->what : row->scope);
		verdicts |= row->verdict[0] != '\0';
	}
	if (!verdicts)
		return true;
	column = ep_latex_column(t, "verdict", "", true);
	for (size_t i = 0; i < s->row_count; i++)
		(void)ep_str_copy(ep_latex_at(t, i, column)->text,
				  EP_LATEX_TEXT_BYTES, s->rows[i].verdict);
	return true;
}

static void put_section(struct ep_latex *l, const struct ep_section *s,
			const char *below)
{
	struct ep_latex_table *t = ep_latex_table_new(l, s->key);

	if (!t)
		return;
	if (put_rows(t, s))
		put_columns(t, s);
	else
		l->error = l->error ? l->error : -ENOMEM;
	(void)ep_str_copy(t->caption_short, sizeof(t->caption_short),
			  s->heading);
	ep_latex_caption(t, "%s. ", s->heading);
	for (size_t i = 0; i < s->fact_count; i++)
		ep_latex_caption(t, "%s: %s%s ", s->facts[i].label,
				 s->facts[i].text,
				 i + 1 < s->fact_count ? ";" : ".");
	ep_latex_caption(t, "%s", below);
	for (size_t i = 0; i < s->note_count; i++)
		ep_latex_note(t, "%s", s->notes[i]);
	ep_latex_table_end(l, t);
}

void ep_latex_sections(struct ep_latex *l, const struct ep_sections *s,
		       const char *below)
{
	for (size_t i = 0; s && i < s->count; i++)
		put_section(l, s->items[i], below);
}
