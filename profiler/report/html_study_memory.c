/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/study_memory.h"
#include "profiler/report/cell.h"
#include "profiler/report/html_study.h"

static double largest(const struct ep_memory_line *line)
{
	double most = (double)NAN;

	for (size_t i = 0; i < line->count; i++)
		most = fmax(most, line->values[i]);
	return most;
}

static double last(const struct ep_memory_line *line)
{
	for (size_t i = line->count; i-- > 0;)
		if (isfinite(line->values[i]))
			return line->values[i];
	return (double)NAN;
}

static void put_row(struct ep_html *h, const struct ep_summary *s,
		    const struct ep_memory_line *line)
{
	const struct ep_summary_config *c = &s->configs[line->config];
	char text[EP_CELL_BYTES], name[300];

	(void)ep_str_format(text, sizeof(text), "%" PRId64, c->number);
	ep_html_config_name(s, c, name, sizeof(name));
	ep_html_raw(h, "<tr>");
	ep_html_element(h, "th", "", text);
	ep_html_element(h, "td", "l name", name);
	ep_html_element(h, "td", "l", line->folder);
	ep_cell_bytes(text, largest(line));
	ep_html_element(h, "td", "", text);
	ep_cell_bytes(text, last(line));
	ep_html_element(h, "td", "", text);
	ep_html_raw(h, "</tr>\n");
}

static void put_left_out(struct ep_html *h, const struct ep_study_memory *m)
{
	char text[200];

	if (m->without_count > 0) {
		(void)ep_str_format(text, sizeof(text),
				    "%zu configurations have no run here with "
				    "a trace.csv that tells its memory.",
				    m->without_count);
		ep_html_element(h, "p", "note", text);
	}
	if (m->more_count > 0) {
		(void)ep_str_format(text, sizeof(text),
				    "%zu more configurations are too much for "
				    "one chart; the report of each run has its "
				    "own.",
				    m->more_count);
		ep_html_element(h, "p", "note", text);
	}
}

void ep_html_study_memory(struct ep_html *h, const struct ep_summary *s,
			  const struct ep_study_memory *m)
{
	if (!m || m->count == 0)
		return;
	ep_html_section(h, "Memory over time");
	ep_html_raw(h, "<p class=\"note\">The resident set in the first run of "
		       "each configuration that counts, from the moment its "
		       "program starts.</p>\n<div class=\"study-chart\" "
		       "data-memory=\"yes\"></div>\n");
	ep_html_raw(h, m->count <= 30 ? "<details open>" : "<details>");
	ep_html_raw(h, "<summary>Table</summary>\n");
	ep_html_table_begin(h, "figures");
	ep_html_raw(h, "<thead><tr><th>no.</th><th "
		       "class=\"l\">configuration</th><th "
		       "class=\"l\">run</th><th>most</th><th>in the end</th>"
		       "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < m->count; i++)
		put_row(h, s, &m->lines[i]);
	ep_html_raw(h, "</tbody>\n");
	ep_html_table_end(h);
	ep_html_raw(h, "</details>\n");
	put_left_out(h, m);
	ep_html_raw(h, "</section>\n");
}

void ep_html_study_memory_data(struct ep_json_out *o,
			       const struct ep_study_memory *m)
{
	ep_json_open(o, "memory", '[', false);
	for (size_t i = 0; m && i < m->count; i++) {
		const struct ep_memory_line *line = &m->lines[i];

		ep_json_open(o, NULL, '{', true);
		ep_json_integer(o, "config", (int64_t)line->config);
		ep_json_text(o, "run", line->folder);
		ep_json_number(o, "start", line->start_s);
		ep_json_number(o, "step", line->step_s);
		ep_json_open(o, "values", '[', true);
		for (size_t k = 0; k < line->count; k++)
			ep_json_number(o, NULL, line->values[k]);
		ep_json_close(o, ']');
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}
