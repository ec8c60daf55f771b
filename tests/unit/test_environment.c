/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "profiler/analyze/environment.h"

static struct ep_event restore(const char *what, const char *text)
{
	struct ep_event e = ep_event_make(1, "restore");

	e.source = what;
	e.text = text;
	return e;
}

static const char *text_of(const struct ep_run *run, size_t i, const char *key)
{
	const json_t *list = json_object_get(run->json, "environment");

	return json_string_value(json_object_get(json_array_get(list, i), key));
}

static void what_became_of_each_setting_is_joined(void **state)
{
	struct ep_event events[] = {
		restore("fan", "kept: was set to 5 by someone else"),
		restore("governor", "restored: second"),
		restore("governor", "restored: first"),
		restore("odd", "whatever: it is"),
	};
	struct ep_run run = { .events = events, .event_count = 4 };

	(void)state;
	run.json = json_loads("{\"environment\":["
			      "{\"what\":\"governor\",\"state\":\"set\"},"
			      "{\"what\":\"fan\",\"state\":\"set\"},"
			      "{\"what\":\"odd\",\"state\":\"set\"},"
			      "{\"what\":\"clock\",\"state\":\"set\"},"
			      "{\"what\":\"boost\",\"state\":\"already\"},"
			      "{\"what\":1,\"state\":\"set\"},7]}",
			      0, NULL);
	assert_non_null(run.json);
	ep_environment_join(&run);
	assert_string_equal(text_of(&run, 0, "back"), "restored");
	assert_string_equal(text_of(&run, 0, "back_note"), "first");
	assert_string_equal(text_of(&run, 1, "back"), "kept");
	assert_string_equal(text_of(&run, 1, "back_note"),
			    "was set to 5 by someone else");
	/* Not one of the words, and nothing at all: nobody knows. */
	assert_string_equal(text_of(&run, 2, "back"), "unknown");
	assert_string_equal(text_of(&run, 3, "back"), "unknown");
	assert_null(text_of(&run, 4, "back"));
	assert_null(text_of(&run, 5, "back"));
	json_decref(run.json);
}

static void a_list_that_is_none_is_left(void **state)
{
	static const char *const texts[] = { "{}", "{\"environment\":3}",
					     "{\"environment\":{\"a\":1}}" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct ep_run run = { .json = json_loads(texts[i], 0, NULL) };
		json_t *copy = json_deep_copy(run.json);

		ep_environment_join(&run);
		assert_true(json_equal(run.json, copy));
		json_decref(copy);
		json_decref(run.json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_became_of_each_setting_is_joined),
		cmocka_unit_test(a_list_that_is_none_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
