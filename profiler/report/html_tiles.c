/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/cell.h"
#include "profiler/report/html_parts.h"

/* The figures most readers come for, in this order, as far as the run has
 * them. */
static const struct tile {
	const char *row, *metric, *label, *below;
} tiles[] = {
	{ EP_PHASE_GENERATION, "j_per_token", "Energy per generated token",
	  "gross, per decode step" },
	{ EP_PHASE_GENERATION, "tokens_per_s", "Generation rate",
	  "decode steps over their time" },
	{ EP_PHASE_GENERATION, "action_j_s_per_token", "Action per token",
	  "energy \xc3\x97 time \xc3\xb7 output tokens" },
	{ EP_PHASE_PREFILL, "j_per_token", "Energy per prompt token",
	  "gross, per evaluated token" },
	{ "run", "energy_j", "Energy of the run", "gate to exit, gross" },
	{ "run", "power_mean_w", "Mean power", "gate to exit, gross" },
	{ "run", "rss_peak_bytes", "Peak memory", "resident set" },
	{ "run", "duration_s", "Duration", "gate to exit" },
};

static const struct ep_metric *find(const struct ep_report *r,
				    const struct tile *tile)
{
	for (size_t i = 0; i < r->total_count; i++)
		if (strcmp(r->totals[i].phase.name, tile->row) == 0)
			return ep_row_metric(&r->totals[i], tile->metric);
	return NULL;
}

static void put_value(struct ep_html *h, const struct ep_metric *m)
{
	struct ep_cell_marks marks = { 0 };
	char cell[EP_CELL_BYTES];
	unsigned flags = EP_CELL_HEAD_SAYS_EST;
	char *plus_minus;

	if (strcmp(ep_metric_unit(m->name), "bytes") == 0) {
		ep_cell_bytes(cell, m->value);
		ep_html_element(h, "b", "", cell);
		return;
	}
	/* Ten digits would only hide the figure. */
	if (m->u95 > fabs(m->value) * 1e-4)
		flags |= EP_CELL_U95;
	ep_cell_metric(cell, m, flags, &marks);
	plus_minus = strstr(cell, " \xc2\xb1");
	if (plus_minus)
		*plus_minus++ = '\0';
	ep_html_element(h, "b", "", cell);
	ep_html_raw(h, " ");
	if (plus_minus)
		ep_html_element(h, "span", "pm", plus_minus);
	ep_html_raw(h, " ");
	ep_html_element(h, "span", "unit", ep_metric_unit(m->name));
}

static void put_tile(struct ep_html *h, const struct tile *tile,
		     const struct ep_metric *m)
{
	const bool missing = ep_cell_missing(m);

	ep_html_raw(h, missing ? "<div class=\"tile missing\">"
			       : "<div class=\"tile\">");
	ep_html_element(h, "h3", "", tile->label);
	ep_html_raw(h, "<p class=\"value\">");
	if (missing)
		ep_html_text(h, "not measured");
	else
		put_value(h, m);
	ep_html_raw(h, "</p><p class=\"below\">");
	if (m->status == EP_STATUS_ESTIMATED)
		ep_html_raw(h, "<span class=\"mark\">estimated</span> ");
	if (m->status == EP_STATUS_LOW_CONFIDENCE)
		ep_html_raw(h, "<span class=\"mark\">low confidence</span> ");
	ep_html_text(h, missing && m->reason[0] ? m->reason : tile->below);
	ep_html_raw(h, "</p></div>\n");
}

void ep_html_tiles(struct ep_html *h, const struct ep_report *r)
{
	ep_html_raw(h, "<div class=\"tiles\">\n");
	for (size_t i = 0; i < sizeof(tiles) / sizeof(tiles[0]); i++) {
		const struct ep_metric *m = find(r, &tiles[i]);

		if (m)
			put_tile(h, &tiles[i], m);
	}
	ep_html_raw(h, "</div>\n");
}
