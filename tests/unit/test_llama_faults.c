/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "runners/observers.h"
#include "tests/unit/support_llama.h"

static void an_end_within_an_evaluation(void **state)
{
	struct ep_timeline tl = script_of("M C 12 s L 1 s L ?");

	(void)state;
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 2, "generation", 1, 2, 1);
	assert_int_equal(tl.token_count, 2);
	assert_non_null(strstr(tl.note, "ended within an evaluation"));
	ep_timeline_done(&tl);
}

static void contexts_at_the_same_time_are_mixed(void **state)
{
	struct ep_timeline tl =
		script_of("M C @2 C @0 9 s L @2 7 s L @0 1 s L @2 1 s L");

	(void)state;
	assert_int_equal(tl.phase_count, 2);
	PHASE(&tl, 0, "load", 0, -1, -1);
	PHASE(&tl, 1, "mixed", 0, -1, -1);
	assert_int_equal(tl.token_count, 0);
	assert_true(tl.vague);
	assert_string_equal(tl.note, "mixed: contexts ran at the same time");
	ep_timeline_done(&tl);
	/* One after the other they are not. */
	tl = script_of("M C @2 C @0 9 s L 1 s L @2 7 s L 1 s L");
	assert_int_equal(tl.phase_count, 5);
	PHASE(&tl, 3, "prefill", 2, 7, -1);
	assert_string_equal(tl.note, "");
	ep_timeline_done(&tl);
}

static void sequences_in_one_evaluation_are_mixed(void **state)
{
	struct ep_timeline tl =
		script_of("M C 9 s L 1 s L K 8 s L 2 s L0 L1 2 s L0 L1");

	(void)state;
	assert_int_equal(tl.phase_count, 4);
	PHASE(&tl, 1, "prefill", 1, 9, -1);
	PHASE(&tl, 2, "generation", 1, 2, 1);
	PHASE(&tl, 3, "mixed", 0, -1, -1);
	assert_false(tl.vague);
	assert_non_null(strstr(tl.note, "mixed: sequences share evaluations"));
	ep_timeline_done(&tl);
}

static void notes_say_what_may_be_missing(void **state)
{
	struct script *s = script_begin();
	struct ep_timeline tl;
	struct ep_event fact = ep_event_make(GATE, "fact");

	(void)state;
	fact.source = "llama.library";
	fact.tokens = 20 * CALL;
	s->events[s->count++] = fact;
	script_tell(s, "9 s L 1 s L 7 s L 1 s L");
	tl = script_end(s);
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 0, "mixed", 0, -1, -1);
	PHASE(&tl, 1, "prefill", 1, 7, -1);
	assert_non_null(strstr(tl.note, "in place 21 ms after the library"));
	ep_timeline_done(&tl);

	s = script_begin();
	s->events[s->count++] = fact;
	script_tell(s, "M C 9 s L 1 s L");
	tl = script_end(s);
	assert_string_equal(tl.note, "");
	ep_timeline_done(&tl);

	s = script_begin();
	fact.source = "probes.lost";
	s->events[s->count++] = fact;
	script_tell(s, "M C 9 s L 1 s L");
	tl = script_end(s);
	assert_non_null(strstr(tl.note, "hits were lost"));
	ep_timeline_done(&tl);
}

/* One token, and nothing before it was seen: of a prompt or of an answer? */
static void a_context_that_was_there_before(void **state)
{
	struct script *s = script_begin();
	struct ep_timeline tl;

	(void)state;
	script_tell(s, "1 s L 1 s L 6 s L 1 s L");
	tl = script_end(s);
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 0, "mixed", 0, -1, -1);
	PHASE(&tl, 1, "prefill", 1, 6, -1);
	assert_string_equal(tl.note, "mixed: begun before the probes");
	ep_timeline_done(&tl);
	/* Whole from the beginning. */
	tl = script_of("6 s L 1 s L");
	assert_int_equal(tl.phase_count, 2);
	PHASE(&tl, 0, "prefill", 1, 6, -1);
	assert_string_equal(tl.note, "");
	ep_timeline_done(&tl);
	/* A return without its call. */
	s = script_begin();
	script_hit(s, "llama_decode:out", 0);
	script_tell(s, "6 s L 1 s L");
	tl = script_end(s);
	assert_int_equal(tl.phase_count, 1);
	PHASE(&tl, 0, "mixed", 0, -1, -1);
	ep_timeline_done(&tl);
}

static void what_cannot_be_has_no_phases(void **state)
{
	static const char *const stories[] = { "M C 0 s L 1 s L",
					       "M C 5 s L 2000000 s L",
					       "M C -7 s L",
					       "M C 5 s L 4000000000 s L" };
	struct script *s;
	struct ep_timeline tl;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		tl = script_of(stories[i]);
		assert_int_equal(tl.phase_count, 0);
		assert_non_null(strstr(tl.note, "implausible: llama_decode"));
		ep_timeline_done(&tl);
	}
	/* The same thread cannot be in it twice. */
	s = script_begin();
	script_tell(s, "M C");
	s->thread = 5;
	script_hit(s, "llama_decode:in", 3);
	s->now += CALL;
	script_hit(s, "llama_decode:in", 1);
	s->now += CALL;
	script_hit(s, "llama_decode:out", 0);
	tl = script_end(s);
	assert_int_equal(tl.phase_count, 0);
	assert_non_null(strstr(tl.note, "never returned"));
	ep_timeline_done(&tl);
}

/* Entries are probed before returns: a program that runs already may be seen
 * to enter twice until all probes are in place. */
static void a_return_may_be_missing_until_all_probes_are_there(void **state)
{
	struct script *s = script_begin();
	struct ep_event fact;
	struct ep_timeline tl;

	(void)state;
	script_hit(s, "llama_decode:in", 1);
	s->now += CALL;
	fact = ep_event_make(s->now, "fact");
	fact.source = "llama.library";
	fact.tokens = 20 * CALL;
	s->events[s->count++] = fact;
	script_tell(s, "1 s L 6 s L 1 s L");
	tl = script_end(s);
	assert_null(strstr(tl.note, "implausible"));
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 1, "prefill", 1, 6, -1);
	ep_timeline_done(&tl);
}

static void an_attached_program_is_cut_at_the_ends(void **state)
{
	struct script *s = script_begin();
	struct ep_event fact = ep_event_make(GATE, "fact");
	struct ep_timeline tl;

	(void)state;
	fact.source = "attached";
	s->events[s->count++] = fact;
	s->now = GATE - 3 * CALL;
	script_tell(s, "6 s L 1 s L 8 s L 1 s L M C 4 s L");
	tl = script_end(s);
	PHASE(&tl, 0, "mixed", 0, -1, -1);
	assert_int_equal(tl.phases[0].start_ns, GATE);
	PHASE(&tl, 1, "prefill", 1, 8, -1);
	PHASE(&tl, 3, "load", 2, -1, -1);
	assert_non_null(strstr(tl.note, "begun before the run"));
	ep_timeline_done(&tl);
	/* A load does not begin at the gate. */
	s = script_begin();
	s->events[s->count++] = fact;
	script_tell(s, "M C 4 s L");
	tl = script_end(s);
	assert_int_equal(tl.phases[0].start_ns, GATE + CALL);
	ep_timeline_done(&tl);
}

static void events_out_of_order_are_sorted(void **state)
{
	struct script *s = script_begin();
	struct ep_timeline tl;
	struct ep_event swap;

	(void)state;
	script_tell(s, "M C 15 s L 1 s L 1 s L");
	for (size_t i = 0; i + 3 < s->count; i += 3) {
		swap = s->events[i];
		s->events[i] = s->events[i + 2];
		s->events[i + 2] = swap;
	}
	tl = script_end(s);
	assert_int_equal(tl.phase_count, 3);
	PHASE(&tl, 1, "prefill", 1, 15, -1);
	PHASE(&tl, 2, "generation", 1, 3, 2);
	ep_timeline_done(&tl);
}

static void other_events_are_passed_over(void **state)
{
	static const char *const texts[] = { "",
					     ":",
					     "llama_decode",
					     "llama_decode:",
					     "nothing:in",
					     "llama_decode:inner" };
	static const char *const sources[] = {
		"lla",	   "llama:",	  "llama:x:1",
		"llama:1", "llama:1:xyz", "llama:99999999999:1"
	};
	struct script *s = script_begin();
	struct ep_timeline tl;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		script_hit(s, texts[i], 5);
		script_hit(s, "llama_decode:in", 5);
		s->events[s->count - 1].source = sources[i];
	}
	s->events[s->count++] = ep_event_make(GATE, "gate");
	tl = script_end(s);
	assert_int_equal(tl.phase_count, 0);
	assert_int_equal(tl.token_count, 0);
	ep_timeline_done(&tl);
}

static size_t place_of(const char *name)
{
	size_t i = 0;

	for (; ep_observers[i]; i++)
		if (strcmp(ep_observers[i]->name, name) == 0)
			return i;
	fail_msg("there is no observer '%s'", name);
	return 0;
}

/* Best evidence first: marks, probes, streams, logs. */
static void the_observers_are_in_the_table(void **state)
{
	(void)state;
	assert_true(place_of("marks") < place_of("llama"));
	assert_true(place_of("llama") < place_of("probes"));
	assert_true(place_of("probes") < place_of("requests"));
	assert_true(place_of("requests") < place_of("text"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_end_within_an_evaluation),
		cmocka_unit_test(contexts_at_the_same_time_are_mixed),
		cmocka_unit_test(sequences_in_one_evaluation_are_mixed),
		cmocka_unit_test(notes_say_what_may_be_missing),
		cmocka_unit_test(a_context_that_was_there_before),
		cmocka_unit_test(what_cannot_be_has_no_phases),
		cmocka_unit_test(
			a_return_may_be_missing_until_all_probes_are_there),
		cmocka_unit_test(an_attached_program_is_cut_at_the_ends),
		cmocka_unit_test(events_out_of_order_are_sorted),
		cmocka_unit_test(other_events_are_passed_over),
		cmocka_unit_test(the_observers_are_in_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
