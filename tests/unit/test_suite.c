/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "runners/suite.h"
#include "runners/suite_fit.h"

static void short_suite_has_20_prompts_of_5_kinds(void **state)
{
	static const char *const tags[] = { "recall", "arithmetic",
					    "translation", "code", "creative" };
	struct ep_drive d = { .prompts = "suite:short" };
	struct ep_prompts p = { 0 };
	struct ep_err err = { 0 };
	size_t counts[5] = { 0 };

	(void)state;
	assert_int_equal(ep_suite_load(&d, &p, &err), 0);
	assert_int_equal(p.count, 20);
	for (size_t i = 0; i < p.count; i++) {
		assert_true(p.items[i].randomness >= 0.2);
		assert_true(p.items[i].randomness <= 0.9);
		assert_true(p.items[i].max_token_count > 0);
		assert_int_equal(p.items[i].asked_prompt_count, 0);
		for (size_t t = 0; t < 5; t++)
			counts[t] += strcmp(p.items[i].tag, tags[t]) == 0;
	}
	for (size_t t = 0; t < 5; t++)
		assert_int_equal(counts[t], 4);
	ep_prompts_done(&p);
}

static void ladder_doubles_from_128_to_4096(void **state)
{
	struct ep_drive d = { .prompts = "suite:ladder" };
	struct ep_prompts p = { 0 };
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(ep_suite_load(&d, &p, &err), 0);
	assert_int_equal(p.count, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(p.items[i].asked_prompt_count, 128 << i);
		assert_int_equal(p.items[i].asked_output_count, 0);
		assert_int_equal(p.items[i].max_token_count,
				 EP_SUITE_LADDER_MAX_TOKENS);
	}
	ep_prompts_done(&p);
	d.max_token_count = 7;
	assert_int_equal(ep_suite_load(&d, &p, &err), 0);
	assert_int_equal(p.items[0].max_token_count, 0);
	ep_prompts_done(&p);
}

static void lengths_are_those_of_the_command_line(void **state)
{
	struct ep_drive d = { .prompt_token_count = 80,
			      .output_token_count = 100 };
	struct ep_prompts p = { 0 };
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(ep_suite_load(&d, &p, &err), 0);
	assert_int_equal(p.count, 1);
	assert_int_equal(p.items[0].asked_prompt_count, 80);
	assert_int_equal(p.items[0].asked_output_count, 100);
	assert_int_equal(p.items[0].max_token_count, 100);
	ep_prompts_done(&p);
}

static void what_cannot_be_is_refused(void **state)
{
	static const struct {
		struct ep_drive drive;
		int code;
		const char *says;
	} bad[] = {
		{ { .prompts = "suite:" }, -ENOENT, "suite:short and" },
		{ { .prompts = "suite:Short" }, -ENOENT, "./suite:Short" },
		{ { .prompts = "suite:ladder", .prompt_token_count = 5 },
		  -EINVAL,
		  "lengths of its own" },
		{ { .prompts = "suite:ladder.csv" }, -ENOENT, "no suite:" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ep_prompts p = { 0 };
		struct ep_err err = { 0 };

		assert_int_equal(ep_suite_load(&bad[i].drive, &p, &err),
				 bad[i].code);
		if (!strstr(err.text, bad[i].says))
			fail_msg("'%s' not in '%s'", bad[i].says, err.text);
		assert_null(p.items);
	}
}

/* A vocabulary of our own: overhead, and per_word tokens for a word longer than
 * one letter. */
struct tokenizer {
	int64_t overhead, per_word, per_letter;
	size_t asked_count;
};

static int64_t length(const struct tokenizer *t,
		      const struct ep_suite_text *what)
{
	struct ep_buf text;
	int64_t count = t->overhead;
	const char *p;

	ep_buf_init(&text, 1 << 20);
	assert_int_equal(ep_suite_write(what, &text), 0);
	for (p = text.data; *p;) {
		size_t len = strcspn(p, " ");

		count += len > 2 ? t->per_word : t->per_letter;
		p += len;
		p += strspn(p, " ");
	}
	ep_buf_done(&text);
	return count;
}

static int count(void *ctx, struct ep_suite_text *what, int64_t *ret,
		 struct ep_err *err)
{
	struct tokenizer *t = ctx;

	(void)err;
	t->asked_count++;
	*ret = length(t, what);
	return 0;
}

static void lengths_are_hit_by_few_small_requests(void **state)
{
	static const struct tokenizer vocabularies[] = {
		{ 0, 1, 1, 0 },
		{ 31, 1, 1, 0 },
		{ 4, 2, 1, 0 },
		{ 9, 5, 1, 0 },
	};
	static const int64_t asked[] = { 70, 128, 129, 500, 512, 4096, 4097 };

	(void)state;
	for (size_t v = 0; v < 4; v++) {
		struct tokenizer t = vocabularies[v];
		struct ep_suite_fitter f = { .count = count, .ctx = &t };
		struct ep_err err = { 0 };

		assert_int_equal(ep_suite_fitter_init(&f, &err), 0);
		for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
			struct ep_suite_text what;

			assert_int_equal(
				ep_suite_fitter_plan(&f, asked[i], &what, &err),
				0);
			what.number = i;
			assert_int_equal(length(&t, &what), asked[i]);
		}
		assert_true(t.asked_count <= 2 + 6 * 7);
	}
}

static void a_length_below_the_template_is_as_near_as_can_be(void **state)
{
	struct tokenizer t = { 40, 1, 1, 0 };
	struct ep_suite_fitter f = { .count = count, .ctx = &t };
	struct ep_suite_text what;
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(ep_suite_fitter_init(&f, &err), 0);
	assert_int_equal(ep_suite_fitter_plan(&f, 10, &what, &err), 0);
	assert_int_equal(what.block_count, 0);
	assert_int_equal(what.word_count, 0);
	assert_int_equal(what.letter_count, 0);
}

static int count_same(void *ctx, struct ep_suite_text *what, int64_t *ret,
		      struct ep_err *err)
{
	(void)ctx;
	(void)what;
	(void)err;
	*ret = 12;
	return 0;
}

static void a_count_that_does_not_grow_is_refused(void **state)
{
	struct ep_suite_fitter f = { .count = count_same };
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(ep_suite_fitter_init(&f, &err), -EPROTO);
	assert_non_null(strstr(err.text, "cannot be made"));
}

static void texts_begin_differently(void **state)
{
	struct ep_buf a, b;
	struct ep_suite_text x = { .number = 0, .word_count = 30 };
	struct ep_suite_text y = { .number = 1, .word_count = 30 };

	(void)state;
	ep_buf_init(&a, 4096);
	ep_buf_init(&b, 4096);
	assert_int_equal(ep_suite_write(&x, &a), 0);
	assert_int_equal(ep_suite_write(&y, &b), 0);
	assert_int_not_equal(a.data[0], b.data[0]);
	assert_int_equal(a.len, b.len);
	ep_buf_reset(&b);
	y.number = EP_SUITE_NUMBERS - 1;
	assert_int_equal(ep_suite_write(&y, &b), 0);
	assert_memory_equal(b.data, "Z Z Z: the old", 14);
	ep_buf_done(&a);
	ep_buf_done(&b);
	ep_buf_init(&a, 16);
	assert_int_equal(ep_suite_write(&x, &a), -EFBIG);
	ep_buf_done(&a);
}

static void without_an_end_there_must_be_a_limit(void **state)
{
	struct ep_drive d = { .ignore_eos = true };
	struct ep_prompts p = { 0 };
	struct ep_err err = { 0 };

	(void)state;
	d.prompts = "suite:short";
	assert_int_equal(ep_suite_load(&d, &p, &err), 0);
	ep_prompts_done(&p);
	d.prompts = "suite:ladder";
	assert_int_equal(ep_suite_load(&d, &p, &err), 0);
	ep_prompts_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_suite_has_20_prompts_of_5_kinds),
		cmocka_unit_test(ladder_doubles_from_128_to_4096),
		cmocka_unit_test(lengths_are_those_of_the_command_line),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(lengths_are_hit_by_few_small_requests),
		cmocka_unit_test(
			a_length_below_the_template_is_as_near_as_can_be),
		cmocka_unit_test(a_count_that_does_not_grow_is_refused),
		cmocka_unit_test(texts_begin_differently),
		cmocka_unit_test(without_an_end_there_must_be_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
