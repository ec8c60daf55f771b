/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A meter's own energy count beside what its power makes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/model.h"
#include "tests/unit/support_run.h"

#define POWER(title, its_role)                                      \
	.name = title, .quantity = EP_POWER_UW, .role = (its_role), \
	.refresh_ns = 10 * EP_NS_PER_MS
#define COUNT                                                            \
	.name = "energy", .quantity = EP_ENERGY_UJ, .shape = EP_COUNTER, \
	.flags = EP_CHANNEL_CHECK

static double w8_uw(double t)
{
	(void)t;
	return 8e6;
}

static double w5_uw(double t)
{
	(void)t;
	return 5e6;
}

static double still_uj(double t)
{
	(void)t;
	return 1e9;
}

static double w8_uj(double t)
{
	return 1e9 + 8e6 * t;
}

static double w9_uj(double t)
{
	return 1e9 + 9e6 * t;
}

static struct support_run make(const struct support_sensor *sensors,
			       size_t count, const char *total)
{
	struct support_run run = {
		.idle_s = 4,
		.run_s = 4,
		.tail_s = 0.5,
		.sensors = sensors,
		.sensor_count = count,
		.total = total,
	};

	return run;
}

static const struct ep_metric *whole(const struct ep_report *r,
				     const struct ep_metric *m)
{
	return &m[r->total_count - 1];
}

static struct ep_report *count(double (*counted)(double), int64_t resolution,
			       const char *total)
{
	const struct support_channel channels[] = {
		{ { POWER("p", EP_ROLE_TOTAL), .gain_ppm = 1000 }, w8_uw },
		{ { COUNT, .resolution = resolution }, counted },
	};
	const struct support_sensor sensor = { .id = "um",
					       .channels = channels,
					       .channel_count = 2 };
	const struct support_run run = make(&sensor, 1, total);

	return support_run_analyze(&run);
}

static void a_count_that_agrees_is_no_warning(void **state)
{
	struct ep_report *r = count(w8_uj, 1000, "um.p");

	(void)state;
	assert_int_equal(r->meter_count, 1);
	support_near(r->meters[0].count_j.value, 32, 1e-4);
	support_near(r->meters[0].count_difference_j.value, 0, 1e-4);
	assert_false(support_warned(r, "count-differs"));
	/* It checks, and is no channel and no total. */
	assert_int_equal(r->channel_count, 1);
	ep_report_free(r);
	r = count(w8_uj, 1000, "um.energy");
	assert_string_equal(r->total_reason,
			    "um.energy is a meter's own count: never a total");
	ep_report_free(r);
}

static void a_count_that_differs_is_told(void **state)
{
	struct ep_report *r = count(w9_uj, 1000, "um.p");

	(void)state;
	support_near(r->meters[0].count_j.value, 36, 1e-4);
	support_near(r->meters[0].count_difference_j.value, -4, 1e-4);
	assert_true(support_warned(r, "count-differs"));
	ep_report_free(r);
	/* Nothing that one count of it can tell. */
	r = count(w9_uj, 5000000, "um.p");
	support_near(r->meters[0].count_difference_j.value, -4, 1e-4);
	assert_false(support_warned(r, "count-differs"));
	ep_report_free(r);
	r = count(still_uj, 1000, "um.p");
	assert_int_equal(r->meters[0].count_difference_j.status,
			 EP_STATUS_NOT_MEASURED);
	assert_non_null(strstr(r->meters[0].count_j.reason, "stands still"));
	assert_false(support_warned(r, "count-differs"));
	ep_report_free(r);
}

/* It counts what flows through it, not the sum of two sensors. */
static void a_count_is_not_compared_with_a_sum(void **state)
{
	const struct support_channel um[] = {
		{ { POWER("p", EP_ROLE_TOTAL) }, w8_uw },
		{ { COUNT }, w8_uj },
	};
	const struct support_channel gpu = { { POWER("p", EP_ROLE_TOTAL) },
					     w5_uw };
	const struct support_sensor sensors[] = {
		{ .id = "um", .channels = um, .channel_count = 2 },
		{ .id = "gpu", .channels = &gpu, .channel_count = 1 },
	};
	const struct support_run run = make(sensors, 2, "um.p,gpu.p");
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	assert_int_equal(r->meter_count, 1);
	support_near(whole(r, r->meters[0].energy_j)->value, 52, 1e-6);
	assert_int_equal(r->meters[0].count_j.status, EP_STATUS_NOT_MEASURED);
	assert_false(support_warned(r, "count-differs"));
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_that_agrees_is_no_warning),
		cmocka_unit_test(a_count_that_differs_is_told),
		cmocka_unit_test(a_count_is_not_compared_with_a_sum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
