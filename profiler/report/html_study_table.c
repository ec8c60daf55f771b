/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/report/cell.h"
#include "profiler/report/html_study.h"

/* Longer tables are folded. */
#define OPEN_MAX 30

static void put_factor_heads(struct ep_html *h, const struct ep_summary *s)
{
	ep_html_raw(h, "<thead><tr><th scope=\"col\">no.</th>");
	for (size_t i = 0; i < s->factor_count; i++) {
		ep_html_raw(h, "<th scope=\"col\" class=\"l\">");
		ep_html_text(h, s->factors[i]);
		ep_html_raw(h, "</th>");
	}
	ep_html_raw(h, "<th scope=\"col\">runs</th>");
}

static void put_metric_head(struct ep_html *h, const char *label,
			    const char *unit, bool estimated)
{
	ep_html_raw(h, "<th scope=\"col\">");
	ep_html_text(h, label);
	ep_html_raw(h, " <span class=\"unit\">");
	ep_html_text(h, unit);
	if (estimated)
		ep_html_raw(h, " est.");
	ep_html_raw(h, "</span></th>");
}

static bool has_spread(const struct ep_summary *s, int metric)
{
	for (size_t i = 0; i < s->config_count; i++)
		if (isfinite(s->configs[i].cells[metric].figure.u95))
			return true;
	return false;
}

static void put_heads(struct ep_html *h, const struct ep_summary *s,
		      const char *label, int metric)
{
	const char *unit = ep_metric_unit(s->metrics[metric].name);

	put_metric_head(h, label, unit,
			s->estimated &&
				(strchr(unit, 'J') || strchr(unit, 'W')));
	if (has_spread(s, metric))
		put_metric_head(h, "absolute \xc2\xb1", unit, false);
}

/* <td with all digits for CSV; the caller goes on with ">". */
static void put_digits(struct ep_html *h, double value, double u)
{
	char full[32];

	ep_html_raw(h, "<td");
	if (!isfinite(value))
		return;
	ep_num_put_f64(full, value);
	ep_html_raw(h, " data-v=\"");
	ep_html_raw(h, full);
	ep_html_raw(h, "\"");
	if (!isfinite(u))
		return;
	ep_num_put_f64(full, u);
	ep_html_raw(h, " data-u=\"");
	ep_html_raw(h, full);
	ep_html_raw(h, "\"");
}

static void put_cell(struct ep_html *h, const char *text,
		     const struct ep_group_figure *figure, double u)
{
	bool low = figure->status == EP_STATUS_LOW_CONFIDENCE;

	put_digits(h, figure->mean, u);
	if (low) {
		ep_html_raw(h, " title=\"");
		ep_html_text(h, figure->reason);
		ep_html_raw(h, "\"");
	}
	ep_html_raw(h, low ? ">~" : ">");
	ep_html_text(h, text);
	ep_html_raw(h, "</td>");
}

static void put_cells(struct ep_html *h, const struct ep_summary *s,
		      const struct ep_summary_config *c, int metric)
{
	const struct ep_summary_cell *cell = &c->cells[metric];
	bool bytes =
		strcmp(ep_metric_unit(s->metrics[metric].name), "bytes") == 0;
	char text[EP_CELL_BYTES];

	if (isnan(cell->figure.mean))
		(void)ep_str_copy(text, sizeof(text), "not measured");
	else if (bytes)
		ep_cell_bytes(text, cell->figure.mean);
	else
		ep_cell_plus_minus(text, cell->figure.mean, cell->compare_u95);
	put_cell(h, text, &cell->figure, cell->compare_u95);
	if (!has_spread(s, metric))
		return;
	if (bytes)
		ep_cell_bytes(text, cell->figure.u95);
	else
		ep_cell_number(text, cell->figure.u95, 2);
	put_digits(h, cell->figure.u95, (double)NAN);
	ep_html_raw(h, ">");
	ep_html_text(h, text);
	ep_html_raw(h, "</td>");
}

static void put_factors(struct ep_html *h, const struct ep_summary *s,
			const struct ep_summary_config *c, const char *mark)
{
	char text[40];

	ep_html_raw(h, "<tr");
	ep_html_raw(h, mark);
	ep_html_raw(h, ">");
	(void)ep_str_format(text, sizeof(text), "%" PRId64, c->number);
	ep_html_element(h, "th", "", text);
	for (size_t i = 0; i < s->factor_count; i++)
		ep_html_element(h, "td", "l", c->levels[i]);
	(void)ep_str_format(text, sizeof(text), "%" PRId64, c->valid_count);
	ep_html_element(h, "td", "", text);
}

static void begin(struct ep_html *h, const struct ep_summary *s)
{
	ep_html_raw(h, s->config_count <= OPEN_MAX ? "<details open>"
						   : "<details>");
	ep_html_raw(h, "<summary>Table</summary>\n");
	ep_html_table_begin(h, "figures");
	put_factor_heads(h, s);
}

static void end(struct ep_html *h)
{
	ep_html_raw(h, "</tbody>\n");
	ep_html_table_end(h);
	ep_html_raw(h, "</details>\n");
}

void ep_html_study_table(struct ep_html *h, const struct ep_summary *s,
			 const struct ep_html_section *section)
{
	int metrics[EP_HTML_SECTION_METRICS_MAX];
	size_t count = 0;

	begin(h, s);
	for (size_t i = 0; section->figures[i].metric; i++) {
		int m = ep_summary_find(s, section->figures[i].metric);

		if (m < 0 || !s->metrics[m].any)
			continue;
		metrics[count++] = m;
		put_heads(h, s, section->figures[i].label, m);
	}
	ep_html_raw(h, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < s->config_count; i++) {
		put_factors(h, s, &s->configs[i], "");
		for (size_t k = 0; k < count; k++)
			put_cells(h, s, &s->configs[i], metrics[k]);
		ep_html_raw(h, "</tr>\n");
	}
	end(h);
}

void ep_html_study_front(struct ep_html *h, const struct ep_summary *s,
			 const struct ep_html_pareto *p)
{
	int cost = ep_summary_find(s, EP_HTML_COST);
	int gain = ep_summary_find(s, EP_HTML_GAIN);

	begin(h, s);
	put_heads(h, s, "energy per generated token", cost);
	put_heads(h, s, "generation rate", gain);
	ep_html_raw(h, "<th scope=\"col\" class=\"l\"></th></tr></thead>\n"
		       "<tbody>\n");
	for (size_t i = 0; i < p->count; i++) {
		const struct ep_summary_config *c = &s->configs[p->front[i]];
		bool knee = p->knee == (ptrdiff_t)p->front[i];

		put_factors(h, s, c, knee ? " class=\"best\"" : "");
		put_cells(h, s, c, cost);
		put_cells(h, s, c, gain);
		ep_html_element(h, "td", "l", knee ? "knee" : "");
		ep_html_raw(h, "</tr>\n");
	}
	end(h);
}

static void put_config(struct ep_json_out *o, const struct ep_summary *s,
		       const struct ep_summary_config *c)
{
	ep_json_open(o, NULL, '{', true);
	ep_json_integer(o, "number", c->number);
	ep_json_integer(o, "runs", c->valid_count);
	ep_json_open(o, "levels", '[', true);
	for (size_t i = 0; i < s->factor_count; i++)
		ep_json_text(o, NULL, c->levels[i]);
	ep_json_close(o, ']');
	ep_json_close(o, '}');
}

/* Mean and comparison's half-width of all configurations. */
static void put_figure(struct ep_json_out *o, const struct ep_summary *s,
		       const struct ep_html_figure *figure)
{
	int m = ep_summary_find(s, figure->metric);

	if (m < 0 || !s->metrics[m].any)
		return;
	ep_json_open(o, NULL, '{', false);
	ep_json_text(o, "metric", figure->metric);
	ep_json_text(o, "label", figure->label);
	ep_json_text(o, "unit", ep_metric_unit(s->metrics[m].name));
	ep_json_open(o, "mean", '[', true);
	for (size_t i = 0; i < s->config_count; i++)
		ep_json_number(o, NULL, s->configs[i].cells[m].figure.mean);
	ep_json_close(o, ']');
	ep_json_open(o, "u95", '[', true);
	for (size_t i = 0; i < s->config_count; i++)
		ep_json_number(o, NULL, s->configs[i].cells[m].compare_u95);
	ep_json_close(o, ']');
	ep_json_close(o, '}');
}

void ep_html_study_data(struct ep_html *h, const struct ep_html_study *study)
{
	const struct ep_summary *s = study->summary;
	const struct ep_html_pareto *p = &study->pareto;
	struct ep_json_out o = ep_html_data_begin(h, "data");

	ep_json_open(&o, NULL, '{', false);
	ep_json_bool(&o, "estimated", s->estimated);
	ep_json_open(&o, "factors", '[', true);
	for (size_t i = 0; i < s->factor_count; i++)
		ep_json_text(&o, NULL, s->factors[i]);
	ep_json_close(&o, ']');
	ep_json_open(&o, "configs", '[', false);
	for (size_t i = 0; i < s->config_count; i++)
		put_config(&o, s, &s->configs[i]);
	ep_json_close(&o, ']');
	ep_json_open(&o, "sections", '[', false);
	for (const struct ep_html_section *e = ep_html_sections; e->title;
	     e++) {
		ep_json_open(&o, NULL, '{', false);
		ep_json_text(&o, "title", e->title);
		ep_json_bool(&o, "together", e->together);
		ep_json_open(&o, "figures", '[', false);
		for (size_t i = 0; e->figures[i].metric; i++)
			put_figure(&o, s, &e->figures[i]);
		ep_json_close(&o, ']');
		ep_json_close(&o, '}');
	}
	ep_html_study_asked_data(&o, s);
	ep_json_close(&o, ']');
	ep_html_study_memory_data(&o, study->memory);
	ep_json_text(&o, "cost", EP_HTML_COST);
	ep_json_text(&o, "gain", EP_HTML_GAIN);
	ep_json_open(&o, "front", '[', true);
	for (size_t i = 0; i < p->count; i++)
		ep_json_integer(&o, NULL, (int64_t)p->front[i]);
	ep_json_close(&o, ']');
	ep_json_count(&o, "knee", p->knee);
	ep_json_close(&o, '}');
	ep_html_data_end(h, &o);
}
