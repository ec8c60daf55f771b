/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "profiler/report/formats.h"
#include "profiler/report/page.h"
#include "profiler/report/page_study.h"
#include "profiler/report/width.h"

#define COLUMNS_DEFAULT 80
#define COLUMNS_MIN 60
#define INDENT 2
#define LABEL_COLUMNS 10
#define GAP 2

#define BOLD "\x1b[1m"
#define YELLOW "\x1b[33m"
#define PLAIN "\x1b[0m"

struct text {
	struct ep_buf *b;
	int error;
	int columns;
	bool colour;
};

static void put(struct text *t, const char *text, size_t len)
{
	if (t->error == 0)
		t->error = ep_buf_add(t->b, text, len);
}

static void puts_to(struct text *t, const char *text)
{
	put(t, text, strlen(text));
}

static void spaces(struct text *t, int count)
{
	for (; count > 0; count--)
		put(t, " ", 1);
}

static void style(struct text *t, const char *code)
{
	if (t->colour)
		puts_to(t, code);
}

/* Bytes of the next line of at most `columns`: whole words where possible. */
static size_t line_bytes(const char *text, int columns)
{
	size_t fit = ep_width_fit(text, columns), cut;

	if (text[fit] == '\0' || text[fit] == ' ')
		return fit;
	for (cut = fit; cut > 0 && text[cut - 1] != ' '; cut--)
		;
	return cut > 0 ? cut : fit;
}

/* Wraps text; the cursor already stands at column `indent`. */
static void wrap(struct text *t, const char *text, int indent)
{
	bool first = true;

	do {
		size_t len = line_bytes(text, t->columns - indent), used;

		/* Not even one wide character fits: never loop. */
		if (len == 0 && text[0] != '\0')
			len = strlen(text);
		if (!first)
			spaces(t, indent);
		first = false;
		for (used = len; used > 0 && text[used - 1] == ' '; used--)
			;
		put(t, text, used);
		put(t, "\n", 1);
		text += len;
		while (*text == ' ')
			text++;
	} while (*text != '\0');
}

static void text_title(void *ctx, const char *text)
{
	struct text *t = ctx;

	style(t, BOLD);
	puts_to(t, text);
	style(t, PLAIN);
	puts_to(t, "\n\n");
}

static void text_heading(void *ctx, const char *text)
{
	struct text *t = ctx;

	put(t, "\n", 1);
	style(t, BOLD);
	puts_to(t, text);
	style(t, PLAIN);
	put(t, "\n", 1);
}

static void text_fact(void *ctx, const char *label, const char *text)
{
	struct text *t = ctx;

	spaces(t, INDENT);
	puts_to(t, label);
	spaces(t, LABEL_COLUMNS - ep_width(label));
	wrap(t, text, INDENT + LABEL_COLUMNS);
}

static void text_note(void *ctx, const char *text)
{
	struct text *t = ctx;

	spaces(t, INDENT);
	wrap(t, text, INDENT);
}

static void text_warning(void *ctx, const char *text, const char *advice)
{
	struct text *t = ctx;

	spaces(t, INDENT);
	style(t, YELLOW);
	puts_to(t, "! ");
	wrap(t, text, INDENT + 2);
	style(t, PLAIN);
	if (advice[0] == '\0')
		return;
	spaces(t, INDENT + 2);
	wrap(t, advice, INDENT + 2);
}

static int column_width(const struct ep_table *table, size_t column)
{
	const struct ep_table_column *c = &table->columns[column];
	int width = ep_width(c->head), w = ep_width(c->unit);

	width = w > width ? w : width;
	for (size_t i = 0; i < table->row_count; i++) {
		w = ep_width(table->cells[i][column]);
		width = w > width ? w : width;
	}
	return width;
}

static void put_aligned(struct text *t, const char *text, int width, bool left)
{
	int room = width - ep_width(text);

	if (!left)
		spaces(t, room);
	puts_to(t, text);
	if (left)
		spaces(t, room);
}

/* Some of a table's columns side by side: the first, then from..end. */
struct slice {
	const struct ep_table *table;
	int widths[EP_TABLE_COLUMNS_MAX];
	size_t from, end;
};

/* row -2: the heads, -1: the units. */
static const char *slice_text(const struct slice *s, int row, size_t column)
{
	if (row == -2)
		return s->table->columns[column].head;
	if (row == -1)
		return s->table->columns[column].unit;
	return s->table->cells[row][column];
}

static bool has_units(const struct slice *s)
{
	for (size_t c = s->from; c < s->end; c++)
		if (s->table->columns[c].unit[0] != '\0')
			return true;
	return false;
}

/* Lines do not end in spaces: what follows the last text is not printed. */
static void put_line(struct text *t, const struct slice *s, int row)
{
	size_t start = t->b->len;

	spaces(t, INDENT);
	put_aligned(t, slice_text(s, row, 0), s->widths[0],
		    s->table->columns[0].left);
	for (size_t c = s->from; c < s->end; c++) {
		spaces(t, GAP);
		put_aligned(t, slice_text(s, row, c), s->widths[c],
			    s->table->columns[c].left);
	}
	if (t->error == 0)
		while (t->b->len > start && t->b->data[t->b->len - 1] == ' ')
			t->b->data[--t->b->len] = '\0';
	put(t, "\n", 1);
}

/* As many columns as fit; the rest follows below, under the same rows. */
static void text_table(void *ctx, const struct ep_table *table)
{
	struct text *t = ctx;
	struct slice s = { .table = table, .from = 1 };

	for (size_t c = 0; c < table->column_count; c++)
		s.widths[c] = column_width(table, c);
	do {
		int used = INDENT + s.widths[0];

		for (s.end = s.from; s.end < table->column_count; s.end++) {
			used += GAP + s.widths[s.end];
			if (used > t->columns && s.end > s.from)
				break;
		}
		if (s.from > 1)
			put(t, "\n", 1);
		style(t, BOLD);
		put_line(t, &s, -2);
		if (has_units(&s))
			put_line(t, &s, -1);
		style(t, PLAIN);
		for (size_t row = 0; row < table->row_count; row++)
			put_line(t, &s, (int)row);
		s.from = s.end;
	} while (s.from < table->column_count);
}

static const struct ep_page_ops text_ops = {
	.title = text_title,
	.heading = text_heading,
	.fact = text_fact,
	.table = text_table,
	.note = text_note,
	.warning = text_warning,
};

static void begin(struct text *t, const struct ep_render_options *options,
		  struct ep_buf *b)
{
	*t = (struct text){
		.b = b,
		.columns = options->columns,
		.colour = options->colour,
	};
	if (t->columns == 0)
		t->columns = COLUMNS_DEFAULT;
	if (t->columns < COLUMNS_MIN)
		t->columns = COLUMNS_MIN;
}

/* Nothing of a page that failed is left. */
static int end(const struct text *t, int r, size_t start)
{
	if (r == 0)
		r = t->error;
	if (r < 0 && t->b->data) {
		t->b->len = start;
		t->b->data[start] = '\0';
	}
	return r;
}

static int text_render(const struct ep_report *report,
		       const struct ep_render_options *options,
		       struct ep_buf *b)
{
	size_t start = b->len;
	struct text t;

	begin(&t, options, b);
	return end(&t, ep_page_build(report, options, &text_ops, &t), start);
}

static int text_study(const struct ep_summary *study,
		      const struct ep_render_options *options, struct ep_buf *b)
{
	size_t start = b->len;
	struct text t;

	begin(&t, options, b);
	return end(&t, ep_page_study_build(study, options, &text_ops, &t),
		   start);
}

static const struct ep_study_format ep_study_format_text = {
	.metrics = ep_study_metrics,
	.shows_chosen = true,
	.render = text_study,
};

const struct ep_format ep_format_text = {
	.name = "text",
	.summary = "80 columns for a terminal",
	.study = &ep_study_format_text,
	.render = text_render,
};
