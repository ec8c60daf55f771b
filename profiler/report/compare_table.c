/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/csv.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/report/compare.h"
#include "profiler/report/compare_more.h"
#include "profiler/report/rounded.h"

static const struct ep_compare_format formats[] = {
	{ "text", ep_compare_text },   { "json", ep_compare_json },
	{ "csv", ep_compare_csv },     { "md", ep_compare_md },
	{ "latex", ep_compare_latex },
#if EP_WITH_HTML
	{ "html", ep_compare_html },
#endif
};

const struct ep_compare_format *ep_compare_format_find(const char *name,
						       struct ep_err *err)
{
	char clean[40], list[120] = "";

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		size_t used = strlen(list);

		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
		(void)ep_str_format(list + used, sizeof(list) - used, "%s%s",
				    used > 0 ? ", " : "", formats[i].name);
	}
	(void)ep_str_copy(clean, sizeof(clean), name);
	ep_str_printable(clean);
	ep_err_set(err, -EINVAL, "there is no format '%s'%s; there are %s",
		   clean,
		   strcmp(clean, "html") == 0
			   ? " in this edgeprof, which was built without pages "
			     "(WITH_HTML=0)"
			   : "",
		   list);
	return NULL;
}

const struct ep_describe *ep_compare_shown(const struct ep_comparison *c,
					   const struct ep_comparison_metric *m,
					   size_t group)
{
	const struct ep_contrast *k =
		&m->contrasts[c->baseline == 0 ? c->group_count - 1 : 0];

	if (c->pair_by[0] == '\0' || c->group_count > 2)
		return &m->groups[group].describe;
	return group == c->baseline ? &k->a : &k->b;
}

static int put_number(struct ep_buf *b, double value)
{
	char text[32];

	ep_num_put_f64(text, value);
	return ep_buf_addf(b, ",%s", text);
}

static int put_numbers(struct ep_buf *b, const double *values, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++)
		r = put_number(b, values[i]);
	return r;
}

static int put_line(struct ep_buf *b, const struct ep_comparison *c,
		    const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_contrast *k = &m->contrasts[g];
	const struct ep_stat *t =
		&k->tests[k->d.n > 0 ? EP_TEST_PAIRED_T : EP_TEST_WELCH];
	const double values[] = {
		(double)k->a.n, (double)k->b.n, (double)k->d.n, k->a.mean,
		k->a.sd,	k->b.mean,	k->b.sd,	k->difference,
		t->low,		t->high,	k->relative,	k->p,
		k->p_holm,	k->p_bh,	k->cohen_d,	k->hedges_g,
		k->cliff,	k->tost.low,	k->tost.high,
	};
	int r = ep_csv_put_text(b, m->name);

	if (r == 0)
		r = ep_buf_adds(b, ",");
	if (r == 0)
		r = ep_csv_put_text(b, c->group_names[c->baseline]);
	if (r == 0)
		r = ep_buf_adds(b, ",");
	if (r == 0)
		r = ep_csv_put_text(b, c->group_names[g]);
	if (r == 0)
		r = put_numbers(b, values, sizeof(values) / sizeof(values[0]));
	for (int i = 0; r == 0 && i < EP_TEST_COUNT; i++)
		r = put_number(b, ep_stat_p(&k->tests[i]));
	if (r == 0)
		r = ep_buf_addf(b, ",%s,%s,", ep_test_name(k->test),
				ep_verdict_name(k->verdict));
	if (r == 0)
		r = ep_csv_put_text(b, k->text);
	return r < 0 ? r : ep_buf_adds(b, "\n");
}

/* Lines about all metrics, in the columns "test" and "text". */
static int put_more_lines(struct ep_buf *b, const struct ep_compare_view *v)
{
	struct ep_compare_more m;
	int r = 0;

	for (int i = 0; r == 0 && i < EP_COMPARE_PARTS; i++) {
		if (!ep_compare_tells(v, (enum ep_compare_part)i, &m))
			continue;
		for (size_t k = 0; r == 0 && k < m.count; k++) {
			/* metric, a, b; 19 figures; a p of each test. */
			for (int n = 0; r == 0 && n < 22 + EP_TEST_COUNT; n++)
				r = ep_buf_adds(b, ",");
			if (r == 0)
				r = ep_buf_addf(b, "%s,,", m.key);
			if (r == 0)
				r = ep_csv_put_text(b, m.texts[k]);
			if (r == 0)
				r = ep_buf_adds(b, "\n");
		}
	}
	return r;
}

int ep_compare_csv(const struct ep_compare_view *v, struct ep_buf *b)
{
	const struct ep_comparison *c = v->comparison;
	int r = ep_buf_adds(b, "metric,a,b,a_n,b_n,pairs,a_mean,a_sd,b_mean,"
			       "b_sd,difference,low,high,relative,p,p_holm,"
			       "p_bh,cohen_d,hedges_g,cliff_delta,tost_low,"
			       "tost_high");

	for (int i = 0; r == 0 && i < EP_TEST_COUNT; i++)
		r = ep_buf_addf(b, ",p_%s", ep_test_name((enum ep_test)i));
	if (r == 0)
		r = ep_buf_adds(b, ",test,verdict,text\n");
	for (size_t m = 0; r == 0 && m < c->metric_count; m++)
		for (size_t g = 0; r == 0 && g < c->group_count; g++)
			if (g != c->baseline)
				r = put_line(b, c, &c->metrics[m], g);
	return r < 0 ? r : put_more_lines(b, v);
}

/* A cell: '|' would end it, '<' begin a tag. */
static int put_cell(struct ep_buf *b, const char *text)
{
	int r = ep_buf_adds(b, " ");

	for (; r == 0 && *text; text++) {
		if (strchr("|<>\\`*_[]", *text))
			r = ep_buf_adds(b, "\\");
		if (r == 0)
			r = ep_buf_add(b, text, 1);
	}
	return r < 0 ? r : ep_buf_adds(b, " |");
}

/* With its 95 % interval by the spread in its group. */
static int put_mean(struct ep_buf *b, const struct ep_describe *d)
{
	struct ep_rounded rounded;
	char mean[EP_ROUNDED_BYTES];

	if (d->n == 0)
		return ep_buf_adds(b, " \xe2\x80\x94 |");
	ep_rounded_make(d->mean, (d->mean_high - d->mean_low) / 2, &rounded);
	ep_rounded_text(mean, &rounded);
	return ep_buf_addf(b, " %s, n %zu |", mean, d->n);
}

static int put_row(struct ep_buf *b, const struct ep_comparison *c,
		   const struct ep_comparison_metric *m, size_t g)
{
	int r = ep_buf_adds(b, "|");

	if (r == 0)
		r = put_cell(b, m->name);
	if (r == 0)
		r = put_cell(b, c->group_names[c->baseline]);
	if (r == 0)
		r = put_mean(b, ep_compare_shown(c, m, c->baseline));
	if (r == 0)
		r = put_cell(b, c->group_names[g]);
	if (r == 0)
		r = put_mean(b, ep_compare_shown(c, m, g));
	if (r == 0)
		r = put_cell(b, m->contrasts[g].text);
	return r < 0 ? r : ep_buf_adds(b, "\n");
}

static int put_list(struct ep_buf *b, const char *head, char (*texts)[400],
		    size_t count)
{
	int r = count ? ep_buf_addf(b, "\n%s\n\n", head) : 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = ep_buf_adds(b, "-");
		for (const char *p = texts[i]; r == 0 && *p; p++) {
			if (p == texts[i])
				r = ep_buf_adds(b, " ");
			if (r == 0 && strchr("<>\\`*_[]", *p))
				r = ep_buf_adds(b, "\\");
			if (r == 0)
				r = ep_buf_add(b, p, 1);
		}
		if (r == 0)
			r = ep_buf_adds(b, "\n");
	}
	return r;
}

static int put_more(struct ep_buf *b, const struct ep_compare_view *v)
{
	struct ep_compare_more m;
	int r = 0;

	for (int i = 0; r == 0 && i < EP_COMPARE_PARTS; i++)
		if (ep_compare_tells(v, (enum ep_compare_part)i, &m))
			r = put_list(b, m.head, m.texts, m.count);
	return r;
}

int ep_compare_md(const struct ep_compare_view *v, struct ep_buf *b)
{
	const struct ep_comparison *c = v->comparison;
	int r = ep_buf_adds(b, "| metric | A | mean | B | mean | verdict |\n"
			       "|:---|:---|---:|:---|---:|:---|\n");

	for (size_t m = 0; r == 0 && m < c->metric_count; m++)
		for (size_t g = 0; r == 0 && g < c->group_count; g++)
			if (g != c->baseline)
				r = put_row(b, c, &c->metrics[m], g);
	if (r == 0 && c->metric_count > 0)
		r = ep_buf_adds(b, "\n\xc2\xb1: 95 % interval of the mean by "
				   "the spread in its group (Student's t)\n");
	if (r == 0)
		r = put_more(b, v);
	if (r == 0)
		r = put_list(b, "Careful:", v->warnings, v->warning_count);
	if (r == 0)
		r = put_list(b, "Cold starts, apart:", v->cold, v->cold_count);
	if (r == 0)
		r = put_list(b, "Left out:", v->notes, v->note_count);
	return r;
}
