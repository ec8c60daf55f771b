/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "drivers/perf_names.h"
#include "tests/unit/support_tmp.h"

static struct ep_perf_pmus pmus;
static struct ep_perf_event event;

/* An Arm PMU opens every number, and what it does not implement reads 0. */
static void numbers_the_arm_pmu_does_not_list_are_not_opened(void **state)
{
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "armv8_pmuv3/type", "8\n");
	ep_tmp_puts(&tmp, "armv8_pmuv3/cpus", "0\n");
	ep_tmp_puts(&tmp, "armv8_pmuv3/format/event", "config:0-15\n");
	ep_tmp_puts(&tmp, "armv8_pmuv3/events/cpu_cycles", "event=0x0011\n");
	ep_tmp_puts(&tmp, "armv8_pmuv3/events/mem_access", "event=0x0013\n");
	assert_int_equal(ep_perf_pmus_load(tmp.path, &pmus, NULL), 0);
	assert_int_equal(ep_perf_event_find(&pmus, "mem_access", &event, NULL),
			 0);
	assert_int_equal(event.code_count, 1);
	assert_int_equal(event.codes[0].config, 0x13);
	static const char *const missing[] = { "l2d_cache_refill", "r17",
					       "stall_backend" };
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		assert_int_equal(
			ep_perf_event_find(&pmus, missing[i], &event, NULL), 0);
		assert_int_equal(event.kind, EP_PERF_CORE);
		assert_int_equal(event.code_count, 0);
	}
	/* Beyond the architecture's common numbers the list says nothing. */
	assert_int_equal(ep_perf_event_find(&pmus, "rc1", &event, NULL), 0);
	assert_int_equal(event.code_count, 1);
	ep_tmp_remove(&tmp);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			numbers_the_arm_pmu_does_not_list_are_not_opened),
	};

	/* Where pmuv3.events lies. */
	setenv("EDGEPROF_BOARDS", "boards", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
