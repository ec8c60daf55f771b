/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/study/plan.h"

static void add(struct ep_study *s, const char *name, const char *option,
		const char *levels)
{
	struct ep_err err = { 0 };
	char **words;

	assert_int_equal(ep_words_list(levels, &words, &err), 0);
	assert_int_equal(ep_study_add_factor(s, name, option, words, &err), 0);
	ep_words_free(words);
}

static void set_command(struct ep_study *s, const char *text)
{
	struct ep_err err = { 0 };

	assert_int_equal(ep_words_split(text, &s->command, &err), 0);
}

static void make_edge(struct ep_study *s)
{
	ep_study_init(s);
	add(s, "governor", "--governor", "powersave, performance");
	add(s, "quant", NULL, "Q4_0,Q4_K_M,Q8_0");
	set_command(s, "./infer -m phi-{quant}.gguf -t {threads}");
}

static void the_last_factor_varies_fastest(void **state)
{
	struct ep_study s;
	size_t levels[EP_FACTORS_MAX];

	(void)state;
	make_edge(&s);
	assert_int_equal(ep_plan_config_count(&s), 6);
	ep_plan_levels(&s, 4, levels);
	assert_int_equal(levels[0], 1);
	assert_int_equal(levels[1], 1);
	ep_study_done(&s);
}

static void a_configuration_is_one_command_line(void **state)
{
	static const char *const expected[] = {
		"--governor", "performance", "--set", "quant=Q8_0",
		"--",	      "./infer",     "-m",    "phi-{quant}.gguf",
		"-t",	      "{threads}",   NULL
	};
	struct ep_study s;
	char **argv;

	(void)state;
	make_edge(&s);
	assert_int_equal(ep_plan_argv(&s, 5, &argv), 0);
	for (size_t i = 0; expected[i]; i++)
		assert_string_equal(argv[i], expected[i]);
	assert_null(argv[10]);
	ep_plan_argv_free(argv);
	ep_study_done(&s);
}

static void equal_texts_of_different_words_have_different_hashes(void **state)
{
	char one[EP_STUDY_HASH_BYTES], other[EP_STUDY_HASH_BYTES];
	struct ep_study a, b;

	(void)state;
	ep_study_init(&a);
	ep_study_init(&b);
	set_command(&a, "./infer 'a b'");
	set_command(&b, "./infer a b");
	assert_int_equal(ep_plan_config_hash(&a, 0, one), 0);
	assert_int_equal(ep_plan_config_hash(&b, 0, other), 0);
	assert_string_not_equal(one, other);
	ep_study_done(&a);
	ep_study_done(&b);
}

static void a_product_that_overflows_is_refused(void **state)
{
	char text[8 * 1000];
	struct ep_study s;
	uint64_t config;
	size_t used = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)ep_str_format(text + used, sizeof(text) - used, "%s%d",
				    used ? "," : "", i);
		used = strlen(text);
	}
	ep_study_init(&s);
	for (int i = 0; i < 8; i++) {
		char name[8];

		(void)ep_str_format(name, sizeof(name), "f%d", i);
		add(&s, name, NULL, text);
	}
	assert_true(ep_plan_config_count(&s) == UINT64_MAX);
	assert_int_equal(ep_plan_block(&s, 0, &config), -E2BIG);
	ep_study_done(&s);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void every_block_holds_every_configuration_once(void **state)
{
	uint64_t first[6], block[6], again[6];
	int changed = 0;
	struct ep_study s;

	(void)state;
	make_edge(&s);
	s.seed = 7;
	assert_int_equal(ep_plan_block(&s, 0, first), 0);
	for (uint64_t n = 1; n < 50; n++) {
		assert_int_equal(ep_plan_block(&s, n, block), 0);
		assert_int_equal(ep_plan_block(&s, n, again), 0);
		assert_memory_equal(block, again, sizeof(block));
		changed += memcmp(block, first, sizeof(block)) != 0;
		qsort(block, 6, sizeof(block[0]), by_number);
		for (uint64_t i = 0; i < 6; i++)
			assert_true(block[i] == i);
	}
	assert_true(changed > 40);
	ep_study_done(&s);
}

/* What came of a run: 0 valid, 1 rejected, 2 lost. */
static void take(struct ep_standing *st, const struct ep_next *n, int outcome)
{
	if (outcome == 1)
		st->rejected_count++;
	else if (outcome == 2)
		st->lost_count++;
	else if (n->warmup)
		st->warmup_count++;
	else
		st->valid_count++;
}

static void check_fair(const struct ep_study *s, const struct ep_standing *st,
		       const struct ep_next *n)
{
	for (uint64_t i = 0; i < ep_plan_config_count(s); i++) {
		if (n->warmup ||
		    st[i].rejected_count + st[i].lost_count > s->retry_count)
			continue;
		assert_int_equal(st[i].warmup_count, s->warmup_count);
		assert_true(st[i].valid_count >= n->repetition - 1);
	}
}

/* Whatever happens, the plan ends, is fair, and gives everyone what it can. */
static void plans_end_and_nobody_is_a_block_ahead(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 200; seed++) {
		struct ep_standing st[6] = { 0 };
		struct ep_study s;
		struct ep_next n;
		struct ep_rng rng;
		int steps = 0, r;

		make_edge(&s);
		ep_rng_init(&rng, seed, 99);
		s.seed = seed;
		s.run_count = 1 + (int64_t)ep_rng_below(&rng, 5);
		s.warmup_count = (int64_t)ep_rng_below(&rng, 3);
		s.retry_count = (int64_t)ep_rng_below(&rng, 4);
		while ((r = ep_plan_next(&s, st, &n)) == 1) {
			check_fair(&s, st, &n);
			assert_true(n.attempt <= s.retry_count + 1);
			take(&st[n.config], &n,
			     (int)ep_rng_below(&rng, 10) % 4);
			assert_true(++steps < 1000);
		}
		assert_int_equal(r, 0);
		for (size_t i = 0; i < 6; i++)
			assert_true(st[i].valid_count == s.run_count ||
				    st[i].rejected_count + st[i].lost_count >
					    s.retry_count);
		ep_study_done(&s);
	}
}

static void given_order_finishes_one_configuration_first(void **state)
{
	struct ep_standing st[6] = { 0 };
	struct ep_study s;
	struct ep_next n;

	(void)state;
	make_edge(&s);
	s.order = EP_ORDER_GIVEN;
	s.run_count = 2;
	for (uint64_t i = 0; i < 12; i++) {
		assert_int_equal(ep_plan_next(&s, st, &n), 1);
		assert_true(n.config == i / 2);
		st[n.config].valid_count++;
	}
	assert_int_equal(ep_plan_next(&s, st, &n), 0);
	ep_study_done(&s);
}

static void until_goes_on_to_the_interval_or_the_maximum(void **state)
{
	struct ep_standing st = { .valid_count = 3,
				  .half_width_share = (double)NAN };
	struct ep_study s;
	struct ep_next n;

	(void)state;
	ep_study_init(&s);
	s.run_count = 3;
	s.max_run_count = 5;
	s.until_metric = strdup("run.energy_j");
	s.until_share = 0.02;
	assert_int_equal(ep_plan_next(&s, &st, &n), 1);
	assert_int_equal(n.repetition, 4);
	st.half_width_share = 0.019;
	assert_int_equal(ep_plan_next(&s, &st, &n), 0);
	st.half_width_share = 0.03;
	st.valid_count = 5;
	assert_int_equal(ep_plan_next(&s, &st, &n), 0);
	ep_study_done(&s);
}

static void what_cannot_run_is_left_alone(void **state)
{
	struct ep_standing st[6] = { 0 };
	struct ep_study s;
	struct ep_next n;

	(void)state;
	make_edge(&s);
	st[2].failed = true;
	for (int i = 0; i < 5; i++) {
		assert_int_equal(ep_plan_next(&s, st, &n), 1);
		assert_true(n.config != 2);
		st[n.config].valid_count++;
	}
	assert_int_equal(ep_plan_next(&s, st, &n), 0);
	ep_study_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_factor_varies_fastest),
		cmocka_unit_test(a_configuration_is_one_command_line),
		cmocka_unit_test(
			equal_texts_of_different_words_have_different_hashes),
		cmocka_unit_test(a_product_that_overflows_is_refused),
		cmocka_unit_test(every_block_holds_every_configuration_once),
		cmocka_unit_test(plans_end_and_nobody_is_a_block_ahead),
		cmocka_unit_test(given_order_finishes_one_configuration_first),
		cmocka_unit_test(until_goes_on_to_the_interval_or_the_maximum),
		cmocka_unit_test(what_cannot_run_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
