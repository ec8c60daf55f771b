/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/proc_tree_parts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void stat_lines_with_hostile_names(void **state)
{
	struct ep_walk_stat s = { 0 };

	(void)state;
	assert_int_equal(
		ep_walk_stat_parse("7 (a) R 1 (b)) S 42 7 7 0 -1 4194304 1 2 3 "
				   "4 5 6 7 8 20 0 11 0 987654 1 2\n",
				   &s),
		0);
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.ppid, 42);
	assert_int_equal(s.threads_count, 11);
	assert_int_equal(s.start_ticks, 987654);
	assert_int_equal(ep_walk_stat_parse("", &s), -EBADMSG);
	assert_int_equal(ep_walk_stat_parse("7 (a)", &s), -EBADMSG);
	assert_int_equal(ep_walk_stat_parse("7 (a) R", &s), -EBADMSG);
	assert_int_equal(ep_walk_stat_parse("7 (a) R x 1 1", &s), -EBADMSG);
	assert_int_equal(ep_walk_stat_parse("7 (a) R 1 2 3", &s), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_lines_with_hostile_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
