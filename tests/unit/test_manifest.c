/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "profiler/record/manifest.h"

#define S(text) ((char *)(uintptr_t)(text))

static void expect(char *const *argv, const char *json)
{
	json_t *array = ep_manifest_command(argv);
	char *text = json_dumps(array, JSON_COMPACT);

	assert_string_equal(text, json);
	free(text);
	json_decref(array);
}

static void secrets_are_hidden_and_counts_are_not(void **state)
{
	char *argv[] = { S("./infer"),
			 S("--api-key"),
			 S("abc"),
			 S("--token=xyz"),
			 S("--n-tokens"),
			 S("64"),
			 S("PASSWORD=p"),
			 S("-H"),
			 S("Authorization: "
			   "Bearer q"),
			 S("-m"),
			 S("a.gguf"),
			 NULL };

	(void)state;
	expect(argv, "[\"./infer\",\"--api-key\",\"***\",\"--token=***\","
		     "\"--n-tokens\",\"64\",\"PASSWORD=***\",\"-H\",\"***\","
		     "\"-m\",\"a.gguf\"]");
}

static void an_argument_that_is_no_utf8_does_not_lose_the_rest(void **state)
{
	char *argv[] = { S("\xff\xfe"), S("b"), NULL };

	(void)state;
	expect(argv, "[\"?\",\"b\"]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_are_hidden_and_counts_are_not),
		cmocka_unit_test(
			an_argument_that_is_no_utf8_does_not_lose_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
