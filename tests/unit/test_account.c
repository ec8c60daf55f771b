/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What this process may do, and small facts about time. */
#include "drivers/account.h"
#include "drivers/machine.h"
#include "drivers/timekeeping.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/support_tmp.h"

static void capabilities_are_parsed(void **state)
{
	uint64_t bits = 7;

	(void)state;
	assert_int_equal(ep_account_parse_caps("Name:\tx\nCapEff:\t"
					       "0000004000800000\nCapBnd:\t0\n",
					       &bits),
			 0);
	assert_true(bits == ((UINT64_C(1) << EP_CAP_PERFMON) |
			     (UINT64_C(1) << EP_CAP_SYS_NICE)));
	assert_int_equal(ep_account_parse_caps("Name:\tx\n", &bits), -EBADMSG);
	assert_int_equal(ep_account_parse_caps("\nCapEff:\t\n", &bits),
			 -EBADMSG);
	assert_int_equal(ep_account_parse_caps("\nCapEff:\t000000000000000000"
					       "00000000000000000001\n",
					       &bits),
			 -EBADMSG);
	assert_int_equal(ep_account_parse_caps("\nCapEff:\tzz\n", &bits),
			 -EBADMSG);
}

static void groups_of_this_process(void **state)
{
	gid_t groups[256];
	int count = getgroups(256, groups);
	char text[64] = "";

	(void)state;
	assert_true(ep_account_in_group(getegid()));
	for (int i = 0; i < count; i++)
		assert_true(ep_account_in_group(groups[i]));
	assert_false(ep_account_in_group(3999999998u));
	assert_false(ep_account_joins_group(3999999998u));
	ep_account_group(3999999998u, text, sizeof(text));
	assert_string_equal(text, "3999999998");
	ep_account_user(text, sizeof(text));
	assert_true(text[0] != '\0');
}

static void steal_is_a_share_of_what_was_wanted(void **state)
{
	int64_t ppm = -1;

	(void)state;
	assert_int_equal(ep_cpu_steal_parse("cpu  500 0 400 9000 50 0 0 100 0 "
					    "0\ncpu0 1\n",
					    &ppm),
			 0);
	assert_int_equal(ppm, 100000);
	assert_int_equal(ep_cpu_steal_parse("cpu  0 0 0 9000 50 0 0 0\n", &ppm),
			 0);
	assert_int_equal(ppm, 0);
	ppm = 7;
	assert_int_equal(ep_cpu_steal_parse("cpu0 1 1 1 1 1 1 1 1\n", &ppm),
			 -EBADMSG);
	assert_int_equal(ep_cpu_steal_parse("cpu  1 2 3\n", &ppm), -EBADMSG);
	assert_int_equal(ep_cpu_steal_parse("", &ppm), -EBADMSG);
	assert_int_equal(ep_cpu_steal_parse("cpu  1 2 x 4 5 6 7 8\n", &ppm),
			 -EBADMSG);
	assert_int_equal(ppm, 7);
	assert_int_equal(ep_cpu_steal_ppm(&ppm), 0);
	assert_true(ppm >= 0 && ppm <= 1000000);
}

static void facts_below_a_root(void **state)
{
	struct ep_root root;
	struct ep_tmp tmp;
	char text[64];

	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(ep_root_open(&root, tmp.path, NULL), 0);
	assert_int_equal(ep_clocksource(&root, text, sizeof(text)), -ENOENT);
	ep_machine_product(&root, text, sizeof(text));
	assert_string_equal(text, "");
	ep_machine_compatibles(&root, text, sizeof(text));
	assert_string_equal(text, "");
	ep_tmp_puts(&tmp,
		    "sys/devices/system/clocksource/clocksource0/"
		    "current_clocksource",
		    "tsc\n");
	ep_tmp_puts(&tmp, "sys/class/dmi/id/product_name", "T14 \n");
	ep_tmp_write(&tmp, "proc/device-tree/compatible", "a,b\0c\0", 6);
	assert_int_equal(ep_clocksource(&root, text, sizeof(text)), 0);
	assert_string_equal(text, "tsc");
	ep_machine_product(&root, text, sizeof(text));
	assert_string_equal(text, "T14");
	ep_tmp_puts(&tmp, "sys/class/dmi/id/sys_vendor", "LEN\033OVO\n");
	ep_machine_product(&root, text, sizeof(text));
	assert_string_equal(text, "LEN?OVO T14");
	ep_machine_compatibles(&root, text, sizeof(text));
	assert_string_equal(text, "a,b, c");
	ep_root_close(&root);
	ep_tmp_remove(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capabilities_are_parsed),
		cmocka_unit_test(groups_of_this_process),
		cmocka_unit_test(steal_is_a_share_of_what_was_wanted),
		cmocka_unit_test(facts_below_a_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
