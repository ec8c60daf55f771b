/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Major faults and swapping, for each phase. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/model.h"
#include "profiler/report/render.h"
#include "tests/unit/support_run.h"

static double value(const struct ep_row *row, const char *name)
{
	const struct ep_metric *m = support_metric(row, name);

	if (m->status != EP_STATUS_OK)
		fail_msg("%s is %s: %s", name, ep_status_name(m->status),
			 m->reason);
	return m->value;
}

static double rss_bytes(double t)
{
	return t < 1 ? 1e8 : 3e8;
}

/* A hundred pages come back in the second of generation. */
static double swapped_in(double t)
{
	return 5000 + (t < 1 ? 0 : t < 2 ? 100 * (t - 1) : 100);
}

/* Four major faults, all in prefill. */
static double major_faults(double t)
{
	return t < 0.5 ? 0 : t < 1 ? 8 * (t - 0.5) : 4;
}

static void is_in_the_report(const struct ep_report *r)
{
	const struct ep_render_options options = { .columns = 80 };
	struct ep_buf b;

	ep_buf_init(&b, (size_t)1 << 20);
	assert_int_equal(ep_format_find("text", NULL)->render(r, &options, &b),
			 0);
	assert_non_null(strstr(b.data, "major faults"));
	assert_non_null(strstr(b.data, "swapped in"));
	assert_non_null(strstr(b.data, "mean memory"));
	ep_buf_done(&b);
}

static const struct support_channel counted[] = {
	{ { .name = "major_faults",
	    .quantity = EP_COUNT,
	    .shape = EP_COUNTER,
	    .flags = EP_CHANNEL_EVENT,
	    .resolution = 1 },
	  major_faults },
};
static const struct support_channel memory[] = {
	{ { .name = "rss", .quantity = EP_SIZE_BYTES }, rss_bytes },
	{ { .name = "system_swap_in",
	    .quantity = EP_COUNT,
	    .shape = EP_COUNTER,
	    .resolution = 1 },
	  swapped_in },
};
static const struct support_mark marks[] = {
	{ 0.5, "prefill", 100, 0 },
	{ 1.0, "generation", -1, 50 },
	{ 2.0, "", -1, 0 },
};

static void faults_and_swapping_belong_to_phases(void **state)
{
	struct support_sensor sensors[] = {
		{ .id = "counters",
		  .target = true,
		  .channels = counted,
		  .channel_count = 1 },
		{ .id = "memory",
		  .poll_ns = 100 * EP_NS_PER_MS,
		  .target = true,
		  .channels = memory,
		  .channel_count = 2 },
	};
	static const char *const facts[] = { "swap_in.pages=103", NULL };
	const struct support_run run = { .idle_s = 0.5,
					 .run_s = 2.5,
					 .tail_s = 0.2,
					 .sensors = sensors,
					 .sensor_count = 2,
					 .marks = marks,
					 .mark_count = 3,
					 .facts = facts };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_metric *m;

	(void)state;
	is_in_the_report(r);
	support_near(value(support_phase(r, "prefill"), "major_faults_count"),
		     4, 0.2);
	support_near(
		value(support_phase(r, "generation"), "major_faults_count"), 0,
		0.2);
	support_near(
		support_metric(support_phase(r, "prefill"), "swap_in_count")
			->value,
		0, 1);
	support_near(value(support_phase(r, "generation"), "swap_in_count"),
		     100, 1);
	/* Over the whole run what was read at the gate and the exit. */
	support_near(value(support_total(r, "run"), "swap_in_count"), 103, 0);
	ep_report_free(r);
	/* Recorded by an older edgeprof, or on a kernel without swap. */
	sensors[1].channel_count = 1;
	r = support_run_analyze(&run);
	m = support_metric(support_phase(r, "generation"), "swap_in_count");
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_true(isnan(m->value));
	assert_string_equal(m->reason, "the memory sensor did not record it");
	support_near(value(support_total(r, "run"), "swap_in_count"), 103, 0);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_and_swapping_belong_to_phases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
