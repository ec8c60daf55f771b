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
	assert_int_equal(tl.phase_count, 1);
	PHASE(&tl, 0, "load", 1, -1, -1);
	assert_int_equal(tl.token_count, 0);
	assert_non_null(strstr(tl.note, "mixed: 2 of 2 requests"));
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
		script_of("M C 9 s L 1 s L 8 s L 2 s L L1 2 s L L1");

	(void)state;
	assert_int_equal(tl.phase_count, 1);
	assert_non_null(strstr(tl.note, "mixed: several sequences"));
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
	script_tell(s, "9 s L 1 s L");
	tl = script_end(s);
	assert_int_equal(tl.phase_count, 2);
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

static void the_observer_is_in_the_table(void **state)
{
	size_t count = 0;

	(void)state;
	for (; ep_observers[count]; count++)
		assert_true(count == 0 ||
			    ep_observers[count]->evidence >
				    ep_observers[count - 1]->evidence);
	assert_int_equal(count, 3);
	assert_string_equal(ep_observers[0]->name, "marks");
	assert_string_equal(ep_observers[1]->name, "llama");
	assert_string_equal(ep_observers[2]->name, "requests");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_end_within_an_evaluation),
		cmocka_unit_test(contexts_at_the_same_time_are_mixed),
		cmocka_unit_test(sequences_in_one_evaluation_are_mixed),
		cmocka_unit_test(notes_say_what_may_be_missing),
		cmocka_unit_test(events_out_of_order_are_sorted),
		cmocka_unit_test(other_events_are_passed_over),
		cmocka_unit_test(the_observer_is_in_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
