/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/html_compare.h"

/* A row: [from, to] are NAN where there is none. */
static void put_value(struct ep_html *h, const char *name,
		      const double value[3], const char *note)
{
	ep_html_raw(h, "<tr>");
	ep_html_element(h, "th", "l", name);
	ep_html_cell(h, value[0]);
	ep_html_raw(h, "<td></td>");
	ep_html_cell(h, value[1]);
	ep_html_cell(h, value[2]);
	ep_html_raw(h, "<td></td>");
	ep_html_element(h, "td", "l wide", note);
	ep_html_raw(h, "</tr>\n");
}

static void put_stat(struct ep_html *h, const char *name,
		     const struct ep_stat *s)
{
	char df[2 * EP_P_BYTES + 4] = "", part[EP_P_BYTES];

	ep_html_raw(h, "<tr>");
	ep_html_element(h, "th", "l", name);
	ep_html_cell(h, s->value);
	if (isfinite(s->df)) {
		ep_stat_put_number(df, s->df);
		if (isfinite(s->df2)) {
			ep_stat_put_number(part, s->df2);
			(void)ep_str_format(df + strlen(df),
					    sizeof(df) - strlen(df), ", %s",
					    part);
		}
	}
	ep_html_element(h, "td", "", df);
	ep_html_cell(h, s->low);
	ep_html_cell(h, s->high);
	ep_html_cell_p(h, ep_stat_p(s));
	ep_html_element(h, "td", "l wide",
			s->reason   ? s->reason
			: s->method ? s->method
				    : "");
	ep_html_raw(h, "</tr>\n");
}

static const char *const test_heads[] = {
	"test", "statistic", "degrees of freedom", "95 % from", "to", "p", "by"
};

static void put_effects(struct ep_html *h, const struct ep_contrast *k)
{
	const double nan = (double)NAN;
	const double boot[3] = { k->bootstrap.error, k->bootstrap.low,
				 k->bootstrap.high };
	const double bca[3] = { k->bootstrap.error, k->bootstrap.bca_low,
				k->bootstrap.bca_high };
	const double tost[3] = { k->tost.estimate, k->tost.low, k->tost.high };
	const char *few = k->bootstrap.reason ? k->bootstrap.reason : "";

	if (!isnan(k->tost.p))
		put_value(h,
			  k->tost.log_scale ? "equivalence, ratio"
					    : "equivalence, difference",
			  tost, "TOST; the interval is of 90 %");
	put_value(h, "bootstrap, percentile", boot, few);
	put_value(h, "bootstrap, BCa", bca, few);
	put_value(h, "Cohen's d", (double[]){ k->cohen_d, nan, nan }, "");
	put_value(h, "Hedges' g", (double[]){ k->hedges_g, nan, nan }, "");
	put_value(h, "Cliff's delta", (double[]){ k->cliff, nan, nan }, "");
}

static void put_contrast(struct ep_html *h, const struct ep_comparison *c,
			 const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_contrast *k = &m->contrasts[g];
	char summary[400];

	(void)ep_str_format(summary, sizeof(summary),
			    "All tests and effect sizes: %s against %s",
			    c->group_names[g], c->group_names[c->baseline]);
	ep_html_fold_begin(h, summary, false);
	EP_HTML_HEADS(h, test_heads, 1);
	for (int t = 0; t < EP_TEST_COUNT; t++)
		if (c->pair_by[0] || !ep_test_needs_pairs((enum ep_test)t))
			put_stat(h, ep_test_title((enum ep_test)t),
				 &k->tests[t]);
	put_stat(h, "equal spread (Levene)", &k->levene);
	put_stat(h, "normal, the baseline (Shapiro-Wilk)", &k->shapiro_a);
	put_stat(h, "normal, B (Shapiro-Wilk)", &k->shapiro_b);
	if (c->pair_by[0])
		put_stat(h, "normal, differences (Shapiro-Wilk)",
			 &k->shapiro_d);
	put_effects(h, k);
	ep_html_fold_end(h);
}

static void put_pairwise(struct ep_html *h, const struct ep_comparison *c,
			 const struct ep_many *m)
{
	static const char *const heads[] = { "from",	   "to",
					     "difference", "95 % from",
					     "to",	   "p (Games-Howell)",
					     "p (Tukey)" };
	size_t k = c->group_count;

	ep_html_fold_begin(h, "Each two groups, adjusted over all of them",
			   false);
	EP_HTML_HEADS(h, heads, 2);
	for (size_t i = 0; i < k; i++)
		for (size_t j = i + 1; j < k; j++) {
			size_t at = ep_pair_index(i, j, k);
			const struct ep_stat *s = &m->games_howell[at];

			ep_html_raw(h, "<tr>");
			ep_html_element(h, "th", "l name", c->group_names[i]);
			ep_html_element(h, "td", "l name", c->group_names[j]);
			ep_html_cell(h, s->estimate);
			ep_html_cell(h, s->low);
			ep_html_cell(h, s->high);
			ep_html_cell_p(h, s->p);
			ep_html_cell_p(h, m->tukey[at].p);
			ep_html_raw(h, "</tr>\n");
		}
	ep_html_fold_end(h);
}

static void put_many(struct ep_html *h, const struct ep_comparison *c,
		     const struct ep_comparison_metric *metric)
{
	const struct ep_many *m = &metric->many;
	size_t pairs = c->group_count * (c->group_count - 1) / 2;
	char text[300];

	if (m->rival_count > 0) {
		(void)ep_str_format(
			text, sizeof(text),
			"%zu of %zu beat the baseline (95 %%: %.0f to %.0f "
			"%%), %zu beyond noise; %s is better.",
			m->success_count, m->rival_count, 100 * m->success_low,
			100 * m->success_high, m->beyond_noise_count,
			metric->higher_is_better ? "more" : "less");
		ep_html_element(h, "p", "note", text);
	}
	ep_html_fold_begin(h, "All groups together", false);
	EP_HTML_HEADS(h, test_heads, 1);
	put_stat(h, "Welch's analysis of variance", &m->welch_anova);
	put_stat(h, "analysis of variance", &m->anova);
	put_stat(h, "Kruskal-Wallis", &m->kruskal);
	put_stat(h, "equal spread (Levene)", &m->levene);
	ep_html_fold_end(h);
	if (m->games_howell && m->tukey &&
	    pairs * c->metric_count <= EP_HTML_PAIRWISE_MAX)
		put_pairwise(h, c, m);
	else if (m->games_howell)
		ep_html_element(h, "p", "note",
				"What each two groups differ by is too much "
				"for a page; --format json has it.");
}

void ep_html_tests(struct ep_html *h, const struct ep_comparison *c,
		   const struct ep_comparison_metric *m)
{
	if (c->group_count > 2)
		put_many(h, c, m);
	if (c->metric_count * (c->group_count - 1) > EP_HTML_TESTED_MAX) {
		ep_html_element(h, "p", "note",
				"All tests of so many comparisons are too much "
				"for a page; --format json has them.");
		return;
	}
	for (size_t g = 0; g < c->group_count; g++)
		if (g != c->baseline)
			put_contrast(h, c, m, g);
}
