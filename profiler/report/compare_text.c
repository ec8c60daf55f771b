/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/compare.h"
#include "profiler/report/compare_more.h"

#define COLUMNS 78

/* Words on lines of COLUMNS, each line after indent spaces; the first one is
 * begun already, up to column. */
static int wrap_from(struct ep_buf *b, const char *text, size_t indent,
		     size_t column)
{
	int r = 0;

	while (r == 0 && *text) {
		size_t len = strcspn(text, " ");

		if (column > indent && column + 1 + len > COLUMNS) {
			r = ep_buf_addf(b, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			r = ep_buf_adds(b, " ");
			column++;
		}
		if (r == 0)
			r = ep_buf_add(b, text, len);
		column += len;
		text += len;
		text += strspn(text, " ");
	}
	return r < 0 ? r : ep_buf_adds(b, "\n");
}

static int wrap(struct ep_buf *b, const char *text, size_t indent)
{
	return wrap_from(b, text, indent, indent);
}

static int put_list(struct ep_buf *b, const char *head, char (*texts)[400],
		    size_t count)
{
	int r = count ? ep_buf_addf(b, "%s\n", head) : 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		r = ep_buf_adds(b, "  - ");
		if (r == 0)
			r = wrap(b, texts[i], 4);
	}
	return r < 0 || !count ? r : ep_buf_adds(b, "\n");
}

static int put_pairing(struct ep_buf *b, const struct ep_comparison *c,
		       size_t g)
{
	const struct ep_pairing *p = &c->pairings[g];
	int r = ep_buf_addf(b, "  %zu pairs of %s with %s", p->pair_count,
			    c->group_names[g], c->group_names[c->baseline]);

	if (r == 0 && p->only_baseline)
		r = ep_buf_addf(b, "; only in %s: %zu (%s)",
				c->group_names[c->baseline], p->only_baseline,
				p->only_baseline_keys);
	if (r == 0 && p->only_here)
		r = ep_buf_addf(b, "; only in %s: %zu (%s)", c->group_names[g],
				p->only_here, p->only_here_keys);
	if (r == 0 && p->repeated)
		r = ep_buf_addf(b, "; %zu keys have several rows: their means",
				p->repeated);
	return r < 0 ? r : ep_buf_adds(b, "\n");
}

static int put_head(struct ep_buf *b, const struct ep_comparison *c)
{
	int r = 0;

	for (size_t g = 0; r == 0 && g < c->group_count; g++)
		r = ep_buf_addf(b, "%c  %s: %zu observation%s%s\n",
				g < 26 ? (int)('A' + g) : '+',
				c->group_names[g], c->row_counts[g],
				c->row_counts[g] == 1 ? "" : "s",
				g == c->baseline && c->group_count > 2
					? ", the baseline"
					: "");
	if (r == 0 && c->pair_by[0])
		r = ep_buf_addf(b, "paired by %s\n", c->pair_by);
	for (size_t g = 0; r == 0 && c->pair_by[0] && g < c->group_count; g++)
		if (g != c->baseline)
			r = put_pairing(b, c, g);
	return r < 0 ? r : ep_buf_adds(b, "\n");
}

/* Both ± of the mean: the spread's, as all other formats have it, and the one
 * with what the meter adds. */
static void put_mean(char *ret, size_t size, const struct ep_describe *d,
		     double absolute)
{
	double half = (d->mean_high - d->mean_low) / 2;
	char mean[EP_P_BYTES], spread[EP_P_BYTES], u[EP_P_BYTES];

	ep_stat_put_number(mean, d->mean);
	ep_stat_put_number(spread, half);
	ep_stat_put_number(u, absolute);
	(void)ep_str_format(
		ret, size, "mean %s%s%s%s%s%s", mean,
		isfinite(half) ? " +- " : "", isfinite(half) ? spread : "",
		isnan(absolute) ? "" : " (absolute +- ",
		isnan(absolute) ? "" : u, isnan(absolute) ? "" : ")");
}

static int put_group(struct ep_buf *b, const struct ep_comparison *c,
		     const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_describe *d = ep_compare_shown(c, m, g);
	bool all = d == &m->groups[g].describe, cv = !isnan(d->cv);
	char text[600], mean[5 * EP_P_BYTES], number[5][EP_P_BYTES];
	char spread[300] = "", missing[40] = "", head[60];
	int r;

	if (d->n == 0)
		return ep_buf_addf(b, "  %-16.40s no value\n",
				   c->group_names[g]);
	put_mean(mean, sizeof(mean), d,
		 all ? m->groups[g].known.absolute_u95 : (double)NAN);
	ep_stat_put_number(number[0], d->sd);
	ep_stat_put_number(number[1], 100 * d->cv);
	ep_stat_put_number(number[2], d->median);
	ep_stat_put_number(number[3], d->min);
	ep_stat_put_number(number[4], d->max);
	if (d->n > 1)
		(void)ep_str_format(spread, sizeof(spread),
				    ", sd %s%s%s%s, median %s, %s to %s",
				    number[0], cv ? " (" : "",
				    cv ? number[1] : "", cv ? " %)" : "",
				    number[2], number[3], number[4]);
	if (all && m->groups[g].missing_count)
		(void)ep_str_format(missing, sizeof(missing), ", %zu missing",
				    m->groups[g].missing_count);
	(void)ep_str_format(text, sizeof(text), "%s%s, n %zu%s", mean, spread,
			    d->n, missing);
	(void)ep_str_format(head, sizeof(head), "  %-16.40s",
			    c->group_names[g]);
	r = ep_buf_adds(b, head);
	return r < 0 ? r : wrap_from(b, text, 4, strlen(head));
}

/* The other tests, so that nobody has to choose one by its result. */
static int put_secondary(struct ep_buf *b, const struct ep_contrast *k)
{
	char text[600] = "also: ", p[EP_P_BYTES];
	int r;

	for (int t = 0; t < EP_TEST_COUNT; t++) {
		size_t used = strlen(text);
		double value = ep_stat_p(&k->tests[t]);

		if ((enum ep_test)t == k->test || isnan(value))
			continue;
		ep_stat_put_p(p, value);
		(void)ep_str_format(text + used, sizeof(text) - used, "%s%s %s",
				    strcmp(text, "also: ") == 0 ? "" : ", ",
				    ep_test_title((enum ep_test)t), p);
	}
	if (!isnan(k->cohen_d)) {
		size_t used = strlen(text);

		(void)ep_str_format(text + used, sizeof(text) - used,
				    "; Cohen's d %.3g, Cliff's delta %.3g",
				    k->cohen_d, k->cliff);
	}
	if (strcmp(text, "also: ") == 0)
		return 0;
	r = ep_buf_adds(b, "    ");
	return r < 0 ? r : wrap(b, text, 4);
}

static int put_contrast(struct ep_buf *b, const struct ep_comparison *c,
			const struct ep_comparison_metric *m, size_t g)
{
	const struct ep_contrast *k = &m->contrasts[g];
	char text[EP_VERDICT_BYTES + 200], u[EP_P_BYTES];
	int r = ep_buf_adds(b, "  ");

	(void)ep_str_format(text, sizeof(text), "%s%s%s", k->text,
			    m->follows == (size_t)(m - c->metrics)
				    ? ""
				    : "; says the same as ",
			    m->follows == (size_t)(m - c->metrics)
				    ? ""
				    : c->metrics[m->follows].name);
	if (r == 0 && c->group_count > 2)
		r = ep_buf_addf(b, "A = %s, B = %s\n  ",
				c->group_names[c->baseline], c->group_names[g]);
	if (r == 0)
		r = wrap(b, text, 4);
	if (r == 0 && !isnan(m->comparison_u95[g])) {
		ep_stat_put_number(u, m->comparison_u95[g]);
		r = ep_buf_addf(b, "    B / A = %.4f, comparison +- %s\n",
				k->b.mean / k->a.mean, u);
	}
	return r < 0 ? r : put_secondary(b, k);
}

static int put_pairwise(struct ep_buf *b, const struct ep_comparison *c,
			const struct ep_many *m)
{
	size_t k = c->group_count;
	int r = 0;

	for (size_t i = 0; r == 0 && i < k; i++)
		for (size_t j = i + 1; r == 0 && j < k; j++) {
			const struct ep_stat *s =
				&m->games_howell[ep_pair_index(i, j, k)];
			char d[EP_P_BYTES], p[EP_P_BYTES];

			ep_stat_put_number(d, fabs(s->estimate));
			ep_stat_put_p(p, s->p);
			r = ep_buf_addf(b, "    %s is %s than %s by %s (%s)\n",
					c->group_names[j],
					s->estimate < 0 ? "lower" : "higher",
					c->group_names[i], d, p);
		}
	return r;
}

static int put_many(struct ep_buf *b, const struct ep_comparison *c,
		    const struct ep_comparison_metric *m)
{
	const struct ep_many *many = &m->many;
	char p[3][EP_P_BYTES];
	int r;

	ep_stat_put_p(p[0], many->welch_anova.p);
	ep_stat_put_p(p[1], many->anova.p);
	ep_stat_put_p(p[2], many->kruskal.p);
	r = ep_buf_addf(b,
			"  all groups: Welch ANOVA %s, ANOVA %s, "
			"Kruskal-Wallis %s\n",
			p[0], p[1], p[2]);
	if (r == 0 && many->rival_count)
		r = ep_buf_addf(
			b,
			"  %zu of %zu beat the baseline (95 %%: %.0f to "
			"%.0f %%), %zu beyond noise; %s is better\n",
			many->success_count, many->rival_count,
			100 * many->success_low, 100 * many->success_high,
			many->beyond_noise_count,
			m->higher_is_better ? "more" : "less");
	if (r == 0)
		r = ep_buf_adds(b, "  each two (Games-Howell, over all):\n");
	return r < 0 ? r : put_pairwise(b, c, many);
}

static int put_metric(struct ep_buf *b, const struct ep_comparison *c,
		      const struct ep_comparison_metric *m)
{
	int r = ep_buf_addf(b, "%s\n", m->name);

	for (size_t g = 0; r == 0 && g < c->group_count; g++)
		r = put_group(b, c, m, g);
	for (size_t g = 0; r == 0 && g < c->group_count; g++)
		if (g != c->baseline)
			r = put_contrast(b, c, m, g);
	if (r == 0 && c->group_count > 2)
		r = put_many(b, c, m);
	return r < 0 ? r : ep_buf_adds(b, "\n");
}

static int put_meaning(struct ep_buf *b, const struct ep_comparison *c)
{
	bool absolute = false;
	int r;

	if (c->metric_count == 0)
		return 0;
	for (size_t m = 0; m < c->metric_count; m++)
		for (size_t g = 0; g < c->group_count; g++)
			absolute |= !isnan(
				c->metrics[m].groups[g].known.absolute_u95);
	r = wrap(b,
		 absolute ? "+-: 95 % interval of the mean by the spread in "
			    "its group (Student's t); absolute: with the "
			    "meter's error, which all share; comparison: of B "
			    "/ A, without what both share of it"
			  : "+-: 95 % interval of the mean by the spread in "
			    "its group (Student's t)",
		 0);
	return r < 0 ? r : ep_buf_adds(b, "\n");
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

int ep_compare_text(const struct ep_compare_view *v, struct ep_buf *b)
{
	const struct ep_comparison *c = v->comparison;
	int r = put_head(b, c);

	if (r == 0)
		r = put_list(b, "Careful:", v->warnings, v->warning_count);
	for (size_t i = 0; r == 0 && i < c->metric_count; i++)
		r = put_metric(b, c, &c->metrics[i]);
	if (r == 0)
		r = put_meaning(b, c);
	if (r == 0)
		r = put_more(b, v);
	if (r == 0)
		r = put_list(b, "Cold starts, apart:", v->cold, v->cold_count);
	if (r == 0)
		r = put_list(b, "Left out:", v->notes, v->note_count);
	return r;
}
