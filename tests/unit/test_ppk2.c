/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a PPK2 tells of itself, its amperes, and its clock; what a word means is
 * in tests/golden/ppk2, a whole run in tests/cli/test_ppk2.sh. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sensors/ppk2_wire.h"
#include "sensors/stream_clock.h"

static void near(double value, double expected, double by)
{
	if (!(fabs(value - expected) <= by))
		fail_msg("%.12g, not %.12g", value, expected);
}

static int parse(const char *text, struct ep_ppk2_about *ret)
{
	return ep_ppk2_parse(text, strlen(text), ret);
}

static void metadata_is_read(void **state)
{
	struct ep_ppk2_about a;

	(void)state;
	assert_int_equal(parse("Calibrated: 0\r\nR0: 1003.3506\r\nR3: 0\r\n"
			       "GS3: 2.5\nGI4: -nan\nO4: 112.5\nS1: 1e-7\n"
			       "I2: -0.25\nUG1: 1.5\nVDD: 3300\nHW: 9173\n"
			       "mode: 2\nIA: 56\nEND\n",
			       &a),
			 0);
	near(a.r[0], 1003.3506, 0);
	/* A shunt of 0 is none, -nan was never set. */
	near(a.r[3], 0.94, 0);
	near(a.gi[4], 1, 0);
	near(a.gs[3], 2.5, 0);
	near(a.o[4], 112.5, 0);
	near(a.s[1], 1e-7, 0);
	near(a.i[2], -0.25, 0);
	near(a.ug[1], 1.5, 0);
	near(a.vdd_mv, 3300, 0);
	assert_int_equal(a.mode, EP_PPK2_SOURCE);
	assert_int_equal(a.hw, 9173);
	assert_int_equal(parse("R0: 1\nmode: 1\nVDD: 9000\nEND", &a), 0);
	assert_int_equal(a.mode, EP_PPK2_AMPERE);
	near(a.vdd_mv, 0, 0);
	assert_int_equal(parse("R0: 1\nmode: 7\nEND", &a), 0);
	assert_int_equal(a.mode, EP_PPK2_UNKNOWN);
}

static void what_is_no_metadata_is_refused(void **state)
{
	struct ep_ppk2_about a = { .hw = 77 };

	(void)state;
	assert_int_equal(parse("", &a), -EBADMSG);
	assert_int_equal(parse("R0: 1003\nR1: 100\n", &a), -EBADMSG);
	assert_int_equal(parse("ERROR: what?\nEND\n", &a), -EBADMSG);
	assert_int_equal(parse("END\n", &a), -EBADMSG);
	assert_int_equal(a.hw, 77);
}

/* By hand: ADC 1000 is 4000, less 100, times 1.8 / 163840 / 0.9 ohm is
 * 47.607 mA; of that 0.5 of its square and 1.02 of it, 1e-6 A a volt of
 * 3.3 V, 2e-6 A; all times 1.1. */
static void the_calibration_is_applied(void **state)
{
	struct ep_ppk2_word w = { .adc = 1000, .range = 3 };
	struct ep_ppk2_about a;
	double x = 3900 * (1.8 / 163840) / 0.9;

	(void)state;
	assert_int_equal(parse("R3: 0.9\nO3: 100\nGS3: 0.5\nGI3: 1.02\n"
			       "S3: 0.000001\nI3: 0.000002\nUG3: 1.1\n"
			       "VDD: 3300\nmode: 2\nEND\n",
			       &a),
			 0);
	near(x, 0.047607421875, 1e-12);
	near(ep_ppk2_amps(&a, &w), 0.054667913983, 1e-11);
	assert_true(ep_ppk2_is_possible(1.0));
	assert_false(ep_ppk2_is_possible(9e5));
	assert_false(ep_ppk2_is_possible(-1));
	assert_false(ep_ppk2_is_possible((double)NAN));
}

/* Packets of 1 ms from a clock that is fast, read every 2 ms, some late. */
static void the_clock_is_found(void **state)
{
	static const int64_t late_ns[] = { 0,	   700000, 2500000,
					   300000, 90000,  1200000 };
	const double ppm = 60, period_ns = 10000 / (1 + ppm * 1e-6);
	const int64_t base_ns = INT64_C(5000000000000);
	struct ep_stream_clock c;
	int64_t last_ns = 0;

	(void)state;
	ep_stream_clock_init(&c, 10000);
	for (int i = 1; i <= 15000; i++) {
		uint64_t n = (uint64_t)i * 200;
		int64_t made_ns = base_ns + (int64_t)((double)n * period_ns);
		int64_t told_ns;

		ep_stream_clock_arrived(&c, n, made_ns + late_ns[i % 6]);
		told_ns = ep_stream_clock_tell_ns(&c, n);
		assert_true(told_ns > last_ns);
		last_ns = told_ns;
		if (i > 500)
			near((double)(told_ns - made_ns), 0, 60000);
		if (i > 5000)
			near((double)(told_ns - made_ns), 0, 5000);
	}
	near(c.drift_ns, period_ns - 10000, 0.01);
}

/* 640 samples missing without a trace: everything is late by 6.4 ms. */
static void a_loss_is_an_excess(void **state)
{
	struct ep_stream_clock c;

	(void)state;
	ep_stream_clock_init(&c, 10000);
	for (uint64_t n = 200; n <= 300000; n += 200)
		ep_stream_clock_arrived(&c, n, (int64_t)n * 10000 + 1000);
	near(c.excess_ns, 0, 1000);
	for (uint64_t n = 300200; n <= 400000; n += 200)
		ep_stream_clock_arrived(&c, n,
					(int64_t)(n + 640) * 10000 + 1000);
	near(c.excess_ns, 6400000, 10000);
	near(ep_stream_clock_since_ns(&c, 400000, INT64_C(4000001000)), 0,
	     10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_is_read),
		cmocka_unit_test(what_is_no_metadata_is_refused),
		cmocka_unit_test(the_calibration_is_applied),
		cmocka_unit_test(the_clock_is_found),
		cmocka_unit_test(a_loss_is_an_excess),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
