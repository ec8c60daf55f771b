/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/study/table.h"

static int parse(struct ep_table *t, const char *text, struct ep_err *err)
{
	char *copy = strdup(text);
	int r;

	assert_non_null(copy);
	memset(t, 0, sizeof(*t));
	err->text[0] = '\0';
	r = ep_table_parse(t, copy, "f", err);
	free(copy);
	return r;
}

static void fields_keep_their_text(void **state)
{
	struct ep_table t;
	struct ep_err err;

	(void)state;
	assert_int_equal(parse(&t,
			       "\xef\xbb\xbfid,\"a \"\"b\"\"\",c\r\n"
			       "1,\"two\nlines, one field\",\r\n"
			       "\r\n"
			       "2,,\"\"",
			       &err),
			 0);
	assert_int_equal(t.column_count, 3);
	assert_int_equal(t.row_count, 2);
	assert_string_equal(t.columns[0].name, "id");
	assert_int_equal(ep_table_find(&t, "a \"b\""), 1);
	assert_string_equal(ep_table_get(&t, 0, 1), "two\nlines, one field");
	assert_string_equal(ep_table_get(&t, 1, 0), "2");
	assert_string_equal(ep_table_get(&t, 1, 2), "");
	assert_string_equal(ep_table_get(&t, 2, 0), "");
	assert_int_equal(ep_table_find(&t, "d"), EP_TABLE_NONE);
	ep_table_done(&t);
}

static void wrong_texts_are_refused(void **state)
{
	static const struct {
		const char *text, *says;
		int code;
	} cases[] = {
		{ "", "empty", -ENODATA },
		{ "\n\n", "empty", -ENODATA },
		{ "a,b\n1\n", "near line 2: 1 fields, the first line has 2",
		  -EBADMSG },
		{ "a,b\n1,2,3\n", "3 fields", -EBADMSG },
		{ "a,\n1,2\n", "column 2 has no name", -EBADMSG },
		{ "a,a\n", "two columns are called 'a'", -EBADMSG },
		{ "a\tb\n", "separated by commas", -EBADMSG },
		{ "a,b\n1,\"2\n", "line 2: a quote", -EBADMSG },
		{ "a,b\n1,2\"3\n", "line 2: a quote", -EBADMSG },
	};
	struct ep_table t;
	struct ep_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(&t, cases[i].text, &err), cases[i].code);
		if (!strstr(err.text, cases[i].says))
			fail_msg("\"%s\" does not say \"%s\"", err.text,
				 cases[i].says);
		ep_table_done(&t);
	}
}

/* Rows of different columns: what a row lacks is missing. */
static void columns_come_and_go(void **state)
{
	struct ep_table t = { 0 };
	char name[16], hint[200];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(ep_table_add_row(&t), 0);
		(void)snprintf(name, sizeof(name), "column%d", i % 40);
		assert_int_equal(ep_table_set(&t, name, "1"), 0);
		assert_int_equal(ep_table_set(&t, "all", "x"), 0);
		assert_int_equal(ep_table_set(&t, "all", "y"), 0);
	}
	assert_int_equal(t.row_count, 1000);
	assert_int_equal(t.column_count, 41);
	assert_string_equal(ep_table_get(&t, 999, ep_table_find(&t, "all")),
			    "y");
	assert_string_equal(ep_table_get(&t, 81, ep_table_find(&t, "column1")),
			    "1");
	assert_string_equal(ep_table_get(&t, 82, ep_table_find(&t, "column1")),
			    "");
	ep_table_suggest(&t, "colum1", hint, sizeof(hint));
	assert_string_equal(hint, "did you mean 'column1'?");
	ep_table_suggest(&t, "zzzzzzzz", hint, sizeof(hint));
	assert_non_null(strstr(hint, "and 29 more"));
	ep_table_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_keep_their_text),
		cmocka_unit_test(wrong_texts_are_refused),
		cmocka_unit_test(columns_come_and_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
