/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runners/llama.h"
#include "tests/unit/support_tmp.h"

struct visit {
	char paths[64][1024];
	size_t count;
};

static void note(void *ctx, int fd, const char *path)
{
	struct visit *v = ctx;
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_true(v->count < 64);
	(void)snprintf(v->paths[v->count++], sizeof(v->paths[0]), "%s", path);
}

static bool visited(const struct visit *v, const char *part)
{
	for (size_t i = 0; i < v->count; i++)
		if (strstr(v->paths[i], part))
			return true;
	return false;
}

static void the_program_and_its_libraries(void **state)
{
	struct visit *v = test_calloc(1, sizeof(*v));

	(void)state;
	ep_llama_scan("/proc/self/exe", note, v);
	assert_true(v->count > 2);
	assert_non_null(strstr(v->paths[0], "test_llama_scan"));
	assert_true(visited(v, "libcmocka.so"));
	assert_true(visited(v, "libc.so"));
	for (size_t i = 0; i < v->count; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(v->paths[i], v->paths[k]);
	test_free(v);
}

static void what_is_not_there(void **state)
{
	struct visit *v = test_calloc(1, sizeof(*v));

	(void)state;
	ep_llama_scan("/nowhere/at/all", note, v);
	assert_int_equal(v->count, 0);
	test_free(v);
}

static void this_program_is_no_libllama(void **state)
{
	struct ep_uprobe_point points[EP_UPROBE_POINTS_MAX];
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(ep_llama_points(fd, points, EP_UPROBE_POINTS_MAX), 0);
	close(fd);
	assert_int_equal(ep_llama_points(-1, points, EP_UPROBE_POINTS_MAX), 0);
}

static void libraries_of_known_bindings(void **state)
{
	static const char node[] = "app/node_modules/@node-llama-cpp/linux-x64/"
				   "bins/linux-x64/libllama.v1.so";
	static const char python[] = "venv/lib/python3.9/site-packages/"
				     "llama_cpp/lib/libllama.so";
	char script[200], program[200];
	struct ep_tmp top;
	char *argv[] = { program, script, (char *)(uintptr_t) "--flag", NULL };
	struct visit *v = test_calloc(1, sizeof(*v));

	(void)state;
	ep_tmp_make(&top);
	ep_tmp_puts(&top, node, "");
	ep_tmp_puts(&top,
		    "app/node_modules/@node-llama-cpp/linux-x64/bins/"
		    "linux-x64/libggml.so",
		    "");
	ep_tmp_puts(&top, python, "");
	ep_tmp_puts(&top, "app/src/deep/chat.mjs", "");
	ep_tmp_puts(&top, "venv/bin/python", "");
	(void)snprintf(script, sizeof(script), "%s/app/src/deep/chat.mjs",
		       top.path);
	(void)snprintf(program, sizeof(program), "%s/venv/bin/python",
		       top.path);
	ep_llama_hints(program, argv, note, v);
	assert_int_equal(v->count, 2);
	assert_true(visited(v, strstr(python, "lib/")));
	assert_true(visited(v, node));
	v->count = 0;
	ep_llama_hints(NULL, NULL, note, v);
	ep_llama_hints("node", (char *[]){ program, NULL }, note, v);
	assert_int_equal(v->count, 0);
	ep_tmp_remove(&top);
	test_free(v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_program_and_its_libraries),
		cmocka_unit_test(what_is_not_there),
		cmocka_unit_test(this_program_is_no_libllama),
		cmocka_unit_test(libraries_of_known_bindings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
