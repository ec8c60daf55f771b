/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "base/str.h"
#include "profiler/report/compare_more.h"
#include "profiler/report/html_compare.h"

#define SHIFTS_TOLD 4

static const char *manova_title(enum ep_manova_test t)
{
	static const char *const titles[] = {
		[EP_MANOVA_WILKS] = "Wilks' lambda",
		[EP_MANOVA_PILLAI] = "Pillai's trace",
		[EP_MANOVA_HOTELLING] = "Hotelling-Lawley trace",
		[EP_MANOVA_MCKEON] = "Hotelling-Lawley trace, McKeon's F",
		[EP_MANOVA_ROY] = "Roy's largest root (p is a lower bound)",
	};

	return (unsigned)t < EP_MANOVA_COUNT ? titles[t] : "";
}

/* What every format says of it. */
static void put_lines(struct ep_html *h, const struct ep_comparison *c,
		      enum ep_compare_part part)
{
	struct ep_compare_more *m = calloc(1, sizeof(*m));

	if (!m) {
		h->error = h->error < 0 ? h->error : -ENOMEM;
		return;
	}
	ep_compare_more(c, part, m);
	ep_html_raw(h, "<ul>\n");
	for (size_t i = 0; i < m->count; i++) {
		ep_html_element(h, "li", "", m->texts[i]);
		ep_html_raw(h, "\n");
	}
	ep_html_raw(h, "</ul>\n");
	if (m->full)
		ep_html_raw(h, "<p class=\"note\">And more: --format json has "
			       "all.</p>\n");
	free(m);
}

static void put_manova(struct ep_html *h, const struct ep_comparison *c)
{
	static const char *const heads[] = {
		"test", "value", "F", "df", "df 2", "p",
	};
	const struct ep_together *t = &c->together;

	if (!t->wanted)
		return;
	ep_html_section(h, "All metrics together");
	put_lines(h, c, EP_COMPARE_TOGETHER);
	if (t->reason[0] != '\0') {
		ep_html_raw(h, "</section>\n");
		return;
	}
	ep_html_fold_begin(h, "Table", true);
	EP_HTML_HEADS(h, heads, 1);
	for (int i = 0; i < EP_MANOVA_COUNT; i++) {
		const struct ep_manova_line *l = &t->manova.tests[i];

		ep_html_raw(h, "<tr>");
		ep_html_element(h, "th", "l",
				manova_title((enum ep_manova_test)i));
		ep_html_cell(h, l->value);
		ep_html_cell(h, l->f);
		ep_html_cell(h, l->df);
		ep_html_cell(h, l->df2);
		ep_html_cell_p(h, l->p);
		ep_html_raw(h, "</tr>\n");
	}
	ep_html_fold_end(h);
	ep_html_raw(h, "</section>\n");
}

static const char *cluster_title(enum ep_cluster_method m)
{
	return m == EP_CLUSTER_WARD	? "Ward's method"
	       : m == EP_CLUSTER_KMEANS ? "k-means"
					: "mixture of Gaussians";
}

/* How many rows of a group lie in a cluster. */
static size_t count_in(const struct ep_row_clusters *r,
		       const struct ep_clustering *k, size_t cluster, size_t g)
{
	size_t count = 0;

	for (size_t i = 0; i < r->row_count; i++)
		count += k->of[i] == cluster && r->groups[i] == g;
	return count;
}

static void put_clustering(struct ep_html *h, const struct ep_comparison *c,
			   enum ep_cluster_method method)
{
	const struct ep_clustering *k = &c->clusters.by[method];
	char text[300];

	if (k->count == 0 || !k->of)
		return;
	ep_html_fold_begin(h, cluster_title(method), c->group_count <= 30);
	ep_html_raw(h, "<thead><tr><th class=\"l\">rows of</th>");
	for (size_t i = 0; i < k->count; i++) {
		(void)ep_str_format(text, sizeof(text), "cluster %zu", i + 1);
		ep_html_element(h, "th", "", text);
	}
	ep_html_raw(h, "</tr></thead>\n<tbody>\n");
	for (size_t g = 0; g < c->group_count; g++) {
		ep_html_raw(h, "<tr>");
		ep_html_element(h, "th", "l name", c->group_names[g]);
		for (size_t i = 0; i < k->count; i++) {
			(void)ep_str_format(text, sizeof(text), "%zu",
					    count_in(&c->clusters, k, i, g));
			ep_html_element(h, "td", "", text);
		}
		ep_html_raw(h, "</tr>\n");
	}
	ep_html_fold_end(h);
}

static void put_clusters(struct ep_html *h, const struct ep_comparison *c)
{
	const struct ep_row_clusters *r = &c->clusters;

	if (!r->wanted)
		return;
	ep_html_section(h, "Clusters");
	put_lines(h, c, EP_COMPARE_CLUSTERS);
	for (int i = 0; r->reason[0] == '\0' && i < EP_CLUSTER_COUNT; i++)
		put_clustering(h, c, (enum ep_cluster_method)i);
	ep_html_raw(h, "</section>\n");
}

void ep_html_together(struct ep_html *h, const struct ep_comparison *c)
{
	put_manova(h, c);
	put_clusters(h, c);
	if (!c->metrics[0].drift.wanted)
		return;
	ep_html_section(h, "Change points");
	put_lines(h, c, EP_COMPARE_CHANGES);
	ep_html_raw(h, "</section>\n");
}

static void put_segments(struct ep_html *h, const struct ep_drift *d)
{
	static const char *const heads[] = { "from observation", "to", "mean" };
	const struct ep_changes *k = &d->changes;
	char text[40];

	ep_html_fold_begin(h, "Table", k->count < 30);
	EP_HTML_HEADS(h, heads, 0);
	for (size_t i = 0; i <= k->count; i++) {
		size_t from = i == 0 ? 0 : k->starts[i - 1];
		size_t to = i == k->count ? d->value_count : k->starts[i];

		ep_html_raw(h, "<tr>");
		(void)ep_str_format(text, sizeof(text), "%zu", from + 1);
		ep_html_element(h, "td", "", text);
		(void)ep_str_format(text, sizeof(text), "%zu", to);
		ep_html_element(h, "td", "", text);
		ep_html_cell(h, k->means[i]);
		ep_html_raw(h, "</tr>\n");
	}
	ep_html_fold_end(h);
}

void ep_html_drift(struct ep_html *h, const struct ep_comparison *c,
		   size_t metric)
{
	const struct ep_comparison_metric *m = &c->metrics[metric];
	const struct ep_drift *d = &m->drift;
	char text[300], shift[160];

	if (!d->wanted || d->changes.reason)
		return;
	if (d->shift_count == 0) {
		ep_html_element(h, "p", "note",
				"In the order of measurement the mean does not "
				"shift.");
		return;
	}
	ep_html_raw(h,
		    "<p class=\"alert\">In the order of measurement, without "
		    "the means of the configurations, the mean shifts: ");
	for (size_t i = 0; i < SHIFTS_TOLD; i++)
		if (ep_compare_say_shift(m, i, shift, sizeof(shift))) {
			ep_html_text(h, i > 0 ? ", " : "");
			ep_html_text(h, shift);
		}
	if (d->shift_count > SHIFTS_TOLD) {
		(void)ep_str_format(text, sizeof(text), " and %zu more",
				    d->shift_count - SHIFTS_TOLD);
		ep_html_text(h, text);
	}
	ep_html_raw(h, ". Something changed while they were "
		       "measured.</p>\n");
	(void)ep_str_format(text, sizeof(text),
			    "<div class=\"study-chart\" data-drift=\"%zu\">"
			    "</div>\n",
			    metric);
	ep_html_raw(h, text);
	put_segments(h, d);
}
