/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "profiler/export/differ.h"
#include "profiler/export/packed.h"
#include "profiler/export/sums.h"

#define A "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b"

static int parse(const char *text, struct ep_sums *ret)
{
	struct ep_err err;

	return ep_sums_parse(text, strlen(text), ret, &err);
}

static void a_manifest_is_read_and_written(void **state)
{
	struct ep_sums s = { 0 };
	struct ep_buf b;

	(void)state;
	assert_int_equal(parse(A "  run.json\n" A " *events.csv\n", &s), 0);
	assert_int_equal(s.count, 2);
	assert_string_equal(s.items[0].path, "events.csv");
	assert_non_null(ep_sums_find(&s, "run.json"));
	assert_string_equal(ep_sums_find(&s, "run.json")->hash, A);
	assert_null(ep_sums_find(&s, "run.jso"));
	ep_buf_init(&b, 1000);
	assert_int_equal(ep_sums_put(&s, &b), 0);
	assert_string_equal(b.data, A "  events.csv\n" A "  run.json\n");
	ep_buf_done(&b);
	ep_sums_done(&s);
}

static void a_bad_manifest_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"\n",
		A "  run.json",
		A " run.json\n",
		A "  \n",
		A "  /etc/passwd\n",
		A "  ../x\n",
		A "  a/../x\n",
		A "  a\\b\n",
		A "  a\tb\n",
		A "  x\n" A "  x\n",
		"not a sum, but as long as one: 0123456789abcdef0123456789abcdef  x\n",
	};
	struct ep_sums s = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(parse(texts[i], &s), -EBADMSG);
		assert_null(s.items);
	}
}

static void what_is_packed(void **state)
{
	(void)state;
	assert_int_equal(ep_packed_kind("run.json", false), EP_PACKED_RAW);
	assert_int_equal(ep_packed_kind("sensors/pmic.csv", false),
			 EP_PACKED_RAW);
	assert_int_equal(ep_packed_kind("sensors/a/b.csv", false),
			 EP_PACKED_NOT);
	assert_int_equal(ep_packed_kind("sensors/.x.csv", false),
			 EP_PACKED_NOT);
	assert_int_equal(ep_packed_kind("trace.csv", false), EP_PACKED_DERIVED);
	assert_int_equal(ep_packed_kind("runs/0001/stdout.log", true),
			 EP_PACKED_OUTPUT);
	assert_int_equal(ep_packed_kind("runs/0001/report.json", true),
			 EP_PACKED_REPORT);
	assert_int_equal(ep_packed_kind("runs/x/run.json", true),
			 EP_PACKED_NOT);
	assert_int_equal(ep_packed_kind("study.db", true), EP_PACKED_DERIVED);
	assert_int_equal(ep_packed_kind("study.json", false), EP_PACKED_NOT);
	assert_int_equal(ep_packed_kind("MANIFEST", true), EP_PACKED_ABOUT_IT);
}

static void note(void *ctx, const char *path, const json_t *was,
		 const json_t *is)
{
	char *last = ctx;

	(void)was;
	(void)is;
	(void)strncat(last, path, 100);
	(void)strncat(last, " ", 2);
}

/* Paths that differ, each with a blank after it. */
static void differ(const char *was, const char *is, bool texts,
		   const char *expected)
{
	char paths[1000] = "";
	struct ep_differ d = { .tell = note, .ctx = paths, .texts = texts };
	json_t *a = json_loads(was, 0, NULL), *b = json_loads(is, 0, NULL);

	assert_non_null(a);
	assert_non_null(b);
	ep_differ(&d, a, b);
	assert_string_equal(paths, expected);
	json_decref(a);
	json_decref(b);
}

static void figures_that_differ(void **state)
{
	(void)state;
	differ("{\"a\":{\"value\":1.5}}", "{\"a\":{\"value\":1.5}}", true, "");
	differ("{\"a\":{\"value\":1.5}}", "{\"a\":{\"value\":1.6}}", true,
	       "a.value ");
	differ("{\"a\":1}", "{\"a\":1.0}", true, "");
	differ("{\"a\":1000000000}", "{\"a\":1000000000.5}", true, "");
	differ("{\"a\":1000000000}", "{\"a\":1000000002}", true, "a ");
	/* Not measured is not 0. */
	differ("{\"a\":0}", "{\"a\":null}", true, "a ");
	differ("{\"a\":null}", "{\"a\":0}", true, "a ");
	differ("{\"a\":[1,2]}", "{\"a\":[1]}", true, "a[1] ");
	differ("{\"a\":[1]}", "{\"a\":[1,2]}", true, "a[1] ");
	/* A figure of a later version is none that differs. */
	differ("{}", "{\"a\":1}", true, "");
	differ("{\"a\":1}", "{}", true, "a ");
	differ("{\"build\":\"x\",\"t\":\"x\"}", "{\"build\":\"y\",\"t\":\"y\"}",
	       false, "");
	differ("{\"t\":\"x\"}", "{\"t\":\"y\"}", true, "t ");
	differ("{\"status\":\"ok\"}", "{\"status\":\"estimated\"}", false,
	       "status ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_is_read_and_written),
		cmocka_unit_test(a_bad_manifest_is_refused),
		cmocka_unit_test(what_is_packed),
		cmocka_unit_test(figures_that_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
