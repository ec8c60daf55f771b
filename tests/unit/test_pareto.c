/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/pareto.h"

struct expected {
	size_t front[8], count;
	ptrdiff_t knee;
};

static void expect(const struct ep_pareto_point *points, size_t count,
		   const struct expected *want)
{
	size_t *front = NULL, front_count = 99;
	ptrdiff_t knee = 99;

	assert_int_equal(ep_pareto(points, count, &front, &front_count, &knee),
			 0);
	assert_int_equal(front_count, want->count);
	for (size_t i = 0; i < want->count; i++)
		assert_int_equal(front[i], want->front[i]);
	assert_int_equal(knee, want->knee);
	free(front);
}

static void what_no_other_beats(void **state)
{
	/* cost, gain: 1 is beaten by 0 in both, 4 by 3 in cost alone */
	const struct ep_pareto_point points[] = {
		{ 1, 5 },
		{ 2, 4 },
		{ 4, 12 },
		{ 2, 10 },
		{ 3, 10 },
		{ (double)NAN, 99 },
		{ 0.5, (double)NAN },
	};

	(void)state;
	expect(points, 7, &(struct expected){ { 0, 3, 2 }, 3, 3 });
	expect(points, 2, &(struct expected){ { 0 }, 1, -1 });
	expect(points, 0, &(struct expected){ { 0 }, 0, -1 });
	expect(points + 5, 2, &(struct expected){ { 0 }, 0, -1 });
}

static void equal_points_count_once(void **state)
{
	const struct ep_pareto_point points[] = {
		{ 2, 2 }, { 1, 1 }, { 2, 2 }, { 1, 1 }, { 3, 2 }, { 1, 0 },
	};

	(void)state;
	expect(points, 6, &(struct expected){ { 1, 0 }, 2, -1 });
}

static void a_straight_front_has_no_knee(void **state)
{
	const struct ep_pareto_point straight[] = { { 1, 1 },
						    { 2, 2 },
						    { 3, 3 } };
	/* Below the line: its ends are the better choices. */
	const struct ep_pareto_point hollow[] = { { 1, 1 },
						  { 9, 2 },
						  { 10, 10 } };
	/* By extent of the front, not by units: 1 lies off by 0.5, 2 by 0.1. */
	const struct ep_pareto_point scaled[] = {
		{ 0, 0 }, { 1e-3, 600 }, { 8e-3, 900 }, { 1e-2, 1000 }
	};

	(void)state;
	expect(straight, 3, &(struct expected){ { 0, 1, 2 }, 3, -1 });
	expect(hollow, 3, &(struct expected){ { 0, 1, 2 }, 3, -1 });
	expect(scaled, 4, &(struct expected){ { 0, 1, 2, 3 }, 4, 1 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_other_beats),
		cmocka_unit_test(equal_points_count_once),
		cmocka_unit_test(a_straight_front_has_no_knee),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
