/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/subst.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct ep_subst names[] = {
	{ "threads", "4" },
	{ "model", "{threads} $(reboot)" },
	{ NULL, NULL },
};

static void only_declared_names_are_replaced(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "-t{threads}", "-t4" },
		{ "{threads}{threads}", "44" },
		{ "{thread}", "{thread}" },
		{ "{\"a\": {\"b\": 1}}", "{\"a\": {\"b\": 1}}" },
		{ "{{threads}", "{threads}" },
		{ "{{{threads}", "{4" },
		{ "{", "{" },
		{ "{}", "{}" },
		{ "{threads", "{threads" },
		{ "threads}", "threads}" },
		{ "", "" },
	};
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ep_subst_text(cases[i].in, names, &text), 0);
		assert_string_equal(text, cases[i].out);
		free(text);
	}
}

static void what_is_put_in_is_not_looked_at_again(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(ep_subst_text("-m {model}", names, &text), 0);
	assert_string_equal(text, "-m {threads} $(reboot)");
	free(text);
}

static void an_argument_has_a_maximum(void **state)
{
	static char value[70000];
	const struct ep_subst big[] = { { "x", value }, { NULL, NULL } };
	char *text = NULL;

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	assert_int_equal(ep_subst_text("{x}", big, &text), 0);
	assert_int_equal(strlen(text), sizeof(value) - 1);
	free(text);
	text = NULL;
	assert_int_equal(ep_subst_text("{x}{x}", big, &text), -EFBIG);
	assert_null(text);
}

static void every_argument_is_copied(void **state)
{
	char *argv[] = { (char[]){ "infer" }, (char[]){ "-t" },
			 (char[]){ "{threads}" }, NULL };
	char **copy;

	(void)state;
	assert_int_equal(ep_subst_argv(argv, names, &copy), 0);
	assert_string_equal(copy[0], "infer");
	assert_string_equal(copy[2], "4");
	assert_null(copy[3]);
	ep_subst_free_argv(copy);
	ep_subst_free_argv(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_declared_names_are_replaced),
		cmocka_unit_test(what_is_put_in_is_not_looked_at_again),
		cmocka_unit_test(an_argument_has_a_maximum),
		cmocka_unit_test(every_argument_is_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
