/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "drivers/setting.h"
#include "tests/unit/support_settings.h"

#define POLICY "/sys/devices/system/cpu/cpufreq/policy0"
#define GOVERNOR POLICY "/scaling_governor"
#define IN_TREE(path) (&(path)[1])
#define RANGE POLICY " scaling_min_freq scaling_max_freq"

static struct ep_tmp tmp;
static struct ep_env env;

static int set_up(void **state)
{
	(void)state;
	support_board_make(&tmp, &support_boards[0]);
	env = support_board_env(&tmp);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ep_root_close(&env.root);
	ep_tmp_remove(&tmp);
	return 0;
}

static void values_there_are_are_listed(void **state)
{
	char text[512];

	(void)state;
	assert_true(ep_setting_governor.choices(&env, GOVERNOR, text,
						sizeof(text)) > 0);
	assert_string_equal(
		text, "conservative ondemand powersave performance schedutil");
}

static void bracketed_choices_read_as_the_chosen_one(void **state)
{
	char text[64];

	(void)state;
	ep_tmp_puts(&tmp, "sys/thp", "always [madvise] never\n");
	assert_int_equal(ep_setting_file.read(&env, "/sys/thp", text,
					      sizeof(text), NULL),
			 7);
	assert_string_equal(text, "madvise");
	ep_tmp_puts(&tmp, "sys/thp", "[alone]\n");
	assert_true(ep_setting_file.read(&env, "/sys/thp", text, sizeof(text),
					 NULL) > 0);
	assert_string_equal(text, "[alone]");
	ep_tmp_puts(&tmp, "sys/thp", "one\ntwo\n");
	assert_int_equal(ep_setting_file.read(&env, "/sys/thp", text,
					      sizeof(text), NULL),
			 -EBADMSG);
}

static void drivers_may_round_numbers_but_not_switches(void **state)
{
	(void)state;
	assert_true(ep_setting_rounded("1550000", "1500000"));
	assert_true(ep_setting_rounded("performance", "performance"));
	assert_false(ep_setting_rounded("1500000", "2400000"));
	assert_false(ep_setting_rounded("0", "1"));
	assert_false(ep_setting_rounded("1", "0"));
	assert_false(ep_setting_rounded("powersave", "performance"));
}

static void assert_range(const char *is)
{
	char now[64];

	assert_true(ep_setting_range.read(&env, RANGE, now, sizeof(now), NULL) >
		    0);
	assert_string_equal(now, is);
}

static int set_range(const char *value, struct ep_err *err)
{
	return ep_setting_range.write(&env, RANGE, value, err);
}

static void a_range_moves_both_ends_or_one(void **state)
{
	struct ep_err err = { 0 };

	(void)state;
	assert_range("1500000 2400000");
	/* Far above, then far below: either end may have to go first. */
	assert_int_equal(set_range("3000000 3500000", NULL), 0);
	assert_range("3000000 3500000");
	assert_int_equal(set_range("600000 900000", NULL), 0);
	assert_range("600000 900000");
	assert_int_equal(set_range("- 800000", NULL), 0);
	assert_range("600000 800000");
	assert_int_equal(set_range("700000 -", NULL), 0);
	assert_range("700000 800000");
	assert_int_equal(set_range("- 600000", &err), -EINVAL);
	assert_non_null(strstr(err.text, "above the upper end"));
	assert_int_equal(set_range("1", &err), -EINVAL);
	assert_int_equal(set_range("1 2 3", &err), -EINVAL);
	assert_int_equal(set_range("low high", &err), -EINVAL);
	assert_range("700000 800000");
}

static void ranges_compare_end_by_end(void **state)
{
	(void)state;
	assert_true(ep_setting_same(&ep_setting_range, "1 2", "1 2"));
	assert_true(ep_setting_same(&ep_setting_range, "- 2", "1 2"));
	assert_false(ep_setting_same(&ep_setting_range, "- 3", "1 2"));
	assert_true(ep_setting_took(&ep_setting_range, "1550000 -",
				    "1500000 2400000"));
	assert_false(ep_setting_took(&ep_setting_range, "1550000 -",
				     "600000 2400000"));
	assert_false(ep_setting_same(&ep_setting_range, "1", "1 2"));
}

struct list {
	char text[512];
	int stop_at; /* the call that says 7; 0 none */
	int count;
};

static int collect(void *ctx, const char *file)
{
	struct list *l = ctx;
	const char *slash = strrchr(file, '/');

	strncat(l->text, slash, sizeof(l->text) - strlen(l->text) - 1);
	return ++l->count == l->stop_at ? 7 : 0;
}

static void a_governor_brings_its_tunables(void **state)
{
	struct list all = { .stop_at = 0 }, first = { .stop_at = 1 };

	(void)state;
	ep_tmp_puts(&tmp, IN_TREE(POLICY "/ondemand/freq_step"), "5\n");
	ep_tmp_puts(&tmp, IN_TREE(POLICY "/powersave/not_of_this"), "5\n");
	ep_tmp_puts(&tmp, IN_TREE(POLICY "/energy_performance_preference"),
		    "power\n");
	assert_int_equal(
		ep_setting_governor.companions(&env, GOVERNOR, collect, &all),
		0);
	assert_string_equal(all.text, "/energy_performance_preference/freq_step"
				      "/sampling_rate/up_threshold");
	/* What each() says ends it and comes back. */
	assert_int_equal(
		ep_setting_governor.companions(&env, GOVERNOR, collect, &first),
		7);
	assert_int_equal(first.count, 1);
}

static void a_governor_touches_its_folder_and_the_tunables_of_all(void **state)
{
	bool (*touches)(const char *target, const char *other) =
		ep_setting_governor.touches;

	(void)state;
	assert_true(touches(GOVERNOR, POLICY "/scaling_setspeed"));
	assert_true(touches(GOVERNOR, POLICY "/ondemand/up_threshold"));
	assert_true(touches(
		GOVERNOR,
		"/sys/devices/system/cpu/cpufreq/ondemand/up_threshold"));
	assert_false(touches(GOVERNOR, GOVERNOR));
	assert_false(touches(
		GOVERNOR,
		"/sys/devices/system/cpu/cpufreq/policy4/scaling_governor"));
	assert_false(touches(GOVERNOR, "/sys/class/devfreq/gpu/governor"));
}

int main(void)
{
#define SETTING_TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		SETTING_TEST(values_there_are_are_listed),
		SETTING_TEST(bracketed_choices_read_as_the_chosen_one),
		SETTING_TEST(drivers_may_round_numbers_but_not_switches),
		SETTING_TEST(a_range_moves_both_ends_or_one),
		SETTING_TEST(ranges_compare_end_by_end),
		SETTING_TEST(a_governor_brings_its_tunables),
		SETTING_TEST(
			a_governor_touches_its_folder_and_the_tunables_of_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
