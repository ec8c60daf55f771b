/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"
#include "base/conf.h"
#include "base/str.h"
#include "tests/unit/support_tmp.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct ep_param top_params[] = {
	{ "name", NULL, "the board's name" },
	{ "title", "", "for people" },
	{ "gain", "0", "ppm" },
	{ NULL, NULL, NULL },
};
static const struct ep_param rail_params[] = {
	{ "channel", NULL, "SENSOR.CHANNEL" },
	{ "role", "part", "total or part" },
	{ NULL, NULL, NULL },
};
static const struct ep_conf_rule rules[] = {
	{ "", top_params, false, false },    { "sensor", NULL, true, true },
	{ "rail", rail_params, true, true }, { "match", NULL, false, true },
	{ "counters", NULL, false, false },  { NULL, NULL, false, false },
};

static struct ep_tmp tmp;

static int make(void **state)
{
	(void)state;
	ep_tmp_make(&tmp);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	ep_tmp_remove(&tmp);
	return 0;
}

static int load(const char *text, struct ep_conf **ret, struct ep_err *err)
{
	ep_tmp_puts(&tmp, "x.board", text);
	return ep_conf_load(ep_tmp_path(&tmp, "x.board"), rules, ret, err);
}

static void every_form_of_value_is_read(void **state)
{
	static const char text[] =
		"# comment with ${HOME} and \"\n"
		"name = x86 // more\n"
		"/* two\n lines */ title = \"a \\\"b\\\" = { , # 'c'\"\n"
		"gain=-1.5e-3\n"
		"sensor \"rapl\" { driver = 'rapl' path = /sys/a:0_ }\n"
		"match {\n\tmodel = \"Raspberry Pi 5*\"\n}\n"
		"match { }\n"
		"sensor hwmon {\n  driver = \"\"\n}\n"
		"rail \"p\" { channel = \"rapl.package_*\" }\n";
	struct ep_conf *c = NULL;
	const struct ep_conf *s;

	(void)state;
	assert_int_equal(load(text, &c, NULL), 0);
	assert_string_equal(ep_conf_get(c, "name"), "x86");
	assert_string_equal(ep_conf_get(c, "title"), "a \"b\" = { , # 'c'");
	assert_string_equal(ep_conf_get(c, "gain"), "-1.5e-3");
	assert_null(ep_conf_get(c, "nothing"));
	assert_string_equal(c->kind, "");
	assert_int_equal(c->section_count, 5);
	s = c->sections[0];
	assert_string_equal(s->kind, "sensor");
	assert_string_equal(s->title, "rapl");
	assert_int_equal(s->line, 6);
	assert_string_equal(ep_conf_get(s, "driver"), "rapl");
	assert_string_equal(ep_conf_get(s, "path"), "/sys/a:0_");
	s = c->sections[1];
	assert_string_equal(s->kind, "match");
	assert_string_equal(s->title, "");
	assert_string_equal(ep_conf_get(s, "model"), "Raspberry Pi 5*");
	assert_int_equal(s->keys[0].line, 8);
	assert_int_equal(c->sections[2]->key_count, 0);
	assert_string_equal(c->sections[3]->title, "hwmon");
	assert_string_equal(ep_conf_get(c->sections[3], "driver"), "");
	assert_string_equal(ep_conf_get(c->sections[4], "channel"),
			    "rapl.package_*");
	ep_conf_free(c);
	ep_conf_free(NULL);
}

static void each_fault_names_file_line_and_cure(void **state)
{
	static const struct {
		const char *text, *place, *says;
	} cases[] = {
		{ "name = a\nname = b\n", ":2: ", "name is given twice" },
		{ "name = a\ntitel = b\n", ":2: ", "did you mean 'title'?" },
		{ "name = a\nzzzzzz = b\n", ":2: ", "unknown key 'zzzzzz'" },
		{ "title = a\n", ": ", "name is missing: the board's name" },
		{ "name = a\n\nrail x {\n}\n", ":3: ", "channel is missing" },
		{ "name = a\nrail x {\nchannel = a\nrolle = b }\n",
		  ":4: ", "did you mean 'role'?" },
		{ "name = a\nsensr \"x\" { }\n",
		  ":2: ", "unknown section 'sensr'; did you mean 'sensor'?" },
		{ "name = a\nsensor x { }\nsensor x { }\n",
		  ":3: ", "second sensor \"x\"; the first is in line 2" },
		{ "name = a\nsensor x { }\nsensor \"x\" { }\n",
		  ":3: ", "second sensor" },
		{ "counters { }\n counters { }\n", ":2: ", "second section" },
		{ "sensor { }\n", ":1: ", "needs a title" },
		{ "match \"x\" { }\n", ":1: ", "has no title" },
		{ "sensor \"a\\\"\" { }\n", ":1: ", "no backslash" },
		{ "sensor \"\" { }\n", ":1: ", "a title is 1 to 127" },
		{ "name = \"${HOME}\"\n", ":1: ", "'${' is not allowed" },
		{ "name = ${HOME}\n", ":1: ", "'${' is not allowed" },
		{ "name = '${HOME}'\n", ":1: ", "'${' is not allowed" },
		{ "name = a\ngain = 1,5\n", ":2: ", "the decimal mark is '.'" },
		{ "name = +5\n", ":1: ", "expected a value" },
		{ "name = \n", ":2: ", "expected a value" },
		{ "name = a b\n", ":1: ", "unknown section 'b'" },
		{ "name += a\n", ":1: ", "section 'name'" },
		{ "name = {a, b}\n", ":1: ", "expected a value" },
		{ "name = \"a\n", ":1: ", "without its end" },
		{ "\n\nname = 'a", ":3: ", "without its end" },
		{ "\n/* open\n\n", ":2: ", "comment without its end" },
		{ "\nmatch {\n a = b\n", ":2: ", "'}' is missing" },
		{ "match { a { } }\n", ":1: ", "expected KEY" },
		{ "match { a = b } }\n", ":1: ", "expected KEY" },
		{ "include(\"/etc/passwd\")\n", ":1: ", "unknown section" },
		{ "sensor = x\n", ":1: ", "is a section, not a key" },
		{ "\nname = \"\\777\"\n\n", ":2: ", "octal" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_conf *c = NULL;
		struct ep_err err = { 0, "" };
		char want[300];

		if (load(cases[i].text, &c, &err) != -EINVAL)
			fail_msg("accepted: %s", cases[i].text);
		assert_null(c);
		assert_int_equal(err.code, -EINVAL);
		snprintf(want, sizeof(want), "%s%s",
			 ep_tmp_path(&tmp, "x.board"), cases[i].place);
		if (!ep_str_starts(err.text, want) ||
		    !strstr(err.text, cases[i].says))
			fail_msg("%s -> %s", cases[i].text, err.text);
	}
}

static void files_that_cannot_be_read(void **state)
{
	struct ep_conf *c = NULL;
	struct ep_err err = { 0, "" };
	char *big;

	(void)state;
	assert_int_equal(
		ep_conf_load(ep_tmp_path(&tmp, "none"), rules, &c, &err),
		-ENOENT);
	assert_non_null(strstr(err.text, "/none: cannot read: No such file"));
	assert_int_equal(ep_conf_load(tmp.path, rules, &c, &err), -EISDIR);
	ep_tmp_write(&tmp, "x.board", "name = a\0b", 10);
	assert_int_equal(
		ep_conf_load(ep_tmp_path(&tmp, "x.board"), rules, &c, &err),
		-EINVAL);
	assert_non_null(strstr(err.text, "NUL byte"));
	big = malloc(EP_CONF_FILE_BYTES_MAX + 1);
	assert_non_null(big);
	memset(big, '#', EP_CONF_FILE_BYTES_MAX + 1);
	ep_tmp_write(&tmp, "x.board", big, EP_CONF_FILE_BYTES_MAX + 1);
	free(big);
	assert_int_equal(
		ep_conf_load(ep_tmp_path(&tmp, "x.board"), rules, &c, &err),
		-EFBIG);
	assert_null(c);
	assert_int_equal(load("", &c, &err), -EINVAL);
	assert_non_null(strstr(err.text, "name is missing"));
}

static void the_maxima_hold(void **state)
{
	struct ep_buf b;
	struct ep_conf *c = NULL;
	struct ep_err err = { 0, "" };

	(void)state;
	ep_buf_init(&b, 100000);
	assert_int_equal(ep_buf_adds(&b, "name = a\nmatch {\n"), 0);
	for (int i = 0; i < EP_CONF_KEYS_MAX; i++)
		assert_int_equal(ep_buf_addf(&b, "k%d = %d\n", i, i), 0);
	assert_int_equal(ep_buf_adds(&b, "}\n"), 0);
	assert_int_equal(load(b.data, &c, &err), 0);
	assert_string_equal(ep_conf_get(c->sections[0], "k63"), "63");
	ep_conf_free(c);
	c = NULL;
	b.len -= 2;
	assert_int_equal(ep_buf_adds(&b, "more = 1\n}\n"), 0);
	assert_int_equal(load(b.data, &c, &err), -EINVAL);
	assert_non_null(strstr(err.text, ":67: too many keys"));
	ep_buf_reset(&b);
	assert_int_equal(ep_buf_adds(&b, "name = a\n"), 0);
	for (int i = 0; i <= EP_CONF_SECTIONS_MAX; i++)
		assert_int_equal(ep_buf_adds(&b, "match { a = b }\n"), 0);
	assert_int_equal(load(b.data, &c, &err), -EINVAL);
	assert_non_null(strstr(err.text, "too many sections"));
	b.len -= strlen("match { a = b }\n");
	b.data[b.len] = '\0';
	assert_int_equal(load(b.data, &c, &err), 0);
	assert_int_equal(c->section_count, EP_CONF_SECTIONS_MAX);
	assert_string_equal(ep_conf_get(c->sections[127], "a"), "b");
	ep_conf_free(c);
	ep_buf_done(&b);
}

static void option_lists_are_strict_too(void **state)
{
	static const char *const bad[] = { "a", "=b",	"a=1,a=2", "a=1,",
					   ",", ",a=1", "a=1,b",   "a=1,,b=2" };
	struct ep_conf *c = NULL;
	struct ep_err err = { 0, "" };

	(void)state;
	assert_int_equal(
		ep_conf_from_options("--sensor", "a=1,b=x=y,c=", &c, &err), 0);
	assert_string_equal(ep_conf_get(c, "a"), "1");
	assert_string_equal(ep_conf_get(c, "b"), "x=y");
	assert_string_equal(ep_conf_get(c, "c"), "");
	assert_int_equal(ep_conf_set(c, "a", "2"), 0);
	assert_int_equal(ep_conf_set(c, "d", "3"), 0);
	assert_string_equal(ep_conf_get(c, "a"), "2");
	assert_string_equal(ep_conf_get(c, "d"), "3");
	assert_int_equal(c->key_count, 4);
	ep_conf_free(c);
	assert_int_equal(ep_conf_from_options("--sensor", "", &c, &err), 0);
	assert_int_equal(c->key_count, 0);
	for (int i = 0; i < EP_CONF_KEYS_MAX; i++) {
		char key[16];

		snprintf(key, sizeof(key), "k%d", i);
		assert_int_equal(ep_conf_set(c, key, ""), 0);
	}
	assert_int_equal(ep_conf_set(c, "more", ""), -E2BIG);
	ep_conf_free(c);
	c = NULL;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
			ep_conf_from_options("--sensor", bad[i], &c, &err),
			-EINVAL);
		assert_true(ep_str_starts(err.text, "--sensor: "));
		assert_null(c);
	}
}

static void getters_fall_back_or_parse_strictly(void **state)
{
	struct ep_conf *c = NULL;
	double d = 0;
	int64_t i = 0;
	bool yes = false;

	(void)state;
	assert_int_equal(ep_conf_from_options("o",
					      "f=0.25,i=-3,d=20ms,y=yes,n=no",
					      &c, NULL),
			 0);
	assert_int_equal(ep_conf_get_f64(c, "f", 9, &d, NULL), 0);
	assert_true(d > 0.2499 && d < 0.2501);
	assert_int_equal(ep_conf_get_f64(c, "none", 9, &d, NULL), 0);
	assert_true(d > 8.9 && d < 9.1);
	assert_int_equal(ep_conf_get_i64(c, "i", 9, &i, NULL), 0);
	assert_true(i == -3);
	assert_int_equal(ep_conf_get_i64(c, "none", 9, &i, NULL), 0);
	assert_true(i == 9);
	assert_int_equal(ep_conf_get_duration_ns(c, "d", 9, &i, NULL), 0);
	assert_true(i == 20000000);
	assert_int_equal(ep_conf_get_duration_ns(c, "none", 9, &i, NULL), 0);
	assert_true(i == 9);
	assert_int_equal(ep_conf_get_bool(c, "y", false, &yes, NULL), 0);
	assert_true(yes);
	assert_int_equal(ep_conf_get_bool(c, "n", true, &yes, NULL), 0);
	assert_false(yes);
	assert_int_equal(ep_conf_get_bool(c, "none", true, &yes, NULL), 0);
	assert_true(yes);
	ep_conf_free(c);
}

static void bad_values_are_errors_with_file_and_line(void **state)
{
	static const char text[] = "name = a\n"
				   "match {\n"
				   "comma = \"1,5\"\noctal = 010\nnan = nan\n"
				   "big = 1e999\nlong = 99999999999999999999\n"
				   "bare = 10\ntrue = true\n}\n";
	struct ep_conf *c = NULL;
	const struct ep_conf *s;
	struct ep_err err = { 0, "" };
	double d = 5;
	int64_t i = 5;
	bool b = true;

	(void)state;
	assert_int_equal(load(text, &c, NULL), 0);
	s = c->sections[0];
	assert_int_equal(ep_conf_get_f64(s, "comma", 0, &d, &err), -EINVAL);
	assert_non_null(strstr(err.text, "x.board:3: comma: '1,5' is not a"));
	assert_int_equal(ep_conf_get_f64(s, "octal", 0, &d, &err), -EINVAL);
	assert_int_equal(ep_conf_get_i64(s, "octal", 0, &i, &err), -EINVAL);
	assert_non_null(strstr(err.text, "x.board:4: octal: '010'"));
	assert_int_equal(ep_conf_get_f64(s, "nan", 0, &d, &err), -EINVAL);
	assert_int_equal(ep_conf_get_f64(s, "big", 0, &d, &err), -ERANGE);
	assert_non_null(strstr(err.text, ":6: big: '1e999' is out of range"));
	assert_int_equal(ep_conf_get_i64(s, "long", 0, &i, &err), -ERANGE);
	assert_int_equal(ep_conf_get_duration_ns(s, "bare", 0, &i, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "not a duration such as 10ms"));
	assert_int_equal(ep_conf_get_bool(s, "true", false, &b, &err), -EINVAL);
	assert_non_null(strstr(err.text, "'true' is not yes or no"));
	assert_true(d > 4.9 && i == 5 && b);
	assert_int_equal(ep_conf_err(s, "bare", &err, "too small"), -EINVAL);
	assert_non_null(strstr(err.text, "x.board:8: bare: too small"));
	ep_conf_free(c);
}

#define CONF_TEST(f) cmocka_unit_test_setup_teardown(f, make, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONF_TEST(every_form_of_value_is_read),
		CONF_TEST(each_fault_names_file_line_and_cure),
		CONF_TEST(files_that_cannot_be_read),
		CONF_TEST(the_maxima_hold),
		CONF_TEST(option_lists_are_strict_too),
		CONF_TEST(getters_fall_back_or_parse_strictly),
		CONF_TEST(bad_values_are_errors_with_file_and_line),
	};

	return cmocka_run_group_tests_name("conf", tests, NULL, NULL);
}
