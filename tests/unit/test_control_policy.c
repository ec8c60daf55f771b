/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Policies that differ, go away or decide by themselves. */
#include "tests/unit/support_control.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int says(const struct control_fixture *f, const char *text)
{
	if (strstr(f->err.text, text))
		return 1;
	print_error("\"%s\" is not in: %s\n", text, f->err.text);
	return 0;
}

static void add_preferences(struct control_fixture *f, const char *governor)
{
	static const char *const dirs[] = { CPU "cpufreq/policy0/",
					    CPU "cpufreq/policy4/" };
	char path[160];

	for (size_t i = 0; i < 2; i++) {
		const char *files[][2] = {
			{ "scaling_driver", "intel_pstate\n" },
			{ "scaling_governor", governor },
			{ "scaling_available_governors",
			  "performance powersave\n" },
			{ "energy_performance_preference",
			  "balance_performance\n" },
			{ "energy_performance_available_preferences",
			  "default performance balance_performance "
			  "balance_power power\n" },
		};

		for (size_t k = 0; k < 5; k++) {
			(void)snprintf(path, sizeof(path), "%s%s", dirs[i],
				       files[k][0]);
			ep_tmp_puts(&f->tmp, path, files[k][1]);
		}
	}
}

static void preferences_are_names_that_the_driver_has(void **state)
{
	struct control_fixture *f = *state;

	assert_int_equal(
		control_plan(f, &(struct ep_control){ .preference = "power" }),
		-ENOENT);
	assert_true(says(f, "its driver has no such thing"));
	add_preferences(f, "powersave\n");
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .preference = "power" }),
		0);
	assert_int_equal(f->list.count, 2);
	control_expect(f, 1, "/policy4/energy_performance_preference", "power");
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .preference = "powre" }),
		-EINVAL);
	assert_true(says(f, "did you mean power?"));
}

static void the_governor_performance_takes_no_other_preference(void **state)
{
	struct control_fixture *f = *state;
	const struct ep_control both = { .governor = "powersave",
					 .preference = "power" };
	const struct ep_control mixed = { .governor = "policy4=performance",
					  .preference = "power" };

	add_preferences(f, "performance\n");
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .preference = "power" }),
		-EINVAL);
	assert_true(says(f, "policy0 has the governor performance"));
	assert_true(says(f, "add --governor powersave"));
	assert_int_equal(
		control_plan(
			f, &(struct ep_control){ .preference = "performance" }),
		0);
	assert_int_equal(control_plan(f, &both), 0);
	assert_int_equal(f->list.count, 4);
	add_preferences(f, "powersave\n");
	assert_int_equal(control_plan(f, &mixed), -EINVAL);
	assert_true(says(f, "policy4 has the governor performance"));
}

static void a_policy_that_goes_away_is_left_out(void **state)
{
	struct control_fixture *f = *state;
	const struct ep_control all = { .governor = "powersave",
					.freq = "1.5GHz",
					.cpus = "0-1" };
	const struct ep_control named = { .governor = "policy4=powersave",
					  .cpus = "0-1" };

	ep_tmp_puts(&f->tmp, CPU "cpufreq/policy0/affected_cpus", "0 1\n");
	ep_tmp_puts(&f->tmp, CPU "cpufreq/policy4/affected_cpus", "2 3\n");
	assert_int_equal(control_plan(f, &all), 0);
	assert_int_equal(f->list.count, 5);
	control_expect(f, 3, "/policy0/scaling_governor", "powersave");
	control_expect(f, 4, "/policy0 scaling_min_freq scaling_max_freq",
		       "1500000 1500000");
	assert_int_equal(f->notes.count, 2);
	assert_string_equal(f->notes.text[0],
			    "--governor leaves policy4 out: --cpus switches "
			    "its CPUs off");
	assert_int_equal(control_plan(f, &named), -EINVAL);
	assert_true(says(f, "policy4 goes away, since --cpus switches its CPUs "
			    "(2 3) off"));
}

static void cpus_that_are_off_are_told(void **state)
{
	struct control_fixture *f = *state;

	ep_tmp_puts(&f->tmp, CPU "online", "0-1\n");
	assert_int_equal(
		control_plan(f,
			     &(struct ep_control){ .governor = "powersave" }),
		0);
	assert_int_equal(f->notes.count, 1);
	assert_non_null(strstr(f->notes.text[0], "CPUs 2-3 are off now"));
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .drop_caches = true }),
		0);
	assert_int_equal(f->notes.count, 0);
}

static void boost_of_single_policies(void **state)
{
	struct control_fixture *f = *state;

	assert_int_equal(
		control_plan(f, &(struct ep_control){ .boost = "policy0=off" }),
		-ENOENT);
	assert_true(says(f, "of single policies"));
	ep_tmp_puts(&f->tmp, CPU "cpufreq/policy0/boost", "1\n");
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .boost = "off" }), 0);
	assert_int_equal(f->list.count, 1);
	control_expect(f, 0, "/policy0/boost", "0");
	assert_int_equal(
		control_plan(
			f, &(struct ep_control){ .boost = "policy0=off,policy4="
							  "off" }),
		-ENOENT);
	ep_tmp_puts(&f->tmp, CPU "cpufreq/policy4/boost", "0\n");
	/* The switch for all is for lists without names. */
	ep_tmp_puts(&f->tmp, CPU "cpufreq/boost", "1\n");
	assert_int_equal(
		control_plan(
			f, &(struct ep_control){ .boost = "policy0=off,policy4="
							  "on" }),
		0);
	assert_int_equal(f->list.count, 2);
	control_expect(f, 1, "/policy4/boost", "1");
	assert_int_equal(
		control_plan(f,
			     &(struct ep_control){ .boost = "policy4=never" }),
		-EINVAL);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, control_setup, control_teardown)
	const struct CMUnitTest tests[] = {
		TEST(preferences_are_names_that_the_driver_has),
		TEST(the_governor_performance_takes_no_other_preference),
		TEST(a_policy_that_goes_away_is_left_out),
		TEST(cpus_that_are_off_are_told),
		TEST(boost_of_single_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
