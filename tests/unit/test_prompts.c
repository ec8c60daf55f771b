/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runners/drive.h"
#include "tests/unit/support_tmp.h"

static void csv_follows_rfc_4180(void **state)
{
	struct ep_prompts p = { 0 };
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(
		ep_prompts_parse_csv(
			"s.csv",
			"tag,prompt,id,max_tokens,temperature\r\n"
			"t,\"two \"\"quoted\"\"\nlines, one comma\",a,12,0.7\r\n"
			"\r\n,plain,,,",
			&p, &err),
		0);
	assert_int_equal(p.count, 2);
	assert_string_equal(p.items[0].id, "a");
	assert_string_equal(p.items[0].tag, "t");
	assert_string_equal(p.items[0].text,
			    "two \"quoted\"\nlines, one comma");
	assert_int_equal(p.items[0].max_token_count, 12);
	assert_true(p.items[0].randomness > 0.69 &&
		    p.items[0].randomness < 0.71);
	assert_string_equal(p.items[1].id, "2");
	assert_string_equal(p.items[1].text, "plain");
	assert_true(isnan(p.items[1].randomness));
	assert_int_equal(p.items[1].max_token_count, 0);
	ep_prompts_done(&p);
}

static void csv_errors_name_file_and_line(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "", "s:1: unknown column" },
		{ "id\na\n", "s:1: the first line must name the columns" },
		{ "prompt,heat\n", "s:1: unknown column" },
		{ "prompt,prompt\n", "s:1: the column is there twice" },
		{ "prompt\n", "s:2: no prompt" },
		{ "prompt,id\na,1\nb,1\n", "s:3: two prompts have this id" },
		{ "prompt,id\n\"a\nb\",1\n,2\n", "s:4: the prompt is missing" },
		{ "prompt,id\na,1,2\n", "s:2: not as many cells" },
		{ "prompt,id\na\n", "s:2: not as many cells" },
		{ "prompt\n\"a\n", "s:3: a quote is never closed" },
		{ "prompt\n\"a\"b\n", "s:2: something follows" },
		{ "prompt\na\"b\n", "s:2: a quote in the middle" },
		{ "prompt,temperature\na,nan\n", "s:2: temperature must be" },
		{ "prompt,temperature\na,\"0,5\"\n", "s:2: temperature" },
		{ "prompt,temperature\na,-1\n", "s:2: temperature must be" },
		{ "prompt,max_tokens\na,0\n", "s:2: max_tokens must be" },
		{ "prompt,max_tokens\na,1.5\n", "s:2: max_tokens must be" },
		{ "prompt,id\ra,1\r", "s:1: unknown column" },
		{ "prompt\n\"a\"\rb\n", "s:2: something follows" },
		{ "prompt\nok\ncaf\xe9\n", "s:3: this is not UTF-8" },
		{ "prompt,tag\na,\"b\nc\"\n", "s:2: id and tag have" },
		{ "prompt,id\na,\x1b[2J\n", "s:2: id and tag have" },
		{ "prompt,\x1b[2J\n", "unknown column; there is" },
		{ "prompt,id\nb,2\na,\nc,2\n", "s:3: two prompts have this" },
		{ "prompt,id\na,z\nb,b\nc,b\nd,z\n", "s:4: two prompts" },
		{ "\xff\xfep\n", "s:1: unknown column" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ep_prompts p = { 0 };
		struct ep_err err = { 0 };

		assert_int_equal(
			ep_prompts_parse_csv("s", bad[i].text, &p, &err),
			-EINVAL);
		if (!strstr(err.text, bad[i].says))
			fail_msg("'%s' not in '%s'", bad[i].says, err.text);
		assert_null(p.items);
	}
}

static void jsonl_takes_numbers_and_refuses_the_rest(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "[1]\n", "s:1: a line must be one JSON object" },
		{ "{\"prompt\":\"a\"}\n{\"prompt\":\n", "s:2:" },
		{ "{\"prompt\":\"a\",\"prompt\":\"b\"}", "s:1:" },
		{ "{\"prompt\":\"a\",\"heat\":1}", "s:1: unknown key" },
		{ "{\"prompt\":true}", "s:1: not a text or a number" },
		{ "{\"prompt\":\"a\",\"max_tokens\":-3}", "s:1: max_tokens" },
		{ "\n\n", "s:2: no prompt" },
		{ "{\"prompt\":5}", "s:1: not a text or a number" },
		{ "{\"prompt\":null}", "s:1: the prompt is missing" },
		{ "{\"prompt\":\"\"}", "s:1: the prompt is missing" },
		{ "{\"prompt\":\"a\",\"temperature\":\"0.5\"}",
		  "s:1: not a text or a number" },
		{ "{\"prompt\":\"a\",\"id\":1.5}", "s:1: not a text" },
		{ "{\"prompt\":\"a\",\"max_tokens\":1e9}", "s:1: max_tokens" },
		{ "{\"prompt\":\"a\\u0000b\"}", "s:1: this is no JSON" },
		{ "{\"prompt\":\"caf\xe9\"}", "s:1: this is no JSON" },
		{ "{\"prompt\":\"a\"} {}", "s:1: this is no JSON" },
	};
	struct ep_prompts p = { 0 };
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(
		ep_prompts_parse_jsonl("s",
				       "{\"prompt\":\"a\",\"temperature\":0.5,"
				       "\"max_tokens\":7,\"id\":3}\n\n"
				       "{\"prompt\":\"caf\\u00e9\\n\"}",
				       &p, &err),
		0);
	assert_int_equal(p.count, 2);
	assert_string_equal(p.items[0].id, "3");
	assert_int_equal(p.items[0].max_token_count, 7);
	assert_string_equal(p.items[1].text, "caf\xc3\xa9\n");
	ep_prompts_done(&p);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(&err, 0, sizeof(err));
		assert_int_equal(
			ep_prompts_parse_jsonl("s", bad[i].text, &p, &err),
			-EINVAL);
		if (!strstr(err.text, bad[i].says))
			fail_msg("'%s' not in '%s'", bad[i].says, err.text);
	}
}

static void a_byte_order_mark_is_no_text(void **state)
{
	struct ep_prompts p = { 0 };
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(ep_prompts_parse_csv(
				 "s", "\xef\xbb\xbfprompt\r\na\r\n", &p, &err),
			 0);
	assert_string_equal(p.items[0].text, "a");
	ep_prompts_done(&p);
	assert_int_equal(ep_prompts_parse_jsonl(
				 "s",
				 "\xef\xbb\xbf{\"prompt\":\"b\",\"id\":null,"
				 "\"temperature\":null}\r\n",
				 &p, &err),
			 0);
	assert_string_equal(p.items[0].text, "b");
	assert_string_equal(p.items[0].id, "1");
	assert_true(isnan(p.items[0].randomness));
	ep_prompts_done(&p);
}

/* A million lines, of which 10000 are taken and none is compared with all. */
static void many_lines_are_no_many_prompts(void **state)
{
	const size_t lines = 1000000;
	struct ep_prompts p = { 0 };
	struct ep_err err = { 0 };
	char *text = malloc(8 + 2 * lines), *end = text;

	(void)state;
	assert_non_null(text);
	memcpy(end, "prompt\n", 7);
	end += 7;
	for (size_t i = 0; i < EP_PROMPTS_MAX; i++, end += 2)
		memcpy(end, "a\n", 2);
	*end = '\0';
	assert_int_equal(ep_prompts_parse_csv("s", text, &p, &err), 0);
	assert_int_equal(p.count, EP_PROMPTS_MAX);
	ep_prompts_done(&p);
	for (size_t i = EP_PROMPTS_MAX; i < lines; i++, end += 2)
		memcpy(end, "a\n", 2);
	*end = '\0';
	assert_int_equal(ep_prompts_parse_csv("s", text, &p, &err), -EINVAL);
	assert_non_null(strstr(err.text, "s:10002: too many prompts"));
	assert_null(p.items);
	memset(text + 7, '\n', 2 * lines);
	assert_int_equal(ep_prompts_parse_csv("s", text, &p, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no prompt"));
	free(text);
}

static void files_that_are_no_text_are_refused(void **state)
{
	struct ep_prompts p = { 0 };
	struct ep_err err = { 0 };
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "empty.csv", "");
	assert_int_equal(
		ep_prompts_load(ep_tmp_path(&tmp, "empty.csv"), &p, &err),
		-EINVAL);
	assert_non_null(strstr(err.text, "empty.csv: no prompts: the file is"));
	ep_tmp_write(&tmp, "nul.csv", "prompt\na\0b\n", 11);
	assert_int_equal(
		ep_prompts_load(ep_tmp_path(&tmp, "nul.csv"), &p, &err),
		-EINVAL);
	assert_non_null(strstr(err.text, "nul.csv:2: a NUL byte"));
	assert_int_equal(ep_prompts_load(tmp.path, &p, &err), -EISDIR);
	assert_int_equal(ep_prompts_load("/dev/zero", &p, &err), -EFBIG);
	assert_non_null(strstr(err.text, "larger than 64 MiB"));
	ep_tmp_remove(&tmp);
}

static void without_a_file_there_is_one_prompt(void **state)
{
	struct ep_prompts p = { 0 };
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(ep_prompts_load(NULL, &p, &err), 0);
	assert_int_equal(p.count, 1);
	assert_string_equal(p.items[0].id, "built-in");
	ep_prompts_done(&p);
	assert_int_equal(ep_prompts_load("/nonexistent/x.csv", &p, &err),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(csv_follows_rfc_4180),
		cmocka_unit_test(csv_errors_name_file_and_line),
		cmocka_unit_test(jsonl_takes_numbers_and_refuses_the_rest),
		cmocka_unit_test(a_byte_order_mark_is_no_text),
		cmocka_unit_test(many_lines_are_no_many_prompts),
		cmocka_unit_test(files_that_are_no_text_are_refused),
		cmocka_unit_test(without_a_file_there_is_one_prompt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
