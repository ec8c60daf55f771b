/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void copy_and_format_end_with_nul_and_tell_a_cut(void **state)
{
	char text[4] = "zzz";

	(void)state;
	assert_true(ep_str_copy(text, sizeof(text), "abc"));
	assert_string_equal(text, "abc");
	assert_false(ep_str_copy(text, sizeof(text), "abcd"));
	assert_string_equal(text, "abc");
	assert_false(ep_str_copy(text, 0, "x"));
	assert_string_equal(text, "abc");
	assert_true(ep_str_format(text, sizeof(text), "%d", 123));
	assert_string_equal(text, "123");
	assert_false(ep_str_format(text, sizeof(text), "%d", 12345));
	assert_string_equal(text, "123");
}

static void chomp_cuts_white_space_at_the_end(void **state)
{
	char a[] = " a b \t\r\n", b[] = " \n", c[] = "";

	(void)state;
	assert_string_equal(ep_str_chomp(a), " a b");
	assert_string_equal(ep_str_chomp(b), "");
	assert_string_equal(ep_str_chomp(c), "");
}

static void starts_and_ends(void **state)
{
	(void)state;
	assert_true(ep_str_starts("power1_input", "power"));
	assert_false(ep_str_starts("pow", "power"));
	assert_true(ep_str_starts("x", ""));
	assert_true(ep_str_ends("x86.board", ".board"));
	assert_false(ep_str_ends("board", ".board"));
	assert_true(ep_str_ends("x", ""));
}

static void glob_knows_star_and_question_mark_only(void **state)
{
	(void)state;
	assert_true(ep_str_glob("*", ""));
	assert_true(ep_str_glob("Raspberry Pi 5*", "Raspberry Pi 5 Model B"));
	assert_true(ep_str_glob("rapl.package_*", "rapl.package_0"));
	assert_true(ep_str_glob("a*b*c", "aXXbYYbZc"));
	assert_true(ep_str_glob("a?c", "abc"));
	assert_true(ep_str_glob("**x", "aax"));
	assert_false(ep_str_glob("a?c", "ac"));
	assert_false(ep_str_glob("", "a"));
	assert_false(ep_str_glob("a*b", "abc"));
	assert_false(ep_str_glob("[ab]", "a"));
	assert_true(ep_str_glob("[ab]", "[ab]"));
}

static void glob_with_many_stars_stays_quick(void **state)
{
	char text[4097];

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(ep_str_glob("*a*a*a*a*a*a*a*a*a*a*b", text));
}

static void nearest_suggests_only_what_is_near(void **state)
{
	static const char *const names[] = { "generic", "x86", "demo", "rpi5" };
	char longest[200];

	(void)state;
	assert_string_equal(ep_str_nearest("x85", names, 4), "x86");
	assert_string_equal(ep_str_nearest("genreic", names, 4), "generic");
	assert_string_equal(ep_str_nearest("demmo", names, 4), "demo");
	assert_string_equal(ep_str_nearest("demo", names, 4), "demo");
	assert_null(ep_str_nearest("jetson", names, 4));
	assert_null(ep_str_nearest("", names, 4));
	assert_null(ep_str_nearest("x86", names, 0));
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_null(ep_str_nearest(longest, names, 4));
}

static void slug_keeps_column_safe_characters(void **state)
{
	char a[] = "package-0:Core mW/\xc3\xa4";

	(void)state;
	ep_str_slug(a);
	assert_string_equal(a, "package_0_Core_mW___");
}

static void printable_defuses_terminals_and_keeps_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "plain", "plain" },
		{ "\x1b[2J", "?[2J" },
		{ "a\tb\nc\x7f", "a?b?c?" },
		{ "\xc2\xb5s \xe2\x82\xac \xf0\x9f\x98\x80",
		  "\xc2\xb5s \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\xc2\x9b"
		  "2J",
		  "??2J" }, /* CSI of the C1 set */
		{ "\xff\xfe", "??" },
		{ "\xc0\xaf", "??" }, /* overlong '/' */
		{ "\xe0\x80\xaf", "???" },
		{ "\xed\xa0\x80", "???" },	/* a surrogate */
		{ "\xf4\x90\x80\x80", "????" }, /* past U+10FFFF */
		{ "\xe2\x82", "??" },		/* cut off by the end */
		{ "\xe2\x82z", "??z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[32];

		assert_true(ep_str_copy(text, sizeof(text), cases[i].in));
		ep_str_printable(text);
		assert_string_equal(text, cases[i].out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copy_and_format_end_with_nul_and_tell_a_cut),
		cmocka_unit_test(chomp_cuts_white_space_at_the_end),
		cmocka_unit_test(starts_and_ends),
		cmocka_unit_test(glob_knows_star_and_question_mark_only),
		cmocka_unit_test(glob_with_many_stars_stays_quick),
		cmocka_unit_test(nearest_suggests_only_what_is_near),
		cmocka_unit_test(slug_keeps_column_safe_characters),
		cmocka_unit_test(printable_defuses_terminals_and_keeps_utf8),
	};

	return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
