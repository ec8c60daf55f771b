/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/num.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROUNDS 200000

/* splitmix64: the same numbers every time. */
static uint64_t random_state = 42;

static uint64_t next_random(void)
{
	uint64_t z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static double from_bits(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void put_i64_equals_printf(void **state)
{
	char want[32], got[32];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		int64_t v = (int64_t)(next_random() >> (next_random() % 64));
		size_t len;

		if (i % 2)
			v = (int64_t)(0 - (uint64_t)v);
		if (i == 0)
			v = INT64_MIN;
		if (i == 1)
			v = INT64_MAX;
		len = ep_num_put_i64(got, v);
		got[len] = '\0';
		snprintf(want, sizeof(want), "%" PRId64, v);
		assert_string_equal(got, want);
	}
}

static void put_scaled_round_trips_and_is_short(void **state)
{
	char text[32];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		int64_t v = (int64_t)next_random() >> (next_random() % 64);
		int scale = (int)(next_random() % 19);
		size_t len = ep_num_put_scaled(text, v, scale);
		int64_t back;

		assert_true(len <= 24);
		text[len] = '\0';
		assert_int_equal(ep_num_parse_scaled(text, scale, &back), 0);
		assert_true(back == v);
		if (strchr(text, '.'))
			assert_true(text[len - 1] != '0' &&
				    text[len - 1] != '.');
	}
	text[ep_num_put_scaled(text, 1500000, 6)] = '\0';
	assert_string_equal(text, "1.5");
	text[ep_num_put_scaled(text, -1, 6)] = '\0';
	assert_string_equal(text, "-0.000001");
	text[ep_num_put_scaled(text, 0, 6)] = '\0';
	assert_string_equal(text, "0");
	text[ep_num_put_scaled(text, INT64_MIN, 18)] = '\0';
	assert_string_equal(text, "-9.223372036854775808");
	text[ep_num_put_scaled(text, -3000, 3)] = '\0';
	assert_string_equal(text, "-3");
}

static void check_put_f64(double value)
{
	char want[64], got[64];

	snprintf(want, sizeof(want), "%.15g", value);
	assert_int_equal(ep_num_put_f64(got, value), strlen(want));
	assert_string_equal(got, want);
}

static void put_f64_equals_printf_with_15_digits(void **state)
{
	char text[32];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		double any = from_bits(next_random());
		double unit = (double)(next_random() >> 11) / 0x1p53;
		double ten = pow(10, (double)(next_random() % 24) - 6);

		if (isfinite(any))
			check_put_f64(any);
		check_put_f64(unit * ten);
		check_put_f64(-floor(unit * 1e6) / 1e6 * ten);
		check_put_f64(floor(unit * 1e9) * 0.5);
	}
	for (int e = -6; e <= 17; e++) {
		check_put_f64(pow(10, e));
		check_put_f64(nextafter(pow(10, e), 0));
		check_put_f64(nextafter(pow(10, e), DBL_MAX));
	}
	check_put_f64(999999999999999.5);
	check_put_f64(999999999999998.5);
	check_put_f64(0.1);
	check_put_f64(0.3);
	assert_int_equal(ep_num_put_f64(text, -0.0), 1);
	assert_string_equal(text, "0");
	assert_int_equal(ep_num_put_f64(text, (double)NAN), 0);
	assert_string_equal(text, "");
	assert_int_equal(ep_num_put_f64(text, (double)INFINITY), 0);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(put_i64_equals_printf),
		cmocka_unit_test(put_scaled_round_trips_and_is_short),
		cmocka_unit_test(put_f64_equals_printf_with_15_digits),
	};

	return cmocka_run_group_tests_name("num_put", tests, NULL, NULL);
}
