/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "drivers/elf.h"
#include "runners/observers.h"
#include "runners/probed_calls.h"

#define GATE INT64_C(1000000000)
#define MS INT64_C(1000000)

static struct ep_event hit(int64_t ms, const char *source, const char *text,
			   int64_t value)
{
	struct ep_event e = ep_event_make(GATE + ms * MS, "probe");

	e.source = source;
	e.text = text;
	e.tokens = value;
	e.request = 7;
	return e;
}

static struct ep_timeline timeline_of(const struct ep_event *events,
				      size_t count)
{
	struct ep_timeline tl;

	ep_timeline_init(&tl);
	assert_int_equal(ep_observer_probes.timeline(events, count, GATE,
						     GATE + 10000 * MS, &tl),
			 0);
	return tl;
}

static void is_phase(const struct ep_timeline *tl, size_t i, const char *name,
		     const int64_t want[4])
{
	assert_true(i < tl->phase_count);
	assert_string_equal(tl->phases[i].name, name);
	assert_int_equal(tl->phases[i].start_ns, GATE + want[0] * MS);
	assert_int_equal(tl->phases[i].end_ns, GATE + want[1] * MS);
	assert_int_equal(tl->phases[i].tokens_count, want[2]);
	assert_int_equal(tl->phases[i].steps_count, want[3]);
}
#define PHASE(tl, i, name, ...) \
	is_phase(tl, i, name, (const int64_t[4]){ __VA_ARGS__ })

static void the_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; ep_probed_table[i]; i++) {
		const struct ep_probed *p = ep_probed_table[i];

		assert_true(p->symbol_count > 0 &&
			    p->symbol_count <= EP_PROBED_SYMBOLS_MAX &&
			    p->symbol_count <= EP_ELF_NAMES_MAX);
		assert_non_null(p->timeline);
		for (size_t k = 0; k < p->symbol_count; k++) {
			int number = ep_probed_number(i, (int)(2 * k + 1));
			struct ep_probed_hit what;

			assert_true(strlen(p->symbols[k].name) <
				    EP_ELF_NAME_BYTES);
			assert_true(ep_probed_hit_of(number, &what));
			assert_ptr_equal(what.library, p);
			assert_ptr_equal(what.symbol, &p->symbols[k]);
			assert_true(what.out);
			if (p->symbols[k].value == EP_PROBED_FUNCTION)
				assert_true(p->symbols[k + 1].captured);
		}
	}
}

static void strange_numbers_are_no_hits(void **state)
{
	struct ep_probed_hit what;

	(void)state;
	assert_false(ep_probed_hit_of(-1, &what));
	assert_false(ep_probed_hit_of(1 << 20, &what));
	assert_false(ep_probed_hit_of(
		ep_probed_number(0, 2 * EP_PROBED_SYMBOLS_MAX - 1), &what));
}

static void genai_prompts_and_tokens(void **state)
{
	static const char source[] = "genai:5:aa";
	const struct ep_event events[] = {
		hit(1, source, "OgaCreateModel:in", -1),
		hit(9, "genai:5:0", "OgaCreateModel:out", 0),
		hit(10, source, "OgaGenerator_AppendTokens:in", 20),
		hit(30, "genai:5:0", "OgaGenerator_AppendTokens:out", 0),
		hit(30, source, "OgaGenerator_GenerateNextToken:in", -1),
		hit(31, "genai:5:0", "OgaGenerator_GenerateNextToken:out", 0),
		hit(40, source, "OgaGenerator_GenerateNextToken:in", -1),
		hit(50, "genai:5:0", "OgaGenerator_GenerateNextToken:out", 0),
		/* An error: no token. */
		hit(60, source, "OgaGenerator_GenerateNextToken:in", -1),
		hit(70, "genai:5:1", "OgaGenerator_GenerateNextToken:out", 1),
		/* A generator whose prompt was not seen. */
		hit(80, "genai:5:bb", "OgaGenerator_GenerateNextToken:in", -1),
		hit(90, "genai:5:0", "OgaGenerator_GenerateNextToken:out", 0),
	};
	struct ep_timeline tl =
		timeline_of(events, sizeof(events) / sizeof(events[0]));

	(void)state;
	assert_int_equal(tl.phase_count, 4);
	PHASE(&tl, 0, "load", 0, 9, -1, -1);
	PHASE(&tl, 1, "prefill", 10, 30, 20, -1);
	PHASE(&tl, 2, "generation", 30, 50, 2, 1);
	PHASE(&tl, 3, "mixed", 80, 90, -1, -1);
	assert_int_equal(tl.token_count, 2);
	assert_int_equal(tl.tokens[1].t_ns, GATE + 50 * MS);
	assert_string_equal(tl.note, "mixed: a prompt was not seen; ONNX "
				     "Runtime GenAI");
	ep_timeline_done(&tl);
}

static void rkllm_states(void **state)
{
	static const char run[] = "rkllm:5:aa", told[] = "rkllm:5:cc";
	const struct ep_event events[] = {
		hit(0, run, "rkllm_init:in", -1),
		hit(9, "rkllm:5:0", "rkllm_init:out", 0),
		hit(10, run, "rkllm_run:in", -1),
		hit(30, told, "rkllm_callback:in", 0),
		hit(40, told, "rkllm_callback:in", 0),
		hit(41, told, "rkllm_callback:in", 2),
		hit(42, "rkllm:5:0", "rkllm_run:out", 0),
		hit(50, run, "rkllm_run:in", -1),
		hit(60, told, "rkllm_callback:in", 0),
		/* What this means depends on the version. */
		hit(70, told, "rkllm_callback:in", 1),
		hit(80, "rkllm:5:0", "rkllm_run:out", 0),
	};
	struct ep_timeline tl =
		timeline_of(events, sizeof(events) / sizeof(events[0]));

	(void)state;
	assert_int_equal(tl.phase_count, 5);
	PHASE(&tl, 0, "load", 0, 9, -1, -1);
	PHASE(&tl, 1, "prefill", 10, 30, -1, -1);
	PHASE(&tl, 2, "generation", 30, 41, 2, 1);
	PHASE(&tl, 3, "prefill", 50, 60, -1, -1);
	PHASE(&tl, 4, "generation", 60, 80, -1, -1);
	assert_int_equal(tl.token_count, 2);
	ep_timeline_done(&tl);
}

static void graphs_are_spans(void **state)
{
	static const char name[] = "ggml_backend_sched_graph_compute:in";
	static const char end[] = "ggml_backend_sched_graph_compute:out";
	const struct ep_event events[] = {
		hit(10, "ggml:5:aa", name, -1),	 hit(20, "ggml:5:0", end, 0),
		hit(90, "ggml:5:aa", name, -1),	 hit(99, "ggml:5:0", end, 0),
		hit(300, "ggml:5:aa", name, -1), /* to the end */
	};
	struct ep_timeline tl =
		timeline_of(events, sizeof(events) / sizeof(events[0]));

	(void)state;
	assert_int_equal(tl.phase_count, 2);
	PHASE(&tl, 0, "compute", 10, 99, -1, -1);
	PHASE(&tl, 1, "compute", 300, 10000, -1, -1);
	assert_true(tl.vague);
	ep_timeline_done(&tl);
}

static void nothing_is_nothing(void **state)
{
	struct ep_timeline tl = timeline_of(NULL, 0);

	(void)state;
	assert_int_equal(tl.phase_count, 0);
	assert_string_equal(tl.note, "");
	ep_timeline_done(&tl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sound),
		cmocka_unit_test(strange_numbers_are_no_hits),
		cmocka_unit_test(genai_prompts_and_tokens),
		cmocka_unit_test(rkllm_states),
		cmocka_unit_test(graphs_are_spans),
		cmocka_unit_test(nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
