/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/check.h"
#include "profiler/report/check.h"

static void near(double value, double expected, double most)
{
	if (!(fabs(value - expected) <= most))
		fail_msg("%.17g, not %.17g", value, expected);
}

static struct ep_contrast contrast(size_t n_a, double mean_a, size_t n_b,
				   double mean_b)
{
	struct ep_contrast c = { .a = { .n = n_a, .mean = mean_a },
				 .b = { .n = n_b, .mean = mean_b },
				 .runs_to_differ = 9 };

	for (int t = 0; t < EP_TEST_COUNT; t++)
		c.tests[t] = ep_stat_none("");
	return c;
}

static void a_change_is_a_share_of_the_baseline(void **state)
{
	struct ep_contrast c = contrast(3, 2, 3, 2.2);
	struct ep_change g;

	(void)state;
	ep_change_make(&c, 0.03, &g);
	near(g.relative, 0.1, 1e-12);
	near(g.low, 0.07, 1e-12);
	near(g.high, 0.13, 1e-12);
	assert_int_equal(g.runs_to_tell, 9);
	/* Without budgets the spread alone. */
	c.tests[EP_TEST_WELCH].low = 0.1;
	c.tests[EP_TEST_WELCH].high = 0.3;
	ep_change_make(&c, (double)NAN, &g);
	near(g.low, 0.05, 1e-12);
	near(g.high, 0.15, 1e-12);
	/* Of a negative mean: up is up. */
	c = contrast(3, -2, 3, -1);
	ep_change_make(&c, 0.1, &g);
	near(g.relative, 0.5, 1e-12);
	near(g.low, 0.4, 1e-12);
}

static void what_has_no_change_says_why(void **state)
{
	struct ep_contrast c = contrast(3, 0, 3, 2);
	struct ep_change g;

	(void)state;
	ep_change_make(&c, 0.03, &g);
	assert_true(isnan(g.relative) && isnan(g.low));
	assert_non_null(strstr(g.reason, "mean is 0"));
	c = contrast(1, 2, 3, 3);
	ep_change_make(&c, 0.03, &g);
	near(g.relative, 0.5, 1e-12);
	assert_true(isnan(g.low));
	assert_non_null(strstr(g.reason, "one run in the baseline: "));
	c = contrast(3, 2, 1, 3);
	ep_change_make(&c, 0.03, &g);
	assert_true(isnan(g.low));
	assert_non_null(strstr(g.reason, "one run: run-to-run"));
	c = contrast(1, 2, 1, 3);
	ep_change_make(&c, (double)NAN, &g);
	assert_non_null(strstr(g.reason, "one run in each group"));
	c = contrast(0, (double)NAN, 3, 3);
	ep_change_make(&c, (double)NAN, &g);
	assert_true(isnan(g.relative));
	/* Runs that are all alike, as counts of tokens are. */
	c = contrast(3, 20, 3, 40);
	c.a.constant = c.b.constant = true;
	ep_change_make(&c, (double)NAN, &g);
	near(g.low, 1, 1e-12);
	near(g.high, 1, 1e-12);
	c.b.constant = false;
	ep_change_make(&c, (double)NAN, &g);
	assert_true(isnan(g.low));
	assert_true(g.reason[0] != '\0');
}

static struct ep_check_run run_of(double value, enum ep_status status,
				  int64_t samples, const char *reason)
{
	struct ep_check_run r = {
		.run = { .value = value, .u95 = 0.2, .sample_count = samples },
		.status = status,
	};

	(void)strcpy(r.reason, reason);
	return r;
}

static void a_group_is_as_good_as_its_worst_run(void **state)
{
	struct ep_check_run runs[] = {
		run_of(1, EP_STATUS_OK, 0, ""),
		run_of(2, EP_STATUS_LOW_CONFIDENCE, 0, "locked"),
		run_of(3, EP_STATUS_ESTIMATED, 0, "a model"),
	};
	struct ep_group_figure f;

	(void)state;
	assert_int_equal(ep_check_group(runs, 1, &f), 0);
	assert_int_equal(f.status, EP_STATUS_OK);
	near(f.u95, 0.2, 0);
	assert_int_equal(ep_check_group(runs, 2, &f), 0);
	assert_int_equal(f.status, EP_STATUS_LOW_CONFIDENCE);
	assert_string_equal(f.reason, "in 1 of 2 runs: locked");
	assert_int_equal(ep_check_group(runs, 3, &f), 0);
	assert_int_equal(f.status, EP_STATUS_ESTIMATED);
	assert_string_equal(f.reason, "in 1 of 3 runs: a model");
	near(f.mean, 2, 1e-12);
	assert_int_equal(ep_check_group(&runs[2], 1, &f), 0);
	assert_string_equal(f.reason, "a model");
	assert_int_equal(ep_check_group(runs, 0, &f), 0);
	assert_int_equal(f.run_count, 0);
}

static void runs_without_a_value_are_not_counted(void **state)
{
	struct ep_check_run runs[] = {
		run_of((double)NAN, EP_STATUS_NOT_MEASURED, 0, "no sensor"),
		run_of(HUGE_VAL, EP_STATUS_ESTIMATED, 0, "odd"),
		run_of(3, EP_STATUS_OK, 0, ""),
	};
	struct ep_group_figure f;

	(void)state;
	assert_int_equal(ep_check_group(runs, 3, &f), 0);
	assert_int_equal(f.run_count, 1);
	assert_int_equal(f.status, EP_STATUS_OK);
	near(f.mean, 3, 0);
	assert_int_equal(ep_check_group(runs, 2, &f), 0);
	assert_int_equal(f.run_count, 0);
	assert_int_equal(f.status, EP_STATUS_NOT_MEASURED);
	assert_string_equal(f.reason, "no sensor");
}

static void few_samples_add_up(void **state)
{
	struct ep_check_run runs[] = {
		run_of(1, EP_STATUS_LOW_CONFIDENCE, 2, "2 fresh samples"),
		run_of(2, EP_STATUS_LOW_CONFIDENCE, 2, "2 fresh samples"),
		run_of(3, EP_STATUS_LOW_CONFIDENCE, 2, "2 fresh samples"),
	};
	struct ep_group_figure f;

	(void)state;
	assert_int_equal(ep_check_group(runs, 3, &f), 0);
	assert_int_equal(f.status, EP_STATUS_OK);
	assert_int_equal(ep_check_group(runs, 2, &f), 0);
	assert_int_equal(f.status, EP_STATUS_LOW_CONFIDENCE);
	assert_int_equal(ep_check_group(runs, 1, &f), 0);
	assert_int_equal(f.status, EP_STATUS_LOW_CONFIDENCE);
}

static void parses(const char *text, const char *metric, double value)
{
	struct ep_check_limit l;
	struct ep_err err = { 0 };

	if (ep_check_limit_parse(text, EP_CHECK_MIN, &l, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	assert_string_equal(l.metric, metric);
	assert_int_equal(l.kind, EP_CHECK_MIN);
	near(l.value, value, 1e-12 * (fabs(value) + 1));
}

static void refuses(const char *text, const char *why)
{
	struct ep_check_limit l = { .value = 77 };
	struct ep_err err = { 0 };

	assert_int_equal(ep_check_limit_parse(text, EP_CHECK_MAX, &l, &err),
			 -EINVAL);
	near(l.value, 77, 0);
	if (!strstr(err.text, why))
		fail_msg("%s: no \"%s\" in \"%s\"", text, why, err.text);
}

static void limits_have_the_units_of_their_metric(void **state)
{
	(void)state;
	parses("generation.j_per_token=2.1", "generation.j_per_token", 2.1);
	parses("generation.j_per_token=2.1J/token", "generation.j_per_token",
	       2.1);
	parses("generation.j_per_token=2100mJ/token", "generation.j_per_token",
	       2.1);
	parses("load.duration_s=1500ms", "load.duration_s", 1.5);
	parses("load.duration_s=2e-3s", "load.duration_s", 0.002);
	parses("run.rss_peak_bytes=2GiB", "run.rss_peak_bytes", 2147483648.0);
	parses("run.rss_peak_bytes=2GB", "run.rss_peak_bytes", 2e9);
	parses("run.energy_net_j=-5", "run.energy_net_j", -5);
	parses("run.energy_j=0", "run.energy_j", 0);
	parses("generation.ipc=1.2", "generation.ipc", 1.2);
	parses("generation.cache_misses_per_token=3",
	       "generation.cache_misses_per_token", 3);
	refuses("generation.j_per_token=2.1W", "is in J/token, not in 'W'");
	refuses("generation.j_per_token=2.1J", "give generation.j_per_token="
					       "2.1J/token");
	refuses("load.duration_s=5min", "is in s");
	refuses("generation.ipc=5%", "without a unit");
	refuses("run.energy_j=5 J", "is in J");
	refuses("run.energy_j=nan", "is no number");
	refuses("run.energy_j=inf", "is no number");
	refuses("run.energy_j=1e999", "is no number");
	refuses("run.energy_j=J", "is no number");
	refuses("run.energy_j=1,5", "is in J");
	refuses("run.energy_j=", "METRIC=VALUE");
	refuses("run.energy_j", "METRIC=VALUE");
	refuses("=3", "METRIC=VALUE");
	refuses("", "METRIC=VALUE");
	refuses("j_per_token=3", "generation.j_per_token");
	refuses("j_per_token=3.5", "of which phase?");
	refuses(".x=3", "of which phase?");
	refuses("x.=3", "of which phase?");
}

static struct ep_check_item items[4];
static char line[1][400] = { "a \x01 & <b> ]]> |" };

static struct ep_check_result make_result(void)
{
	struct ep_check_result r = {
		.items = items, .count = 4, .warnings = line, .warning_count = 1
	};

	memset(items, 0, sizeof(items));
	for (size_t i = 0; i < 4; i++) {
		(void)strcpy(items[i].group,
			     "runs <\"&'> ]]>\x07\xff\xef\xbf\xbf");
		(void)strcpy(items[i].asked, "a.b <= 2");
		(void)strcpy(items[i].text, "it is `*` | 3");
		items[i].verdict = (enum ep_check_verdict)(i + 1);
	}
	items[0].fails = true;
	return r;
}

static char *rendered(const char *format, struct ep_buf *b)
{
	struct ep_check_result r = make_result();
	struct ep_err err = { 0 };
	const struct ep_check_format *f = ep_check_format_find(format, &err);

	assert_non_null(f);
	ep_buf_init(b, 65536);
	assert_int_equal(f->render(&r, b), 0);
	return b->data;
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void junit_holds_any_text(void **state)
{
	struct ep_buf b;
	const char *text = rendered("junit", &b);

	(void)state;
	has(text, "tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\"");
	has(text, "classname=\"runs &#60;&#34;&#38;&#39;&#62; ]]&#62;?????\"");
	has(text, "<failure message=\"it is `*` | 3\" type=\"fail\">");
	has(text,
	    "<error message=\"it is `*` | 3\" type=\"cannot be judged\">");
	has(text, "<skipped message=\"it is `*` | 3\">");
	has(text, "<system-out>a.b &#60;= 2: it is `*` | 3</system-out>");
	has(text, "careful: a ? &#38; &#60;b&#62; ]]&#62; |\n");
	assert_null(strstr(text, "]]>"));
	for (const char *p = text; *p; p++)
		assert_true((unsigned char)*p >= 0x20 || *p == '\n');
	ep_buf_done(&b);
}

static void markdown_and_text_tell_all(void **state)
{
	struct ep_buf b;
	const char *text = rendered("md", &b);

	(void)state;
	has(text, "| **FAIL** |");
	has(text, "| it is \\`\\*\\` \\| 3 |");
	has(text, "| pass, cannot tell |");
	has(text, "Careful:\n\n- a ");
	has(text, "1 failed, 1 cannot be judged, 1 skipped, 1 of 4 passed (of "
		  "1 nobody can tell)");
	ep_buf_done(&b);
	text = rendered("text", &b);
	has(text, "  FAIL: a.b <= 2: it is `*` | 3\n");
	has(text, "  cannot be judged: a.b");
	has(text, "  skipped: a.b");
	has(text, "\nfail: 1 failed, ");
	ep_buf_done(&b);
}

static void formats_are_known_by_name(void **state)
{
	struct ep_err err = { 0 };

	(void)state;
	assert_null(ep_check_format_find("junitt", &err));
	has(err.text, "did you mean 'junit'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_change_is_a_share_of_the_baseline),
		cmocka_unit_test(what_has_no_change_says_why),
		cmocka_unit_test(a_group_is_as_good_as_its_worst_run),
		cmocka_unit_test(runs_without_a_value_are_not_counted),
		cmocka_unit_test(few_samples_add_up),
		cmocka_unit_test(limits_have_the_units_of_their_metric),
		cmocka_unit_test(junit_holds_any_text),
		cmocka_unit_test(markdown_and_text_tell_all),
		cmocka_unit_test(formats_are_known_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
