/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/support_llama.h"

static void one_request(void **state)
{
	struct ep_timeline tl = script_of("M C 15 s L 1 s L 1 s L 1 s L");

	(void)state;
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 0, "load", 1, -1, -1);
	PHASE(&tl, 1, "prefill", 1, 15, -1);
	PHASE(&tl, 2, "generation", 1, 4, 3);
	assert_int_equal(tl.phases[0].start_ns, GATE);
	/* Gate, then 1 ms, two calls and a gap. */
	assert_int_equal(tl.phases[0].end_ns, GATE + 3 * CALL + GAP);
	assert_int_equal(tl.phases[1].start_ns, GATE + 3 * CALL + 2 * GAP);
	/* Its evaluation, and the wait that follows at once. */
	assert_int_equal(tl.phases[1].end_ns, GATE + 5 * CALL + 3 * GAP);
	assert_int_equal(tl.phases[2].start_ns, tl.phases[1].end_ns);
	assert_int_equal(tl.token_count, 4);
	assert_int_equal(tl.tokens[0].t_ns, tl.phases[1].end_ns);
	assert_int_equal(tl.tokens[3].t_ns, tl.phases[2].end_ns);
	assert_int_equal(tl.tokens[3].index, 4);
	assert_int_equal(tl.tokens[3].request, 1);
	assert_string_equal(tl.note, "");
	ep_timeline_done(&tl);
}

static void a_prompt_in_pieces(void **state)
{
	struct ep_timeline tl =
		script_of("M C 6 6 6 6 6 6 6 6 6 1 s L 1 s L 1 s L");

	(void)state;
	PHASE(&tl, 1, "prefill", 1, 55, -1);
	PHASE(&tl, 2, "generation", 1, 3, 2);
	ep_timeline_done(&tl);
	/* node-llama-cpp waits after every piece and reads at the end. */
	tl = script_of("M C 32 s 32 s 32 s 1 s L L 1 s L L 1 s L L");
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 1, "prefill", 1, 97, -1);
	PHASE(&tl, 2, "generation", 1, 3, 2);
	ep_timeline_done(&tl);
}

static void a_prompt_token_by_token(void **state)
{
	struct ep_timeline tl = script_of(
		"M C 1 s R R 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 s L 1 s L 1 s L");

	(void)state;
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 0, "load", 1, -1, -1);
	PHASE(&tl, 1, "prefill", 1, 15, -1);
	PHASE(&tl, 2, "generation", 1, 3, 2);
	/* The warm-up belongs to load. */
	assert_int_equal(tl.phases[0].end_ns, GATE + 5 * CALL + 4 * GAP);
	ep_timeline_done(&tl);
}

static void warm_up_belongs_to_load(void **state)
{
	/* llama-completion: a trial load, the real one, two warm-up tokens. */
	struct ep_timeline tl =
		script_of("M C F M C 2 s R R 55 s L 1 s L 1 s L");

	(void)state;
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 0, "load", 1, -1, -1);
	PHASE(&tl, 1, "prefill", 1, 55, -1);
	PHASE(&tl, 2, "generation", 1, 3, 2);
	ep_timeline_done(&tl);
}

static void a_reset_before_each_request_is_no_warm_up(void **state)
{
	struct ep_timeline tl =
		script_of("M C R 9 s L 1 s L R 8 s L 1 s L 1 s L");

	(void)state;
	assert_int_equal(tl.phase_count, 5);
	PHASE(&tl, 1, "prefill", 1, 9, -1);
	PHASE(&tl, 2, "generation", 1, 2, 1);
	PHASE(&tl, 3, "prefill", 2, 8, -1);
	PHASE(&tl, 4, "generation", 2, 3, 2);
	ep_timeline_done(&tl);
}

static void requests_follow_each_other(void **state)
{
	struct ep_timeline tl =
		script_of("M C 20 s L 1 s L 1 s L 30 s L 1 s L");

	(void)state;
	assert_int_equal(tl.phase_count, 5);
	PHASE(&tl, 3, "prefill", 2, 30, -1);
	PHASE(&tl, 4, "generation", 2, 2, 1);
	assert_int_equal(tl.token_count, 5);
	assert_int_equal(tl.tokens[3].request, 2);
	assert_int_equal(tl.tokens[3].index, 1);
	ep_timeline_done(&tl);
}

static void later_loads_belong_to_later_requests(void **state)
{
	struct ep_timeline tl =
		script_of("M C 20 s L 1 s L F M C 30 s L 1 s L");

	(void)state;
	assert_int_equal(tl.phase_count, 6);
	PHASE(&tl, 3, "load", 2, -1, -1);
	PHASE(&tl, 4, "prefill", 2, 30, -1);
	assert_true(tl.phases[3].start_ns > tl.phases[2].end_ns);
	ep_timeline_done(&tl);
}

static void what_found_no_room_does_not_count(void **state)
{
	struct ep_timeline tl = script_of("M C x20 10 10 s L x1 1 s L");

	(void)state;
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 1, "prefill", 1, 20, -1);
	PHASE(&tl, 2, "generation", 1, 2, 1);
	ep_timeline_done(&tl);
}

static void benchmarks_read_no_logits(void **state)
{
	struct ep_timeline tl = script_of("M C 512 s 512 s 1 s 1 s 1 s");

	(void)state;
	assert_int_equal(tl.phase_count, 4);
	PHASE(&tl, 1, "prefill", 1, 512, -1);
	PHASE(&tl, 2, "prefill", 2, 512, -1);
	PHASE(&tl, 3, "generation", 2, 4, 3);
	assert_int_equal(tl.token_count, 4);
	ep_timeline_done(&tl);
}

static void one_answer_token_has_no_generation(void **state)
{
	struct ep_timeline tl = script_of("M C 12 s L");

	(void)state;
	assert_int_equal(tl.phase_count, 2);
	PHASE(&tl, 1, "prefill", 1, 12, -1);
	assert_int_equal(tl.token_count, 1);
	ep_timeline_done(&tl);
}

static void an_encoder_belongs_to_the_prompt(void **state)
{
	struct ep_timeline tl = script_of("M C E40 1 s L 1 s L");

	(void)state;
	PHASE(&tl, 1, "prefill", 1, 41, -1);
	PHASE(&tl, 2, "generation", 1, 2, 1);
	ep_timeline_done(&tl);
}

static void texts_of_embeddings_have_no_answer(void **state)
{
	struct ep_timeline tl = script_of("M C 12 s V 1 s V 7 s V");

	(void)state;
	assert_int_equal(tl.phase_count, 4);
	PHASE(&tl, 1, "prefill", 1, 12, -1);
	PHASE(&tl, 2, "prefill", 2, 1, -1);
	PHASE(&tl, 3, "prefill", 3, 7, -1);
	assert_int_equal(tl.token_count, 0);
	ep_timeline_done(&tl);
}

static void memory_tells_where_prompts_begin(void **state)
{
	struct ep_timeline tl = script_of("M C 5 s L 1 s L K 1 s L 1 s L");

	(void)state;
	assert_int_equal(tl.phase_count, 5);
	PHASE(&tl, 3, "prefill", 2, 1, -1);
	PHASE(&tl, 4, "generation", 2, 2, 1);
	ep_timeline_done(&tl);
	/* What is cut is used no more, what is left was in the cache. */
	tl = script_of("M C 9 s L 1 s L 1 s L <6 3 s L <9 1 s L <10 1 s L");
	assert_int_equal(tl.phase_count, 5);
	assert_int_equal(tl.phases[1].cached_count, 0);
	PHASE(&tl, 3, "prefill", 2, 3, -1);
	assert_int_equal(tl.phases[3].cached_count, 6);
	PHASE(&tl, 4, "generation", 2, 3, 2);
	ep_timeline_done(&tl);
	/* A prompt that was all there but its last token looks like a token. */
	tl = script_of("M C 9 s L 1 s L <8 1 s L 1 s L");
	assert_int_equal(tl.phase_count, 4);
	PHASE(&tl, 2, "generation", 1, 2, 1);
	PHASE(&tl, 3, "mixed", 0, -1, -1);
	assert_string_equal(tl.note, "mixed: the prompt may have been cached");
	ep_timeline_done(&tl);
	/* A window that moves on. */
	tl = script_of("M C 9 s L 1 s L <2 >6 1 s L <7 1 s L");
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 2, "generation", 1, 4, 3);
	ep_timeline_done(&tl);
}

static void nothing_tells_one_token_from_the_next(void **state)
{
	struct ep_timeline tl = script_of("M C 9 1 1 1");

	(void)state;
	assert_int_equal(tl.phase_count, 2);
	PHASE(&tl, 1, "mixed", 0, -1, -1);
	assert_string_equal(tl.note, "mixed: nothing reads the results");
	ep_timeline_done(&tl);
	tl = script_of("M C 9");
	PHASE(&tl, 1, "prefill", 1, 9, -1);
	ep_timeline_done(&tl);
}

static void a_late_read_does_not_stretch_the_prompt(void **state)
{
	struct script *s = script_begin();
	struct ep_timeline tl;
	int64_t evaluated;

	(void)state;
	script_tell(s, "M C 12");
	evaluated = s->now - GAP;
	s->now += 500 * CALL;
	script_hit(s, "llama_get_logits_ith:in", -1);
	s->now += 5000;
	script_hit(s, "llama_get_logits_ith:out", -1);
	script_tell(s, "1 s L");
	tl = script_end(s);
	PHASE(&tl, 1, "prefill", 1, 12, -1);
	assert_int_equal(tl.phases[1].end_ns, evaluated);
	ep_timeline_done(&tl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_request),
		cmocka_unit_test(a_prompt_in_pieces),
		cmocka_unit_test(a_prompt_token_by_token),
		cmocka_unit_test(warm_up_belongs_to_load),
		cmocka_unit_test(a_reset_before_each_request_is_no_warm_up),
		cmocka_unit_test(requests_follow_each_other),
		cmocka_unit_test(later_loads_belong_to_later_requests),
		cmocka_unit_test(what_found_no_room_does_not_count),
		cmocka_unit_test(benchmarks_read_no_logits),
		cmocka_unit_test(one_answer_token_has_no_generation),
		cmocka_unit_test(an_encoder_belongs_to_the_prompt),
		cmocka_unit_test(texts_of_embeddings_have_no_answer),
		cmocka_unit_test(memory_tells_where_prompts_begin),
		cmocka_unit_test(nothing_tells_one_token_from_the_next),
		cmocka_unit_test(a_late_read_does_not_stretch_the_prompt),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
