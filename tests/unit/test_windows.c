/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Means of channels over short windows, as associations are made of. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/analyze/model.h"
#include "tests/unit/support_run.h"

#define TWO_PI 6.283185307179586

static double instructions(double t)
{
	return 1e10 * (t + 0.5 * 0.7 / TWO_PI * sin(TWO_PI * t / 0.7));
}

static double core_uw(double t)
{
	return 5e6 + 2e6 * cos(TWO_PI * t / 0.7);
}

/* Flat, and its count began anew in the middle. */
static double reset_uj(double t)
{
	return t < 4 ? 1e9 + 2e6 * t : 2e6 * (t - 4);
}

/* The window of a reset is not that of a wrap. */
static void a_count_that_was_reset_is_no_wrap(void **state)
{
	const struct support_mark m[] = {
		{ 0.5, "prefill", 100, 0 },
		{ 1, "generation", -1, 20 },
		{ 7, "", -1, 0 },
	};
	const struct support_channel counted[] = {
		{ { .name = "core",
		    .quantity = EP_POWER_UW,
		    .role = EP_ROLE_TOTAL },
		  core_uw },
		{ { .name = "io",
		    .quantity = EP_ENERGY_UJ,
		    .shape = EP_COUNTER,
		    .role = EP_ROLE_TOTAL,
		    .wrap = UINT64_C(1) << 40 },
		  reset_uj },
	};
	const struct support_channel event = { { .name = "instructions",
						 .quantity = EP_COUNT,
						 .shape = EP_COUNTER,
						 .flags = EP_CHANNEL_EVENT },
					       instructions };
	const struct support_sensor sensors[] = {
		{ .id = "psu", .channels = counted, .channel_count = 2 },
		{ .id = "counters", .channels = &event, .channel_count = 1 },
	};
	const struct support_run run = { .run_s = 8,
					 .tail_s = 0.5,
					 .sensors = sensors,
					 .sensor_count = 2,
					 .total = "psu.core,psu.io",
					 .marks = m,
					 .mark_count = 3 };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_associations *s = r->associations;

	(void)state;
	assert_string_equal(s->reason, "");
	assert_int_equal(s->rail_count, 2);
	assert_string_equal(s->rails[1].channel, "psu.io");
	support_near(s->rails[1].mean_w, 2, 0.01);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_that_was_reset_is_no_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
