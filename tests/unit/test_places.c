/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What tokens took against their place, over several generations. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/analyze/position.h"
#include "tests/unit/support_run.h"

/* Two generations: each place has tokens of both, and their spread. */
static void places_are_of_all_requests(void **state)
{
	struct ep_token_block blocks[16];
	struct ep_generation_profile g = { .token_count = 0 };

	(void)state;
	for (int i = 0; i < 16; i++)
		blocks[i] =
			(struct ep_token_block){ .request = 1 + i / 8,
						 .place = 5 + 10 * (i % 8),
						 .tokens = 10,
						 .seconds = 0.1,
						 .energy_j = i < 8 ? 1 : 1.2 };
	blocks[3].energy_j = blocks[11].energy_j = (double)NAN;
	ep_position_places(blocks, 16, 0, &g);
	assert_int_equal(g.place_count, 8);
	support_near(g.places[0].place, 5, 1e-12);
	support_near(g.places[7].place, 75, 1e-12);
	support_near(g.places[0].tokens, 20, 0);
	support_near(g.places[0].energy_j, 1.1, 1e-12);
	/* t of one degree of freedom, 12.706, times 0.1. */
	support_near(g.places[0].energy_u95, 1.2706, 1e-4);
	assert_true(isnan(g.places[3].energy_j));
	assert_true(isnan(g.places[3].energy_u95));
	support_near(g.places[3].seconds, 0.1, 1e-12);
	ep_position_places(blocks, 1, 0, &g);
	assert_int_equal(g.place_count, 1);
	assert_true(isnan(g.places[0].energy_u95));
	ep_position_places(blocks, 0, 0, &g);
	assert_int_equal(g.place_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_of_all_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
