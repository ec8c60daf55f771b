/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/html_compare.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

/* More verdicts than this are folded by metric. */
#define OPEN_MAX 40

static const char *letter(const struct ep_comparison *c, size_t group)
{
	static const char *const pair[] = { "A", "B" };

	if (c->group_count > 2)
		return group == c->baseline ? "A, the baseline" : "";
	return pair[group != c->baseline];
}

static void put_group(struct ep_html *h, const struct ep_comparison *c,
		      size_t g)
{
	char text[120];

	ep_html_element(h, "dt", "", letter(c, g));
	ep_html_raw(h, "<dd>");
	ep_html_element(h, "b", "", c->group_names[g]);
	(void)ep_str_format(text, sizeof(text), ", %zu observation%s",
			    c->row_counts[g], c->row_counts[g] == 1 ? "" : "s");
	ep_html_text(h, text);
	ep_html_raw(h, "</dd>\n");
}

static void put_pairing(struct ep_html *h, const struct ep_comparison *c,
			size_t g)
{
	const struct ep_pairing *p = &c->pairings[g];
	char text[1200];

	(void)ep_str_format(text, sizeof(text), "%zu of %s with %s",
			    p->pair_count, c->group_names[g],
			    c->group_names[c->baseline]);
	if (p->only_baseline)
		(void)ep_str_format(
			text + strlen(text), sizeof(text) - strlen(text),
			"; only in %s: %zu (%s)", c->group_names[c->baseline],
			p->only_baseline, p->only_baseline_keys);
	if (p->only_here)
		(void)ep_str_format(text + strlen(text),
				    sizeof(text) - strlen(text),
				    "; only in %s: %zu (%s)", c->group_names[g],
				    p->only_here, p->only_here_keys);
	if (p->repeated)
		(void)ep_str_format(text + strlen(text),
				    sizeof(text) - strlen(text),
				    "; %zu keys have several rows: their means",
				    p->repeated);
	ep_html_element(h, "dt", "", "pairs");
	ep_html_element(h, "dd", "", text);
	ep_html_raw(h, "\n");
}

static void put_facts(struct ep_html *h, const struct ep_comparison *c)
{
	char text[200];

	ep_html_raw(h, "<dl class=\"facts\">\n");
	put_group(h, c, c->baseline);
	for (size_t g = 0; g < c->group_count; g++)
		if (g != c->baseline)
			put_group(h, c, g);
	if (c->pair_by[0] != '\0') {
		ep_html_element(h, "dt", "", "paired by");
		ep_html_element(h, "dd", "", c->pair_by);
	}
	for (size_t g = 0; c->pair_by[0] && g < c->group_count; g++)
		if (g != c->baseline)
			put_pairing(h, c, g);
	(void)ep_str_format(text, sizeof(text),
			    "%s at 5 %%, adjusted by Holm's method",
			    ep_test_title(c->options.test));
	ep_html_element(h, "dt", "", "verdicts by");
	ep_html_element(h, "dd", "", text);
	if (!isnan(c->options.margin)) {
		(void)ep_str_format(text, sizeof(text),
				    "%.4g %%: what is less does not matter",
				    100 * c->options.margin);
		ep_html_element(h, "dt", "", "margin");
		ep_html_element(h, "dd", "", text);
	}
	ep_html_raw(h, "</dl>\n");
}

static void put_warnings(struct ep_html *h, const struct ep_compare_view *v)
{
	if (v->warning_count == 0)
		return;
	ep_html_section(h, "Warnings");
	ep_html_raw(h, "<ul class=\"warnings\">\n");
	for (size_t i = 0; i < v->warning_count; i++) {
		ep_html_raw(h, "<li>");
		ep_html_text(h, v->warnings[i]);
		ep_html_raw(h, "</li>\n");
	}
	ep_html_raw(h, "</ul>\n</section>\n");
}

static void put_list(struct ep_html *h, const char *title, char (*texts)[400],
		     size_t count)
{
	if (count == 0)
		return;
	ep_html_section(h, title);
	ep_html_raw(h, "<ul>\n");
	for (size_t i = 0; i < count; i++) {
		ep_html_element(h, "li", "", texts[i]);
		ep_html_raw(h, "\n");
	}
	ep_html_raw(h, "</ul>\n</section>\n");
}

static const char *badge(const struct ep_contrast *k)
{
	switch (k->verdict) {
	case EP_EQUIVALENT:
		return "equivalent";
	case EP_CANNOT_TELL:
		return "cannot-tell";
	case EP_DIFFERENT:
	default:
		return k->difference < 0   ? "lower"
		       : k->difference > 0 ? "higher"
					   : "different";
	}
}

/* The verdict itself stands out. */
static void put_words(struct ep_html *h, const char *text)
{
	size_t len = strcspn(text, ":;");
	char word[80];

	if (len < sizeof(word) && text[len] != '\0') {
		(void)ep_str_format(word, sizeof(word), "%.*s", (int)len, text);
		ep_html_element(h, "b", "", word);
		text += len;
	}
	ep_html_text(h, text);
}

static void put_verdict(struct ep_html *h, const struct ep_comparison *c,
			const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_contrast *k = &m->contrasts[g];

	ep_html_raw(h, "<li class=\"");
	ep_html_raw(h, badge(k));
	ep_html_raw(h, "\">");
	if (c->group_count > 2) {
		ep_html_raw(h, "<span class=\"who\">A = ");
		ep_html_text(h, c->group_names[c->baseline]);
		ep_html_raw(h, ", B = ");
		ep_html_text(h, c->group_names[g]);
		ep_html_raw(h, "</span> ");
	}
	put_words(h, k->text);
	if (m->follows != (size_t)(m - c->metrics)) {
		ep_html_raw(h, "; says the same as ");
		ep_html_text(h, c->metrics[m->follows].name);
	}
	ep_html_raw(h, "</li>\n");
}

void ep_html_verdicts(struct ep_html *h, const struct ep_comparison *c)
{
	bool fold = c->metric_count * (c->group_count - 1) > OPEN_MAX;

	ep_html_section(h, "Verdicts");
	for (size_t i = 0; i < c->metric_count; i++) {
		const struct ep_comparison_metric *m = &c->metrics[i];

		ep_html_raw(h, fold ? "<details class=\"verdict\"><summary>"
				    : "<h3>");
		ep_html_element(h, "code", "", m->name);
		ep_html_raw(h, fold ? "</summary>\n" : "</h3>\n");
		ep_html_raw(h, "<ul class=\"verdicts\">\n");
		for (size_t g = 0; g < c->group_count; g++)
			if (g != c->baseline)
				put_verdict(h, c, m, g);
		ep_html_raw(h, fold ? "</ul></details>\n" : "</ul>\n");
	}
	ep_html_raw(h, "</section>\n");
}

static void put_forest(struct ep_html *h, const struct ep_comparison *c)
{
	ep_html_section(h, "Ratio to the baseline");
	ep_html_raw(
		h,
		"<p class=\"note\">The mean of each group over that of the "
		"baseline, with its 95 % interval. Where the budgets of the "
		"runs are known, what two different meters may be off by is "
		"in it; else it is the interval of the difference that the "
		"verdict goes by. An interval across 1 includes no "
		"change. Each interval stands for itself; verdicts are adjusted over all.");
	if (!isnan(c->options.margin))
		ep_html_raw(h, " The shaded band is the margin.");
	ep_html_raw(h, "</p>\n<div class=\"study-chart\" "
		       "data-forest=\"yes\"></div>\n");
	ep_html_ratios(h, c);
	ep_html_raw(h, "</section>\n");
}

static void put_metric(struct ep_html *h, const struct ep_comparison *c,
		       size_t number)
{
	const struct ep_comparison_metric *m = &c->metrics[number];
	char text[40];

	(void)ep_str_format(text, sizeof(text), "%zu", number);
	ep_html_raw(h, "<section>\n<h2 id=\"s-");
	ep_html_text(h, text);
	ep_html_raw(h, "-");
	ep_html_slug(h, m->name);
	ep_html_raw(h, "\">");
	ep_html_text(h, m->name);
	ep_html_raw(h, "</h2>\n<div class=\"study-chart\" data-metric=\"");
	ep_html_text(h, text);
	ep_html_raw(h, "\"></div>\n");
	ep_html_described(h, c, m);
	if (c->pair_by[0] != '\0') {
		ep_html_raw(h, "<div class=\"study-chart\" data-pairs=\"");
		ep_html_text(h, text);
		ep_html_raw(h, "\"></div>\n");
	}
	ep_html_drift(h, c, number);
	ep_html_tests(h, c, m);
	ep_html_raw(h, "</section>\n");
}

static void put_legend(struct ep_html *h)
{
	ep_html_section(h, "How to read this");
	ep_html_raw(
		h,
		"<dl class=\"facts\">\n<dt>dots</dt><dd>every observation, from "
		"left to right in the order in which they were given: what "
		"drifts with time shows.</dd>\n<dt>box</dt><dd>from the first "
		"to the third quartile, with the median; from five "
		"observations on.</dd>\n<dt>diamond</dt><dd>the mean and its "
		"95 % interval by the spread of the observations (Student's "
		"t).</dd>\n<dt>absolute \xc2\xb1</dt><dd>the same with what the "
		"meter itself may be off by, which all runs share.</dd>\n"
		"<dt>verdict</dt><dd>by one test, chosen beforehand, adjusted "
		"over all that is asked at once. The other tests stand folded "
		"beside it, so that nobody has to choose one by its result. "
		"\"Cannot tell\" is not \"equal\".</dd>\n</dl>\n</section>\n");
}

static void put_body(struct ep_html *h, const struct ep_compare_view *v,
		     const char *title)
{
	const struct ep_comparison *c = v->comparison;

	ep_html_raw(h, "<header>");
	ep_html_element(h, "h1", "", title);
	ep_html_raw(h, "<nav id=\"contents\"></nav></header>\n<main>\n");
	put_facts(h, c);
	ep_html_verdicts(h, c);
	put_warnings(h, v);
	ep_html_raw(h, "<noscript><p class=\"alert\">The charts need "
		       "JavaScript; all figures are in the tables.</p>"
		       "</noscript>\n");
	put_forest(h, c);
	for (size_t i = 0; i < c->metric_count; i++)
		put_metric(h, c, i);
	ep_html_together(h, c);
	ep_html_correlations(h, c);
	put_list(h, "Cold starts, apart", v->cold, v->cold_count);
	put_list(h, "Left out", v->notes, v->note_count);
	put_legend(h);
	ep_html_raw(h, "</main>\n");
}

int ep_compare_html(const struct ep_compare_view *v, struct ep_buf *b)
{
	const struct ep_comparison *c = v->comparison;
	struct ep_html h = { .b = b };
	struct ep_html_frame frame = {
		.scripts = { ep_html_asset_base(), ep_html_asset_chart(),
			     ep_html_asset_compare() },
		.script_count = 3,
		.library = "Chart.js, copyright 2014-2022 Chart.js "
			   "contributors",
	};
	size_t start = b->len;
	char title[400];

	if (c->group_count == 2)
		(void)ep_str_format(title, sizeof(title), "%s against %s",
				    c->group_names[!c->baseline],
				    c->group_names[c->baseline]);
	else
		(void)ep_str_format(title, sizeof(title),
				    "%zu groups against %s", c->group_count - 1,
				    c->group_names[c->baseline]);
	frame.title = title;
	ep_html_frame_begin(&h, &frame);
	put_body(&h, v, title);
	ep_html_compare_data(&h, c);
	ep_html_frame_end(&h, &frame);
	if (h.error < 0 && b->data) {
		b->len = start;
		b->data[start] = '\0';
	}
	return h.error;
}
