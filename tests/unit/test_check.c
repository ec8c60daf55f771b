/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/check.h"

static const struct ep_check_rules plain = { .margin = 0.05 };
static const struct ep_check_rules strict = { .strict = true, .margin = 0.05 };
static const struct ep_check_rules lenient = {
	.allow_estimated = true,
	.allow_low_confidence = true,
	.allow_missing = true,
	.margin = 0.05,
};

static struct ep_check_figure figure(double mean, double u95, size_t runs)
{
	return (struct ep_check_figure){
		.figure = { .run_count = runs, .mean = mean, .u95 = u95 },
		.valid_count = runs,
	};
}

static struct ep_check_item limit(enum ep_check_kind kind, double value,
				  double mean, double u95)
{
	struct ep_check_item item = {
		.metric = "generation.j_per_token",
		.kind = kind,
		.limit = value,
		.now = figure(mean, u95, 5),
	};

	ep_check_judge(&item, &plain);
	return item;
}

static void says(const struct ep_check_item *item, const char *text)
{
	if (!strstr(item->text, text))
		fail_msg("no \"%s\" in \"%s\"", text, item->text);
}

static void is_judged(const struct ep_check_item *item,
		      enum ep_check_verdict verdict, bool fails)
{
	if (item->verdict != verdict || item->fails != fails)
		fail_msg("%s%s: %s", ep_check_verdict_name(item->verdict),
			 item->fails ? " (fails)" : "", item->text);
}

static void the_mean_is_judged_by_a_limit(void **state)
{
	struct ep_check_item item = limit(EP_CHECK_MAX, 2.1, 1.93, 0.05);

	(void)state;
	is_judged(&item, EP_CHECK_PASS, false);
	assert_string_equal(item.asked,
			    "generation.j_per_token <= 2.1 J/token");
	assert_string_equal(item.text,
			    "mean 1.93 J/token (95 %: 1.88 to 1.98; 5 runs) is "
			    "not above 2.1 J/token");
	item = limit(EP_CHECK_MAX, 2, 2.2, 0.05);
	is_judged(&item, EP_CHECK_FAIL, true);
	says(&item, "is above 2 J/token, by 10 %");
	assert_null(strstr(item.text, "holds the limit"));
	/* The interval is told and does not judge. */
	item = limit(EP_CHECK_MAX, 2, 2.2, 0.5);
	is_judged(&item, EP_CHECK_FAIL, true);
	says(&item, "the interval holds the limit");
	item = limit(EP_CHECK_MAX, 2, 1.9, 0.5);
	is_judged(&item, EP_CHECK_PASS, false);
	says(&item, "the interval holds the limit");
	item = limit(EP_CHECK_MIN, 2, 1.9, 0.05);
	is_judged(&item, EP_CHECK_FAIL, true);
	says(&item, "is below 2 J/token, by 5 %");
	assert_string_equal(item.asked, "generation.j_per_token >= 2 J/token");
	item = limit(EP_CHECK_MIN, 2, 2.1, 0.05);
	is_judged(&item, EP_CHECK_PASS, false);
}

static void the_border_of_a_limit_passes(void **state)
{
	struct ep_check_item item = limit(EP_CHECK_MAX, 2, 2, 0.1);

	(void)state;
	is_judged(&item, EP_CHECK_PASS, false);
	item = limit(EP_CHECK_MIN, 2, 2, 0.1);
	is_judged(&item, EP_CHECK_PASS, false);
	item = limit(EP_CHECK_MAX, 2, nextafter(2, 3), 0);
	is_judged(&item, EP_CHECK_FAIL, true);
	/* Nothing is a share of 0. */
	item = limit(EP_CHECK_MAX, 0, 0, 0);
	is_judged(&item, EP_CHECK_PASS, false);
	item = limit(EP_CHECK_MAX, 0, 1, 0);
	is_judged(&item, EP_CHECK_FAIL, true);
	assert_null(strstr(item.text, ", by"));
	/* Net energies may be negative. */
	item = limit(EP_CHECK_MIN, -1, -2, 0);
	is_judged(&item, EP_CHECK_FAIL, true);
	says(&item, "by 100 %");
	item = limit(EP_CHECK_MAX, -1, -2, 0);
	is_judged(&item, EP_CHECK_PASS, false);
}

static void one_run_says_what_it_lacks(void **state)
{
	struct ep_check_item item = {
		.metric = "run.energy_j",
		.kind = EP_CHECK_MAX,
		.limit = 3,
		.now = figure(2, 0.1, 1),
	};

	(void)state;
	ep_check_judge(&item, &plain);
	is_judged(&item, EP_CHECK_PASS, false);
	says(&item, "1.9 to 2.1 by its own \u00b1; one run: run-to-run spread "
		    "unknown");
	item.now = figure(2, (double)NAN, 1);
	ep_check_judge(&item, &plain);
	says(&item, "mean 2 J (one run: run-to-run spread unknown)");
	item.now = figure(2, (double)NAN, 3);
	ep_check_judge(&item, &plain);
	says(&item, "(no interval; 3 runs)");
}

static void what_is_not_good_enough_is_not_judged(void **state)
{
	struct ep_check_item item = {
		.metric = "run.energy_j",
		.kind = EP_CHECK_MAX,
		.limit = 3,
		.now = figure(2, 0.1, 3),
	};
	struct ep_check_rules rules = plain;

	(void)state;
	item.now.figure.status = EP_STATUS_ESTIMATED;
	(void)strcpy(item.now.figure.reason, "a model's estimate");
	ep_check_judge(&item, &plain);
	is_judged(&item, EP_CHECK_CANNOT_JUDGE, false);
	assert_string_equal(item.text, "estimated: a model's estimate (--allow "
				       "estimated lets it pass)");
	rules.allow_low_confidence = rules.allow_missing = true;
	ep_check_judge(&item, &rules);
	is_judged(&item, EP_CHECK_CANNOT_JUDGE, false);
	ep_check_judge(&item, &lenient);
	is_judged(&item, EP_CHECK_PASS, false);
	says(&item, "; estimated");

	item.now.figure.status = EP_STATUS_LOW_CONFIDENCE;
	(void)strcpy(item.now.figure.reason, "low confidence in 2 of 3 runs");
	ep_check_judge(&item, &plain);
	is_judged(&item, EP_CHECK_CANNOT_JUDGE, false);
	assert_string_equal(item.text, "low confidence in 2 of 3 runs (--allow "
				       "low-confidence lets it pass)");
	ep_check_judge(&item, &lenient);
	is_judged(&item, EP_CHECK_PASS, false);
	says(&item, "; low confidence");

	item.now = figure(2, 0.1, 3);
	item.now.status_unknown = true;
	ep_check_judge(&item, &plain);
	is_judged(&item, EP_CHECK_CANNOT_JUDGE, false);
	says(&item, "older edgeprof");
	ep_check_judge(&item, &lenient);
	is_judged(&item, EP_CHECK_PASS, false);
	says(&item, "; low confidence");
}

static void what_is_missing_is_not_judged(void **state)
{
	struct ep_check_item item = {
		.metric = "run.energy_j",
		.kind = EP_CHECK_MAX,
		.limit = 3,
		.now = figure((double)NAN, (double)NAN, 0),
	};

	(void)state;
	item.now.valid_count = 3;
	(void)strcpy(item.now.figure.reason, "no power sensor");
	ep_check_judge(&item, &plain);
	is_judged(&item, EP_CHECK_CANNOT_JUDGE, false);
	assert_string_equal(item.text,
			    "not measured in 3 of 3 runs: no power sensor "
			    "(--allow missing lets it pass)");
	ep_check_judge(&item, &lenient);
	is_judged(&item, EP_CHECK_SKIPPED, false);

	/* Not in all of them. */
	item.now = figure(2, 0.1, 3);
	item.now.valid_count = 5;
	ep_check_judge(&item, &plain);
	is_judged(&item, EP_CHECK_CANNOT_JUDGE, false);
	says(&item, "not measured in 2 of 5 runs");
	ep_check_judge(&item, &lenient);
	is_judged(&item, EP_CHECK_PASS, false);
	says(&item, "missing in 2 of 5 runs");

	/* Infinite is not a value. */
	item.now = figure(HUGE_VAL, 0.1, 3);
	ep_check_judge(&item, &lenient);
	is_judged(&item, EP_CHECK_SKIPPED, false);

	/* No run at all is nothing that one could allow. */
	item.now = figure((double)NAN, (double)NAN, 0);
	ep_check_judge(&item, &lenient);
	is_judged(&item, EP_CHECK_CANNOT_JUDGE, false);
	says(&item, "there is no valid run");
}

static struct ep_check_item change(const char *metric, double low, double high,
				   const struct ep_check_rules *rules)
{
	struct ep_check_item item = {
		.kind = EP_CHECK_CHANGE,
		.now = figure(2, 0.1, 5),
		.base = figure(2, 0.1, 4),
		.change = { (low + high) / 2, low, high, 17, "" },
	};

	(void)strcpy(item.metric, metric);
	ep_check_judge(&item, rules);
	return item;
}

static void a_change_is_judged_by_its_interval(void **state)
{
	static const char lower[] = "generation.j_per_token";
	struct ep_check_item item = change(lower, 0.06, 0.10, &plain);

	(void)state;
	is_judged(&item, EP_CHECK_FAIL, true);
	assert_string_equal(item.asked, "generation.j_per_token not worse by "
					"more than 5 %");
	assert_string_equal(item.text,
			    "2 J/token against 2, 5 and 4 runs: +8 % (95 %: +6 "
			    "to +10 %), worse by more than 5 %");
	item = change(lower, 0.01, 0.04, &plain);
	is_judged(&item, EP_CHECK_PASS, false);
	says(&item, "not worse by more than 5 %");
	item = change(lower, -0.9, -0.2, &strict);
	is_judged(&item, EP_CHECK_PASS, false);
	item = change(lower, 0.04, 0.2, &plain);
	is_judged(&item, EP_CHECK_CANNOT_TELL, false);
	says(&item, "cannot tell whether it is worse by more than 5 %; about "
		    "17 runs of each");
	item = change(lower, 0.04, 0.2, &strict);
	is_judged(&item, EP_CHECK_CANNOT_TELL, true);
}

static void more_is_better_of_a_rate(void **state)
{
	static const char rate[] = "generation.tokens_per_s";
	struct ep_check_item item = change(rate, 0.06, 0.10, &strict);

	(void)state;
	is_judged(&item, EP_CHECK_PASS, false);
	item = change(rate, -0.10, -0.06, &plain);
	is_judged(&item, EP_CHECK_FAIL, true);
	item = change(rate, -0.10, 0.02, &plain);
	is_judged(&item, EP_CHECK_CANNOT_TELL, false);
	item = change(rate, -0.04, 0.02, &strict);
	is_judged(&item, EP_CHECK_PASS, false);
}

static void the_border_of_the_margin_passes(void **state)
{
	struct ep_check_item item =
		change("run.energy_j", 1.05 - 1, 1.05 - 1, &strict);

	(void)state;
	is_judged(&item, EP_CHECK_PASS, false);
	item = change("run.energy_j", 0.0501, 0.0501, &plain);
	is_judged(&item, EP_CHECK_FAIL, true);
	item = change("run.energy_j", 0.05, 0.06, &plain);
	is_judged(&item, EP_CHECK_CANNOT_TELL, false);
	item = change("run.energy_j", 0, 0,
		      &(struct ep_check_rules){ .margin = 0 });
	is_judged(&item, EP_CHECK_PASS, false);
	item = change("run.energy_j", 1e-6, 1e-5,
		      &(struct ep_check_rules){ .margin = 0 });
	is_judged(&item, EP_CHECK_FAIL, true);
}

static void a_change_needs_both_sides(void **state)
{
	struct ep_check_item item =
		change("run.energy_j", (double)NAN, (double)NAN, &plain);

	(void)state;
	is_judged(&item, EP_CHECK_CANNOT_TELL, false);
	says(&item, "cannot tell: ");
	item.base.figure.status = EP_STATUS_ESTIMATED;
	ep_check_judge(&item, &plain);
	is_judged(&item, EP_CHECK_CANNOT_JUDGE, false);
	says(&item, "in the baseline estimated");
	item.base = figure((double)NAN, (double)NAN, 0);
	item.base.valid_count = 2;
	ep_check_judge(&item, &plain);
	is_judged(&item, EP_CHECK_CANNOT_JUDGE, false);
	ep_check_judge(&item, &lenient);
	is_judged(&item, EP_CHECK_SKIPPED, false);
	item.base.valid_count = 0;
	ep_check_judge(&item, &lenient);
	is_judged(&item, EP_CHECK_CANNOT_JUDGE, false);
	says(&item, "in the baseline there is no valid run");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mean_is_judged_by_a_limit),
		cmocka_unit_test(the_border_of_a_limit_passes),
		cmocka_unit_test(one_run_says_what_it_lacks),
		cmocka_unit_test(what_is_not_good_enough_is_not_judged),
		cmocka_unit_test(what_is_missing_is_not_judged),
		cmocka_unit_test(a_change_is_judged_by_its_interval),
		cmocka_unit_test(more_is_better_of_a_rate),
		cmocka_unit_test(the_border_of_the_margin_passes),
		cmocka_unit_test(a_change_needs_both_sides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
