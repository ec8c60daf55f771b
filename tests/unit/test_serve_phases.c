/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "runners/observers.h"
#include "tests/unit/support_llama.h"

#define MS INT64_C(1000000)
#define SLACK MS /* of a stamp of the client's */

static void tell_at(struct script *s, int64_t t_ns, const char *name,
		    int64_t request, const char *text)
{
	struct ep_event *e = &s->events[s->count++];

	*e = ep_event_make(t_ns, name);
	e->request = request;
	e->text = text;
	if (strcmp(name, "piece") == 0)
		e->tokens = 1;
}

/* One request as the client sees it, around what story does in the server. */
static void ask(struct script *s, int request, const char *story,
		const char *reply)
{
	tell_at(s, s->now, "request", request, "{\"id\":\"x\"}");
	s->now += MS / 10;
	tell_at(s, s->now, "sent", request, "");
	s->now += 3 * MS;
	script_tell(s, story);
	s->now += MS / 2;
	tell_at(s, s->now, "piece", request, "");
	s->now += MS / 2;
	tell_at(s, s->now, "finish", request, "");
	s->now += MS / 10;
	tell_at(s, s->now, "reply", request, reply);
	s->now += MS / 10;
}

static struct ep_timeline merged(struct script *s)
{
	struct ep_timeline tl;

	ep_timeline_init(&tl);
	assert_int_equal(ep_observer_served.timeline(s->events, s->count, GATE,
						     s->now + CALL, &tl),
			 0);
	for (size_t i = 1; i < tl.phase_count; i++)
		assert_true(tl.phases[i].start_ns >= tl.phases[i - 1].end_ns);
	return tl;
}

static void is_one(const struct ep_timeline *tl, size_t i, const char *name,
		   enum ep_evidence evidence, int64_t tokens)
{
	assert_true(i < tl->phase_count);
	assert_string_equal(tl->phases[i].name, name);
	assert_int_equal(tl->phases[i].evidence, evidence);
	assert_int_equal(tl->phases[i].tokens_count, tokens);
}

static struct script *started(void)
{
	struct script *s = script_begin();

	script_tell(s, "M C");
	s->now += 20 * MS;
	tell_at(s, s->now, "ready", 0, "");
	s->events[s->count - 1].span_ns = 10 * MS;
	s->now += 5 * MS;
	return s;
}

static void borders_are_the_server_s(void **state)
{
	struct script *s = started();
	struct ep_timeline tl;

	(void)state;
	ask(s, 1, "15 L14 1 L 1 L",
	    "{\"prompt_tokens\":15,\"cached_tokens\":7,\"output_tokens\":3}");
	/* The second one is sent at once. */
	ask(s, 2, "9 L8 1 L",
	    "{\"prompt_tokens\":9,\"cached_tokens\":0,\"output_tokens\":2}");
	tl = merged(s);
	assert_int_equal(tl.phase_count, 9);
	is_one(&tl, 0, "load", EP_EVIDENCE_PROBED, -1);
	assert_int_equal(tl.phases[0].start_ns, GATE);
	assert_int_equal(tl.phases[0].request, 0);
	is_one(&tl, 1, "other", EP_EVIDENCE_PROBED, -1);
	is_one(&tl, 2, "prefill", EP_EVIDENCE_PROBED, 15);
	assert_int_equal(tl.phases[2].cached_count, 7);
	assert_int_equal(tl.phases[2].start_ns, tl.phases[1].start_ns + 3 * MS);
	is_one(&tl, 3, "generation", EP_EVIDENCE_PROBED, 3);
	assert_int_equal(tl.phases[3].steps_count, 2);
	assert_int_equal(tl.phases[3].request, 1);
	is_one(&tl, 4, "other", EP_EVIDENCE_PROBED, -1);
	is_one(&tl, 6, "prefill", EP_EVIDENCE_PROBED, 9);
	is_one(&tl, 7, "generation", EP_EVIDENCE_PROBED, 2);
	assert_int_equal(tl.phases[8].request, 2);
	assert_int_equal(tl.token_count, 5);
	assert_int_equal(tl.tokens[3].request, 2);
	assert_int_equal(tl.tokens[3].index, 1);
	assert_int_equal(tl.tokens[3].t_ns, tl.phases[6].end_ns);
	assert_string_equal(tl.note, "");
	ep_timeline_done(&tl);
	tl = script_end(s);
	ep_timeline_done(&tl);
}

static void a_disagreement_keeps_the_stream(void **state)
{
	struct script *s = started();
	struct ep_timeline tl;

	(void)state;
	ask(s, 1, "15 L14 1 L 1 L",
	    "{\"prompt_tokens\":16,\"output_tokens\":3}");
	/* A prompt that was cached but for one token looks like a step. */
	ask(s, 2, "1 L 1 L", "{\"prompt_tokens\":1,\"output_tokens\":2}");
	ask(s, 3, "9 L8 1 L", "{\"prompt_tokens\":9,\"output_tokens\":2}");
	tl = merged(s);
	is_one(&tl, 1, "prefill", EP_EVIDENCE_STREAMED, 16);
	is_one(&tl, 2, "generation", EP_EVIDENCE_STREAMED, 3);
	is_one(&tl, 3, "prefill", EP_EVIDENCE_STREAMED, 1);
	is_one(&tl, 4, "generation", EP_EVIDENCE_STREAMED, 2);
	is_one(&tl, 6, "prefill", EP_EVIDENCE_PROBED, 9);
	assert_non_null(strstr(tl.note, "2 of 3 requests have the stream's"));
	ep_timeline_done(&tl);
	tl = script_end(s);
	ep_timeline_done(&tl);
}

static void one_token_and_failures(void **state)
{
	struct script *s = started();
	struct ep_timeline tl;

	(void)state;
	ask(s, 1, "15 L14", "{\"prompt_tokens\":15,\"output_tokens\":1}");
	ask(s, 2, "15 L14 1 L", "{\"error\":\"the answer broke off\"}");
	tl = merged(s);
	is_one(&tl, 2, "prefill", EP_EVIDENCE_PROBED, 15);
	is_one(&tl, 3, "generation", EP_EVIDENCE_STREAMED, 1);
	assert_int_equal(tl.phases[3].start_ns, tl.phases[2].end_ns);
	is_one(&tl, 4, "failed", EP_EVIDENCE_STREAMED, -1);
	assert_int_equal(tl.phase_count, 5);
	ep_timeline_done(&tl);
	tl = script_end(s);
	ep_timeline_done(&tl);
}

static void alone_it_says_nothing(void **state)
{
	struct script *s = started();
	struct ep_timeline tl;

	(void)state;
	/* A server that nobody probed. */
	s->count = 0;
	s->now = GATE;
	tell_at(s, s->now + 20 * MS, "ready", 0, "");
	ask(s, 1, "", "{\"prompt_tokens\":15,\"output_tokens\":1}");
	tl = merged(s);
	assert_int_equal(tl.phase_count, 0);
	ep_timeline_done(&tl);
	/* Then the stream alone tells, the load as well. */
	ep_timeline_init(&tl);
	assert_int_equal(ep_observer_requests.timeline(s->events, s->count,
						       GATE, s->now, &tl),
			 0);
	is_one(&tl, 0, "load", EP_EVIDENCE_STREAMED, -1);
	assert_int_equal(tl.phases[0].start_ns, GATE);
	assert_int_equal(tl.phases[0].end_ns, GATE + 20 * MS);
	assert_int_equal(tl.phases[0].slack_ns, SLACK);
	ep_timeline_done(&tl);
	tl = script_end(s);
	ep_timeline_done(&tl);
	/* A program that asks nobody. */
	s = started();
	script_tell(s, "15 L14 1 L");
	tl = merged(s);
	assert_int_equal(tl.phase_count, 1);
	ep_timeline_done(&tl);
	tl = script_end(s);
	ep_timeline_done(&tl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(borders_are_the_server_s),
		cmocka_unit_test(a_disagreement_keeps_the_stream),
		cmocka_unit_test(one_token_and_failures),
		cmocka_unit_test(alone_it_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
