/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/cell.h"
#include "profiler/report/html_parts.h"

static double variance_of(const struct ep_metric *m)
{
	double sum = 0;

	for (size_t i = 0; i < m->term_count; i++)
		sum += m->terms[i].u * m->terms[i].u;
	return sum;
}

/* A bar whose length says the share; no style, which the policy forbids. */
static void put_share(struct ep_html *h, double share)
{
	char text[64];

	(void)ep_str_format(text, sizeof(text), "%.1f %%", share * 100);
	ep_html_raw(h, "<td>");
	ep_html_text(h, text);
	(void)ep_str_format(text, sizeof(text), "%.1f", share * 100);
	ep_html_raw(h,
		    "</td><td class=\"l\"><svg class=\"share\" viewBox=\"0 0 "
		    "100 8\" preserveAspectRatio=\"none\" "
		    "aria-hidden=\"true\"><rect height=\"8\" width=\"");
	ep_html_text(h, text);
	ep_html_raw(h, "\"/></svg></td>");
}

static void put_terms(struct ep_html *h, const struct ep_metric *m)
{
	double variance = variance_of(m);
	char cell[EP_CELL_BYTES];

	ep_html_table_begin(h, "terms");
	ep_html_raw(h, "<thead><tr><th class=\"l\">term</th><th>standard "
		       "uncertainty");
	if (ep_metric_unit(m->name)[0] != '\0') {
		ep_html_raw(h, " ");
		ep_html_element(h, "span", "unit", ep_metric_unit(m->name));
	}
	ep_html_raw(h, "</th><th>share of variance</th><th></th></tr></thead>"
		       "\n<tbody>\n");
	for (size_t i = 0; i < m->term_count; i++) {
		double u = m->terms[i].u;

		ep_cell_number(cell, u, 3);
		ep_html_raw(h, "<tr>");
		ep_html_element(h, "th", "l", m->terms[i].name);
		ep_html_element(h, "td", "", cell);
		put_share(h, variance > 0 ? u * u / variance : 0);
		ep_html_raw(h, "</tr>\n");
	}
	ep_html_raw(h, "</tbody>\n");
	ep_html_table_end(h);
}

static void put_figure(struct ep_html *h, const struct ep_metric *m)
{
	struct ep_cell_marks marks = { 0 };
	char cell[EP_CELL_BYTES];

	ep_cell_metric(cell, m, EP_CELL_U95, &marks);
	ep_html_raw(h, "<details><summary>");
	ep_html_element(h, "code", "", m->name);
	ep_html_raw(h, " ");
	ep_html_element(h, "b", "", cell);
	ep_html_raw(h, " ");
	ep_html_element(h, "span", "unit", ep_metric_unit(m->name));
	ep_html_raw(h, "</summary>\n");
	if (m->reason[0] != '\0')
		ep_html_element(h, "p", "note", m->reason);
	put_terms(h, m);
	ep_html_raw(h, "</details>\n");
}

static bool has_budget(const struct ep_row *row)
{
	for (size_t i = 0; i < row->metric_count; i++)
		if (row->metrics[i].term_count > 0)
			return true;
	return false;
}

void ep_html_budgets(struct ep_html *h, const struct ep_report *r)
{
	bool any = false;

	for (size_t i = 0; i < r->total_count; i++) {
		const struct ep_row *row = &r->totals[i];

		if (!has_budget(row))
			continue;
		if (!any)
			ep_html_raw(
				h,
				"<section>\n<h2 id=\"s-budgets\">Uncertainty "
				"budgets</h2>\n<p class=\"note\">What makes up "
				"the \xc2\xb1 of each figure: standard "
				"uncertainties, which add in quadrature; "
				"\xc2\xb1 is twice their sum. Figures of single "
				"requests have theirs in report.json.</p>\n");
		any = true;
		ep_html_raw(h, "<details class=\"group\"><summary>");
		ep_html_text(h, row->phase.name);
		ep_html_raw(h, "</summary>\n");
		for (size_t k = 0; k < row->metric_count; k++)
			if (row->metrics[k].term_count > 0)
				put_figure(h, &row->metrics[k]);
		ep_html_raw(h, "</details>\n");
	}
	if (any)
		ep_html_raw(h, "</section>\n");
}
