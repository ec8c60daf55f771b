/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/csv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void split_follows_rfc_4180(void **state)
{
	char *f[4];
	char plain[] = "a,b c,", quoted[] = "\"x,\"\"y\"\"\",,\"\"",
	     empty[] = "";
	char stray[] = "a\"b,c", open[] = "\"abc", after[] = "\"a\"b,c";
	char many[] = "1,2,3,4,5";

	(void)state;
	assert_int_equal(ep_csv_split(plain, f, 4), 3);
	assert_string_equal(f[0], "a");
	assert_string_equal(f[1], "b c");
	assert_string_equal(f[2], "");
	assert_int_equal(ep_csv_split(quoted, f, 4), 3);
	assert_string_equal(f[0], "x,\"y\"");
	assert_string_equal(f[1], "");
	assert_string_equal(f[2], "");
	assert_int_equal(ep_csv_split(empty, f, 4), 1);
	assert_string_equal(f[0], "");
	assert_int_equal(ep_csv_split(stray, f, 4), -EBADMSG);
	assert_int_equal(ep_csv_split(open, f, 4), -EBADMSG);
	assert_int_equal(ep_csv_split(after, f, 4), -EBADMSG);
	assert_int_equal(ep_csv_split(many, f, 4), -E2BIG);
}

static void put_text_is_one_line_and_reads_back(void **state)
{
	static const struct {
		const char *text, *csv, *back;
	} cases[] = {
		{ "plain", "plain", "plain" },
		{ "", "", "" },
		{ "a,b", "\"a,b\"", "a,b" },
		{ "say \"hi\"", "\"say \"\"hi\"\"\"", "say \"hi\"" },
		{ "two\nlines", "\"two lines\"", "two lines" },
		{ "cr\r", "\"cr \"", "cr " },
		{ "tab\tstays", "tab\tstays", "tab\tstays" },
		{ "esc\x1b[0m\x7f", "esc?[0m?", "esc?[0m?" },
	};
	struct ep_buf b;
	char *f[2];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ep_buf_init(&b, 100);
		assert_int_equal(ep_csv_put_text(&b, cases[i].text), 0);
		if (cases[i].csv[0] != '\0') {
			assert_string_equal(b.data, cases[i].csv);
			assert_int_equal(ep_csv_split(b.data, f, 2), 1);
			assert_string_equal(f[0], cases[i].back);
		}
		ep_buf_done(&b);
	}
	ep_buf_init(&b, 6);
	assert_int_equal(ep_buf_adds(&b, "12"), 0);
	assert_int_equal(ep_csv_put_text(&b, "a,bc"), -EFBIG);
	assert_string_equal(b.data, "12");
	ep_buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(split_follows_rfc_4180),
		cmocka_unit_test(put_text_is_one_line_and_reads_back),
	};

	return cmocka_run_group_tests_name("csv_text", tests, NULL, NULL);
}
