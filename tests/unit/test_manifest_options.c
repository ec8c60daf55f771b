/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/manifest_options.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct ep_session session;

static json_t *written(const struct ep_record_options *options)
{
	static struct ep_process_state state;
	json_t *o = json_object();

	CPU_ZERO(&state.affinity);
	CPU_SET(0, &state.affinity);
	CPU_SET(1, &state.affinity);
	CPU_SET(5, &state.affinity);
	session.options = options;
	session.state = &state;
	ep_manifest_add_options(&session, o);
	return o;
}

static const char *text(const json_t *o, const char *key)
{
	const char *value = json_string_value(
		json_object_get(json_object_get(o, "options"), key));

	return value ? value : "";
}

static void what_was_not_asked_is_not_there(void **state)
{
	const struct ep_record_options none = { .runner = "command" };
	json_t *o = written(&none);

	(void)state;
	assert_int_equal(json_object_size(o), 0);
	json_decref(o);
}

static void threads_and_what_became_of_the_cpus(void **state)
{
	const struct ep_record_options asked = {
		.thread_count = 2,
		.place = { .pin = "0-1,5", .sampler_cpu = "auto" },
	};
	json_t *o = written(&asked);

	(void)state;
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(o, "options"), "threads")),
			 2);
	assert_string_equal(text(o, "pin"), "0-1,5");
	assert_string_equal(text(o, "sampler_cpu"), "auto");
	assert_string_equal(text(o, "program_cpus"), "0-1,5");
	assert_true(text(o, "edgeprof_cpus")[0] != '\0');
	json_decref(o);
}

static void threads_alone(void **state)
{
	const struct ep_record_options asked = { .thread_count = 4 };
	json_t *o = written(&asked);

	(void)state;
	assert_int_equal(json_object_size(json_object_get(o, "options")), 1);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_not_asked_is_not_there),
		cmocka_unit_test(threads_and_what_became_of_the_cpus),
		cmocka_unit_test(threads_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
