/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "base/sample.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void every_quantity_has_units_and_is_found_by_them(void **state)
{
	(void)state;
	for (int q = 0; q < EP_QUANTITY_COUNT; q++) {
		enum ep_quantity found = EP_QUANTITY_COUNT;
		char column[64];

		assert_true(ep_quantity_unit((enum ep_quantity)q)[0] != '\0');
		assert_true(ep_quantity_si_unit((enum ep_quantity)q)[0] !=
			    '\0');
		snprintf(column, sizeof(column), "core_0_%s",
			 ep_quantity_unit((enum ep_quantity)q));
		assert_int_equal(ep_quantity_of_column(column, &found), 0);
		assert_int_equal(found, q);
	}
	assert_int_equal(sizeof(struct ep_sample), 24);
}

static void units_and_scales_are_the_documented_ones(void **state)
{
	(void)state;
	assert_string_equal(ep_quantity_unit(EP_POWER_UW), "uw");
	assert_string_equal(ep_quantity_si_unit(EP_POWER_UW), "w");
	assert_int_equal(ep_quantity_si_scale(EP_POWER_UW), 6);
	assert_string_equal(ep_quantity_si_unit(EP_ENERGY_UJ), "j");
	assert_int_equal(ep_quantity_si_scale(EP_TEMP_MC), 3);
	assert_int_equal(ep_quantity_si_scale(EP_TIME_NS), 9);
	assert_int_equal(ep_quantity_si_scale(EP_COUNT), 0);
	assert_string_equal(ep_quantity_unit(EP_QUANTITY_COUNT), "");
	assert_string_equal(ep_quantity_si_unit(EP_QUANTITY_COUNT), "");
	assert_int_equal(ep_quantity_si_scale(EP_QUANTITY_COUNT), 0);
}

static void columns_without_a_known_unit_are_refused(void **state)
{
	static const char *const bad[] = { "",	       "power",	   "power_",
					   "_uw",      "power_mw", "uw",
					   "power_UW", "t_ns_x" };
	enum ep_quantity q = EP_COUNT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ep_quantity_of_column(bad[i], &q), -EINVAL);
	assert_int_equal(q, EP_COUNT);
}

static void clocks_advance_and_agree(void **state)
{
	struct ep_clock_pair pair;
	int64_t before_ns = ep_clock_monotonic_ns(), due_ns;

	(void)state;
	ep_clock_pair_get(&pair);
	assert_true(pair.mono_ns >= before_ns);
	assert_true(pair.mono_ns <= ep_clock_monotonic_ns());
	assert_true(pair.span_ns >= 0 && pair.real_ns > EP_NS_PER_S);
	assert_true(pair.boot_ns >= pair.mono_ns - pair.span_ns);
	assert_true(ep_clock_thread_cpu_ns() > 0);
	assert_true(ep_clock_process_cpu_ns() > 0);
	assert_true(ep_clock_boottime_ns() >= pair.boot_ns);
	assert_true(ep_clock_realtime_ns() > 0);
	due_ns = ep_clock_monotonic_ns() + 2 * EP_NS_PER_MS;
	ep_clock_sleep_until(due_ns);
	assert_true(ep_clock_monotonic_ns() >= due_ns);
	ep_clock_sleep_until(due_ns);
	ep_clock_sleep_until(-1);
}

static void utc_stamp_has_the_folder_names_form(void **state)
{
	char text[17], small[10] = "x";

	(void)state;
	ep_clock_utc_stamp(INT64_C(1795216340) * EP_NS_PER_S + 999999999, text,
			   sizeof(text));
	assert_string_equal(text, "20261120T231220Z");
	ep_clock_utc_stamp(0, text, sizeof(text));
	assert_string_equal(text, "19700101T000000Z");
	ep_clock_utc_stamp(0, small, sizeof(small));
	assert_string_equal(small, "");
	ep_clock_utc_stamp(0, small, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_quantity_has_units_and_is_found_by_them),
		cmocka_unit_test(units_and_scales_are_the_documented_ones),
		cmocka_unit_test(columns_without_a_known_unit_are_refused),
		cmocka_unit_test(clocks_advance_and_agree),
		cmocka_unit_test(utc_stamp_has_the_folder_names_form),
	};

	return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
