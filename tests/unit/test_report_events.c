/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "tests/unit/support_report.h"

static void set_reason(struct ep_report *r, const char *phase,
		       const char *metric, const char *reason)
{
	struct ep_metric *m =
		support_edit_metric(support_edit_total(r, phase), metric);

	(void)ep_str_copy(m->reason, sizeof(m->reason), reason);
}

static void events_counted_in_turns_are_told_for_each_phase(void **state)
{
	struct ep_report *r = support_report();
	char *line;

	(void)state;
	set_reason(r, "prefill", "context_switches_per_token",
		   EP_REASON_SCALED "25 % of the time; 2 fresh samples");
	set_reason(r, "prefill", "page_faults_per_token",
		   EP_REASON_SCALED "33 % of the time");
	set_reason(r, "generation", "page_faults_per_token",
		   EP_REASON_SCALED "50 % of the time");
	line = support_render("text", r);
	assert_non_null(strstr(line, "counted in turns, for part of a phase's "
				     "time, and scaled to all of it: prefill "
				     "25 to 33 %, generation 50 % "));
	free(line);
	ep_report_free(r);
}

static void events_counted_all_the_time_need_no_words(void **state)
{
	struct ep_report *r = support_report();
	char *line = support_render("text", r);

	(void)state;
	assert_non_null(strstr(line, "System events"));
	assert_null(strstr(line, "in turns"));
	free(line);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			events_counted_in_turns_are_told_for_each_phase),
		cmocka_unit_test(events_counted_all_the_time_need_no_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
