/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/str.h"
#include "profiler/report/formats.h"
#include "profiler/report/html_parts.h"
#include "profiler/report/page.h"

/* What is open at the moment. */
enum part { PART_NONE, PART_HEAD, PART_FACTS, PART_WARNINGS };

struct html_page {
	struct ep_html h;
	const struct ep_report *report;
	const struct ep_series_set *series; /* NULL: no charts */
	enum part part;
	bool in_section; /* else what stands above all sections */
	bool has_tiles;
};

static void end_part(struct html_page *p)
{
	if (p->part == PART_FACTS)
		ep_html_raw(&p->h, "</dl>\n");
	if (p->part == PART_WARNINGS)
		ep_html_raw(&p->h, "</ul>\n");
	p->part = PART_NONE;
}

static void begin_part(struct html_page *p, enum part part)
{
	if (p->part == part)
		return;
	end_part(p);
	p->part = part;
	if (part == PART_FACTS)
		ep_html_raw(&p->h, "<dl class=\"facts\">\n");
	if (part == PART_WARNINGS)
		ep_html_raw(&p->h, "<ul class=\"warnings\">\n");
}

static void html_title(void *ctx, const char *text)
{
	struct html_page *p = ctx;

	ep_html_raw(&p->h, "<header>");
	ep_html_element(&p->h, "h1", "", text);
	ep_html_raw(&p->h, "<nav id=\"contents\"></nav></header>\n<main>\n");
}

/* The headline figures come before the facts of the run. */
static void put_tiles(struct html_page *p)
{
	if (p->has_tiles || p->in_section)
		return;
	p->has_tiles = true;
	end_part(p);
	ep_html_tiles(&p->h, p->report);
}

static void html_heading(void *ctx, const char *text)
{
	struct html_page *p = ctx;

	end_part(p);
	if (!p->in_section) {
		put_tiles(p);
		ep_html_timeline(&p->h, p->report, p->series);
	} else {
		ep_html_raw(&p->h, "</section>\n");
	}
	p->in_section = true;
	ep_html_section(&p->h, text);
}

static void html_fact(void *ctx, const char *label, const char *text)
{
	struct html_page *p = ctx;

	put_tiles(p);
	begin_part(p, PART_FACTS);
	ep_html_element(&p->h, "dt", "", label);
	ep_html_element(&p->h, "dd", "", text);
	ep_html_raw(&p->h, "\n");
}

static void html_note(void *ctx, const char *text)
{
	struct html_page *p = ctx;

	end_part(p);
	ep_html_element(&p->h, "p", p->in_section ? "note" : "alert", text);
	ep_html_raw(&p->h, "\n");
}

static void html_warning(void *ctx, const char *text, const char *advice)
{
	struct html_page *p = ctx;

	if (!p->in_section) {
		ep_html_element(&p->h, "p", "alert strong", text);
		if (advice[0] != '\0')
			ep_html_element(&p->h, "p", "alert", advice);
		ep_html_raw(&p->h, "\n");
		return;
	}
	begin_part(p, PART_WARNINGS);
	ep_html_raw(&p->h, "<li>");
	ep_html_element(&p->h, "strong", "", text);
	if (advice[0] != '\0')
		ep_html_element(&p->h, "span", "", advice);
	ep_html_raw(&p->h, "</li>\n");
}

static void html_table(void *ctx, const struct ep_table *t)
{
	struct html_page *p = ctx;

	end_part(p);
	ep_html_table_begin(&p->h, "figures");
	ep_html_raw(&p->h, "<thead><tr>");
	for (size_t c = 0; c < t->column_count; c++) {
		ep_html_raw(&p->h, t->columns[c].left
					   ? "<th scope=\"col\" class=\"l\">"
					   : "<th scope=\"col\">");
		ep_html_text(&p->h, t->columns[c].head);
		if (t->columns[c].unit[0] != '\0') {
			ep_html_raw(&p->h, " ");
			ep_html_element(&p->h, "span", "unit",
					t->columns[c].unit);
		}
		ep_html_raw(&p->h, "</th>");
	}
	ep_html_raw(&p->h, "</tr></thead>\n<tbody>\n");
	for (size_t r = 0; r < t->row_count; r++) {
		ep_html_raw(&p->h, "<tr>");
		for (size_t c = 0; c < t->column_count; c++)
			ep_html_element(&p->h, c == 0 ? "th" : "td",
					t->columns[c].left ? "l" : "",
					t->cells[r][c]);
		ep_html_raw(&p->h, "</tr>\n");
	}
	ep_html_raw(&p->h, "</tbody>\n");
	ep_html_table_end(&p->h);
}

static const struct ep_page_ops html_ops = {
	.title = html_title,
	.heading = html_heading,
	.fact = html_fact,
	.table = html_table,
	.note = html_note,
	.warning = html_warning,
};

/* What browsers show as the name of the page. */
static void page_title(const struct ep_report *r, char *ret, size_t size)
{
	const json_t *command = json_object_get(r->run, "command");
	const char *word = json_string_value(json_array_get(command, 0));
	const char *slash = word ? strrchr(word, '/') : NULL;
	const char *board = json_string_value(
		json_object_get(json_object_get(r->run, "board"), "name"));

	(void)ep_str_format(ret, size, "%s%s%s: edgeprof report",
			    slash  ? slash + 1
			    : word ? word
				   : "run",
			    board ? " on " : "", board ? board : "");
}

static int html_render(const struct ep_report *report,
		       const struct ep_render_options *options,
		       struct ep_buf *b)
{
	struct html_page p = { .h = { .b = b },
			       .report = report,
			       .series = options->series };
	struct ep_html_frame frame = { .script_count = 0 };
	char title[160];
	size_t start = b->len;
	int r;

	page_title(report, title, sizeof(title));
	frame.title = title;
	frame.scripts[frame.script_count++] = ep_html_asset_base();
	if (p.series && p.series->reason[0] == '\0') {
		frame.scripts[frame.script_count++] = ep_html_asset_dygraphs();
		frame.scripts[frame.script_count++] = ep_html_asset_run();
		frame.library = "dygraphs, copyright 2006-2017 Dan Vanderkam "
				"and contributors";
	}
	ep_html_frame_begin(&p.h, &frame);
	r = ep_page_build(report, options, &html_ops, &p);
	end_part(&p);
	ep_html_raw(&p.h, p.in_section ? "</section>\n" : "");
	ep_html_budgets(&p.h, report);
	ep_html_raw(&p.h, "</main>\n");
	if (frame.script_count > 1)
		ep_html_timeline_data(&p.h, report, p.series);
	ep_html_frame_end(&p.h, &frame);
	if (r == 0)
		r = p.h.error;
	if (r < 0 && b->data) {
		b->len = start;
		b->data[start] = '\0';
	}
	return r;
}

const struct ep_format ep_format_html = {
	.name = "html",
	.summary = "one page with charts that needs no network",
	.wants_series = true,
	.study = &ep_study_format_html,
	.render = html_render,
};
