/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/report/html_compare.h"

#define EVIL \
	"</script><script>alert(1)</script>\"'&<!--\xe2\x80\xa8\xe2\x80\xae"

static const char *const groups[] = { "base", "slow" EVIL };
static const char *const metrics[] = { "generation.j_per_token" EVIL, "x" };
static const double values[2][5][2] = {
	{ { 10, 3 }, { 10.2, 3 }, { 9.9, 3 }, { 10.1, 3 }, { 9.8, 3 } },
	{ { 12, 3 }, { 12.1, 3 }, { 11.9, 3 }, { 12.2, 3 }, { 11.8, 3 } },
};
static const char *const keys[] = { EVIL, "b", "c", "d", "e" };

static void compare(bool paired, double margin, struct ep_comparison *ret)
{
	struct ep_comparison_row rows[10] = { { .group = 0 } };
	struct ep_comparison_input in = {
		.group_names = groups,
		.group_count = 2,
		.metrics = metrics,
		.metric_count = 2,
		.rows = rows,
		.row_count = 10,
		.pair_by = paired ? "key" : NULL,
	};
	struct ep_contrast_options o;
	struct ep_err err;

	ep_contrast_options_init(&o);
	o.resample.count = 200;
	o.margin = margin;
	o.paired = paired;
	if (paired)
		o.test = EP_TEST_PAIRED_T;
	for (size_t i = 0; i < 10; i++) {
		rows[i].group = i / 5;
		rows[i].values = values[i / 5][i % 5];
		rows[i].key = paired ? keys[i % 5] : NULL;
	}
	assert_int_equal(ep_compare(&in, &o, ret, &err), 0);
}

static size_t count(const struct ep_buf *b, const char *what)
{
	size_t found = 0;

	for (const char *at = b->data; (at = strstr(at, what)) != NULL; at++)
		found++;
	return found;
}

static void render(const struct ep_comparison *c, struct ep_buf *b)
{
	char warnings[1][400] = { "not the <same> board" };
	char notes[1][400] = { "run 7 <i>left out</i>" };
	const struct ep_compare_view view = {
		.comparison = c,
		.warnings = warnings,
		.warning_count = 1,
		.notes = notes,
		.note_count = 1,
	};

	ep_buf_init(b, (size_t)64 << 20);
	assert_int_equal(ep_compare_html(&view, b), 0);
	assert_int_equal(count(b, "<script>alert"), 0);
	assert_int_equal(count(b, "\xe2\x80\xae"), 0);
	assert_int_equal(count(b, "\xe2\x80\xa8"), 0);
	assert_int_equal(count(b, "default-src 'none'; script-src 'sha256-"),
			 1);
	assert_int_equal(count(b, "<li>not the &lt;same&gt; board</li>"), 1);
	assert_int_equal(count(b, "run 7 &lt;i&gt;left out"), 1);
}

static void two_groups_and_their_verdicts(void **state)
{
	struct ep_comparison c;
	struct ep_html_ratio r;
	struct ep_buf b;

	(void)state;
	compare(false, 0.02, &c);
	render(&c, &b);
	assert_int_equal(count(&b, "<li class=\"higher\"><b>different</b>: B "
				   "is higher than A by"),
			 1);
	assert_int_equal(count(&b, "data-forest=\"yes\""), 1);
	assert_int_equal(count(&b, "data-metric=\""), 2);
	assert_int_equal(count(&b, "data-pairs=\""), 0);
	assert_int_equal(count(&b, "\"ratio\": 1.2"), 1);
	assert_int_equal(count(&b, "\"values\": [10, 10.2, 9.9, 10.1, 9.8]"),
			 1);
	assert_int_equal(count(&b, "\"margin\": 0.02"), 1);
	/* By the difference: no budget is known. */
	r = ep_html_ratio(&c, &c.metrics[0], 1);
	assert_false(r.with_meters);
	assert_true(fabs(r.ratio - 1.2) < 1e-12);
	assert_true(r.low > 1.15 && r.low < 1.2);
	assert_true(fabs(r.high - r.ratio - (r.ratio - r.low)) < 1e-9);
	/* By what the meters add where it is. */
	c.metrics[0].comparison_u95[1] = 0.3;
	r = ep_html_ratio(&c, &c.metrics[0], 1);
	assert_true(r.with_meters);
	assert_true(fabs(r.low - 0.9) < 1e-12);
	ep_buf_done(&b);
	ep_comparison_done(&c);
}

static void pairs_are_kept_and_drawn(void **state)
{
	struct ep_comparison c;
	struct ep_buf b;

	(void)state;
	compare(true, (double)NAN, &c);
	assert_int_equal(c.pairings[1].pair_count, 5);
	assert_string_equal(c.pairings[1].keys[1], "b");
	assert_null(c.metrics[0].pairs[0]);
	assert_true(fabs(c.metrics[0].pairs[1][1] - 10.2) < 1e-12);
	assert_true(fabs(c.metrics[0].pairs[1][5 + 1] - 12.1) < 1e-12);
	/* The interval of the pairs, whatever the meters. */
	c.metrics[0].comparison_u95[1] = 0.3;
	assert_false(ep_html_ratio(&c, &c.metrics[0], 1).with_meters);
	render(&c, &b);
	assert_int_equal(count(&b, "data-pairs=\""), 2);
	assert_int_equal(count(&b, "\"a\": [10, 10.2, 9.9, 10.1, 9.8]"), 1);
	assert_int_equal(count(&b, "\"b\": [12, 12.1, 11.9, 12.2, 11.8]"), 1);
	assert_int_equal(count(&b, "normal, differences (Shapiro-Wilk)"), 2);
	ep_buf_done(&b);
	ep_comparison_done(&c);
}

static void a_page_has_a_maximum(void **state)
{
	struct ep_comparison c = { .metric_count = 256, .group_count = 64 };
	struct ep_group_column column = { .values = { NULL, 1000000 } };
	struct ep_comparison_metric m = { .groups = &column };

	(void)state;
	assert_int_equal(ep_html_drawn(&c, &m, 0), 50);
	c.metric_count = 1;
	c.group_count = 2;
	assert_int_equal(ep_html_drawn(&c, &m, 0),
			 EP_HTML_OBSERVATIONS_MAX / 2);
	column.values.n = 3;
	assert_int_equal(ep_html_drawn(&c, &m, 0), 3);
}

static void failures_leave_nothing(void **state)
{
	struct ep_comparison c;
	struct ep_compare_view view = { .comparison = &c };
	struct ep_buf b;

	(void)state;
	compare(false, (double)NAN, &c);
	ep_buf_init(&b, 5000);
	assert_int_equal(ep_buf_adds(&b, "before"), 0);
	assert_true(ep_compare_html(&view, &b) < 0);
	assert_string_equal(b.data, "before");
	ep_buf_done(&b);
	ep_comparison_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_groups_and_their_verdicts),
		cmocka_unit_test(pairs_are_kept_and_drawn),
		cmocka_unit_test(a_page_has_a_maximum),
		cmocka_unit_test(failures_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
