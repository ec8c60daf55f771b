/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/cpus.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void lists_are_read_and_written_back(void **state)
{
	static const char *const lists[] = { "0", "0-3", "1,3", "0-3,6",
					     "0-1,4-5,1023" };
	char text[64];
	cpu_set_t set;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		assert_int_equal(ep_cpus_parse(lists[i], &set), 0);
		assert_true(ep_cpus_format(&set, text, sizeof(text)));
		assert_string_equal(text, lists[i]);
	}
	assert_int_equal(ep_cpus_parse("3,2,1,1-2", &set), 0);
	assert_true(ep_cpus_format(&set, text, sizeof(text)));
	assert_string_equal(text, "1-3");
	assert_int_equal(CPU_COUNT(&set), 3);
}

static void rubbish_is_refused_and_leaves_the_set_alone(void **state)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
		{ "", -EINVAL },
		{ ",", -EINVAL },
		{ "1,", -EINVAL },
		{ "-1", -EINVAL },
		{ "1-", -EINVAL },
		{ "a", -EINVAL },
		{ "1-2-3", -EINVAL },
		{ "0x1", -EINVAL },
		{ " 1", -EINVAL },
		{ "3-1", -ERANGE },
		{ "1024", -ERANGE },
		{ "0-1024", -ERANGE },
		{ "99999999999", -ERANGE },
		{ "1 2", -EINVAL },
	};
	cpu_set_t set;

	(void)state;
	CPU_ZERO(&set);
	CPU_SET(7, &set);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = ep_cpus_parse(cases[i].text, &set);

		if (r != cases[i].error)
			print_error("'%s' gives %d\n", cases[i].text, r);
		assert_int_equal(r, cases[i].error);
		assert_int_equal(CPU_COUNT(&set), 1);
	}
}

static void a_list_that_does_not_fit_is_not_cut_silently(void **state)
{
	cpu_set_t set;
	char text[4];

	(void)state;
	assert_int_equal(ep_cpus_parse("0,2,4", &set), 0);
	assert_false(ep_cpus_format(&set, text, sizeof(text)));
	CPU_ZERO(&set);
	assert_true(ep_cpus_format(&set, text, sizeof(text)));
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_read_and_written_back),
		cmocka_unit_test(rubbish_is_refused_and_leaves_the_set_alone),
		cmocka_unit_test(a_list_that_does_not_fit_is_not_cut_silently),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
