/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/num.h"

#include <errno.h>
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

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static void i64_takes_integers_only(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t value;
	} cases[] = {
		{ "0", 0, 0 },
		{ "-1", 0, -1 },
		{ "9223372036854775807", 0, INT64_MAX },
		{ "-9223372036854775808", 0, INT64_MIN },
		{ "9223372036854775808", -ERANGE, 77 },
		{ "-9223372036854775809", -ERANGE, 77 },
		{ "18446744073709551616", -ERANGE, 77 },
		{ "99999999999999999999999", -ERANGE, 77 },
		{ "", -EINVAL, 77 },
		{ "-", -EINVAL, 77 },
		{ "--1", -EINVAL, 77 },
		{ "+1", -EINVAL, 77 },
		{ " 1", -EINVAL, 77 },
		{ "1 ", -EINVAL, 77 },
		{ "1\n", -EINVAL, 77 },
		{ "010", -EINVAL, 77 },
		{ "00", -EINVAL, 77 },
		{ "0x10", -EINVAL, 77 },
		{ "1e3", -EINVAL, 77 },
		{ "1.0", -EINVAL, 77 },
		{ "99999999999999999999999x", -EINVAL, 77 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t value = 77;

		assert_int_equal(ep_num_parse_i64(cases[i].text, &value),
				 cases[i].result);
		assert_true(value == cases[i].value);
	}
}

static void u64_and_hex_have_their_limits(void **state)
{
	uint64_t value = 77;

	(void)state;
	assert_int_equal(ep_num_parse_u64("18446744073709551615", &value), 0);
	assert_true(value == UINT64_MAX);
	value = 77;
	assert_int_equal(ep_num_parse_u64("18446744073709551616", &value),
			 -ERANGE);
	assert_int_equal(ep_num_parse_u64("-1", &value), -EINVAL);
	assert_int_equal(ep_num_parse_hex_or_dec("0x", &value), -EINVAL);
	assert_int_equal(ep_num_parse_hex_or_dec("0xg", &value), -EINVAL);
	assert_int_equal(ep_num_parse_hex_or_dec("1f", &value), -EINVAL);
	assert_int_equal(ep_num_parse_hex_or_dec("0x10000000000000000", &value),
			 -ERANGE);
	assert_true(value == 77);
	assert_int_equal(ep_num_parse_hex_or_dec("0x1F", &value), 0);
	assert_true(value == 31);
	assert_int_equal(
		ep_num_parse_hex_or_dec("0x00ffffffffffffffff", &value), 0);
	assert_true(value == UINT64_MAX);
	assert_int_equal(ep_num_parse_hex_or_dec("31", &value), 0);
	assert_true(value == 31);
}

static void f64_refuses_what_is_no_number(void **state)
{
	static const char *const bad[] = {
		"",	"-",   ".",	"1.",	    ".5",   "1,5",   "nan",
		"inf",	"NaN", "-inf",	"infinity", "0x10", "0x1p3", "010",
		"00.5", "1e",  "1e+",	"1e5.0",    "1 ",   " 1",    "+1",
		"1..2", "1d5", "1.5.2", "1_000",    "1e 5", "--1",
	};
	double value = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ep_num_parse_f64(bad[i], &value), -EINVAL);
	assert_int_equal(ep_num_parse_f64("1e999", &value), -ERANGE);
	assert_int_equal(ep_num_parse_f64("-1e999", &value), -ERANGE);
	assert_int_equal(ep_num_parse_f64("1e-999", &value), -ERANGE);
	assert_int_equal(ep_num_parse_f64("1e99999999999999999999", &value),
			 -ERANGE);
	assert_true(bits_of(value) == bits_of(77));
	assert_int_equal(ep_num_parse_f64("0e999999999999", &value), 0);
	assert_true(bits_of(value) == bits_of(0.0));
	assert_int_equal(ep_num_parse_f64("-0", &value), 0);
	assert_true(signbit(value));
}

static void check_against_strtod(const char *text)
{
	double got, want = strtod(text, NULL);

	assert_int_equal(ep_num_parse_f64(text, &got), 0);
	if (bits_of(got) != bits_of(want))
		fail_msg("%s: %a, strtod says %a", text, got, want);
}

static void f64_equals_strtod_to_the_last_bit(void **state)
{
	char text[64];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t mantissa = next_random() >> (next_random() % 64);
		unsigned point = (unsigned)(next_random() % 20);
		int e = (int)(next_random() % 60) - 30;
		double any = from_bits(next_random());

		snprintf(text, sizeof(text), "%" PRIu64 ".%0*u", mantissa,
			 (int)point + 1,
			 (unsigned)(next_random() % 1000000000));
		check_against_strtod(text);
		snprintf(text, sizeof(text), "-%" PRIu64 "e%+d", mantissa, e);
		check_against_strtod(text);
		if (!isfinite(any))
			continue;
		snprintf(text, sizeof(text), "%.17g", any);
		check_against_strtod(text);
	}
	check_against_strtod("9007199254740992");
	check_against_strtod("9007199254740993");
	check_against_strtod("9007199254740992e22");
	check_against_strtod("5e-324");
	check_against_strtod("2.2250738585072011e-308");
	check_against_strtod("1.7976931348623157e308");
	check_against_strtod("2.3283064365386962890625e-10");
	check_against_strtod("0.000000000000000000000000000000000000000000012");
}

static void numbers_ignore_the_locale(void **state)
{
	static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8",
					     "C.UTF-8" };
	double value;
	char text[40];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (setlocale(LC_ALL, names[i]))
			break;
	}
	assert_int_equal(ep_num_parse_f64("0.1234567890123456789012", &value),
			 0);
	assert_int_equal(ep_num_put_f64(text, 1.5e-7), 7);
	assert_string_equal(text, "1.5e-07");
	assert_int_equal(ep_num_put_f64(text, 1.5), 3);
	assert_string_equal(text, "1.5");
	setlocale(LC_ALL, "C");
	assert_true(bits_of(value) == bits_of(0.1234567890123456789012));
}

static void durations_need_a_unit(void **state)
{
	static const struct {
		const char *text;
		int result;
		int64_t ns;
	} cases[] = {
		{ "10ms", 0, 10000000 },
		{ "30s", 0, INT64_C(30000000000) },
		{ "0s", 0, 0 },
		{ "250us", 0, 250000 },
		{ "2m", 0, INT64_C(120000000000) },
		{ "1h", 0, INT64_C(3600000000000) },
		{ "1ns", 0, 1 },
		{ "1.5s", 0, 1500000000 },
		{ "0.5h", 0, INT64_C(1800000000000) },
		{ "1.5ns", -ERANGE, 77 },
		{ "10", -EINVAL, 77 },
		{ "ms", -EINVAL, 77 },
		{ "", -EINVAL, 77 },
		{ "-1s", -EINVAL, 77 },
		{ "1 s", -EINVAL, 77 },
		{ "1,5s", -EINVAL, 77 },
		{ "010ms", -EINVAL, 77 },
		{ "1.s", -EINVAL, 77 },
		{ "10MS", -EINVAL, 77 },
		{ "10sec", -EINVAL, 77 },
		{ "9999999999s", -ERANGE, 77 },
		{ "9999999999h", -ERANGE, 77 },
		{ "2562048h", -ERANGE, 77 },
		{ "2562047h", 0, INT64_C(9223369200000000000) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ns = 77;

		assert_int_equal(ep_num_parse_duration_ns(cases[i].text, &ns),
				 cases[i].result);
		assert_true(ns == cases[i].ns);
	}
}

static void scaled_is_exact_or_refused(void **state)
{
	static const struct {
		const char *text;
		int scale;
		int result;
		int64_t value;
	} cases[] = {
		{ "2.4", 6, 0, 2400000 },
		{ "-2.4", 6, 0, -2400000 },
		{ "2.4000000000", 6, 0, 2400000 },
		{ "0.000001", 6, 0, 1 },
		{ "0.0000001", 6, -ERANGE, 77 },
		{ "7", 0, 0, 7 },
		{ "7.0", 0, 0, 7 },
		{ "7.1", 0, -ERANGE, 77 },
		{ "9223372036854.775807", 6, 0, INT64_MAX },
		{ "9223372036854.775808", 6, -ERANGE, 77 },
		{ "-9223372036854.775808", 6, 0, INT64_MIN },
		{ "9.223372036854775807", 18, 0, INT64_MAX },
		{ "10", 18, -ERANGE, 77 },
		{ "99999999999999999999", 0, -ERANGE, 77 },
		{ "1e3", 6, -EINVAL, 77 },
		{ "1.", 6, -EINVAL, 77 },
		{ ".1", 6, -EINVAL, 77 },
		{ "1.2.3", 6, -EINVAL, 77 },
		{ "01", 6, -EINVAL, 77 },
		{ "", 6, -EINVAL, 77 },
		{ "1", 19, -EINVAL, 77 },
		{ "1", -1, -EINVAL, 77 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t value = 77;

		assert_int_equal(ep_num_parse_scaled(cases[i].text,
						     cases[i].scale, &value),
				 cases[i].result);
		assert_true(value == cases[i].value);
	}
}

static void scan_stops_at_the_first_other_byte(void **state)
{
	int64_t value = 77;

	(void)state;
	assert_int_equal(ep_num_scan_i64("12,3", 4, &value), 2);
	assert_true(value == 12);
	assert_int_equal(ep_num_scan_i64("-5", 2, &value), 2);
	assert_true(value == -5);
	assert_int_equal(ep_num_scan_i64("123456", 3, &value), 3);
	assert_true(value == 123);
	assert_int_equal(ep_num_scan_i64("-9223372036854775808", 20, &value),
			 20);
	assert_true(value == INT64_MIN);
	value = 77;
	assert_int_equal(ep_num_scan_i64("", 0, &value), -EINVAL);
	assert_int_equal(ep_num_scan_i64("-", 1, &value), -EINVAL);
	assert_int_equal(ep_num_scan_i64(",", 1, &value), -EINVAL);
	assert_int_equal(ep_num_scan_i64("9223372036854775808", 19, &value),
			 -ERANGE);
	assert_int_equal(ep_num_scan_i64("00000000000000000001", 20, &value),
			 -ERANGE);
	assert_true(value == 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(i64_takes_integers_only),
		cmocka_unit_test(u64_and_hex_have_their_limits),
		cmocka_unit_test(f64_refuses_what_is_no_number),
		cmocka_unit_test(f64_equals_strtod_to_the_last_bit),
		cmocka_unit_test(numbers_ignore_the_locale),
		cmocka_unit_test(durations_need_a_unit),
		cmocka_unit_test(scaled_is_exact_or_refused),
		cmocka_unit_test(scan_stops_at_the_first_other_byte),
	};

	return cmocka_run_group_tests_name("num", tests, NULL, NULL);
}
