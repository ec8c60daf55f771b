/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "runners/requests.h"

#define MS INT64_C(1000000)

static struct ep_event event(int64_t t_ms, const char *name, int64_t request,
			     const char *text)
{
	struct ep_event e = ep_event_make(t_ms * MS, name);

	e.request = request;
	e.text = text;
	return e;
}

static struct ep_event piece(int64_t t_ms, int64_t request, int64_t tokens)
{
	struct ep_event e = event(t_ms, "piece", request, "");

	e.tokens = tokens;
	return e;
}

static void timeline(const struct ep_event *events, size_t count,
		     struct ep_timeline *tl)
{
	ep_timeline_init(tl);
	assert_int_equal(ep_requests_timeline(events, count, 0, 10000 * MS, tl),
			 0);
}

static void is_phase(const struct ep_phase *p, const char *name, int start_ms,
		     int end_ms)
{
	assert_string_equal(p->name, name);
	assert_int_equal(p->start_ns, start_ms * MS);
	assert_int_equal(p->end_ns, end_ms * MS);
}

static void a_cold_request_is_load_prefill_and_generation(void **state)
{
	const struct ep_event e[] = {
		event(99, "request", 1, "{\"id\":\"a\",\"cold\":true}"),
		event(100, "sent", 1, ""),
		piece(400, 1, -1),
		piece(410, 1, -1),
		piece(425, 1, -1),
		event(430, "finish", 1, ""),
		event(431, "reply", 1,
		      "{\"output_tokens\":4,\"prompt_tokens\":9,\"load_ns\":"
		      "200000000,\"total_ns\":325000000}"),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(e, sizeof(e) / sizeof(e[0]), &tl);
	assert_int_equal(tl.phase_count, 3);
	is_phase(&tl.phases[0], "load", 100, 300);
	assert_int_equal(tl.phases[0].evidence, EP_EVIDENCE_REPORTED);
	assert_int_equal(tl.phases[0].slack_ns, 5 * MS);
	is_phase(&tl.phases[1], "prefill", 300, 400);
	assert_int_equal(tl.phases[1].tokens_count, 9);
	is_phase(&tl.phases[2], "generation", 400, 430);
	assert_int_equal(tl.phases[2].tokens_count, 4);
	assert_int_equal(tl.phases[2].steps_count, 3);
	/* The end token is counted, not shown. */
	assert_int_equal(tl.token_count, 3);
	assert_int_equal(tl.tokens[2].t_ns, 425 * MS);
	assert_int_equal(tl.tokens[2].index, 3);
	ep_timeline_done(&tl);
}

/* A few ms of load are told of every warm request. */
static void a_warm_request_has_no_load(void **state)
{
	const struct ep_event e[] = {
		event(100, "request", 1, "{\"cold\":false}"),
		piece(150, 1, -1),
		event(160, "finish", 1, ""),
		event(160, "reply", 1,
		      "{\"output_tokens\":1,\"load_ns\":20000000}"),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(e, sizeof(e) / sizeof(e[0]), &tl);
	assert_int_equal(tl.phase_count, 2);
	is_phase(&tl.phases[0], "prefill", 100, 150);
	assert_int_equal(tl.phases[1].steps_count, 0);
	ep_timeline_done(&tl);
}

static void chunks_are_tokens_only_where_the_counts_agree(void **state)
{
	const struct ep_event e[] = {
		event(100, "request", 1, "{}"),
		piece(150, 1, -1),
		piece(160, 1, -1),
		event(170, "reply", 1, "{\"output_tokens\":9}"),
		event(200, "request", 2, "{}"),
		piece(250, 2, -1),
		event(270, "reply", 2, "{}"),
		event(300, "request", 3, "{}"),
		piece(350, 3, 1),
		piece(360, 3, 1),
		event(370, "reply", 3, "{}"),
		event(400, "request", 4, "{}"),
		piece(450, 4, 1),
		piece(460, 4, 3),
		event(470, "reply", 4, "{\"output_tokens\":4}"),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(e, sizeof(e) / sizeof(e[0]), &tl);
	assert_int_equal(tl.phase_count, 8);
	assert_int_equal(tl.phases[1].tokens_count, 9);
	assert_int_equal(tl.phases[3].tokens_count, -1);
	assert_int_equal(tl.phases[3].steps_count, -1);
	assert_int_equal(tl.phases[3].chunks_count, 1);
	assert_int_equal(tl.phases[1].chunks_count, 0);
	assert_int_equal(tl.phases[5].tokens_count, 2);
	assert_int_equal(tl.phases[7].tokens_count, 4);
	assert_int_equal(tl.token_count, 2);
	assert_int_equal(tl.tokens[0].request, 3);
	assert_non_null(strstr(tl.note, "1 told no count of output tokens"));
	assert_non_null(strstr(tl.note, "2 came in chunks"));
	ep_timeline_done(&tl);
}

static void an_answer_that_came_at_once_is_mixed(void **state)
{
	const struct ep_event e[] = {
		event(100, "request", 1, "{\"cold\":false}"),
		piece(150, 1, -1),
		piece(150, 1, -1),
		piece(150, 1, -1),
		event(150, "finish", 1, ""),
		event(150, "reply", 1,
		      "{\"output_tokens\":3,\"prompt_tokens\":9}"),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(e, sizeof(e) / sizeof(e[0]), &tl);
	assert_int_equal(tl.phase_count, 1);
	is_phase(&tl.phases[0], "mixed", 100, 150);
	assert_int_equal(tl.phases[0].tokens_count, -1);
	assert_int_equal(tl.token_count, 0);
	assert_non_null(strstr(tl.note, "all at once"));
	ep_timeline_done(&tl);
}

static void what_failed_or_was_cut_is_a_phase_of_its_own(void **state)
{
	const struct ep_event e[] = {
		event(100, "request", 1, "{}"),
		piece(150, 1, -1),
		event(170, "reply", 1, "{\"error\":\"broke off\"}"),
		event(200, "request", 2, "{}"),
		piece(250, 2, -1),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(e, sizeof(e) / sizeof(e[0]), &tl);
	assert_int_equal(tl.phase_count, 2);
	is_phase(&tl.phases[0], "failed", 100, 170);
	is_phase(&tl.phases[1], "failed", 200, 250);
	assert_int_equal(tl.token_count, 0);
	assert_string_equal(tl.note, "2 failed");
	ep_timeline_done(&tl);
}

/* Of a request that was sent three times the last one counts. */
static void what_was_tried_again_belongs_to_no_request(void **state)
{
	const struct ep_event e[] = {
		event(100, "request", 1, "{\"id\":\"a\"}"),
		piece(150, 1, 1),
		event(170, "reply", 1, "{\"error\":\"broke off\"}"),
		event(200, "request", 1, "{\"id\":\"a\",\"try\":2}"),
		event(210, "sent", 1, ""),
		event(230, "request", 1, "{\"id\":\"a\",\"try\":3}"),
		piece(250, 1, 1),
		piece(260, 1, 1),
		event(270, "reply", 1, "{\"output_tokens\":2}"),
	};
	const size_t count = sizeof(e) / sizeof(e[0]);
	struct ep_requests list;
	struct ep_timeline tl;

	(void)state;
	timeline(e, count, &tl);
	assert_int_equal(tl.phase_count, 4);
	is_phase(&tl.phases[0], "failed", 100, 170);
	is_phase(&tl.phases[1], "failed", 210, 210);
	is_phase(&tl.phases[2], "prefill", 230, 250);
	is_phase(&tl.phases[3], "generation", 250, 260);
	assert_int_equal(tl.phases[0].request, 0);
	assert_int_equal(tl.phases[1].request, 0);
	assert_int_equal(tl.phases[2].request, 1);
	assert_int_equal(tl.token_count, 2);
	assert_int_equal(tl.tokens[0].t_ns, 250 * MS);
	assert_string_equal(tl.note, "2 failed tries were sent again");
	ep_timeline_done(&tl);
	assert_int_equal(ep_requests_read(e, count, &list), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].retry_count, 2);
	assert_string_equal(list.items[0].error, "");
	assert_int_equal(list.try_count, 2);
	ep_requests_done(&list);
}

static void speculative_decoding_has_no_known_steps(void **state)
{
	const struct ep_event e[] = {
		event(100, "request", 1, "{}"),
		piece(150, 1, 1),
		event(170, "reply", 1,
		      "{\"output_tokens\":1,\"draft_tokens\":12}"),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(e, sizeof(e) / sizeof(e[0]), &tl);
	assert_int_equal(tl.phases[1].tokens_count, 1);
	assert_int_equal(tl.phases[1].steps_count, -1);
	ep_timeline_done(&tl);
}

/* The distance to the server is part of what is not known. */
static void a_slow_connection_widens_the_slack(void **state)
{
	struct ep_event e[] = {
		ep_event_make(50 * MS, "fact"),
		event(100, "request", 1, "{}"),
		piece(150, 1, 1),
		event(170, "reply", 1, "{}"),
	};
	struct ep_timeline tl;

	(void)state;
	e[0].source = "client.connect_ns";
	e[0].text = "30000000";
	timeline(e, sizeof(e) / sizeof(e[0]), &tl);
	assert_int_equal(tl.phases[0].slack_ns, 31 * MS);
	ep_timeline_done(&tl);
}

static void other_runs_and_rubbish_have_no_requests(void **state)
{
	const struct ep_event e[] = {
		event(100, "probe", 77, "llama_decode:in"),
		event(110, "reply", 3, "no JSON"),
		event(120, "piece", -5, ""),
		event(130, "piece", INT64_MAX, ""),
	};
	struct ep_timeline tl;

	(void)state;
	timeline(e, 1, &tl);
	assert_int_equal(tl.phase_count, 0);
	timeline(e, sizeof(e) / sizeof(e[0]), &tl);
	assert_int_equal(tl.phase_count, 0);
	ep_timeline_done(&tl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cold_request_is_load_prefill_and_generation),
		cmocka_unit_test(a_warm_request_has_no_load),
		cmocka_unit_test(chunks_are_tokens_only_where_the_counts_agree),
		cmocka_unit_test(an_answer_that_came_at_once_is_mixed),
		cmocka_unit_test(what_failed_or_was_cut_is_a_phase_of_its_own),
		cmocka_unit_test(what_was_tried_again_belongs_to_no_request),
		cmocka_unit_test(speculative_decoding_has_no_known_steps),
		cmocka_unit_test(a_slow_connection_widens_the_slack),
		cmocka_unit_test(other_runs_and_rubbish_have_no_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
