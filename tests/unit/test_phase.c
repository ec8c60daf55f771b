/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/phase.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void evidence_names_round_trip(void **state)
{
	enum ep_evidence e = EP_EVIDENCE_PROBED;

	(void)state;
	assert_int_equal(ep_evidence_parse("marked", &e), -EINVAL);
	assert_int_equal(ep_evidence_parse("MARKEDX", &e), -EINVAL);
	assert_int_equal(e, EP_EVIDENCE_PROBED);
	for (int i = EP_EVIDENCE_NONE; i <= EP_EVIDENCE_INFERRED; i++) {
		const char *name = ep_evidence_name((enum ep_evidence)i);

		assert_int_equal(ep_evidence_parse(name, &e), 0);
		assert_int_equal(e, i);
	}
	assert_string_equal(ep_evidence_name(EP_EVIDENCE_NONE), "");
	assert_string_equal(ep_evidence_name(EP_EVIDENCE_MARKED), "MARKED");
	assert_string_equal(ep_evidence_name((enum ep_evidence)99), "");
}

static void a_timeline_keeps_what_is_added(void **state)
{
	struct ep_timeline tl;
	struct ep_phase p = { .name = "prefill" };
	struct ep_token t = { 0, 1, 0 };

	(void)state;
	ep_timeline_init(&tl);
	assert_int_equal(tl.phase_count, 0);
	assert_string_equal(tl.note, "");
	for (int i = 0; i < 1000; i++) {
		p.start_ns = i;
		t.index = i + 1;
		assert_int_equal(ep_timeline_add_phase(&tl, &p), 0);
		assert_int_equal(ep_timeline_add_token(&tl, &t), 0);
	}
	assert_int_equal(tl.phase_count, 1000);
	assert_int_equal(tl.token_count, 1000);
	for (int i = 0; i < 1000; i++) {
		assert_true(tl.phases[i].start_ns == i);
		assert_string_equal(tl.phases[i].name, "prefill");
		assert_int_equal(tl.tokens[i].index, i + 1);
	}
	ep_timeline_done(&tl);
	assert_null(tl.phases);
	ep_timeline_done(&tl);
	ep_timeline_done(NULL);
}

static void a_timeline_has_a_maximum(void **state)
{
	struct ep_timeline tl;
	struct ep_phase p = { .name = "x" };

	(void)state;
	ep_timeline_init(&tl);
	for (int i = 0; i < EP_PHASES_MAX; i++) {
		if (ep_timeline_add_phase(&tl, &p) != 0)
			fail_msg("phase %d refused", i);
	}
	assert_int_equal(ep_timeline_add_phase(&tl, &p), -EFBIG);
	assert_int_equal(tl.phase_count, EP_PHASES_MAX);
	ep_timeline_done(&tl);
}

static void an_event_starts_with_everything_unknown(void **state)
{
	struct ep_event e = ep_event_make(5, "gate");

	(void)state;
	assert_true(e.t_ns == 5 && e.span_ns == 0);
	assert_string_equal(e.event, "gate");
	assert_true(e.request == 0 && e.tokens == -1);
	assert_int_equal(e.evidence, EP_EVIDENCE_NONE);
	assert_string_equal(e.phase, "");
	assert_string_equal(e.source, "");
	assert_string_equal(e.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(evidence_names_round_trip),
		cmocka_unit_test(a_timeline_keeps_what_is_added),
		cmocka_unit_test(a_timeline_has_a_maximum),
		cmocka_unit_test(an_event_starts_with_everything_unknown),
	};

	return cmocka_run_group_tests_name("phase", tests, NULL, NULL);
}
