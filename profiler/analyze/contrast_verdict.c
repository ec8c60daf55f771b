/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/contrast.h"

const char *ep_verdict_name(enum ep_verdict v)
{
	return v == EP_DIFFERENT    ? "different"
	       : v == EP_EQUIVALENT ? "equivalent"
				    : "cannot_tell";
}

void ep_stat_put_p(char ret[EP_P_BYTES], double p)
{
	if (isnan(p))
		(void)ep_str_copy(ret, EP_P_BYTES, "no p");
	else if (p < 1e-8)
		(void)ep_str_copy(ret, EP_P_BYTES, "p < 1e-8");
	else if (p < 0.0001)
		(void)ep_str_format(ret, EP_P_BYTES, "p = %.2g", p);
	else
		(void)ep_str_format(ret, EP_P_BYTES, "p = %.*f",
				    p < 0.001 ? 5
				    : p < 0.1 ? 4
					      : 3,
				    p);
}

void ep_stat_put_number(char ret[EP_P_BYTES], double value)
{
	double size = fabs(value);
	int digits;

	if (size > 0 && (size < 1e-4 || size >= 1e9)) {
		(void)ep_str_format(ret, EP_P_BYTES, "%.3g", value);
		return;
	}
	digits = size > 0 ? 2 - (int)floor(log10(size)) : 0;
	(void)ep_str_format(ret, EP_P_BYTES, "%.*f",
			    digits < 0	 ? 0
			    : digits > 7 ? 7
					 : digits,
			    value);
}

struct text {
	char *at;
	size_t left;
};

static void add(struct text *t, const char *format, ...) EP_PRINTF(2, 3);
static void add(struct text *t, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(t->at, t->left, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= t->left)
		len = (int)strlen(t->at);
	t->at += len;
	t->left -= (size_t)len;
}

/* The interval of the mean difference that belongs to the test. */
static const struct ep_stat *interval_of(const struct ep_contrast *c)
{
	const struct ep_stat *s =
		&c->tests[c->d.n > 0 ? EP_TEST_PAIRED_T : EP_TEST_WELCH];

	return isnan(s->low) ? NULL : s;
}

/* "3.1 % (95 %: 1.2 to 5 %)" of A's mean, or the difference itself. */
static void add_size(struct text *t, const struct ep_contrast *c, bool sign)
{
	const struct ep_stat *s = interval_of(c);
	bool share = !isnan(c->relative);
	double factor = share ? 100 / fabs(c->a.mean) : 1;
	double low = s ? s->low * factor : (double)NAN;
	double high = s ? s->high * factor : (double)NAN;
	double value = c->difference * factor;
	char a[EP_P_BYTES], b[EP_P_BYTES], m[EP_P_BYTES];

	if (!sign && value < 0) {
		double kept = low;

		value = -value;
		low = -high;
		high = -kept;
	}
	ep_stat_put_number(m, value);
	ep_stat_put_number(a, low);
	ep_stat_put_number(b, high);
	add(t, "%s%s%s", sign && value > 0 ? "+" : "", m, share ? " %" : "");
	if (s)
		add(t, " (95 %%: %s to %s%s)", a, b, share ? " %" : "");
}

static void add_p(struct text *t, const struct ep_contrast *c)
{
	char p[EP_P_BYTES];

	ep_stat_put_p(p, c->p_holm);
	add(t, "%s, %s", p, ep_test_title(c->test));
	if (c->family > 1)
		add(t, ", Holm over %zu", c->family);
}

static void say_different(struct text *t, const struct ep_contrast *c)
{
	if (c->test == EP_TEST_KS) {
		add(t, "different: the distributions of A and B differ; the "
		       "means by ");
		add_size(t, c, true);
	} else if (!(fabs(c->difference) > 0)) {
		add(t, "different: the ranks differ, the means do not");
	} else {
		add(t, "different: B is %s than A by ",
		    c->difference < 0 ? "lower" : "higher");
		add_size(t, c, false);
	}
	add(t, "; ");
	add_p(t, c);
	if (c->tost.equivalent)
		add(t, "; yet within the margin");
}

static void say_equivalent(struct text *t, const struct ep_contrast *c)
{
	char low[EP_P_BYTES], high[EP_P_BYTES], margin[EP_P_BYTES];

	if (c->tost.log_scale) {
		add(t, "equivalent within %.4g %%: ",
		    100 * (1 - c->tost.bound_low));
		add(t,
		    "the 90 %% interval of B / A, %.4f to %.4f, lies in "
		    "%.4f to %.4f",
		    c->tost.low, c->tost.high, c->tost.bound_low,
		    c->tost.bound_high);
		return;
	}
	ep_stat_put_number(low, c->tost.low);
	ep_stat_put_number(high, c->tost.high);
	ep_stat_put_number(margin, c->tost.bound_high);
	add(t,
	    "equivalent within %s: the 90 %% interval of B - A, %s to %s, "
	    "lies in +-%s",
	    margin, low, high, margin);
}

static void add_runs(struct text *t, const char *what, size_t runs,
		     const struct ep_contrast *c)
{
	const char *unit = c->d.n > 0 ? "pairs" : "runs per group";

	if (runs == 0)
		return;
	if (runs >= EP_RUNS_MAX)
		add(t, "; no feasible number of %s would %s", unit, what);
	else
		add(t, "; %zu %s would %s", runs, unit, what);
}

/* How many runs would tell, of those that there are not. */
static void add_plan(struct text *t, const struct ep_contrast *c,
		     const struct ep_contrast_options *o)
{
	size_t n = c->d.n > 0 ? c->d.n : c->a.n < c->b.n ? c->a.n : c->b.n;
	char what[80];

	if (isnan(o->margin)) {
		(void)ep_str_format(what, sizeof(what),
				    "bring the interval to +-%.4g %%",
				    100 * o->half_width);
		if (c->runs_to_width > n)
			add_runs(t, what, c->runs_to_width, c);
		add(t, "; a margin would say which difference matters");
		return;
	}
	(void)ep_str_format(what, sizeof(what), "show a difference of %.4g %%",
			    100 * o->margin);
	if (c->runs_to_differ > n)
		add_runs(t, what, c->runs_to_differ, c);
	if (c->runs_to_equate > n && c->runs_to_equate != c->runs_to_differ)
		add_runs(t, "show equivalence", c->runs_to_equate, c);
	if (c->runs_to_differ > 0 && c->runs_to_differ <= n &&
	    c->runs_to_equate <= n)
		add(t, "; the runs are enough for that margin, the difference "
		       "lies near it");
}

static void say_cannot_tell(struct text *t, const struct ep_contrast *c,
			    const struct ep_contrast_options *o)
{
	const struct ep_stat *s = &c->tests[c->test];
	size_t n = c->d.n > 0 ? c->d.n : c->a.n < c->b.n ? c->a.n : c->b.n;

	add(t, "cannot tell: ");
	if (n < 2) {
		add(t, n == 0	? "one group has no value"
		       : c->d.n ? "one pair says nothing of the spread"
				: "one run says nothing of the spread");
		return;
	}
	if (c->carried) {
		add(t,
		    "one of %zu observations carries it (number %zu of %s); ",
		    c->carried_group == 'B'   ? c->b.n
		    : c->carried_group == 'A' ? c->a.n
					      : c->d.n,
		    c->carried_index + 1,
		    c->carried_group == 'B'   ? "B"
		    : c->carried_group == 'A' ? "A"
					      : "the pairs");
	}
	if (!isnan(c->p) && s->p_min > o->alpha)
		add(t,
		    "this test cannot decide with %zu %s, its smallest p "
		    "is %.3g; ",
		    n, c->d.n ? "pairs" : "runs", s->p_min);
	if (isnan(c->p))
		add(t, "%s has no p: %s; B - A = ", ep_test_title(c->test),
		    s->reason ? s->reason : "not defined");
	else
		add(t, "B - A = ");
	add_size(t, c, true);
	if (!isnan(c->p)) {
		add(t, "; ");
		add_p(t, c);
		add(t, ", which is no sign of equality");
	}
	add_plan(t, c, o);
}

static enum ep_verdict decide(const struct ep_contrast *c,
			      const struct ep_contrast_options *o)
{
	bool shown = !isnan(c->p_holm) && c->p_holm <= o->alpha;

	if (shown && !c->carried)
		return EP_DIFFERENT;
	return c->tost.equivalent ? EP_EQUIVALENT : EP_CANNOT_TELL;
}

static void say(struct ep_contrast *c, const struct ep_contrast_options *o)
{
	struct text t = { c->text, sizeof(c->text) };

	if (c->verdict == EP_DIFFERENT)
		say_different(&t, c);
	else if (c->verdict == EP_EQUIVALENT)
		say_equivalent(&t, c);
	else
		say_cannot_tell(&t, c, o);
	if (c->a.ill_conditioned || c->b.ill_conditioned)
		add(&t, "; the spread is below a millionth of the mean: digits "
			"are lost");
}

void ep_contrasts_judge(struct ep_contrast *c, const size_t *follows,
			size_t count, const struct ep_contrast_options *o)
{
	double *p = calloc(2 * count + 1, sizeof(*p));
	size_t family = 0;

	for (size_t i = 0; p && i < count; i++) {
		bool primary = !follows || follows[i] == i;

		p[i] = p[count + i] = primary ? c[i].p : (double)NAN;
		family += primary && !isnan(c[i].p);
	}
	if (p) {
		ep_stat_holm(p, count);
		ep_stat_benjamini_hochberg(p + count, count);
	}
	for (size_t i = 0; i < count; i++) {
		size_t from = follows ? follows[i] : i;

		/* Without memory nothing is called different. */
		c[i].p_holm = p ? p[from] : (double)NAN;
		c[i].p_bh = p ? p[count + from] : (double)NAN;
		c[i].family = family;
		c[i].verdict = decide(&c[i], o);
	}
	for (size_t i = 0; i < count; i++) {
		if (follows)
			c[i].verdict = c[follows[i]].verdict;
		say(&c[i], o);
	}
	free(p);
}
