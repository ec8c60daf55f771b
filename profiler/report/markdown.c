/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/str.h"
#include "profiler/report/formats.h"
#include "profiler/report/page.h"
#include "profiler/report/page_study.h"
#include "profiler/report/width.h"

/* Would start a tag, a link, a column or emphasis. */
#define SPECIAL "\\`*_[]<>|~#"
#define HEAD_BYTES 80

struct markdown {
	struct ep_buf *b;
	int error;
	bool in_facts; /* a list is open */
};

static void puts_to(struct markdown *m, const char *text)
{
	if (m->error == 0)
		m->error = ep_buf_adds(m->b, text);
}

static void escaped(struct markdown *m, const char *text)
{
	while (*text != '\0') {
		size_t plain = strcspn(text, SPECIAL);

		if (m->error == 0 && plain > 0)
			m->error = ep_buf_add(m->b, text, plain);
		text += plain;
		if (*text == '\0')
			break;
		puts_to(m, "\\");
		if (m->error == 0)
			m->error = ep_buf_add(m->b, text++, 1);
		else
			text++;
	}
}

static void end_facts(struct markdown *m)
{
	if (m->in_facts)
		puts_to(m, "\n");
	m->in_facts = false;
}

static void md_title(void *ctx, const char *text)
{
	puts_to(ctx, "# ");
	escaped(ctx, text);
	puts_to(ctx, "\n\n");
}

static void md_heading(void *ctx, const char *text)
{
	end_facts(ctx);
	puts_to(ctx, "## ");
	escaped(ctx, text);
	puts_to(ctx, "\n\n");
}

static void md_fact(void *ctx, const char *label, const char *text)
{
	struct markdown *m = ctx;

	puts_to(m, "- **");
	escaped(m, label);
	puts_to(m, ":** ");
	escaped(m, text);
	puts_to(m, "\n");
	m->in_facts = true;
}

static void md_note(void *ctx, const char *text)
{
	end_facts(ctx);
	escaped(ctx, text);
	puts_to(ctx, "\n\n");
}

static void md_warning(void *ctx, const char *text, const char *advice)
{
	struct markdown *m = ctx;

	puts_to(m, "- **Warning:** ");
	escaped(m, text);
	if (advice[0] != '\0')
		puts_to(m, " \xe2\x80\x94 ");
	escaped(m, advice);
	puts_to(m, "\n");
	m->in_facts = true;
}

/* Columns that a text takes once it is escaped. */
static int escaped_width(const char *text)
{
	int extra = 0;

	for (const char *c = text; *c; c++)
		extra += strchr(SPECIAL, *c) != NULL;
	return ep_width(text) + extra;
}

/* "energy J" */
static void head_of(char *ret, const struct ep_table_column *c)
{
	(void)ep_str_format(ret, HEAD_BYTES, "%s%s%s", c->head,
			    c->unit[0] != '\0' ? " " : "", c->unit);
}

static void spaces(struct markdown *m, int count)
{
	for (; count > 0; count--)
		puts_to(m, " ");
}

static void padded(struct markdown *m, const char *text, int width, bool left)
{
	int missing = width - escaped_width(text);

	puts_to(m, "| ");
	spaces(m, left ? 0 : missing);
	escaped(m, text);
	spaces(m, left ? missing + 1 : 1);
}

static void put_rule(struct markdown *m, int width, bool left)
{
	puts_to(m, left ? "|:" : "|-");
	for (int i = 0; i < width; i++)
		puts_to(m, "-");
	puts_to(m, left ? "-" : ":");
}

/* Columns stand below each other in the source, too. */
static void md_table(void *ctx, const struct ep_table *table)
{
	struct markdown *m = ctx;
	int widths[EP_TABLE_COLUMNS_MAX] = { 0 };
	char head[HEAD_BYTES];

	end_facts(m);
	for (size_t c = 0; c < table->column_count; c++) {
		head_of(head, &table->columns[c]);
		widths[c] = escaped_width(head);
		for (size_t r = 0; r < table->row_count; r++) {
			int width = escaped_width(table->cells[r][c]);

			widths[c] = width > widths[c] ? width : widths[c];
		}
	}
	for (size_t c = 0; c < table->column_count; c++) {
		head_of(head, &table->columns[c]);
		padded(m, head, widths[c], table->columns[c].left);
	}
	puts_to(m, "|\n");
	for (size_t c = 0; c < table->column_count; c++)
		put_rule(m, widths[c], table->columns[c].left);
	puts_to(m, "|\n");
	for (size_t r = 0; r < table->row_count; r++) {
		for (size_t c = 0; c < table->column_count; c++)
			padded(m, table->cells[r][c], widths[c],
			       table->columns[c].left);
		puts_to(m, "|\n");
	}
	puts_to(m, "\n");
}

static const struct ep_page_ops md_ops = {
	.title = md_title,
	.heading = md_heading,
	.fact = md_fact,
	.table = md_table,
	.note = md_note,
	.warning = md_warning,
};

/* Nothing of a page that failed is left. */
static int md_end(const struct markdown *m, int r, size_t start)
{
	if (r == 0)
		r = m->error;
	if (r < 0 && m->b->data) {
		m->b->len = start;
		m->b->data[start] = '\0';
	}
	return r;
}

static int md_render(const struct ep_report *report,
		     const struct ep_render_options *options, struct ep_buf *b)
{
	struct ep_render_options paper = *options;
	struct markdown m = { .b = b };
	size_t start = b->len;

	paper.paper = true;
	return md_end(&m, ep_page_build(report, &paper, &md_ops, &m), start);
}

static int md_study(const struct ep_summary *study,
		    const struct ep_render_options *options, struct ep_buf *b)
{
	struct ep_render_options paper = *options;
	struct markdown m = { .b = b };
	size_t start = b->len;

	paper.paper = true;
	return md_end(&m, ep_page_study_build(study, &paper, &md_ops, &m),
		      start);
}

static const struct ep_study_format ep_study_format_md = {
	.metrics = ep_study_metrics,
	.shows_chosen = true,
	.render = md_study,
};

const struct ep_format ep_format_md = {
	.name = "md",
	.summary = "Markdown with GitHub tables",
	.study = &ep_study_format_md,
	.render = md_render,
};
