/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/report/html_compare.h"

/* Longer tables are folded. */
#define OPEN_MAX 30

void ep_html_cell_pm(struct ep_html *h, double value, double u)
{
	char text[EP_P_BYTES], full[32];

	if (!isfinite(value)) {
		ep_html_raw(h, "<td>-</td>");
		return;
	}
	ep_num_put_f64(full, value);
	ep_html_raw(h, "<td data-v=\"");
	ep_html_raw(h, full);
	if (isfinite(u)) {
		ep_num_put_f64(full, u);
		ep_html_raw(h, "\" data-u=\"");
		ep_html_raw(h, full);
	}
	ep_html_raw(h, "\">");
	ep_stat_put_number(text, value);
	ep_html_raw(h, text);
	if (isfinite(u)) {
		ep_stat_put_number(text, u);
		ep_html_raw(h, " \xc2\xb1 ");
		ep_html_raw(h, text);
	}
	ep_html_raw(h, "</td>");
}

void ep_html_cell(struct ep_html *h, double value)
{
	ep_html_cell_pm(h, value, (double)NAN);
}

static void put_count(struct ep_html *h, size_t count)
{
	char text[32];

	(void)ep_str_format(text, sizeof(text), "%zu", count);
	ep_html_element(h, "td", "", text);
}

void ep_html_cell_p(struct ep_html *h, double p)
{
	char text[EP_P_BYTES], full[32];

	if (isnan(p)) {
		ep_html_raw(h, "<td>-</td>");
		return;
	}
	ep_num_put_f64(full, p);
	ep_stat_put_p(text, p);
	ep_html_raw(h, "<td data-v=\"");
	ep_html_raw(h, full);
	ep_html_raw(h, "\">");
	/* "p = 0.02" below a head that says p */
	ep_html_text(h, strncmp(text, "p = ", 4) == 0 ? text + 4 : text + 2);
	ep_html_raw(h, "</td>");
}

void ep_html_heads(struct ep_html *h, const char *const *heads, size_t count,
		   size_t left_count)
{
	ep_html_raw(h, "<thead><tr>");
	for (size_t i = 0; i < count; i++) {
		ep_html_raw(h, i < left_count ? "<th scope=\"col\" class=\"l\">"
					      : "<th scope=\"col\">");
		ep_html_text(h, heads[i]);
		ep_html_raw(h, "</th>");
	}
	ep_html_raw(h, "</tr></thead>\n<tbody>\n");
}

void ep_html_fold_begin(struct ep_html *h, const char *summary, bool open)
{
	ep_html_raw(h, open ? "<details open><summary>" : "<details><summary>");
	ep_html_text(h, summary);
	ep_html_raw(h, "</summary>\n");
	ep_html_table_begin(h, "figures");
}

void ep_html_fold_end(struct ep_html *h)
{
	ep_html_raw(h, "</tbody>\n");
	ep_html_table_end(h);
	ep_html_raw(h, "</details>\n");
}

/* A ratio near 1 needs four digits behind the point. */
static void put_ratio_cell(struct ep_html *h, double value)
{
	char text[40], full[32];

	if (!(fabs(value) < 1000)) {
		ep_html_cell(h, value);
		return;
	}
	ep_num_put_f64(full, value);
	(void)ep_str_format(text, sizeof(text), "%.4f", value);
	ep_html_raw(h, "<td data-v=\"");
	ep_html_raw(h, full);
	ep_html_raw(h, "\">");
	ep_html_raw(h, text);
	ep_html_raw(h, "</td>");
}

static void put_ratio(struct ep_html *h, const struct ep_comparison *c,
		      const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_contrast *k = &m->contrasts[g];
	const struct ep_stat *s =
		&k->tests[k->d.n > 0 ? EP_TEST_PAIRED_T : EP_TEST_WELCH];
	struct ep_html_ratio r = ep_html_ratio(c, m, g);

	ep_html_raw(h, "<tr>");
	ep_html_element(h, "th", "l name", m->name);
	ep_html_element(h, "td", "l name", c->group_names[g]);
	ep_html_element(h, "td", "l",
			k->verdict == EP_CANNOT_TELL
				? "cannot tell"
				: ep_verdict_name(k->verdict));
	put_ratio_cell(h, r.ratio);
	put_ratio_cell(h, r.low);
	put_ratio_cell(h, r.high);
	ep_html_cell(h, k->a.mean);
	ep_html_cell(h, k->b.mean);
	ep_html_cell(h, k->difference);
	ep_html_cell(h, s->low);
	ep_html_cell(h, s->high);
	ep_html_cell_p(h, k->p_holm);
	ep_html_element(h, "td", "l",
			isnan(r.low)	? ""
			: r.with_meters ? "spread and meters"
					: "spread");
	ep_html_raw(h, "</tr>\n");
}

void ep_html_ratios(struct ep_html *h, const struct ep_comparison *c)
{
	static const char *const heads[] = {
		"metric",
		"B",
		"verdict",
		"B / A",
		"95 % from",
		"to",
		"mean A",
		"mean B",
		"B \xe2\x88\x92 A",
		"95 % from",
		"to",
		"p (Holm)",
		"interval of B / A by",
	};
	size_t rows = c->metric_count * (c->group_count - 1);

	ep_html_fold_begin(h, "Table", rows <= OPEN_MAX);
	EP_HTML_HEADS(h, heads, 3);
	for (size_t i = 0; i < c->metric_count; i++)
		for (size_t g = 0; g < c->group_count; g++)
			if (g != c->baseline)
				put_ratio(h, c, &c->metrics[i], g);
	ep_html_fold_end(h);
}

static void put_described(struct ep_html *h, const struct ep_comparison *c,
			  const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_describe *d = ep_compare_shown(c, m, g);
	bool all = d == &m->groups[g].describe;
	double half = (d->mean_high - d->mean_low) / 2;

	ep_html_raw(h, "<tr>");
	ep_html_element(h, "th", "l name", c->group_names[g]);
	put_count(h, d->n);
	put_count(h, m->groups[g].missing_count);
	if (d->n == 0) {
		ep_html_raw(h, "<td class=\"l\" colspan=\"9\">no value</td>"
			       "</tr>\n");
		return;
	}
	ep_html_cell_pm(h, d->mean, half);
	ep_html_cell(h, all ? m->groups[g].known.absolute_u95 : (double)NAN);
	ep_html_cell(h, d->sd);
	ep_html_cell(h, 100 * d->cv);
	ep_html_cell(h, d->min);
	ep_html_cell(h, d->q1);
	ep_html_cell(h, d->median);
	ep_html_cell(h, d->q3);
	ep_html_cell(h, d->max);
	ep_html_raw(h, "</tr>\n");
}

void ep_html_described(struct ep_html *h, const struct ep_comparison *c,
		       const struct ep_comparison_metric *m)
{
	static const char *const heads[] = {
		"group",
		"n",
		"missing",
		"mean",
		"absolute \xc2\xb1",
		"sd",
		"sd, % of mean",
		"least",
		"first quartile",
		"median",
		"third quartile",
		"most",
	};
	const char *unit = ep_html_unit(m);
	char summary[80];

	(void)ep_str_format(
		summary, sizeof(summary), "Table%s%s%s%s", unit[0] ? " (" : "",
		unit, unit[0] ? ")" : "",
		c->pair_by[0] && c->group_count == 2 ? ", of the pairs" : "");
	ep_html_fold_begin(h, summary, c->group_count <= OPEN_MAX);
	EP_HTML_HEADS(h, heads, 1);
	for (size_t g = 0; g < c->group_count; g++)
		put_described(h, c, m, g);
	ep_html_fold_end(h);
}

void ep_html_correlations(struct ep_html *h, const struct ep_comparison *c)
{
	static const char *const heads[] = { "x", "y", "rho", "p", "by" };
	size_t k = c->metric_count;

	if (!c->spearman || k * (k - 1) / 2 > EP_HTML_PAIRWISE_MAX)
		return;
	ep_html_section(h, "Rank correlations");
	ep_html_raw(h, "<p class=\"note\">Spearman's, over the observations of "
		       "all groups: association, not cause.</p>\n");
	ep_html_fold_begin(h, "Table", k * (k - 1) / 2 <= OPEN_MAX);
	EP_HTML_HEADS(h, heads, 2);
	for (size_t i = 0; i < k; i++)
		for (size_t j = i + 1; j < k; j++) {
			const struct ep_stat *s = &c->spearman[i * k + j];

			ep_html_raw(h, "<tr>");
			ep_html_element(h, "th", "l name", c->metrics[i].name);
			ep_html_element(h, "td", "l name", c->metrics[j].name);
			ep_html_cell(h, s->value);
			ep_html_cell_p(h, ep_stat_p(s));
			ep_html_element(h, "td", "l",
					s->reason   ? s->reason
					: s->method ? s->method
						    : "");
			ep_html_raw(h, "</tr>\n");
		}
	ep_html_fold_end(h);
	ep_html_raw(h, "</section>\n");
}
