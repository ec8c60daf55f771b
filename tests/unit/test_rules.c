/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "runners/rules.h"

#define MS INT64_C(1000000)
#define GATE (1000 * MS)
#define EXIT (2000 * MS)

static void good_rules_are_understood(void **state)
{
	static const struct {
		const char *text, *name;
		bool end;
		int stream;
	} cases[] = {
		{ "prefill:end=/^prompt done ([0-9]+)/", "prefill", true, 1 },
		{ "load:start=/a\\/b/@stderr", "load", false, 2 },
		{ "x=/a/b/", "x", false, 1 },
		{ "r\xc3\xa9ponse:end=/\xc3\xa9/@stdout", "r\xc3\xa9ponse",
		  true, 1 },
		{ "x=/a{2,3}(b|c)*/", "x", false, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_rule r;

		assert_int_equal(ep_rule_parse(cases[i].text, &r, NULL), 0);
		assert_string_equal(r.name, cases[i].name);
		assert_int_equal(r.end, cases[i].end);
		assert_int_equal(r.stream, cases[i].stream);
		ep_rule_done(&r);
	}
}

static void faults_are_named_with_their_place(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "prefill", "no =/EXPRESSION/" },
		{ "prefill=/abc", "no / at its end" },
		{ "prefill=//", "empty" },
		{ "=/abc/", "name is empty" },
		{ "a b=/abc/", "blank" },
		{ "a:stop=/abc/", "only :start and :end" },
		{ "a:=/abc/", "only :start and :end" },
		{ "a=/abc/stderr", "only @stderr" },
		{ "a=/ab(c/", "at character 3" },
		{ "a=/[a-/", "at character 1" },
		{ "a=/(a)x[[:foo:]]/", "at character 5" },
		{ "a=/*/", "at character 1" },
		{ "a=/(a)\\1/", "back references" },
		{ "a=/((a{200}){200}){200}/", "repeats too much" },
		{ "a=/a{99999999999999999999}/", "repeats too much" },
		{ "a=/\x01/", "control characters" },
		{ "a=/\xff/", "UTF-8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_rule r = { .stream = 77 };
		struct ep_err err = { 0 };

		assert_int_equal(ep_rule_parse(cases[i].text, &r, &err),
				 -EINVAL);
		if (!strstr(err.text, cases[i].why))
			fail_msg("%s: %s", cases[i].text, err.text);
		assert_int_equal(r.stream, 77);
	}
}

struct run {
	struct ep_event events[32];
	size_t count;
};

static void add(struct run *r, int64_t t_ns, const char *event,
		const char *source, const char *text)
{
	struct ep_event *e = &r->events[r->count++];

	*e = ep_event_make(t_ns, event);
	e->source = source;
	e->text = text;
}

static void is_phase(const struct ep_timeline *tl, size_t i, const char *name,
		     int start_ms, int end_ms)
{
	assert_in_range(i, 0, tl->phase_count - 1);
	assert_string_equal(tl->phases[i].name, name);
	assert_int_equal(tl->phases[i].start_ns, GATE + start_ms * MS);
	assert_int_equal(tl->phases[i].end_ns, GATE + end_ms * MS);
	assert_int_equal(tl->phases[i].evidence, EP_EVIDENCE_INFERRED);
}

static void timeline(const struct run *r, struct ep_timeline *tl)
{
	ep_timeline_init(tl);
	assert_int_equal(ep_rules_timeline(r->events, r->count, GATE, EXIT, tl),
			 0);
}

static void ends_cut_the_time_from_the_gate_on(void **state)
{
	struct run r = { 0 };
	struct ep_timeline tl;

	(void)state;
	add(&r, GATE - MS, "rule", "", "prefill:end=/^prompt ([0-9]+)/");
	add(&r, GATE - MS, "rule", "", "generation:end=/^done ([0-9]+)/");
	add(&r, GATE + 100 * MS, "line", "stdout", "prompt 17");
	add(&r, GATE + 300 * MS, "line", "stdout", "done 5");
	r.events[3].span_ns = 7 * MS;
	add(&r, GATE + 350 * MS, "line", "stderr", "prompt 99");
	add(&r, GATE + 400 * MS, "line", "stdout", "prompt 20");
	add(&r, GATE + 500 * MS, "line", "stdout", "done x");
	add(&r, GATE + 600 * MS, "line", "stdout", "done 6");
	timeline(&r, &tl);
	assert_int_equal(tl.phase_count, 4);
	is_phase(&tl, 0, "prefill", 0, 100);
	is_phase(&tl, 1, "generation", 100, 300);
	is_phase(&tl, 2, "prefill", 300, 400);
	is_phase(&tl, 3, "generation", 400, 600);
	assert_int_equal(tl.phases[0].tokens_count, 17);
	assert_int_equal(tl.phases[0].slack_ns, MS);
	assert_int_equal(tl.phases[1].slack_ns, 8 * MS);
	assert_int_equal(tl.phases[1].tokens_count, 5);
	assert_int_equal(tl.phases[1].steps_count, 4);
	assert_int_equal(tl.phases[1].request, 1);
	assert_int_equal(tl.phases[2].request, 2);
	assert_int_equal(tl.phases[3].request, 2);
	assert_string_equal(tl.note, "");
	ep_timeline_done(&tl);
}

static void starts_last_until_the_next_or_their_end(void **state)
{
	struct run r = { 0 };
	struct ep_timeline tl;

	(void)state;
	add(&r, GATE - MS, "rule", "", "load=/^loading/@stderr");
	add(&r, GATE - MS, "rule", "", "search:start=/^search/");
	add(&r, GATE - MS, "rule", "", "search:end=/^found (.*)/");
	add(&r, GATE - MS, "rule", "", "generation:start=/^answer/");
	add(&r, GATE - MS, "rule", "", "never:end=/^never/");
	add(&r, GATE + 50 * MS, "line", "stdout", "found nothing yet");
	add(&r, GATE + 100 * MS, "line", "stderr", "loading");
	add(&r, GATE + 200 * MS, "line", "stdout", "search");
	add(&r, GATE + 300 * MS, "line", "stdout", "found x");
	add(&r, GATE + 400 * MS, "line", "stdout", "answer");
	add(&r, GATE + 400 * MS, "line", "stdout", "answer");
	timeline(&r, &tl);
	assert_int_equal(tl.phase_count, 3);
	is_phase(&tl, 0, "load", 100, 200);
	is_phase(&tl, 1, "search", 200, 300);
	is_phase(&tl, 2, "generation", 400, 1000);
	assert_int_equal(tl.phases[1].tokens_count, -1);
	assert_non_null(strstr(tl.note, "no line matched never:end"));
	assert_non_null(strstr(tl.note, "1 lines ended"));
	assert_non_null(strstr(tl.note, "1 phases began and ended"));
	assert_non_null(strstr(tl.note, "no whole number"));
	ep_timeline_done(&tl);
}

static void a_pipe_is_named(void **state)
{
	struct run r = { 0 };
	struct ep_timeline tl;

	(void)state;
	add(&r, GATE - MS, "rule", "", "a:end=/x/");
	add(&r, GATE - MS, "fact", "stdout.timing", "pipe");
	add(&r, GATE + 100 * MS, "line", "stdout", "x");
	r.events[2].span_ns = 90 * MS;
	timeline(&r, &tl);
	assert_int_equal(tl.phase_count, 1);
	assert_int_equal(tl.phases[0].slack_ns, 91 * MS);
	assert_non_null(strstr(tl.note, "unknown buffering"));
	ep_timeline_done(&tl);
	/* Without rules there is nothing to say. */
	timeline(&(struct run){ 0 }, &tl);
	assert_int_equal(tl.phase_count, 0);
	assert_string_equal(tl.note, "");
	ep_timeline_done(&tl);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_rules_are_understood),
		cmocka_unit_test(faults_are_named_with_their_place),
		cmocka_unit_test(ends_cut_the_time_from_the_gate_on),
		cmocka_unit_test(starts_last_until_the_next_or_their_end),
		cmocka_unit_test(a_pipe_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
