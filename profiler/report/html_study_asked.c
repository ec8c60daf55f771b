/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/analyze/section.h"
#include "profiler/report/cell.h"
#include "profiler/report/html_study.h"
#include "profiler/report/section_names.h"

/* What was asked for beside a study: battery, cost, break-even, the best
 * configuration.  Nobody here knows what a section is about. */

#define COLUMNS_MAX 16
#define REASONS_MAX 8
#define OPEN_MAX 30

/* The figures of a section by name, in order of appearance. */
struct columns {
	const char *names[COLUMNS_MAX];
	size_t count;
	bool verdicts;
};

static struct columns columns_of(const struct ep_section *s)
{
	struct columns c = { .count = 0 };

	for (size_t i = 0; i < s->row_count; i++) {
		c.verdicts |= s->rows[i].verdict[0] != '\0';
		for (size_t k = 0; k < s->rows[i].metric_count; k++) {
			const char *name = s->rows[i].metrics[k].name;
			size_t j = 0;

			while (j < c.count && strcmp(c.names[j], name) != 0)
				j++;
			if (j == c.count && c.count < COLUMNS_MAX)
				c.names[c.count++] = name;
		}
	}
	return c;
}

static const struct ep_metric *find(const struct ep_section_row *row,
				    const char *name)
{
	for (size_t i = 0; i < row->metric_count; i++)
		if (strcmp(row->metrics[i].name, name) == 0)
			return &row->metrics[i];
	return NULL;
}

static const char *head_of(const char *name)
{
	const struct ep_section_name *n = ep_section_name(name);

	return n->head[0] ? n->head : name;
}

static const char *unit_of(const char *name)
{
	const struct ep_section_name *n = ep_section_name(name);

	return n->head[0] ? n->unit : ep_metric_unit(name);
}

static void put_cell(struct ep_html *h, const struct ep_metric *m)
{
	struct ep_cell_marks marks = { 0 };
	char cell[EP_CELL_BYTES], full[32];

	if (!m || ep_cell_missing(m)) {
		ep_html_element(h, "td", "", m ? "not measured" : "-");
		return;
	}
	ep_cell_metric(cell, m, ep_section_flags(ep_section_name(m->name)),
		       &marks);
	ep_num_put_f64(full, m->value);
	ep_html_raw(h, "<td data-v=\"");
	ep_html_raw(h, full);
	if (isfinite(m->u95)) {
		ep_num_put_f64(full, m->u95);
		ep_html_raw(h, "\" data-u=\"");
		ep_html_raw(h, full);
	}
	ep_html_raw(h, "\">");
	ep_html_text(h, cell);
	ep_html_raw(h, "</td>");
}

static void put_heads(struct ep_html *h, const struct ep_section *s,
		      const struct columns *c)
{
	ep_html_raw(h, "<thead><tr>");
	if (s->by_config)
		ep_html_raw(h, "<th scope=\"col\">no.</th>");
	ep_html_raw(h, "<th scope=\"col\" class=\"l\">");
	ep_html_text(h, s->rows_are);
	ep_html_raw(h, "</th>");
	for (size_t k = 0; k < c->count; k++) {
		ep_html_raw(h, "<th scope=\"col\">");
		ep_html_text(h, head_of(c->names[k]));
		ep_html_raw(h, " ");
		ep_html_element(h, "span", "unit", unit_of(c->names[k]));
		ep_html_raw(h, "</th>");
	}
	if (c->verdicts)
		ep_html_raw(h, "<th scope=\"col\" class=\"l\">verdict</th>");
	ep_html_raw(h, "</tr></thead>\n<tbody>\n");
}

static void put_row(struct ep_html *h, const struct ep_section *s,
		    const struct columns *c, const struct ep_section_row *row)
{
	ep_html_raw(h, ep_str_starts(row->verdict, "best")
			       ? "<tr class=\"best\">"
			       : "<tr>");
	if (s->by_config)
		ep_html_element(h, "th", "", row->scope);
	ep_html_element(h, s->by_config ? "td" : "th", "l name",
			row->what[0] ? row->what : row->scope);
	for (size_t k = 0; k < c->count; k++)
		put_cell(h, find(row, c->names[k]));
	if (c->verdicts)
		ep_html_element(h, "td", "l name", row->verdict);
	ep_html_raw(h, "</tr>\n");
}

/* Why figures are missing or weak, each reason once. */
static void put_reasons(struct ep_html *h, const struct ep_section *s)
{
	const char *seen[REASONS_MAX];
	size_t count = 0, more = 0;
	char text[400];

	for (size_t i = 0; i < s->row_count; i++)
		for (size_t k = 0; k < s->rows[i].metric_count; k++) {
			const struct ep_metric *m = &s->rows[i].metrics[k];
			size_t j = 0;

			while (j < count && strcmp(seen[j], m->reason) != 0)
				j++;
			/* Estimates are marked in their cells. */
			if (m->reason[0] == '\0' || j < count ||
			    m->status == EP_STATUS_ESTIMATED)
				continue;
			if (count == REASONS_MAX) {
				more++;
				continue;
			}
			seen[count++] = m->reason;
			(void)ep_str_format(text, sizeof(text), "%s (%s): %s",
					    head_of(m->name), s->rows[i].scope,
					    m->reason);
			ep_html_element(h, "p", "note", text);
			ep_html_raw(h, "\n");
		}
	if (more == 0)
		return;
	(void)ep_str_format(text, sizeof(text),
			    "%zu more notes: --format json has all.", more);
	ep_html_element(h, "p", "note", text);
}

static bool any(const struct ep_section *s, const char *name)
{
	for (size_t i = 0; i < s->row_count; i++) {
		const struct ep_metric *m = find(&s->rows[i], name);

		if (m && !ep_cell_missing(m))
			return true;
	}
	return false;
}

static bool has_figure(const struct ep_section *s, const struct columns *c)
{
	for (size_t k = 0; k < c->count; k++)
		if (any(s, c->names[k]))
			return true;
	return false;
}

/* number: of the section in the data of the scripts. */
static void put_section(struct ep_html *h, const struct ep_section *s,
			size_t number)
{
	const struct columns c = columns_of(s);
	char text[80];

	ep_html_section(h, s->heading);
	ep_html_raw(h, "<dl class=\"facts\">\n");
	for (size_t i = 0; i < s->fact_count; i++) {
		ep_html_element(h, "dt", "", s->facts[i].label);
		ep_html_element(h, "dd", "", s->facts[i].text);
		ep_html_raw(h, "\n");
	}
	ep_html_raw(h, "</dl>\n");
	if (s->by_config && has_figure(s, &c)) {
		(void)ep_str_format(text, sizeof(text), "%zu", number);
		ep_html_raw(h, "<div class=\"study-chart\" data-section=\"");
		ep_html_text(h, text);
		ep_html_raw(h, "\"></div>\n");
	}
	if (s->row_count > 0) {
		ep_html_raw(h, s->row_count <= OPEN_MAX ? "<details open>"
							: "<details>");
		ep_html_raw(h, "<summary>Table</summary>\n");
		ep_html_table_begin(h, "figures");
		put_heads(h, s, &c);
		for (size_t i = 0; i < s->row_count; i++)
			put_row(h, s, &c, &s->rows[i]);
		ep_html_raw(h, "</tbody>\n");
		ep_html_table_end(h);
		ep_html_raw(h, "</details>\n");
	}
	put_reasons(h, s);
	for (size_t i = 0; i < s->note_count; i++)
		ep_html_element(h, "p", "note", s->notes[i]);
	ep_html_raw(h, "</section>\n");
}

void ep_html_study_asked(struct ep_html *h, const struct ep_summary *s,
			 size_t number)
{
	for (size_t i = 0; s->sections && i < s->sections->count; i++)
		put_section(h, s->sections->items[i], number + i);
}

/* The row of a configuration; NULL: the section leaves it out. */
static const struct ep_section_row *row_of(const struct ep_section *s,
					   int64_t number)
{
	char scope[32];

	(void)ep_str_format(scope, sizeof(scope), "%" PRId64, number);
	for (size_t i = 0; i < s->row_count; i++)
		if (strcmp(s->rows[i].scope, scope) == 0)
			return &s->rows[i];
	return NULL;
}

static void put_values(struct ep_json_out *o, const struct ep_summary *s,
		       const struct ep_section *section, const char *name,
		       bool u95)
{
	ep_json_open(o, u95 ? "u95" : "mean", '[', true);
	for (size_t i = 0; i < s->config_count; i++) {
		const struct ep_section_row *row =
			row_of(section, s->configs[i].number);
		const struct ep_metric *m = row ? find(row, name) : NULL;

		ep_json_number(o, NULL,
			       !m || ep_cell_missing(m) ? (double)NAN
			       : u95			? m->u95
							: m->value);
	}
	ep_json_close(o, ']');
}

/* What a figure was made of is less of interest than the figure. */
static bool is_origin(const char *name)
{
	return strcmp(name, "energy_j") == 0 || strcmp(name, "duration_s") == 0;
}

static void put_data(struct ep_json_out *o, const struct ep_summary *s,
		     const struct ep_section *section)
{
	const struct columns c = columns_of(section);
	int64_t count = 0, show = -1;

	ep_json_open(o, NULL, '{', false);
	ep_json_text(o, "title", section->heading);
	ep_json_bool(o, "together", false);
	ep_json_open(o, "figures", '[', false);
	for (size_t k = 0; section->by_config && k < c.count; k++) {
		if (!any(section, c.names[k]))
			continue;
		if (show < 0 && !is_origin(c.names[k]))
			show = count;
		count++;
		ep_json_open(o, NULL, '{', false);
		ep_json_text(o, "metric", c.names[k]);
		ep_json_text(o, "label", head_of(c.names[k]));
		ep_json_text(o, "unit", unit_of(c.names[k]));
		put_values(o, s, section, c.names[k], false);
		put_values(o, s, section, c.names[k], true);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
	ep_json_integer(o, "show", show < 0 ? 0 : show);
	ep_json_bool(o, "partial", section->row_count < s->config_count);
	ep_json_close(o, '}');
}

void ep_html_study_asked_data(struct ep_json_out *o, const struct ep_summary *s)
{
	for (size_t i = 0; s->sections && i < s->sections->count; i++)
		put_data(o, s, s->sections->items[i]);
}
