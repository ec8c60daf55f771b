/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/counters_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support_perf.h"
#include "tests/unit/support_tmp.h"

#define SWITCHES 3000

static void need_kernel_counts(void)
{
	struct ep_perf_caps caps;

	ep_need_perf();
	if (ep_perf_probe(&caps, NULL) == 0 && !caps.user_only)
		return;
	print_message("SKIP: counting in the kernel is refused\n");
	skip();
}

/*
 * Groups of hardware events, played by software events: two "core PMUs" whose
 * type is that of the software PMU.  r3 are context switches; instructions is
 * PMUv3 number 8, which as software event is emulation-faults.
 */
static void load_played_pmus(struct ep_perf_pmus *ret)
{
	struct ep_tmp tmp;

	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "armv8_a/type", "1\n");
	ep_tmp_puts(&tmp, "armv8_a/cpus", "0\n");
	ep_tmp_puts(&tmp, "armv8_b/type", "1\n");
	ep_tmp_puts(&tmp, "armv8_b/cpus", "1\n");
	assert_int_equal(ep_perf_pmus_load(tmp.path, ret, NULL), 0);
	ep_tmp_remove(&tmp);
}

static void hardware_groups_have_cycles_and_times(void **state)
{
	static const char *const names[] = { "r3", "r2", "r5", "r6", "r4" };
	static const char *const want[] = {
		"hw1_instructions",
		"r3",
		"r2",
		"r5",
		"hw1_enabled",
		"hw1_running",
		"hw2_instructions",
		"r6",
		"r4",
		"hw2_enabled",
		"hw2_running",
	};
	static struct ep_perf_pmus pmus;
	static struct ep_perf_event events[5];
	static struct ep_counters c;
	struct ep_counters_missing missing = { .count = 0 };
	struct ep_perf_scope scope = { .pmus = &pmus };
	struct ep_perf_values v = { 0 };
	struct ep_held held;
	struct rusage ru;

	(void)state;
	need_kernel_counts();
	load_played_pmus(&pmus);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(
			ep_perf_event_find(&pmus, names[i], &events[i], NULL),
			0);
	ep_held_start(&held, "switches", SWITCHES);
	scope.pid = held.pid;
	assert_int_equal(ep_counters_group_all(&c, events, 5, &scope, &missing),
			 0);
	assert_int_equal(missing.count, 0);
	assert_int_equal(c.group_count, 2);
	assert_int_equal(c.hardware_count, 2);
	assert_int_equal(c.groups[0].instance_count, 2);
	assert_int_equal(c.channel_count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < c.channel_count; i++)
		assert_string_equal(c.channels[i].name, want[i]);
	assert_int_equal(c.channels[0].flags, EP_CHANNEL_HARDWARE);
	assert_int_equal(c.channels[1].flags,
			 EP_CHANNEL_EVENT | EP_CHANNEL_HARDWARE);
	assert_int_equal(c.channels[4].quantity, EP_TIME_NS);
	assert_true(ep_held_run(&held, &ru));
	assert_int_equal(ep_perf_group_read(&c.groups[0], &v), 0);
	/* Both "kinds of cores" counted every switch, and all the time. */
	assert_in_range(v.counts[1],
			2 * ((ru.ru_nvcsw + ru.ru_nivcsw) * 995 / 1000 - 2),
			2 * ((ru.ru_nvcsw + ru.ru_nivcsw) * 1005 / 1000 + 2));
	assert_true(v.running_ns == 2 * v.enabled_ns);
	for (size_t i = 0; i < c.group_count; i++)
		ep_perf_group_close(&c.groups[i]);
}

static void channel_names_are_unique_columns(void **state)
{
	static struct ep_counters c;
	const struct ep_counters_slot slot = { 0 };
	static const char *const names[] = { "cpu/cycles/", "cpu_cycles",
					     "cpu-cycles", "a:u" };
	static const char *const want[] = { "cpu_cycles", "cpu_cycles_2",
					    "cpu_cycles_3", "a_u" };

	(void)state;
	memset(&c, 0, sizeof(c));
	for (size_t i = 0; i < 4; i++) {
		assert_true(
			ep_counters_channel(&c, names[i], 0, EP_COUNT, slot));
		assert_string_equal(c.channels[i].name, want[i]);
	}
	while (c.channel_count < EP_COUNTERS_CHANNELS_MAX)
		assert_true(ep_counters_channel(&c, "x", 0, EP_COUNT, slot));
	assert_false(ep_counters_channel(&c, "x", 0, EP_COUNT, slot));
}

static void reasons_gather_names(void **state)
{
	struct ep_counters_missing m = { .count = 0 };
	struct ep_sensor_notes notes = { .count = 0 };

	(void)state;
	ep_counters_miss(&m, "cycles", "no hardware PMU");
	ep_counters_miss(&m, "x", "another reason");
	ep_counters_miss(&m, "r1a8", "no hardware PMU");
	ep_counters_tell(&m, &notes);
	assert_int_equal(notes.count, 2);
	assert_string_equal(notes.text[0],
			    "cycles, r1a8: not measured: no hardware PMU");
	assert_string_equal(notes.text[1], "x: not measured: another reason");
	for (size_t i = 0; i < 30; i++) {
		char reason[2] = { (char)('A' + i), '\0' };

		ep_counters_miss(&m, "y", reason);
	}
	assert_int_equal(m.count, EP_COUNTERS_REASONS_MAX);
	assert_string_equal(m.rows[m.count - 1].names, "more events");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hardware_groups_have_cycles_and_times),
		cmocka_unit_test(channel_names_are_unique_columns),
		cmocka_unit_test(reasons_gather_names),
	};
	int status = ep_held_main(argc, argv);

	if (status >= 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
