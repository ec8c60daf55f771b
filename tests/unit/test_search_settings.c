/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/distributions.h"
#include "profiler/study/plan.h"
#include "profiler/study/study_parts.h"

static char *word(const char *text)
{
	return (char *)(uintptr_t)text;
}

static void set(struct ep_study *s, const char *name, const char *value)
{
	struct ep_err err = { 0 };

	if (ep_study_set(s, name, value, &err) < 0)
		fail_msg("%s", err.text);
}

static void make_search(struct ep_study *s)
{
	char *levels[] = { word("1"), word("2"), NULL };

	ep_study_init(s);
	assert_int_equal(
		ep_study_add_factor(s, "threads", "--threads", levels, NULL),
		0);
	set(s, "search", "halving");
	set(s, "objective", "generation.j_per_token");
	set(s, "floor", "generation.tokens_per_s=5");
	set(s, "runs", "2");
	set(s, "max-runs", "16");
}

static void settings_that_do_not_go_together_are_refused(void **state)
{
	static const struct {
		const char *name, *value, *says;
	} cases[] = {
		{ "until-ci", "run.energy_j=2%", "leave one of them out" },
		{ "runs", "1", "runs = 2 or more" },
		{ "runs", "17", "not fewer than runs (17)" },
		{ "search", "grid", "only with search = halving" },
	};

	(void)state;
	if (!ep_distributions_are_there())
		skip();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_err err = { 0 };
		struct ep_study s;

		make_search(&s);
		assert_int_equal(ep_study_check(&s, &err), 0);
		set(&s, cases[i].name, cases[i].value);
		assert_int_equal(ep_study_check(&s, &err), -EINVAL);
		if (!strstr(err.text, cases[i].says))
			fail_msg("'%s' does not say '%s'", err.text,
				 cases[i].says);
		ep_study_done(&s);
	}
}

static void wrong_metrics_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "objective", "j_per_token" },
		{ "objective", ".j" },
		{ "objective", "generation.caf\xe9" },
		{ "objective", "generation." },
		{ "floor", "generation.tokens_per_s" },
		{ "floor", "generation.tokens_per_s=" },
		{ "floor", "generation.tokens_per_s=fast" },
		{ "floor", "tokens=5.33" },
		{ "search", "random" },
	};
	struct ep_study s;

	(void)state;
	make_search(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_err err = { 0 };

		assert_int_equal(
			ep_study_set(&s, cases[i][0], cases[i][1], &err),
			-EINVAL);
		assert_non_null(strstr(err.text, cases[i][0]));
	}
	assert_string_equal(s.floor_metric, "generation.tokens_per_s");
	ep_study_done(&s);
}

static void a_search_comes_back_from_json(void **state)
{
	char one[EP_STUDY_HASH_BYTES], other[EP_STUDY_HASH_BYTES];
	struct ep_err err = { 0 };
	struct ep_study s, back;
	json_t *o;

	(void)state;
	make_search(&s);
	set(&s, "clear-swap", "first");
	set(&s, "same-output", "no");
	o = ep_study_to_json(&s);
	assert_int_equal(ep_study_from_json(o, &back, &err), 0);
	json_decref(o);
	assert_int_equal(back.search, EP_SEARCH_HALVING);
	assert_string_equal(back.objective, s.objective);
	assert_string_equal(back.floor_metric, s.floor_metric);
	assert_true(fabs(back.floor_value - 5) < 1e-15);
	assert_int_equal(back.clear_swap, EP_DROP_FIRST);
	assert_int_equal(back.limits.same_output, EP_SAME_NO);
	assert_int_equal(ep_study_hash(&s, one), 0);
	assert_int_equal(ep_study_hash(&back, other), 0);
	assert_string_equal(one, other);
	ep_study_done(&s);
	ep_study_done(&back);
}

static void a_flag_is_a_factor_of_yes_and_no(void **state)
{
	char *both[] = { word("yes"), word("no"), NULL };
	char *wrong[] = { word("yes"), word("maybe"), NULL };
	const struct ep_factor_option *cold = ep_factor_option_find("cold");
	struct ep_err err = { 0 };
	struct ep_study s;
	char **argv;

	(void)state;
	ep_study_init(&s);
	assert_non_null(cold);
	assert_int_equal(
		ep_study_add_factor(&s, "cold", cold->option, wrong, &err),
		-EINVAL);
	assert_string_equal(err.text, "factor cold: 'maybe' is not yes or no");
	assert_int_equal(
		ep_study_add_factor(&s, "cold", cold->option, both, &err), 0);
	assert_int_equal(ep_plan_argv(&s, 0, &argv), 0);
	assert_string_equal(argv[0], "--cold");
	assert_null(argv[1]);
	ep_plan_argv_free(argv);
	assert_int_equal(ep_plan_argv(&s, 1, &argv), 0);
	assert_null(argv[0]);
	ep_plan_argv_free(argv);
	ep_study_done(&s);
}

static void the_first_run_of_each_configuration_is_cleared_for(void **state)
{
	const struct ep_next first = { 3, 1, false, 1 },
			     second = { 3, 2, false, 2 };
	const struct ep_next warm = { 3, 1, true, 1 };
	struct ep_study s;

	(void)state;
	ep_study_init(&s);
	assert_false(ep_plan_clears(&s, EP_DROP_NEVER, &first));
	assert_true(ep_plan_clears(&s, EP_DROP_FIRST, &first));
	assert_false(ep_plan_clears(&s, EP_DROP_FIRST, &second));
	assert_true(ep_plan_clears(&s, EP_DROP_EACH, &second));
	s.warmup_count = 1;
	assert_true(ep_plan_clears(&s, EP_DROP_FIRST, &warm));
	assert_false(ep_plan_clears(&s, EP_DROP_FIRST, &first));
	ep_study_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_that_do_not_go_together_are_refused),
		cmocka_unit_test(wrong_metrics_are_refused),
		cmocka_unit_test(a_search_comes_back_from_json),
		cmocka_unit_test(a_flag_is_a_factor_of_yes_and_no),
		cmocka_unit_test(
			the_first_run_of_each_configuration_is_cleared_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
