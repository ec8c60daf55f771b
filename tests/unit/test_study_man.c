/* SPDX-License-Identifier: GPL-3.0-or-later */
/* docs/edgeprof-study.5.scd names every key and every factor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "profiler/study/study_parts.h"

#define PAGE "docs/edgeprof-study.5.scd"

static char page[64 * 1024];

static int read_page(void **state)
{
	FILE *f = fopen(PAGE, "re");
	size_t len;

	(void)state;
	assert_non_null(f);
	len = fread(page, 1, sizeof(page) - 1, f);
	assert_true(len > 0 && len < sizeof(page) - 1);
	page[len] = '\0';
	fclose(f);
	return 0;
}

/* "*key* = ": where its value is described. */
static void every_setting_has_its_entry(void **state)
{
	static const char *const others[] = { "options", "command", "levels",
					      NULL };

	(void)state;
	for (size_t i = 0; ep_study_settings[i]; i++) {
		char entry[80];

		(void)ep_str_format(entry, sizeof(entry),
				    "*%s* = ", ep_study_settings[i]);
		if (!strstr(page, entry))
			fail_msg("%s: no %s", PAGE, entry);
	}
	for (size_t i = 0; others[i]; i++) {
		char entry[80];

		(void)ep_str_format(entry, sizeof(entry), "*%s* = ", others[i]);
		if (!strstr(page, entry))
			fail_msg("%s: no %s", PAGE, entry);
	}
}

static void every_factor_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; ep_factor_options[i].name; i++) {
		char entry[80];

		(void)ep_str_format(entry, sizeof(entry), "*%s*",
				    ep_factor_options[i].name);
		if (!strstr(page, entry))
			fail_msg("%s: no factor %s", PAGE, entry);
	}
}

/* The other way round: every "*key* = " is a setting. */
static void every_entry_is_known(void **state)
{
	static const char *const others[] = { "options", "command", "levels",
					      NULL };

	(void)state;
	for (const char *at = page; (at = strstr(at, "* = ")); at++) {
		const char *begin = at;
		bool known = false;
		char key[80];

		while (begin > page && begin[-1] != '*' && begin[-1] != '\n')
			begin--;
		(void)ep_str_format(key, sizeof(key), "%.*s", (int)(at - begin),
				    begin);
		for (size_t i = 0; ep_study_settings[i]; i++)
			known |= strcmp(ep_study_settings[i], key) == 0;
		for (size_t i = 0; others[i]; i++)
			known |= strcmp(others[i], key) == 0;
		if (!known)
			fail_msg("%s: '%s' is no key", PAGE, key);
	}
}

/* The file between the first ``` after heading and the next. */
static void load_example(const char *heading)
{
	char path[] = "/tmp/edgeprof-study-man-XXXXXX";
	const char *begin = strstr(page, heading), *end;
	struct ep_err err = { 0 };
	struct ep_study s;
	FILE *f;

	assert_non_null(begin);
	begin = strstr(begin, "```\n");
	assert_non_null(begin);
	begin += strlen("```\n");
	end = strstr(begin, "```");
	assert_non_null(end);
	f = fdopen(mkstemp(path), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(begin, 1, (size_t)(end - begin), f),
			 (size_t)(end - begin));
	assert_int_equal(fclose(f), 0);
	if (ep_study_load(path, &s, &err) < 0)
		fail_msg("%s", err.text);
	ep_study_done(&s);
	unlink(path);
}

static void the_example_is_a_study(void **state)
{
	(void)state;
	load_example("# EXAMPLE");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_has_its_entry),
		cmocka_unit_test(every_factor_is_named),
		cmocka_unit_test(every_entry_is_known),
		cmocka_unit_test(the_example_is_a_study),
	};

	return cmocka_run_group_tests(tests, read_page, NULL);
}
