/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "profiler/report/rounded.h"

#define PM " \xc2\xb1 "
#define TIMES " \xc3\x97 10"

static void a_value_ends_where_its_uncertainty_ends(void **state)
{
	static const struct {
		double value, u95;
		const char *text, *siunitx;
	} cases[] = {
		{ 2.1034, 0.0345, "2.10" PM "0.03", "2.10 +- 0.03" },
		/* Two digits when the first is 1. */
		{ 2.1034, 0.0145, "2.103" PM "0.015", "2.103 +- 0.015" },
		{ 1.0, 0.2, "1.0" PM "0.2", "1.0 +- 0.2" },
		/* It rounds up to a 1 in the place before. */
		{ 2.1034, 0.0996, "2.10" PM "0.10", "2.10 +- 0.10" },
		{ 1.5, 0.96, "1.5" PM "1.0", "1.5 +- 1.0" },
		{ 1.0, 0.199999, "1.00" PM "0.20", "1.00 +- 0.20" },
		/* Tens and hundreds, of the value as well. */
		{ 56789.0, 345.0, "56800" PM "300", "56800 +- 300" },
		{ 56789.0, 1234.0, "56800" PM "1200", "56800 +- 1200" },
		{ 2.0, 250.4, "0" PM "300", "0 +- 300" },
		/* No sign of nothing. */
		{ -0.0004, 0.012, "0.000" PM "0.012", "0.000 +- 0.012" },
		{ -3.27, 0.31, "-3.3" PM "0.3", "-3.3 +- 0.3" },
		/* Powers of a thousand far from 1. */
		{ 1.234e9, 5e6, "(1.234" PM "0.005)" TIMES "\xe2\x81\xb9",
		  "1.234 +- 0.005 e9" },
		{ 3.2e-9, 4e-10,
		  "(3.2" PM "0.4)" TIMES "\xe2\x81\xbb\xe2\x81\xb9",
		  "3.2 +- 0.4 e-9" },
		{ 0.5, 3e8, "(0" PM "300)" TIMES "\xe2\x81\xb6",
		  "0 +- 300 e6" },
		/* Without an uncertainty: four digits. */
		{ 2.10345, (double)NAN, "2.103", "2.103" },
		{ 123456.4, 0.0, "123456", "123456" },
		{ 0.0, (double)NAN, "0", "0" },
		{ 1.0, (double)INFINITY, "1.000", "1.000" },
		/* An uncertainty that a double cannot carry is none. */
		{ 5.0, 1e-12, "5.00000000000", "5.00000000000" },
		/* No value is no number at all. */
		{ (double)NAN, 0.1, "\xe2\x80\x94", "{---}" },
		{ -(double)INFINITY, 0.1, "\xe2\x80\x94", "{---}" },
	};
	char text[EP_ROUNDED_BYTES];
	struct ep_rounded r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ep_rounded_make(cases[i].value, cases[i].u95, &r);
		ep_rounded_text(text, &r);
		assert_string_equal(text, cases[i].text);
		ep_rounded_siunitx(text, &r);
		assert_string_equal(text, cases[i].siunitx);
	}
}

/* No value may come out as more than its uncertainty away from what it was. */
static void rounding_never_moves_a_value_beyond_half_a_place(void **state)
{
	struct ep_rounded r;
	double value, u;

	(void)state;
	for (int e = -12; e <= 12; e++)
		for (int i = 1; i < 1000; i += 7) {
			u = i * pow(10.0, e - 2);
			value = 3.14159 * pow(10.0, e) * (i % 2 ? 1 : -1);
			ep_rounded_make(value, u, &r);
			/* Half of the last place is at most a quarter of an
			 * uncertainty of one digit, 2 or more. */
			assert_true(fabs(strtod(r.value, NULL) *
						 pow(10.0, r.exponent) -
					 value) <= 0.26 * u);
			assert_true(
				fabs(strtod(r.u, NULL) * pow(10.0, r.exponent) -
				     u) <= 0.26 * u);
		}
}

static void a_plain_value_has_four_digits_or_fewer(void **state)
{
	static const struct {
		double value, u95;
		const char *text;
	} cases[] = {
		{ 0.325722638, 1.15e-6, "0.3257" },
		{ 52.68055, 0.00012, "52.68" },
		{ 52.68055, 3.0, "53" },
		{ 2.1034, (double)NAN, "2.103" },
		{ (double)NAN, 1.0, "" },
	};
	struct ep_rounded r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ep_rounded_plain(cases[i].value, cases[i].u95, &r);
		assert_string_equal(r.value, cases[i].text);
		assert_string_equal(r.u, "");
	}
}

static void flags_tell_what_stands_beside_a_figure(void **state)
{
	struct ep_metric m = { .value = 1.0, .status = EP_STATUS_OK };
	struct ep_group_figure g = { .mean = 1.0, .run_count = 1 };

	(void)state;
	assert_int_equal(ep_rounded_flags(NULL), EP_ROUNDED_MISSING);
	assert_int_equal(ep_rounded_flags(&m), 0);
	m.status = EP_STATUS_ESTIMATED;
	assert_int_equal(ep_rounded_flags(&m), EP_ROUNDED_ESTIMATED);
	m.status = EP_STATUS_LOW_CONFIDENCE;
	assert_int_equal(ep_rounded_flags(&m), EP_ROUNDED_LOW);
	m.status = EP_STATUS_NOT_MEASURED;
	assert_int_equal(ep_rounded_flags(&m), EP_ROUNDED_MISSING);
	m.status = EP_STATUS_OK;
	m.value = (double)NAN;
	assert_int_equal(ep_rounded_flags(&m), EP_ROUNDED_MISSING);
	assert_int_equal(ep_rounded_group_flags(&g), 0);
	g.run_count = 0;
	assert_int_equal(ep_rounded_group_flags(&g), EP_ROUNDED_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_ends_where_its_uncertainty_ends),
		cmocka_unit_test(
			rounding_never_moves_a_value_beyond_half_a_place),
		cmocka_unit_test(a_plain_value_has_four_digits_or_fewer),
		cmocka_unit_test(flags_tell_what_stands_beside_a_figure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
