/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/tool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/support_tmp.h"

struct fixture {
	struct ep_tmp tmp;
	struct ep_root root;
	struct ep_buf output;
};

static struct fixture fixture;

static int setup(void **state)
{
	struct fixture *f = &fixture;
	struct ep_err err;

	ep_tmp_make(&f->tmp);
	if (ep_root_open(&f->root, f->tmp.path, &err) < 0)
		return -1;
	ep_buf_init(&f->output, 64);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ep_buf_done(&f->output);
	ep_root_close(&f->root);
	ep_tmp_remove(&f->tmp);
	return 0;
}

static int run(struct fixture *f, const char *script, int64_t timeout_ns,
	       struct ep_err *err)
{
	static const char *const argv[] = { "tool", "-m", "a b;$(c)", NULL };
	struct ep_tool tool = { &f->root, "/bin/tool", argv, timeout_ns };

	ep_tmp_puts(&f->tmp, "bin/tool", script);
	assert_int_equal(chmod(ep_tmp_path(&f->tmp, "bin/tool"), 0755), 0);
	ep_buf_reset(&f->output);
	return ep_tool_run(&tool, &f->output, err);
}

static void output_and_status_come_back(void **state)
{
	struct fixture *f = *state;
	struct ep_err err;

	assert_int_equal(run(f,
			     "#!/bin/sh\necho \"$1|$2\"; echo no >&2; exit 3",
			     10 * EP_NS_PER_S, &err),
			 3);
	assert_string_equal(f->output.data, "-m|a b;$(c)\nno\n");
}

static void it_reads_nothing_and_gets_a_clean_environment(void **state)
{
	struct fixture *f = *state;
	struct ep_err err;

	assert_int_equal(run(f, "#!/bin/sh\ncat; echo \"$LC_ALL${HOME-none}\"",
			     10 * EP_NS_PER_S, &err),
			 0);
	assert_string_equal(f->output.data, "Cnone\n");
}

static void more_than_fits_is_read_and_dropped(void **state)
{
	struct fixture *f = *state;
	struct ep_err err;

	assert_int_equal(run(f,
			     "#!/bin/sh\ni=0; while [ $i -lt 20000 ]; do "
			     "echo 0123456789; i=$((i + 1)); done",
			     30 * EP_NS_PER_S, &err),
			 0);
	assert_int_equal(f->output.len, 64);
}

static void a_tool_that_hangs_is_ended_with_its_group(void **state)
{
	struct fixture *f = *state;
	struct ep_err err;

	assert_int_equal(run(f, "#!/bin/sh\necho here; sleep 600 & wait",
			     300 * EP_NS_PER_MS, &err),
			 -ETIMEDOUT);
	assert_string_equal(f->output.data, "here\n");
	assert_non_null(strstr(err.text, "/bin/tool did not end"));
}

static void a_daemon_it_leaves_behind_is_not_waited_for(void **state)
{
	struct fixture *f = *state;
	struct ep_err err;

	/* The pipe's other end stays open in the background process. */
	assert_int_equal(
		run(f, "#!/bin/sh\nsleep 20 & echo up", 15 * EP_NS_PER_S, &err),
		0);
	assert_string_equal(f->output.data, "up\n");
}

static void a_signal_is_told(void **state)
{
	struct fixture *f = *state;
	struct ep_err err;

	assert_int_equal(
		run(f, "#!/bin/sh\nkill -9 $$", 10 * EP_NS_PER_S, &err),
		-ECHILD);
	assert_non_null(strstr(err.text, "signal 9"));
}

static void what_is_not_there_or_not_executable(void **state)
{
	struct fixture *f = *state;
	static const char *const argv[] = { "x", NULL };
	static const char *const none[] = { "/sbin/x", "/bin/y", NULL };
	static const char *const both[] = { "/sbin/x", "/bin/z", NULL };
	struct ep_tool tool = { &f->root, "/bin/x", argv, EP_NS_PER_S };
	struct ep_err err;

	assert_int_equal(ep_tool_run(&tool, NULL, &err), -ENOENT);
	ep_tmp_puts(&f->tmp, "bin/z", "#!/bin/sh\n");
	tool.path = "/bin/z";
	assert_int_equal(chmod(ep_tmp_path(&f->tmp, "bin/z"), 0644), 0);
	assert_int_equal(ep_tool_run(&tool, NULL, &err), -EACCES);
	assert_non_null(strstr(err.text, "not executable"));
	assert_null(ep_tool_find(&f->root, none));
	assert_string_equal(ep_tool_find(&f->root, both), "/bin/z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_status_come_back),
		cmocka_unit_test(it_reads_nothing_and_gets_a_clean_environment),
		cmocka_unit_test(more_than_fits_is_read_and_dropped),
		cmocka_unit_test(a_tool_that_hangs_is_ended_with_its_group),
		cmocka_unit_test(a_daemon_it_leaves_behind_is_not_waited_for),
		cmocka_unit_test(a_signal_is_told),
		cmocka_unit_test(what_is_not_there_or_not_executable),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
