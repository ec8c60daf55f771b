/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/compare.h"
#include "profiler/report/compare_more.h"
#include "profiler/report/latex.h"

/* Columns of the table, in this order. */
enum column { METRIC, GROUP, BASE_MEAN, MEAN, CHANGE, P, VERDICT };

static void put_mean(struct ep_latex_cell *cell, const struct ep_describe *d,
		     double factor)
{
	if (d->n == 0) {
		cell->flags = EP_ROUNDED_MISSING;
		return;
	}
	ep_rounded_make(d->mean * factor,
			(d->mean_high - d->mean_low) / 2 * factor,
			&cell->rounded);
}

/* "0.012", "< 1e-8"; "" there is none. */
static void put_p(char *ret, double p)
{
	char text[EP_P_BYTES];
	const char *from = text;

	ret[0] = '\0';
	if (!isfinite(p))
		return;
	ep_stat_put_p(text, p);
	if (ep_str_starts(from, "p = "))
		from += 4;
	else if (ep_str_starts(from, "p "))
		from += 2;
	(void)ep_str_copy(ret, EP_LATEX_TEXT_BYTES, from);
}

static const char *verdict_of(const struct ep_contrast *k)
{
	return k->verdict == EP_DIFFERENT    ? "different"
	       : k->verdict == EP_EQUIVALENT ? "equivalent"
					     : "cannot tell";
}

static void put_change(struct ep_latex_cell *cell, const struct ep_contrast *k)
{
	const struct ep_stat *s =
		&k->tests[k->d.n > 0 ? EP_TEST_PAIRED_T : EP_TEST_WELCH];

	if (!isfinite(k->relative)) {
		cell->flags = EP_ROUNDED_MISSING;
		return;
	}
	ep_rounded_make(100 * k->relative,
			50 * (s->high - s->low) / fabs(k->a.mean),
			&cell->rounded);
}

/* "run.rss_peak, MiB": what is counted in bytes is not for people.  Returns the
 * factor. */
static double put_name(char *ret, const char *name)
{
	static const char bytes[] = "_bytes";
	size_t len = strlen(name);

	if (!ep_str_ends(name, bytes)) {
		(void)ep_str_copy(ret, EP_LATEX_TEXT_BYTES, name);
		return 1;
	}
	(void)ep_str_format(ret, EP_LATEX_TEXT_BYTES, "%.*s, MiB",
			    (int)(len - strlen(bytes)), name);
	return 1.0 / (1024 * 1024);
}

static int put_row(struct ep_latex_table *t, const struct ep_comparison *c,
		   const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_contrast *k = &m->contrasts[g];
	ptrdiff_t at = ep_latex_row(t);
	size_t row = (size_t)at;
	double factor;

	if (at < 0)
		return -ENOMEM;
	factor = put_name(ep_latex_at(t, row, METRIC)->text, m->name);
	(void)ep_str_copy(ep_latex_at(t, row, GROUP)->text, EP_LATEX_TEXT_BYTES,
			  c->group_names[g]);
	put_mean(ep_latex_at(t, row, BASE_MEAN),
		 ep_compare_shown(c, m, c->baseline), factor);
	put_mean(ep_latex_at(t, row, MEAN), ep_compare_shown(c, m, g), factor);
	put_change(ep_latex_at(t, row, CHANGE), k);
	put_p(ep_latex_at(t, row, P)->text,
	      isfinite(k->p_holm) ? k->p_holm : k->p);
	(void)ep_str_copy(ep_latex_at(t, row, VERDICT)->text,
			  EP_LATEX_TEXT_BYTES, verdict_of(k));
	ep_latex_note(t, "%s%s%s: %s", m->name,
		      c->group_count > 2 ? ", B = " : "",
		      c->group_count > 2 ? c->group_names[g] : "", k->text);
	return 0;
}

static void put_columns(struct ep_latex_table *t)
{
	static const struct {
		const char *head, *unit;
		bool is_text;
	} columns[] = {
		[METRIC] = { "Figure", "", true },
		[GROUP] = { "B", "", true },
		[BASE_MEAN] = { "Mean of A", "", false },
		[MEAN] = { "Mean of B", "", false },
		[CHANGE] = { "Change", "%", false },
		[P] = { "p", "", true },
		[VERDICT] = { "Verdict", "", true },
	};

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		(void)ep_latex_column(t, columns[i].head, columns[i].unit,
				      columns[i].is_text);
}

static void put_caption(struct ep_latex_table *t, const struct ep_comparison *c)
{
	(void)ep_str_copy(t->caption_short, sizeof(t->caption_short),
			  "Comparison of groups");
	ep_latex_caption(t, "A: %s (n = %zu)", c->group_names[c->baseline],
			 c->row_counts[c->baseline]);
	for (size_t g = 0; g < c->group_count; g++)
		if (g != c->baseline)
			ep_latex_caption(t, "%s%s (n = %zu)",
					 c->group_count > 2 ? "; " : "; B: ",
					 c->group_names[g], c->row_counts[g]);
	ep_latex_caption(t,
			 "%s%s. \xc2\xb1 is a 95 %% interval: of a mean by the "
			 "spread in its group (Student's t with n \xe2\x88\x92 "
			 "1), of the change by %s. p is adjusted by Holm.",
			 c->pair_by[0] ? "; paired by " : "", c->pair_by,
			 c->pair_by[0] ? "that of the pairs" : "Welch's t");
	if (isfinite(c->options.margin))
		ep_latex_caption(t, " Equivalent: within a margin of %g %%.",
				 100 * c->options.margin);
}

static void put_more(struct ep_latex_table *t, const struct ep_compare_view *v)
{
	struct ep_compare_more m;

	for (int i = 0; i < EP_COMPARE_PARTS; i++)
		if (ep_compare_tells(v, (enum ep_compare_part)i, &m))
			for (size_t k = 0; k < m.count; k++)
				ep_latex_note(t, "%s %s", m.head, m.texts[k]);
}

int ep_compare_latex(const struct ep_compare_view *v, struct ep_buf *b)
{
	const struct ep_comparison *c = v->comparison;
	struct ep_latex l = { .b = b };
	struct ep_latex_table *t;
	int r = 0;

	ep_latex_begin(&l);
	t = ep_latex_table_new(&l, "comparison");
	if (!t)
		return l.error;
	put_columns(t);
	put_caption(t, c);
	for (size_t i = 0; i < v->warning_count; i++)
		ep_latex_note(t, "Careful: %s", v->warnings[i]);
	for (size_t m = 0; r == 0 && m < c->metric_count; m++)
		for (size_t g = 0; r == 0 && g < c->group_count; g++)
			if (g != c->baseline)
				r = put_row(t, c, &c->metrics[m], g);
	put_more(t, v);
	for (size_t i = 0; i < v->cold_count; i++)
		ep_latex_note(t, "Cold start, apart: %s", v->cold[i]);
	for (size_t i = 0; i < v->note_count; i++)
		ep_latex_note(t, "Left out: %s", v->notes[i]);
	l.error = l.error ? l.error : r;
	ep_latex_table_end(&l, t);
	return l.error;
}
