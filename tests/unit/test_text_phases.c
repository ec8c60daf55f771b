/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Phases from a program's log alone, and the log beside what was observed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "runners/text.h"

#define US INT64_C(1000)
#define MS INT64_C(1000000)
#define GATE (1000 * MS)
#define EXIT (3000 * MS)

static struct ep_event line(int64_t t_ns, const char *text)
{
	struct ep_event e = ep_event_make(t_ns, "line");

	e.span_ns = 100 * US;
	e.source = "stderr";
	e.text = text;
	return e;
}

static void timeline(const struct ep_event *events, size_t count,
		     struct ep_timeline *tl)
{
	ep_timeline_init(tl);
	assert_int_equal(ep_text_timeline(events, count, GATE, EXIT, tl), 0);
}

static void is_phase(const struct ep_phase *p, const char *name, int64_t start,
		     int64_t end)
{
	assert_string_equal(p->name, name);
	assert_int_equal(p->start_ns, start);
	assert_int_equal(p->end_ns, end);
}

#define CONTEXT "llama_perf_context_print: "

/* The load is in the total, which begins 20 ms after the gate. */
static void phases_end_where_the_lines_come(void **state)
{
	const struct ep_event e[] = {
		line(GATE + 520 * MS, CONTEXT "load time = 300.00 ms"),
		line(GATE + 520 * MS,
		     CONTEXT "prompt eval time = 50.00 ms / 7 tokens"),
		line(GATE + 520 * MS, CONTEXT "eval time = 100.00 ms / 9 runs"),
		line(GATE + 521 * MS,
		     CONTEXT "total time = 500.00 ms / 16 tokens"),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(e, 4, &tl);
	assert_int_equal(tl.phase_count, 3);
	is_phase(&tl.phases[0], "load", GATE + 20 * MS, GATE + 320 * MS);
	is_phase(&tl.phases[1], "prefill", GATE + 370 * MS, GATE + 420 * MS);
	is_phase(&tl.phases[2], "generation", GATE + 420 * MS, GATE + 520 * MS);
	assert_int_equal(tl.phases[1].tokens_count, 7);
	assert_int_equal(tl.phases[2].tokens_count, 10);
	assert_int_equal(tl.phases[2].steps_count, 9);
	assert_int_equal(tl.phases[2].evidence, EP_EVIDENCE_INFERRED);
	/* 500 - 300 - 50 - 100 are nobody's; a line is late by 1 ms at most. */
	assert_int_equal(tl.phases[2].slack_ns, 51 * MS + 100 * US);
	ep_timeline_done(&tl);
}

/* What a program says last may be read when it is gone. */
static void nothing_ends_after_the_exit(void **state)
{
	const struct ep_event e[] = {
		line(EXIT + 5 * MS,
		     CONTEXT "prompt eval time = 50.00 ms / 7 tokens"),
		line(EXIT + 5 * MS, CONTEXT "eval time = 3.00 ms / 9 runs"),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(e, 2, &tl);
	assert_int_equal(tl.phase_count, 2);
	is_phase(&tl.phases[0], "prefill", EXIT - 53 * MS, EXIT - 3 * MS);
	is_phase(&tl.phases[1], "generation", EXIT - 3 * MS, EXIT);
	assert_true(tl.phases[1].slack_ns >= 5 * MS);
	ep_timeline_done(&tl);
}

/* After a reset the total has no load in it. */
static void a_reset_leaves_the_load_before_the_total(void **state)
{
	const struct ep_event e[] = {
		line(GATE + 900 * MS, CONTEXT "load time = 300.00 ms"),
		line(GATE + 900 * MS,
		     CONTEXT "prompt eval time = 50.00 ms / 7 tokens"),
		line(GATE + 900 * MS, CONTEXT "eval time = 100.00 ms / 9 runs"),
		line(GATE + 900 * MS,
		     CONTEXT "total time = 160.00 ms / 16 tokens"),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(e, 4, &tl);
	assert_int_equal(tl.phase_count, 3);
	is_phase(&tl.phases[0], "load", GATE + 440 * MS, GATE + 740 * MS);
	assert_int_equal(tl.phases[1].slack_ns, 11 * MS + 100 * US);
	ep_timeline_done(&tl);
}

#define SLOT "slot print_timing: id  0 | task "

static void tasks_of_a_server_are_requests(void **state)
{
	const struct ep_event e[] = {
		line(GATE + 500 * MS,
		     SLOT "1 | prompt eval time = 100.00 ms / 5 tokens"),
		line(GATE + 500 * MS,
		     SLOT "1 |        eval time = 200.00 ms / 4 tokens"),
		line(GATE + 900 * MS,
		     SLOT "2 | prompt eval time = 50.00 ms / 6 tokens"),
		line(GATE + 900 * MS,
		     SLOT "2 |        eval time = 60.00 ms / 3 tokens"),
		line(GATE + 950 * MS,
		     SLOT "3 | prompt eval time = 100.00 ms / 6 tokens"),
		line(GATE + 950 * MS,
		     SLOT "3 |        eval time = 60.00 ms / 3 tokens"),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(e, 6, &tl);
	assert_int_equal(tl.phase_count, 4);
	is_phase(&tl.phases[0], "prefill", GATE + 200 * MS, GATE + 300 * MS);
	is_phase(&tl.phases[3], "generation", GATE + 840 * MS, GATE + 900 * MS);
	assert_int_equal(tl.phases[1].tokens_count, 4);
	assert_int_equal(tl.phases[1].steps_count, 3);
	assert_int_equal(tl.phases[1].slack_ns, MS + 100 * US);
	assert_int_equal(tl.phases[3].request, 2);
	/* The third would have begun before the second ended. */
	assert_non_null(strstr(tl.note, "mixed"));
	ep_timeline_done(&tl);
}

static void no_times_are_no_phases(void **state)
{
	const struct ep_event zeros[] = {
		line(GATE + 500 * MS,
		     CONTEXT "prompt eval time = 0.00 ms / 7 tokens"),
		line(GATE + 500 * MS, CONTEXT "eval time = 0.00 ms / 7 runs"),
	};
	const struct ep_event lost[] = {
		line(GATE + 500 * MS,
		     CONTEXT "prompt eval time = 5.00 ms / 7 tokens"),
	};
	const struct ep_event rates[] = {
		line(GATE + 500 * MS,
		     "[ Prompt: 10.0 t/s | Generation: 5.0 t/s ]"),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(zeros, 2, &tl);
	assert_int_equal(tl.phase_count, 0);
	assert_non_null(strstr(tl.note, "--no-perf"));
	ep_timeline_done(&tl);
	timeline(lost, 1, &tl);
	assert_int_equal(tl.phase_count, 0);
	assert_non_null(strstr(tl.note, "missing"));
	ep_timeline_done(&tl);
	timeline(rates, 1, &tl);
	assert_int_equal(tl.phase_count, 0);
	assert_non_null(strstr(tl.note, "rates only"));
	ep_timeline_done(&tl);
}

#define OBSERVED                                                         \
	"PyTorchObserver {\"prompt_tokens\":7,\"generated_tokens\":120," \
	"\"model_load_start_ms\":1758000000100,"                         \
	"\"model_load_end_ms\":1758000000200,"                           \
	"\"inference_start_ms\":1758000000300,"                          \
	"\"inference_end_ms\":1758000000900,"                            \
	"\"prompt_eval_end_ms\":1758000000400,"                          \
	"\"first_token_ms\":1758000000401,"                              \
	"\"SCALING_FACTOR_UNITS_PER_SECOND\":1000}"

/* The wall clock says 1758000000.000 at the gate. */
static void executorch_tells_borders(void **state)
{
	struct ep_event e[] = { ep_event_make(GATE - 500 * MS, "clock"),
				line(GATE + 950 * MS, OBSERVED) };
	struct ep_timeline tl;

	(void)state;
	e[0].text = "real_ns=1757999999500000000 boot_ns=9";
	timeline(e, 2, &tl);
	assert_int_equal(tl.phase_count, 3);
	is_phase(&tl.phases[0], "load", GATE + 100 * MS, GATE + 200 * MS);
	is_phase(&tl.phases[1], "prefill", GATE + 300 * MS, GATE + 400 * MS);
	is_phase(&tl.phases[2], "generation", GATE + 400 * MS, GATE + 900 * MS);
	assert_int_equal(tl.phases[2].evidence, EP_EVIDENCE_REPORTED);
	assert_int_equal(tl.phases[2].tokens_count, 120);
	ep_timeline_done(&tl);
	/* Another machine's clock. */
	e[0].text = "real_ns=1700000000000000000 boot_ns=9";
	timeline(e, 2, &tl);
	assert_int_equal(tl.phase_count, 0);
	assert_non_null(strstr(tl.note, "outside the run"));
	ep_timeline_done(&tl);
}

static void add(struct ep_timeline *tl, const char *name, int64_t start,
		int64_t end, int64_t tokens)
{
	struct ep_phase p = { .start_ns = start,
			      .end_ns = end,
			      .slack_ns = 10 * US,
			      .evidence = EP_EVIDENCE_MARKED,
			      .request = 1,
			      .tokens_count = tokens,
			      .steps_count = -1 };

	strcpy(p.name, name);
	if (strcmp(name, EP_PHASE_GENERATION) == 0)
		p.steps_count = tokens - 1;
	assert_int_equal(ep_timeline_add_phase(tl, &p), 0);
}

static void check(const char *prompt, const char *eval,
		  struct ep_text_verdict *v)
{
	const struct ep_event e[] = { line(GATE + 500 * MS, prompt),
				      line(GATE + 500 * MS, eval) };
	struct ep_timeline tl;

	ep_timeline_init(&tl);
	add(&tl, EP_PHASE_PREFILL, GATE + 100 * MS, GATE + 200 * MS, 7);
	add(&tl, EP_PHASE_GENERATION, GATE + 200 * MS, GATE + 400 * MS, 10);
	assert_int_equal(ep_text_check(e, 2, &tl, v), 0);
	ep_timeline_done(&tl);
}

static void a_log_that_agrees_is_named(void **state)
{
	struct ep_text_verdict v;

	(void)state;
	check(CONTEXT "prompt eval time = 101.90 ms / 7 tokens",
	      CONTEXT "eval time = 196.10 ms / 9 runs", &v);
	assert_int_equal(v.differ_count, 0);
	assert_string_equal(v.agrees, "prompt 7 tokens 101.90 ms, generation 9 "
				      "steps 196.10 ms");
	check(CONTEXT "prompt eval time = 0.00 ms / 7 tokens",
	      CONTEXT "eval time = 0.00 ms / 9 runs", &v);
	assert_int_equal(v.differ_count, 0);
	assert_string_equal(v.agrees,
			    "prompt 7 tokens (no times), generation 9 "
			    "steps (no times)");
}

static void more_than_two_percent_is_a_difference(void **state)
{
	struct ep_text_verdict v;

	(void)state;
	check(CONTEXT "prompt eval time = 102.20 ms / 7 tokens",
	      CONTEXT "eval time = 195.90 ms / 9 runs", &v);
	assert_int_equal(v.differ_count, 2);
	assert_string_equal(v.differs[0],
			    "the log (llama_perf_context_print) tells prompt "
			    "102.20 ms, but 100.00 ms was observed");
	assert_string_equal(v.differs[1],
			    "the log (llama_perf_context_print) tells "
			    "generation 195.90 ms, but 200.00 ms was observed");
	assert_string_equal(v.agrees, "");
	check(CONTEXT "prompt eval time = 100.00 ms / 8 tokens",
	      CONTEXT "eval time = 200.00 ms / 10 runs", &v);
	assert_int_equal(v.differ_count, 2);
	assert_string_equal(v.differs[0],
			    "the log (llama_perf_context_print) tells 8 "
			    "tokens, but 7 was observed");
	/* The server counts tokens, of which there is one more. */
	check(SLOT "0 | prompt eval time = 100.00 ms / 7 tokens",
	      SLOT "0 | eval time = 200.00 ms / 10 tokens", &v);
	assert_int_equal(v.differ_count, 0);
	check("[ Prompt: 71.0 t/s | Generation: 45.0 t/s ]", "", &v);
	assert_int_equal(v.differ_count, 0);
	check("[ Prompt: 73.0 t/s | Generation: 45.0 t/s ]", "", &v);
	assert_int_equal(v.differ_count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases_end_where_the_lines_come),
		cmocka_unit_test(nothing_ends_after_the_exit),
		cmocka_unit_test(a_reset_leaves_the_load_before_the_total),
		cmocka_unit_test(tasks_of_a_server_are_requests),
		cmocka_unit_test(no_times_are_no_phases),
		cmocka_unit_test(executorch_tells_borders),
		cmocka_unit_test(a_log_that_agrees_is_named),
		cmocka_unit_test(more_than_two_percent_is_a_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
