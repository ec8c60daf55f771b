/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "profiler/report/formats.h"
#include "profiler/report/page.h"

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

/* Characters that would start a tag, a link, a column or emphasis. */
static void escaped(struct markdown *m, const char *text)
{
	while (*text != '\0') {
		size_t plain = strcspn(text, "\\`*_[]<>|~#");

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

static void md_table(void *ctx, const struct ep_table *table)
{
	struct markdown *m = ctx;

	end_facts(m);
	for (size_t c = 0; c < table->column_count; c++) {
		puts_to(m, "| ");
		escaped(m, table->columns[c].head);
		if (table->columns[c].unit[0] != '\0')
			puts_to(m, " ");
		escaped(m, table->columns[c].unit);
		puts_to(m, " ");
	}
	puts_to(m, "|\n");
	for (size_t c = 0; c < table->column_count; c++)
		puts_to(m, table->columns[c].left ? "|:---" : "|---:");
	puts_to(m, "|\n");
	for (size_t r = 0; r < table->row_count; r++) {
		for (size_t c = 0; c < table->column_count; c++) {
			puts_to(m, "| ");
			escaped(m, table->cells[r][c]);
			puts_to(m, " ");
		}
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

static int md_render(const struct ep_report *report,
		     const struct ep_render_options *options, struct ep_buf *b)
{
	struct markdown m = { .b = b };
	size_t start = b->len;
	int r = ep_page_build(report, options, &md_ops, &m);

	if (r == 0)
		r = m.error;
	if (r < 0 && b->data) {
		b->len = start;
		b->data[start] = '\0';
	}
	return r;
}

const struct ep_format ep_format_md = {
	.name = "md",
	.summary = "Markdown with GitHub tables",
	.render = md_render,
};
