/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/latex.h"

#define ROWS_OF_A_PAGE 40
#define MANY_COLUMNS 5 /* of a page's width */

/* How many digits a column's figures need before and after the point. */
struct widths {
	size_t whole, decimals, u_whole, u_decimals, exponent;
	bool has_u, negative, marks;
};

static void widen(const char *number, size_t *whole, size_t *decimals)
{
	const char *point;
	size_t len;

	number += *number == '-';
	point = strchr(number, '.');
	len = point ? (size_t)(point - number) : strlen(number);
	*whole = len > *whole ? len : *whole;
	len = point ? strlen(point + 1) : 0;
	*decimals = len > *decimals ? len : *decimals;
}

static struct widths widths_of(const struct ep_latex_table *t, size_t column)
{
	struct widths w = { .whole = 1 };
	char digits[12];

	for (size_t i = 0; i < t->row_count; i++) {
		const struct ep_latex_cell *c =
			&t->cells[i * EP_LATEX_COLUMNS_MAX + column];
		const struct ep_rounded *r = &c->rounded;

		if (r->value[0] == '\0')
			continue;
		w.negative |= r->value[0] == '-';
		widen(r->value, &w.whole, &w.decimals);
		if (r->u[0] != '\0') {
			w.has_u = true;
			widen(r->u, &w.u_whole, &w.u_decimals);
		}
		if (r->exponent != 0) {
			(void)ep_str_format(digits, sizeof(digits), "%d",
					    r->exponent);
			if (strlen(digits) > w.exponent)
				w.exponent = strlen(digits);
		}
		w.marks |= (c->flags & EP_ROUNDED_LOW) ||
			   ((c->flags & EP_ROUNDED_ESTIMATED) &&
			    !t->columns[column].is_modelled);
	}
	return w;
}

/* "3.2" */
static void put_digits(struct ep_latex *l, size_t whole, size_t decimals)
{
	ep_latex_rawf(l, "%zu", whole);
	if (decimals > 0)
		ep_latex_rawf(l, ".%zu", decimals);
}

static void put_column_spec(struct ep_latex *l, const struct ep_latex_table *t,
			    size_t column)
{
	struct widths w;

	if (t->columns[column].is_text) {
		ep_latex_raw(l, "l");
		return;
	}
	w = widths_of(t, column);
	ep_latex_raw(l,
		     w.negative ? "S[table-format = -" : "S[table-format = ");
	put_digits(l, w.whole, w.decimals);
	if (w.has_u) {
		ep_latex_raw(l, " +- ");
		put_digits(l, w.u_whole, w.u_decimals);
	}
	if (w.exponent > 0)
		ep_latex_rawf(l, "e%s%zu", w.exponent > 1 ? "-" : "",
			      w.exponent > 1 ? w.exponent - 1 : w.exponent);
	ep_latex_raw(l, w.marks ? ", table-space-text-post = "
				  "$^{*\\dagger}$]"
				: "]");
}

/* Where a model made all figures of a column, its head says so. */
static void look_at_marks(struct ep_latex_table *t)
{
	for (size_t c = 0; c < t->column_count; c++) {
		size_t modelled = 0, others = 0;

		for (size_t i = 0; i < t->row_count; i++) {
			const struct ep_latex_cell *cell =
				ep_latex_at(t, i, (int)c);
			bool model = cell->flags & EP_ROUNDED_ESTIMATED;

			modelled += model;
			others += !model && cell->rounded.value[0] != '\0';
		}
		t->columns[c].is_modelled = modelled > 0 && others == 0;
	}
}

static unsigned flags_of(const struct ep_latex_table *t)
{
	unsigned flags = 0;

	for (size_t i = 0; i < t->row_count; i++)
		for (size_t c = 0; c < t->column_count; c++)
			if (!t->columns[c].is_text)
				flags |= t->cells[i * EP_LATEX_COLUMNS_MAX + c]
						 .flags;
	return flags;
}

/* A unit of letters is set as one; anything else is a text. */
static void put_unit(struct ep_latex *l, const char *unit)
{
	const char *p = unit;

	while (isalpha((unsigned char)*p) || *p == '/' ||
	       strncmp(p, "\xc2\xb7", 2) == 0)
		p += *p == '\xc2' ? 2 : 1;
	if (*p != '\0' || unit[0] == '/' || unit[0] == '\0') {
		ep_latex_text(l, unit);
		return;
	}
	ep_latex_raw(l, "\\si{");
	for (p = unit; *p; p += *p == '\xc2' ? 2 : 1)
		ep_latex_rawf(l, "%c", *p == '\xc2' ? '.' : *p);
	ep_latex_raw(l, "}");
}

static void put_head(struct ep_latex *l, const struct ep_latex_table *t)
{
	bool units = false;

	for (size_t c = 0; c < t->column_count; c++) {
		ep_latex_raw(l, c > 0 ? " & {" : "    {");
		ep_latex_text(l, t->columns[c].head);
		ep_latex_raw(l, t->columns[c].is_modelled ? "$^{\\dagger}$}"
							  : "}");
		units |= t->columns[c].unit[0] != '\0';
	}
	ep_latex_raw(l, " \\\\\n");
	for (size_t c = 0; units && c < t->column_count; c++) {
		ep_latex_raw(l, c > 0 ? " & {" : "    {");
		put_unit(l, t->columns[c].unit);
		ep_latex_raw(l, "}");
	}
	ep_latex_raw(l, units ? " \\\\\n" : "");
}

static void put_cell(struct ep_latex *l, const struct ep_latex_column *column,
		     const struct ep_latex_cell *cell)
{
	char text[EP_ROUNDED_BYTES];
	bool low = cell->flags & EP_ROUNDED_LOW;
	bool modelled =
		(cell->flags & EP_ROUNDED_ESTIMATED) && !column->is_modelled;

	if (column->is_text) {
		ep_latex_text(l, cell->text);
		return;
	}
	/* What does not apply stays empty. */
	ep_rounded_siunitx(text, &cell->rounded);
	ep_latex_raw(l, cell->rounded.value[0] == '\0' &&
					!(cell->flags & EP_ROUNDED_MISSING)
				? "{}"
				: text);
	if (low || modelled)
		ep_latex_rawf(l, " {$^{%s%s}$}", low ? "*" : "",
			      modelled ? "\\dagger" : "");
}

static void put_rows(struct ep_latex *l, const struct ep_latex_table *t)
{
	for (size_t i = 0; i < t->row_count; i++) {
		for (size_t c = 0; c < t->column_count; c++) {
			ep_latex_raw(l, c > 0 ? " & " : "    ");
			put_cell(l, &t->columns[c],
				 &t->cells[i * EP_LATEX_COLUMNS_MAX + c]);
		}
		ep_latex_raw(l, " \\\\\n");
	}
}

static void put_note(struct ep_latex *l, const char *mark, const char *text)
{
	ep_latex_raw(l, "    ");
	ep_latex_raw(l, mark);
	ep_latex_text(l, text);
	ep_latex_raw(l, "\\par\n");
}

static void put_notes(struct ep_latex *l, const struct ep_latex_table *t)
{
	unsigned flags = flags_of(t);
	char text[480];

	if (flags & EP_ROUNDED_LOW)
		put_note(l, "$^{*}$~",
			 "Low confidence: too few fresh values of the meter.");
	if (flags & EP_ROUNDED_ESTIMATED)
		put_note(l, "$^{\\dagger}$~",
			 "Estimated by a model, not measured by a meter.");
	for (size_t i = 0; i < t->gap_count; i++) {
		const struct ep_latex_gap *g = &t->gaps[i];

		(void)ep_str_format(text, sizeof(text), "not measured: %s%s%s",
				    g->what, g->reason[0] ? ": " : "",
				    g->reason);
		put_note(l, "---~", text);
	}
	if (flags & EP_ROUNDED_MISSING && t->gap_count == 0)
		put_note(l, "---~", "not measured");
	if (t->gap_more_count > 0) {
		(void)ep_str_format(text, sizeof(text),
				    "not measured: %zu more figures",
				    t->gap_more_count);
		put_note(l, "---~", text);
	}
	for (size_t i = 0; i < t->note_count; i++)
		put_note(l, "", t->notes[i]);
	if (t->note_more_count > 0) {
		(void)ep_str_format(text, sizeof(text), "%zu more notes",
				    t->note_more_count);
		put_note(l, "", text);
	}
}

static void put_caption(struct ep_latex *l, const struct ep_latex_table *t)
{
	ep_latex_raw(l, "  \\caption[{");
	ep_latex_text(l, t->caption_short);
	ep_latex_raw(l, "}]{");
	ep_latex_text(l, t->caption);
	ep_latex_rawf(l, "}\\label{tab:edgeprof-%s}", t->label);
}

static void put_columns(struct ep_latex *l, const struct ep_latex_table *t)
{
	ep_latex_raw(l, "{@{}");
	for (size_t c = 0; c < t->column_count; c++) {
		ep_latex_raw(l, "\n    ");
		put_column_spec(l, t, c);
	}
	ep_latex_raw(l, "@{}}\n");
}

/* Floats do not break: what is longer than a page cannot be one. */
static void put_long(struct ep_latex *l, const struct ep_latex_table *t)
{
	ep_latex_raw(l, "{\\small\\setlength{\\tabcolsep}{4pt}"
			"\\sisetup{separate-uncertainty = true}\n"
			"\\begin{longtable}");
	put_columns(l, t);
	put_caption(l, t);
	ep_latex_raw(l, "\\\\\n    \\toprule\n");
	put_head(l, t);
	ep_latex_raw(l, "    \\midrule\n    \\endfirsthead\n    \\toprule\n");
	put_head(l, t);
	ep_latex_raw(l, "    \\midrule\n    \\endhead\n    \\bottomrule\n"
			"    \\endlastfoot\n");
	put_rows(l, t);
	ep_latex_raw(l, "\\end{longtable}\n"
			"{\\footnotesize\\noindent\\raggedright\n");
	put_notes(l, t);
	ep_latex_raw(l, "}}\n");
}

static void put_float(struct ep_latex *l, const struct ep_latex_table *t)
{
	ep_latex_raw(l, "\\begin{table}\n  \\centering");
	ep_latex_raw(l, t->column_count > MANY_COLUMNS ? "\\footnotesize\n"
						       : "\\small\n");
	put_caption(l, t);
	ep_latex_raw(l, "\n  \\par\\smallskip\n"
			"  \\setlength{\\tabcolsep}{4pt}"
			"\\sisetup{separate-uncertainty = true}\n"
			"  \\begin{tabular}");
	put_columns(l, t);
	ep_latex_raw(l, "    \\toprule\n");
	put_head(l, t);
	ep_latex_raw(l, "    \\midrule\n");
	put_rows(l, t);
	ep_latex_raw(l, "    \\bottomrule\n  \\end{tabular}\n");
	if (flags_of(t) || t->gap_count > 0 || t->note_count > 0) {
		ep_latex_raw(l, "  \\par\\smallskip\n"
				"  \\begin{minipage}{\\linewidth}"
				"\\footnotesize\\raggedright\n");
		put_notes(l, t);
		ep_latex_raw(l, "  \\end{minipage}\n");
	}
	ep_latex_raw(l, "\\end{table}\n");
}

void ep_latex_table_end(struct ep_latex *l, struct ep_latex_table *t)
{
	if (!t)
		return;
	if (t->row_count > 0 && t->column_count > 1) {
		look_at_marks(t);
		ep_latex_raw(l, "\n");
		if (t->row_count > ROWS_OF_A_PAGE)
			put_long(l, t);
		else
			put_float(l, t);
		l->table_count++;
	}
	ep_latex_table_drop(t);
}
