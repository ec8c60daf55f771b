/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "profiler/cli/run_options.h"

static int parse(char **argv, struct ep_run_options *o, struct ep_err *err)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	memset(o, 0, sizeof(*o));
	memset(err, 0, sizeof(*err));
	return ep_run_options_parse(argc, argv, o, err);
}

#define ARGS(...)                                            \
	(char *[])                                           \
	{                                                    \
		(char *)(uintptr_t) "run", __VA_ARGS__, NULL \
	}
#define S(text) ((char *)(uintptr_t)(text))

static void defaults_are_ten_milliseconds_and_ten_seconds(void **state)
{
	struct ep_run_options o;
	struct ep_err err;

	(void)state;
	assert_int_equal(parse(ARGS(S("--"), S("ls"), S("-o")), &o, &err), 0);
	assert_int_equal(o.record.interval_ns, 10000000);
	assert_int_equal(o.record.idle_ns, 10000000000);
	assert_int_equal(o.record.tail_ns, 2000000000);
	assert_null(o.record.out_dir);
	assert_string_equal(o.record.argv[0], "ls");
	assert_string_equal(o.record.argv[1], "-o");
}

static void options_end_at_the_command(void **state)
{
	struct ep_run_options o;
	struct ep_err err;

	(void)state;
	assert_int_equal(
		parse(ARGS(S("--quiet"), S("./infer"), S("--json")), &o, &err),
		0);
	assert_true(o.quiet);
	assert_false(o.json);
	assert_string_equal(o.record.argv[1], "--json");
}

static void values_come_after_a_space_or_an_equals_sign(void **state)
{
	struct ep_run_options o;
	struct ep_err err;

	(void)state;
	assert_int_equal(parse(ARGS(S("--board=x86"), S("-o"), S("out"),
				    S("--idle=0s"), S("--"), S("true")),
			       &o, &err),
			 0);
	assert_string_equal(o.record.board, "x86");
	assert_string_equal(o.record.out_dir, "out");
	assert_int_equal(o.record.idle_ns, 0);
}

static void
intervals_outside_one_millisecond_to_one_second_are_refused(void **state)
{
	static const char *const bad[] = { "0",	 "0ms",	  "0s",	  "999us",
					   "2s", "-1s",	  "abc",  "10",
					   "",	 "10 ms", "1e1ms" };
	struct ep_run_options o;
	struct ep_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(ARGS(S("--interval"), S(bad[i]), S("--"),
					    S("true")),
				       &o, &err),
				 -EINVAL);
		assert_non_null(strstr(err.text, "--interval"));
	}
	assert_int_equal(
		parse(ARGS(S("--interval"), S("1ms"), S("--"), S("true")), &o,
		      &err),
		0);
	assert_int_equal(o.record.interval_ns, 1000000);
}

static void a_mistyped_option_names_the_nearest(void **state)
{
	struct ep_run_options o;
	struct ep_err err;

	(void)state;
	assert_int_equal(parse(ARGS(S("--bord"), S("x86"), S("--"), S("true")),
			       &o, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "did you mean --board?"));
}

static void a_missing_value_or_command_is_refused(void **state)
{
	struct ep_run_options o;
	struct ep_err err;

	(void)state;
	assert_int_equal(parse(ARGS(S("--board")), &o, &err), -EINVAL);
	assert_non_null(strstr(err.text, "--board needs a value"));
	assert_int_equal(parse(ARGS(S("--")), &o, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no command"));
	assert_int_equal(
		parse(ARGS(S("--json=yes"), S("--"), S("true")), &o, &err),
		-EINVAL);
	assert_non_null(strstr(err.text, "takes no value"));
}

static void duration_and_a_command_exclude_each_other(void **state)
{
	struct ep_run_options o;
	struct ep_err err;

	(void)state;
	assert_int_equal(
		parse(ARGS(S("--duration"), S("1s"), S("--"), S("true")), &o,
		      &err),
		-EINVAL);
	assert_int_equal(parse(ARGS(S("--duration"), S("1s")), &o, &err), 0);
	assert_null(o.record.argv);
}

static void refuses(char **argv, const char *text)
{
	struct ep_run_options o;
	struct ep_err err;

	assert_int_equal(parse(argv, &o, &err), -EINVAL);
	if (!strstr(err.text, text))
		fail_msg("not \"%s\" but: %s", text, err.text);
}

/* What would have no effect is refused. */
static void options_without_a_command_are_refused(void **state)
{
	(void)state;
	refuses(ARGS(S("--duration"), S("1s"), S("--pin"), S("0")),
		"--pin and --threads are for a command");
	refuses(ARGS(S("--duration"), S("1s"), S("--threads"), S("2")),
		"--pin and --threads are for a command");
	refuses(ARGS(S("--duration"), S("1s"), S("--stdio"), S("pty")),
		"--stdio is for the output of a command");
	refuses(ARGS(S("--attach"), S("1"), S("--stdio"), S("pipe")),
		"--stdio is for the output of a command");
	refuses(ARGS(S("--runner"), S("ollama"), S("--model"), S("m"),
		     S("--stdio"), S("pty")),
		"--stdio is for the output of a command");
	refuses(ARGS(S("--runner"), S("llama-server"), S("--model"),
		     S("m.gguf"), S("--stdio"), S("inherit")),
		"goes to the run folder");
	refuses(ARGS(S("--request-timeout"), S("1s"), S("--"), S("true")),
		"--runner ollama");
	refuses(ARGS(S("--attach"), S("1"), S("--runner"), S("llama-bench"),
		     S("--"), S("true")),
		"--runner llama-bench starts what");
}

static void a_model_file_starts_the_server(void **state)
{
	struct ep_run_options o;
	struct ep_err err;

	(void)state;
	assert_int_equal(
		parse(ARGS(S("--runner"), S("llama-server"), S("--model"),
			   S("m.gguf"), S("--threads"), S("3")),
		      &o, &err),
		0);
	assert_string_equal(o.drive.server[0], "llama-server");
	assert_null(o.drive.server[1]);
	assert_int_equal(o.drive.thread_count, 3);
	assert_ptr_equal(o.record.drive, &o.drive);
	assert_true(o.record.stderr_to_log);
	assert_int_equal(parse(ARGS(S("--runner"), S("llama-server"), S("--"),
				    S("/opt/server"), S("-hf"), S("a/b")),
			       &o, &err),
			 0);
	assert_string_equal(o.drive.server[2], "a/b");
	assert_null(o.record.argv);
	/* A server that is up. */
	assert_int_equal(
		parse(ARGS(S("--runner"), S("llama-server"), S("--model"),
			   S("m.gguf"), S("--url"), S("http://127.0.0.1:8080")),
		      &o, &err),
		0);
	assert_null(o.drive.server);
	assert_false(o.record.stderr_to_log);
	assert_int_equal(parse(ARGS(S("--runner"), S("llama-server"),
				    S("--url"), S("http://127.0.0.1:8080"),
				    S("--"), S("llama-server")),
			       &o, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "leave --url away"));
	assert_int_equal(parse(ARGS(S("--runner"), S("ollama"), S("--model"),
				    S("x"), S("--"), S("ollama"), S("serve")),
			       &o, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "takes no command"));
	assert_int_equal(parse(ARGS(S("--runner"), S("ollama"), S("--url"),
				    S("http://x"), S("--"), S("ollama")),
			       &o, &err),
			 -EINVAL);
	assert_null(strstr(err.text, "leave --url away"));
	assert_int_equal(
		parse(ARGS(S("--runner"), S("llama-server"), S("--attach"),
			   S(":8080"), S("--model"), S("m.gguf")),
		      &o, &err),
		-EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_ten_milliseconds_and_ten_seconds),
		cmocka_unit_test(options_end_at_the_command),
		cmocka_unit_test(values_come_after_a_space_or_an_equals_sign),
		cmocka_unit_test(
			intervals_outside_one_millisecond_to_one_second_are_refused),
		cmocka_unit_test(a_mistyped_option_names_the_nearest),
		cmocka_unit_test(a_missing_value_or_command_is_refused),
		cmocka_unit_test(duration_and_a_command_exclude_each_other),
		cmocka_unit_test(options_without_a_command_are_refused),
		cmocka_unit_test(a_model_file_starts_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
