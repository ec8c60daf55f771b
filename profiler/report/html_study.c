/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/cell.h"
#include "profiler/report/formats.h"
#include "profiler/report/html_study.h"

static void fact(struct ep_html *h, const char *label, const char *text)
{
	ep_html_element(h, "dt", "", label);
	ep_html_element(h, "dd", "", text);
	ep_html_raw(h, "\n");
}

static void put_runs(struct ep_html *h, const struct ep_summary *s)
{
	int64_t valid = 0, rejected = 0, warmup = 0;
	char text[200];

	for (size_t i = 0; i < s->config_count; i++) {
		valid += s->configs[i].valid_count;
		rejected += s->configs[i].rejected_count;
		warmup += s->configs[i].warmup_count;
	}
	(void)ep_str_format(text, sizeof(text),
			    "%" PRId64 " that count, %" PRId64
			    " to warm up, %" PRId64 " that do not count",
			    valid, warmup, rejected);
	fact(h, "runs", text);
}

static void put_total(struct ep_html *h, const struct ep_summary *s)
{
	char text[700];

	if (s->look_count == 0)
		return;
	(void)ep_str_format(text, sizeof(text), "%s%s%s",
			    s->estimated ? "ESTIMATED by a model, not measured "
					   "by a meter: "
					 : "",
			    s->total_name[0] ? s->total_name : "not measured",
			    s->totals_differ
				    ? " (and others: totals of several kinds "
				      "are mixed in this study)"
				    : "");
	fact(h, "power", text);
	if (s->coverage[0] != '\0')
		fact(h, "covers", s->coverage);
}

static void put_facts(struct ep_html *h, const struct ep_summary *s)
{
	char text[200] = "";
	size_t used = 0;

	ep_html_raw(h, "<dl class=\"facts\">\n");
	for (size_t i = 0; i < s->factor_count; i++) {
		(void)ep_str_format(text + used, sizeof(text) - used, "%s%s",
				    i > 0 ? ", " : "", s->factors[i]);
		used = strlen(text);
	}
	fact(h, "study", s->id);
	fact(h, "factors", s->factor_count > 0 ? text : "none");
	(void)ep_str_format(text, sizeof(text), "%zu", s->config_count);
	fact(h, "configurations", text);
	put_runs(h, s);
	put_total(h, s);
	ep_html_raw(h, "</dl>\n");
}

/* The configuration whose mean is smallest, or largest; NULL none has one. */
static const struct ep_summary_config *extreme(const struct ep_summary *s,
					       int metric, bool largest)
{
	const struct ep_summary_config *best = NULL;

	for (size_t i = 0; metric >= 0 && i < s->config_count; i++) {
		const struct ep_summary_config *c = &s->configs[i];
		double v = c->cells[metric].figure.mean, b;

		if (isnan(v))
			continue;
		b = best ? best->cells[metric].figure.mean : v;
		if (!best || (largest ? v > b : v < b))
			best = c;
	}
	return best;
}

static void put_tile(struct ep_html *h, const struct ep_summary *s,
		     const char *label, const char *metric,
		     const struct ep_summary_config *c)
{
	int m = ep_summary_find(s, metric);
	char cell[EP_CELL_BYTES], name[300], *plus_minus;

	if (!c || m < 0)
		return;
	ep_cell_plus_minus(cell, c->cells[m].figure.mean,
			   c->cells[m].compare_u95);
	ep_html_raw(h, "<div class=\"tile\">");
	ep_html_element(h, "h3", "", label);
	ep_html_raw(h, "<p class=\"value\">");
	plus_minus = strstr(cell, " \xc2\xb1");
	if (plus_minus)
		*plus_minus++ = '\0';
	ep_html_element(h, "b", "", cell);
	ep_html_raw(h, " ");
	if (plus_minus)
		ep_html_element(h, "span", "pm", plus_minus);
	ep_html_raw(h, " ");
	ep_html_element(h, "span", "unit", ep_metric_unit(s->metrics[m].name));
	ep_html_raw(h, "</p><p class=\"below\">");
	if (s->estimated && strstr(ep_metric_unit(s->metrics[m].name), "J"))
		ep_html_raw(h, "<span class=\"mark\">estimated</span> ");
	ep_html_config_name(s, c, name, sizeof(name));
	ep_html_text(h, name);
	ep_html_raw(h, "</p></div>\n");
}

static void put_tiles(struct ep_html *h, const struct ep_summary *s,
		      const struct ep_html_pareto *p)
{
	const char *action = "generation.action_j_s_per_token";

	ep_html_raw(h, "<div class=\"tiles\">\n");
	put_tile(h, s, "Least energy per generated token", EP_HTML_COST,
		 extreme(s, ep_summary_find(s, EP_HTML_COST), false));
	put_tile(h, s, "Highest generation rate", EP_HTML_GAIN,
		 extreme(s, ep_summary_find(s, EP_HTML_GAIN), true));
	put_tile(h, s, "Least action per token", action,
		 extreme(s, ep_summary_find(s, action), false));
	if (p->knee >= 0)
		put_tile(h, s, "Knee of the Pareto front", EP_HTML_COST,
			 &s->configs[p->knee]);
	ep_html_raw(h, "</div>\n");
}

/* number: of the section in the data of the scripts. */
static void put_section(struct ep_html *h, const struct ep_summary *s,
			const struct ep_html_section *section, int number)
{
	char text[40];

	ep_html_section(h, section->title);
	ep_html_element(h, "p", "note", section->note);
	(void)ep_str_format(text, sizeof(text), "%d", number);
	ep_html_raw(h, "\n<div class=\"study-chart\" data-section=\"");
	ep_html_text(h, text);
	ep_html_raw(h, "\"></div>\n");
	ep_html_study_table(h, s, section);
	ep_html_raw(h, "</section>\n");
}

static void put_pareto(struct ep_html *h, const struct ep_summary *s,
		       const struct ep_html_pareto *p)
{
	if (p->count == 0)
		return;
	ep_html_section(h, "Pareto front");
	ep_html_raw(h,
		    "<p class=\"note\">Energy per generated token against the "
		    "rate of generation. On the line is every configuration "
		    "that no other beats in both; the knee is the one furthest "
		    "off the straight line between the two ends. By the means: "
		    "where intervals overlap, order is not certain.</p>\n"
		    "<div class=\"study-chart\" data-pareto=\"yes\"></div>\n");
	ep_html_study_front(h, s, p);
	ep_html_raw(h, "</section>\n");
}

static void put_rejected(struct ep_html *h, const struct ep_summary *s)
{
	char text[40];

	if (s->rejected_count == 0)
		return;
	ep_html_section(h, "Runs that do not count");
	ep_html_table_begin(h, "figures");
	ep_html_raw(h, "<thead><tr><th>configuration</th><th>run</th><th "
		       "class=\"l\">why</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < s->rejected_count; i++) {
		const struct ep_summary_rejected *r = &s->rejected[i];

		(void)ep_str_format(text, sizeof(text), "%" PRId64, r->config);
		ep_html_raw(h, "<tr>");
		ep_html_element(h, "th", "", text);
		ep_html_element(h, "td", "", r->run);
		ep_html_element(h, "td", "l wide", r->reasons);
		ep_html_raw(h, "</tr>\n");
	}
	ep_html_raw(h, "</tbody>\n");
	ep_html_table_end(h);
	if (s->rejected_more_count > 0) {
		(void)ep_str_format(text, sizeof(text), "%zu more",
				    s->rejected_more_count);
		ep_html_element(h, "p", "note", text);
	}
	ep_html_raw(h, "</section>\n");
}

static void put_legend(struct ep_html *h)
{
	ep_html_section(h, "How to read this");
	ep_html_raw(
		h,
		"<dl class=\"facts\">\n<dt>\xc2\xb1</dt><dd>95 % interval of "
		"the mean over the runs that count, by their spread (Student's "
		"t): what configurations of this study are compared by. The "
		"bars' whiskers show it. Nothing stands there with fewer than "
		"two runs.</dd>\n<dt>absolute \xc2\xb1</dt><dd>the same with "
		"the error that all runs share because they use the same "
		"meter, taken as no less than it is: for comparisons with other "
		"meters and other studies.</dd>\n<dt>runs</dt><dd>how many "
		"count. Every single run has a report of its own in "
		"runs/.</dd>\n<dt>data</dt><dd>results.csv: one line for each "
		"run and phase.</dd></dl>\n</section>\n");
}

/* What makes the figures doubtful. */
static void put_notes(struct ep_html *h, const struct ep_summary *s)
{
	if (s->note_count == 0)
		return;
	ep_html_section(h, "Warnings");
	ep_html_raw(h, "<ul class=\"warnings\">\n");
	for (size_t i = 0; i < s->note_count; i++) {
		ep_html_element(h, "li", "", s->notes[i]);
		ep_html_raw(h, "\n");
	}
	ep_html_raw(h, "</ul>\n</section>\n");
}

static void put_body(struct ep_html *h, const struct ep_html_study *study)
{
	const struct ep_summary *s = study->summary;
	const struct ep_html_pareto *p = &study->pareto;
	int number = 0;

	ep_html_raw(h, "<header><h1>edgeprof study");
	if (s->title[0] != '\0')
		ep_html_raw(h, ": ");
	ep_html_text(h, s->title);
	ep_html_raw(h, "</h1><nav id=\"contents\"></nav></header>\n<main>\n");
	put_tiles(h, s, p);
	put_facts(h, s);
	put_notes(h, s);
	ep_html_raw(h, "<noscript><p class=\"alert\">The charts need "
		       "JavaScript; all figures are in the tables.</p>"
		       "</noscript>\n<div id=\"choose\"></div>\n");
	for (const struct ep_html_section *e = ep_html_sections; e->title;
	     e++, number++) {
		if (ep_html_section_has(s, e))
			put_section(h, s, e, number);
		if (number == 2)
			put_pareto(h, s, p);
	}
	ep_html_study_memory(h, s, study->memory);
	ep_html_study_asked(h, s, (size_t)number);
	put_rejected(h, s);
	put_legend(h);
	ep_html_raw(h, "</main>\n");
}

static int study_render(const struct ep_summary *s,
			const struct ep_render_options *options,
			struct ep_buf *b)
{
	struct ep_html h = { .b = b };
	struct ep_html_frame frame = {
		.scripts = { ep_html_asset_base(), ep_html_asset_chart(),
			     ep_html_asset_study() },
		.script_count = 3,
		.library = "Chart.js, copyright 2014-2022 Chart.js "
			   "contributors",
	};
	struct ep_html_study study = { .summary = s,
				       .memory = options->memory };
	char title[260];
	size_t start = b->len;
	int r = ep_html_pareto_make(s, &study.pareto);

	if (r < 0)
		return r;
	(void)ep_str_format(title, sizeof(title), "%s%sedgeprof study",
			    s->title, s->title[0] ? ": " : "");
	frame.title = title;
	ep_html_frame_begin(&h, &frame);
	put_body(&h, &study);
	ep_html_study_data(&h, &study);
	ep_html_frame_end(&h, &frame);
	free(study.pareto.front);
	if (h.error < 0 && b->data) {
		b->len = start;
		b->data[start] = '\0';
	}
	return h.error;
}

const struct ep_study_format ep_study_format_html = {
	.metrics = ep_html_study_metrics,
	.wants_memory = true,
	.render = study_render,
};
