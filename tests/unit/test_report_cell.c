/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "profiler/report/cell.h"
#include "profiler/report/width.h"

#define PM " \xc2\xb1 "

static void cells_are_rounded_to_two_digits_of_the_uncertainty(void **state)
{
	static const struct {
		double value, u95;
		const char *text;
	} cases[] = {
		{ 284.6123, 1.23, "284.6" PM "1.2" },
		{ 0.0999, 0.0996, "0.10" PM "0.10" },
		{ 28461.0, 314.0, "28460" PM "310" },
		{ 1.5, 0.00004, "1.500000" PM "0.000040" },
		{ -0.001, 0.5, "0.00" PM "0.50" },
		{ 3.0, 0.0, "3.000" },
		{ 12345.6, (double)NAN, "12346" },
		{ 9.995, 9.95, "10" PM "10" },
	};
	char cell[EP_CELL_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ep_cell_plus_minus(cell, cases[i].value, cases[i].u95);
		assert_string_equal(cell, cases[i].text);
	}
}

static void cells_have_no_text_for_what_is_not_finite(void **state)
{
	char cell[EP_CELL_BYTES] = "x";

	(void)state;
	ep_cell_number(cell, (double)NAN, 3);
	assert_string_equal(cell, "");
	ep_cell_number(cell, (double)INFINITY, 3);
	assert_string_equal(cell, "");
	ep_cell_bytes(cell, (double)NAN);
	assert_string_equal(cell, "");
	ep_cell_seconds(cell, -(double)INFINITY);
	assert_string_equal(cell, "");
	ep_cell_plus_minus(cell, (double)NAN, 1.0);
	assert_string_equal(cell, "");
}

static void cells_name_bytes_and_seconds_with_units(void **state)
{
	char cell[EP_CELL_BYTES];

	(void)state;
	ep_cell_bytes(cell, 512.0);
	assert_string_equal(cell, "512 B");
	ep_cell_bytes(cell, 812.25 * 1048576.0);
	assert_string_equal(cell, "812.2 MiB");
	ep_cell_seconds(cell, 0.01);
	assert_string_equal(cell, "10 ms");
	ep_cell_seconds(cell, 1.0);
	assert_string_equal(cell, "1 s");
	ep_cell_seconds(cell, 0.9999);
	assert_string_equal(cell, "1 s");
	ep_cell_seconds(cell, 0.00025);
	assert_string_equal(cell, "250 \xc2\xb5s");
	ep_cell_count(cell, -1);
	assert_string_equal(cell, "-");
}

static void a_number_of_things_is_whole_and_keeps_its_interval(void **state)
{
	struct ep_metric m = { .value = 3368.4, .u95 = 1167.07 };
	struct ep_cell_marks marks = { 0 };
	char cell[EP_CELL_BYTES];

	(void)state;
	ep_cell_metric(cell, &m, EP_CELL_WHOLE, &marks);
	assert_string_equal(cell, "3368" PM "1168");
	assert_true(marks.plus_minus);
	m.status = EP_STATUS_ESTIMATED;
	ep_cell_metric(cell, &m, EP_CELL_WHOLE, &marks);
	assert_string_equal(cell, "3368" PM "1168 est.");
	m.u95 = (double)NAN;
	m.status = EP_STATUS_LOW_CONFIDENCE;
	ep_cell_metric(cell, &m, EP_CELL_WHOLE, &marks);
	assert_string_equal(cell, "~3368");
	m.status = EP_STATUS_OK;
	m.u95 = 1167.07;
	marks.paper = true;
	ep_cell_metric(cell, &m, EP_CELL_WHOLE, &marks);
	assert_string_equal(cell, "3400" PM "1200");
}

static void width_counts_columns_not_bytes(void **state)
{
	char text[32];

	(void)state;
	assert_int_equal(ep_width("1" PM "2"), 5);
	assert_int_equal(ep_width("\xe6\xa8\xa1"), 2);
	assert_int_equal(ep_width("e\xcc\x81"), 1);
	assert_int_equal(ep_width("\xff\xfe"), 2);
	assert_int_equal(ep_width("\xe6\xa8"), 2);
	assert_int_equal(ep_width_fit("\xe6\xa8\xa1\xe6\xa8\xa1", 3), 3);
	(void)ep_str_copy(text, sizeof(text), "generation of words");
	ep_width_cut(text, sizeof(text), 10);
	assert_string_equal(text, "generatio\xe2\x80\xa6");
}

static void clean_disarms_controls_and_direction_marks(void **state)
{
	char text[32];

	(void)state;
	ep_width_clean(text, sizeof(text),
		       "a\x1b[2Jb\xe2\x80\xae"
		       "c\n");
	assert_string_equal(text, "a?[2Jb?c?");
	ep_width_clean(text, 8, "four\xe6\xa8\xa1\xe6\xa8\xa1");
	assert_string_equal(text, "four\xe2\x80\xa6");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			cells_are_rounded_to_two_digits_of_the_uncertainty),
		cmocka_unit_test(cells_have_no_text_for_what_is_not_finite),
		cmocka_unit_test(cells_name_bytes_and_seconds_with_units),
		cmocka_unit_test(
			a_number_of_things_is_whole_and_keeps_its_interval),
		cmocka_unit_test(width_counts_columns_not_bytes),
		cmocka_unit_test(clean_disarms_controls_and_direction_marks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
