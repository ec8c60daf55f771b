/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_control.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void nothing_asked_plans_nothing(void **state)
{
	struct control_fixture *f = *state;
	const struct ep_control none = { .best_effort = true };

	assert_true(ep_control_is_empty(&none));
	assert_int_equal(control_plan(f, &none), 0);
	assert_int_equal(f->list.count, 0);
}

static void one_governor_is_for_every_policy(void **state)
{
	struct control_fixture *f = *state;

	assert_int_equal(
		control_plan(f,
			     &(struct ep_control){ .governor = "powersave" }),
		0);
	assert_int_equal(f->list.count, 2);
	control_expect(f, 0, "/policy0/scaling_governor", "powersave");
	control_expect(f, 1, "/policy4/scaling_governor", "powersave");
	assert_string_equal(f->list.items[1].what, "governor of policy4");
}

static void policies_may_differ(void **state)
{
	struct control_fixture *f = *state;

	assert_int_equal(
		control_plan(f,
			     &(struct ep_control){
				     .governor = "policy4=performance" }),
		0);
	assert_int_equal(f->list.count, 1);
	control_expect(f, 0, "/policy4/scaling_governor", "performance");
	assert_int_equal(
		control_plan(f,
			     &(struct ep_control){
				     .governor = "policy0=performance,policy4="
						 "conservative" }),
		0);
	assert_int_equal(f->list.count, 2);
}

static void a_named_policy_comes_before_the_general_value(void **state)
{
	struct control_fixture *f = *state;
	static const char *const lists[] = { "powersave,policy4=performance",
					     "policy4=performance,powersave" };

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(control_plan(f,
					      &(struct ep_control){
						      .governor = lists[i] }),
				 0);
		control_expect(f, 0, "/policy0/scaling_governor", "powersave");
		control_expect(f, 1, "/policy4/scaling_governor",
			       "performance");
	}
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .governor = "powersave,"
								  "ondemand" }),
		-EINVAL);
}

static void
a_governor_that_is_not_there_is_answered_with_those_that_are(void **state)
{
	struct control_fixture *f = *state;

	assert_int_equal(
		control_plan(f,
			     &(struct ep_control){ .governor = "powersafe" }),
		-EINVAL);
	assert_non_null(strstr(f->err.text, "policy0 has no such governor; it "
					    "has: conservative ondemand"));
	assert_non_null(strstr(f->err.text, "did you mean powersave?"));
	assert_int_equal(control_plan(f,
				      &(struct ep_control){
					      .governor = "policy7=ondemand" }),
			 -EINVAL);
	assert_non_null(strstr(f->err.text, "there are: policy0 policy4"));
	assert_int_equal(
		control_plan(f,
			     &(struct ep_control){
				     .governor = "policy0=ondemand,policy0="
						 "powersave" }),
		-EINVAL);
	assert_non_null(strstr(f->err.text, "given twice"));
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .governor = "" }),
		-EINVAL);
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .governor = "policy0=" }),
		-EINVAL);
}

static void a_fixed_clock_sets_both_ends(void **state)
{
	struct control_fixture *f = *state;

	assert_int_equal(
		control_plan(f, &(struct ep_control){ .freq = "1.5GHz" }), 0);
	assert_int_equal(f->list.count, 2);
	control_expect(f, 0, "/policy0 scaling_min_freq scaling_max_freq",
		       "1500000 1500000");
	assert_int_equal(control_plan(f,
				      &(struct ep_control){
					      .freq_max = "policy4=1800MHz" }),
			 0);
	assert_int_equal(f->list.count, 1);
	control_expect(f, 0, "/policy4 scaling_min_freq scaling_max_freq",
		       "- 1800000");
}

static void clocks_need_a_unit_and_must_be_offered(void **state)
{
	struct control_fixture *f = *state;
	static const struct {
		struct ep_control control;
		int error;
		const char *says;
	} cases[] = {
		{ { .freq = "1500000" }, -EINVAL, "not a clock" },
		{ { .freq = "GHz" }, -EINVAL, "not a clock" },
		{ { .freq = "-1GHz" }, -EINVAL, "not a clock" },
		{ { .freq = "1.5555555GHz" }, -EINVAL, "not a clock" },
		{ { .freq = "1GHz" }, -EINVAL, "it has: 600000 1500000" },
		{ { .freq = "1.5GHz", .freq_max = "1.8GHz" },
		  -EINVAL,
		  "sets both ends" },
		{ { .freq_min = "1.8GHz", .freq_max = "600MHz" },
		  -EINVAL,
		  "is above" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(control_plan(f, &cases[i].control),
				 cases[i].error);
		if (!strstr(f->err.text, cases[i].says))
			print_error("%s\n", f->err.text);
		assert_non_null(strstr(f->err.text, cases[i].says));
	}
}

static void without_a_list_the_hardwares_range_counts(void **state)
{
	struct control_fixture *f = *state;

	assert_int_equal(remove(ep_tmp_path(&f->tmp, CPU
					    "cpufreq/policy0/"
					    "scaling_available_frequencies")),
			 0);
	assert_int_equal(
		control_plan(f,
			     &(struct ep_control){ .freq = "policy0=1.2GHz" }),
		0);
	control_expect(f, 0, "scaling_max_freq", "1200000 1200000");
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .freq = "policy0=2GHz" }),
		-ERANGE);
	assert_non_null(strstr(f->err.text, "from 600 to 1800 MHz"));
}

static void cpus_that_stay_come_first(void **state)
{
	struct control_fixture *f = *state;

	assert_int_equal(control_plan(f, &(struct ep_control){ .cpus = "0-1" }),
			 0);
	assert_int_equal(f->list.count, 3);
	control_expect(f, 0, "/cpu1/online", "1");
	control_expect(f, 1, "/cpu2/online", "0");
	control_expect(f, 2, "/cpu3/online", "0");
	assert_int_equal(control_plan(f, &(struct ep_control){ .cpus = "1-3" }),
			 -ENOENT);
	assert_non_null(strstr(f->err.text, "CPU 0 cannot be switched off"));
	assert_int_equal(control_plan(f, &(struct ep_control){ .cpus = "0-7" }),
			 -ERANGE);
	assert_non_null(strstr(f->err.text, "this machine has 0-3"));
}

static void turbo_is_the_other_way_round(void **state)
{
	struct control_fixture *f = *state;

	assert_int_equal(
		control_plan(f, &(struct ep_control){ .boost = "off" }),
		-ENOENT);
	ep_tmp_puts(&f->tmp, CPU "intel_pstate/no_turbo", "0\n");
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .boost = "off" }), 0);
	control_expect(f, 0, "/no_turbo", "1");
	ep_tmp_puts(&f->tmp, CPU "cpufreq/boost", "1\n");
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .boost = "off" }), 0);
	control_expect(f, 0, "/cpufreq/boost", "0");
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .boost = "yes" }),
		-EINVAL);
}

static void best_effort_notes_what_cannot_be_had(void **state)
{
	struct control_fixture *f = *state;
	const struct ep_control c = { .governor = "powersave",
				      .fan = "full",
				      .boost = "off",
				      .best_effort = true };

	assert_int_equal(control_plan(f, &c), 0);
	assert_true(f->list.best_effort);
	assert_int_equal(f->list.count, 2);
	assert_int_equal(f->notes.count, 2);
	assert_non_null(strstr(f->notes.text[0], "left out: --boost"));
	assert_non_null(strstr(f->notes.text[1], "left out: --fan"));
}

static void powersave_with_intel_pstate_is_only_a_hint(void **state)
{
	struct control_fixture *f = *state;

	ep_tmp_puts(&f->tmp, CPU "cpufreq/policy0/scaling_driver",
		    "intel_pstate\n");
	assert_int_equal(
		control_plan(f,
			     &(struct ep_control){ .governor = "powersave" }),
		0);
	assert_int_equal(f->notes.count, 1);
	assert_non_null(strstr(f->notes.text[0], "--epp power"));
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, control_setup, control_teardown)
	const struct CMUnitTest tests[] = {
		TEST(nothing_asked_plans_nothing),
		TEST(one_governor_is_for_every_policy),
		TEST(policies_may_differ),
		TEST(a_named_policy_comes_before_the_general_value),
		TEST(a_governor_that_is_not_there_is_answered_with_those_that_are),
		TEST(a_fixed_clock_sets_both_ends),
		TEST(clocks_need_a_unit_and_must_be_offered),
		TEST(without_a_list_the_hardwares_range_counts),
		TEST(cpus_that_stay_come_first),
		TEST(turbo_is_the_other_way_round),
		TEST(best_effort_notes_what_cannot_be_had),
		TEST(powersave_with_intel_pstate_is_only_a_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
