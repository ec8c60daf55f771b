/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "profiler/analyze/phases.h"

/* What the observers of these tests answer. */
static const struct ep_phase *answer;
static size_t answer_count;
static int answer_code;

static int tell(const struct ep_event *events, size_t count, int64_t gate_ns,
		int64_t exit_ns, struct ep_timeline *ret)
{
	(void)events;
	(void)count;
	assert_int_equal(gate_ns, 1000);
	assert_int_equal(exit_ns, 9000);
	(void)ep_str_copy(ret->note, sizeof(ret->note), "a note");
	for (size_t i = 0; i < answer_count; i++)
		assert_int_equal(ep_timeline_add_phase(ret, &answer[i]), 0);
	return answer_code;
}

static int tell_nothing(const struct ep_event *events, size_t count,
			int64_t gate_ns, int64_t exit_ns,
			struct ep_timeline *ret)
{
	(void)events;
	(void)count;
	(void)gate_ns;
	(void)exit_ns;
	(void)ret;
	return 0;
}

static const struct ep_observer_ops teller = { .name = "teller",
					       .evidence = EP_EVIDENCE_PROBED,
					       .timeline = tell };
static const struct ep_observer_ops mute = { .name = "mute",
					     .evidence = EP_EVIDENCE_MARKED,
					     .timeline = tell_nothing };
static const struct ep_observer_ops *const observers[] = { &mute, &teller,
							   NULL };

static const struct ep_run base = { .begin_ns = 100,
				    .idle_begin_ns = 200,
				    .idle_end_ns = 900,
				    .gate_ns = 1000,
				    .exit_ns = 9000,
				    .end_ns = 9500 };

static struct ep_phase phase(const char *name, int64_t start, int64_t end,
			     int32_t request)
{
	struct ep_phase p = { .start_ns = start,
			      .end_ns = end,
			      .request = request,
			      .slack_ns = 10 * request,
			      .evidence = EP_EVIDENCE_PROBED,
			      .tokens_count = -1,
			      .steps_count = -1,
			      .cached_count = -1 };

	(void)ep_str_copy(p.name, sizeof(p.name), name);
	return p;
}

static void make(const struct ep_run *run, const struct ep_phase *phases,
		 size_t count, struct ep_partition *ret)
{
	struct ep_err err = { 0 };

	answer = phases;
	answer_count = count;
	answer_code = 0;
	assert_int_equal(ep_partition_make(run, observers, ret, &err), 0);
	/* Whatever was told: no gap, no overlap, from begin to end. */
	assert_int_equal(ret->segments[0].phase.start_ns, run->begin_ns);
	for (size_t i = 1; i < ret->count; i++)
		assert_int_equal(ret->segments[i].phase.start_ns,
				 ret->segments[i - 1].phase.end_ns);
	assert_int_equal(ret->segments[ret->count - 1].phase.end_ns,
			 run->end_ns);
}

static void expect(const struct ep_partition *part, size_t i, const char *name,
		   int64_t end)
{
	assert_string_equal(part->segments[i].phase.name, name);
	assert_int_equal(part->segments[i].phase.end_ns, end);
}

static void gaps_are_other_and_the_rest_is_tail(void **state)
{
	const struct ep_phase phases[] = {
		phase("load", 1000, 3000, 1),
		phase("prefill", 3500, 4000, 1),
		phase("generation", 4000, 6000, 1),
		phase("prefill", 6200, 6300, 2),
		phase("generation", 6300, 8000, 2),
	};
	struct ep_partition p;

	(void)state;
	make(&base, phases, 5, &p);
	assert_int_equal(p.count, 12);
	expect(&p, 0, "idle", 200);
	expect(&p, 1, "idle", 900);
	expect(&p, 2, "idle", 1000);
	expect(&p, 3, "load", 3000);
	expect(&p, 4, "other", 3500);
	expect(&p, 7, "other", 6200);
	expect(&p, 10, "tail", 9000);
	expect(&p, 11, "after", 9500);
	assert_true(p.segments[1].baseline);
	assert_false(p.segments[0].baseline || p.segments[2].baseline);
	assert_true(p.segments[3].inside && p.segments[10].inside);
	assert_false(p.segments[2].inside || p.segments[11].inside);
	/* Between phases of one request, and between two requests. */
	assert_int_equal(p.segments[4].phase.request, 1);
	assert_int_equal(p.segments[7].phase.request, 0);
	assert_int_equal(p.segments[7].phase.slack_ns, 20);
	assert_string_equal(p.note, "phases by teller (PROBED): a note");
	ep_partition_done(&p);
}

static void without_phases_the_run_is_one_other(void **state)
{
	struct ep_run run = base;
	struct ep_partition p;

	(void)state;
	run.observers[0].failed = true;
	run.observer_count = 1;
	(void)ep_str_copy(run.observers[0].name, 64, "mute");
	(void)ep_str_copy(run.observers[0].reason, 200, "no socket");
	make(&run, NULL, 0, &p);
	assert_int_equal(p.count, 5);
	expect(&p, 3, "other", 9000);
	assert_string_equal(p.note, "mute: no socket; teller: a note");
	ep_partition_done(&p);
}

static void phases_are_sorted_clipped_and_counted(void **state)
{
	const struct ep_phase phases[] = {
		phase("b", 4000, 6000, 0),	phase("a", 500, 4500, 0),
		phase("inside", 2000, 3000, 0), phase("late", 8000, 9900, 0),
		phase("never", 9100, 9200, 0),
	};
	struct ep_partition p;

	(void)state;
	make(&base, phases, 5, &p);
	expect(&p, 3, "a", 4500);
	expect(&p, 4, "b", 6000);
	expect(&p, 5, "other", 8000);
	expect(&p, 6, "late", 9000);
	expect(&p, 7, "after", 9500);
	assert_int_equal(p.clipped_count, 1);
	assert_int_equal(p.dropped_count, 2);
	ep_partition_done(&p);
}

static void names_of_our_own_are_kept_apart(void **state)
{
	const struct ep_phase phases[] = { phase("run", 1000, 2000, 0),
					   phase("after", 2000, 3000, 0),
					   phase("", 3000, 4000, 0) };
	struct ep_partition p;

	(void)state;
	make(&base, phases, 3, &p);
	expect(&p, 3, "run-phase", 2000);
	expect(&p, 4, "after-phase", 3000);
	expect(&p, 5, "-phase", 4000);
	ep_partition_done(&p);
}

static void no_baseline_no_tail_recording(void **state)
{
	struct ep_run run = base;
	struct ep_partition p;

	(void)state;
	run.begin_ns = run.idle_begin_ns = run.idle_end_ns = run.gate_ns;
	run.end_ns = run.exit_ns;
	make(&run, NULL, 0, &p);
	assert_int_equal(p.count, 1);
	expect(&p, 0, "other", 9000);
	ep_partition_done(&p);
}

static void an_observer_that_fails_is_passed_over(void **state)
{
	struct ep_partition p;
	struct ep_err err = { 0 };

	(void)state;
	answer_count = 0;
	answer_code = -EFBIG;
	assert_int_equal(ep_partition_make(&base, observers, &p, &err), 0);
	assert_non_null(strstr(p.note, "teller: "));
	ep_partition_done(&p);
	answer_code = -ENOMEM;
	assert_int_equal(ep_partition_make(&base, observers, &p, &err),
			 -ENOMEM);
	answer_code = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_are_other_and_the_rest_is_tail),
		cmocka_unit_test(without_phases_the_run_is_one_other),
		cmocka_unit_test(phases_are_sorted_clipped_and_counted),
		cmocka_unit_test(names_of_our_own_are_kept_apart),
		cmocka_unit_test(no_baseline_no_tail_recording),
		cmocka_unit_test(an_observer_that_fails_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
