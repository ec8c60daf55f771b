/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "profiler/analyze/contrast.h"
#include "profiler/analyze/distributions.h"
#include "profiler/study/table.h"
#include "tests/fuzz/fuzz.h"

/* Any CSV file that somebody compares: what is read is a whole table, what is
 * not says why; and whatever numbers are in it, the verdict stands. */
#define VALUES_MAX 24

static size_t column(const struct ep_table *t, size_t c, double *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < t->row_count && n < VALUES_MAX; i++)
		if (ep_num_parse_f64(ep_table_get(t, i, c), &ret[n]) == 0 &&
		    isfinite(ret[n]))
			n++;
	return n;
}

static bool is_p(double p)
{
	return isnan(p) || (p >= 0 && p <= 1);
}

static void judge(struct ep_sample a, struct ep_sample b, bool paired)
{
	struct ep_contrast_options o;
	struct ep_contrast c;

	ep_contrast_options_init(&o);
	o.resample.count = 50;
	o.paired = paired;
	o.test = paired ? EP_TEST_PAIRED_T : EP_TEST_WELCH;
	o.margin = a.n % 2 ? 0.05 : (double)NAN;
	if (paired)
		a.n = b.n = a.n < b.n ? a.n : b.n;
	if (ep_contrast_make(a, b, &o, &c) < 0)
		return;
	ep_contrasts_judge(&c, NULL, 1, &o);
	for (int i = 0; i < EP_TEST_COUNT; i++)
		if (!is_p(ep_stat_p(&c.tests[i])) ||
		    (isnan(c.tests[i].p) && !c.tests[i].reason))
			abort();
	if (!is_p(c.p_holm) || c.text[0] == '\0')
		abort();
}

static void judge_table(const struct ep_table *t)
{
	double a[VALUES_MAX], b[VALUES_MAX];
	char hint[80];

	for (size_t c = 0; c < t->column_count; c++)
		if (!t->columns[c].name[0] ||
		    ep_table_find(t, t->columns[c].name) != c)
			abort();
	ep_table_suggest(t, "energy", hint, sizeof(hint));
	if (t->column_count < 2)
		return;
	judge((struct ep_sample){ a, column(t, 0, a) },
	      (struct ep_sample){ b, column(t, 1, b) }, false);
	judge((struct ep_sample){ a, column(t, 0, a) },
	      (struct ep_sample){ b, column(t, 1, b) }, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_table t = { 0 };
	struct ep_err err = { 0, "" };
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	if (ep_table_parse(&t, text, "f", &err) == 0)
		judge_table(&t);
	else if (err.text[0] == '\0')
		abort();
	ep_table_done(&t);
	ep_distributions_free();
	free(text);
	return 0;
}
