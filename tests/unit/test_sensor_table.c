/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static void names_are_unique_and_plain(void **state)
{
	(void)state;
	for (size_t i = 0; ep_sensors[i]; i++) {
		const char *name = ep_sensors[i]->name;
		char slug[64];

		assert_true(ep_str_copy(slug, sizeof(slug), name));
		ep_str_slug(slug);
		assert_string_equal(slug, name);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ep_sensors[j]->name, name);
	}
}

static void every_hook_that_must_be_there_is(void **state)
{
	(void)state;
	for (size_t i = 0; ep_sensors[i]; i++) {
		const struct ep_sensor_ops *ops = ep_sensors[i];

		assert_non_null(ops->open);
		assert_non_null(ops->channels);
		assert_non_null(ops->poll);
		assert_non_null(ops->close);
		assert_true(ops->probe || (ops->flags & EP_SENSOR_MANUAL));
		assert_true(strlen(ops->summary) >= 10);
		assert_null(strchr(ops->summary, '\n'));
		ops->close(NULL);
	}
}

static void every_key_is_explained(void **state)
{
	(void)state;
	for (size_t i = 0; ep_sensors[i]; i++) {
		const struct ep_param *p = ep_sensors[i]->params;

		assert_non_null(p);
		for (; p->key; p++) {
			assert_true(p->key[0] != '\0');
			assert_non_null(p->help);
			assert_true(strlen(p->help) >= 10);
			assert_string_not_equal(p->key, "driver");
			assert_string_not_equal(p->key, "as");
		}
	}
}

static void sensors_are_found_by_name(void **state)
{
	struct ep_err err;

	(void)state;
	for (size_t i = 0; ep_sensors[i]; i++)
		assert_ptr_equal(ep_sensor_find(ep_sensors[i]->name, &err),
				 ep_sensors[i]);
	assert_null(ep_sensor_find("hwmom", &err));
	assert_non_null(strstr(err.text, "did you mean 'hwmon'?"));
	assert_null(ep_sensor_find("", &err));
	assert_null(ep_sensor_find("entirely-else", &err));
	assert_non_null(strstr(err.text, "entirely-else"));
	assert_null(ep_sensor_find("hwmom", NULL));
}

static void notes_stop_at_the_last_line(void **state)
{
	struct ep_sensor_notes notes = { .count = 0 };
	char text[400];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 12; i++)
		ep_sensor_note(&notes, "%d %s", i, text);
	assert_int_equal(notes.count, 8);
	assert_true(ep_str_starts(notes.text[7], "7 x"));
	assert_int_equal(strlen(notes.text[7]), sizeof(notes.text[7]) - 1);
	notes.count = 0;
	ep_sensor_note(&notes, "a\033[31mb");
	assert_string_equal(notes.text[0], "a?[31mb");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_and_plain),
		cmocka_unit_test(every_hook_that_must_be_there_is),
		cmocka_unit_test(every_key_is_explained),
		cmocka_unit_test(sensors_are_found_by_name),
		cmocka_unit_test(notes_stop_at_the_last_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
