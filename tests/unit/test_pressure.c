/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensors/table.h"

static void counters_of_waiting_time(void **state)
{
	static const char *const names[] = { "cpu_some", "memory_some",
					     "memory_full", "io_some",
					     "io_full" };
	struct ep_rig *rig = *state;
	int64_t first[5];

	if (ep_sensor_pressure.probe(&rig->env, &rig->err) != 3) {
		assert_int_equal(ep_rig_open(rig, &ep_sensor_pressure, "") == 0,
				 ep_sensor_pressure.probe(&rig->env, NULL) > 0);
		print_message("SKIP: this kernel has no pressure stall "
			      "information\n");
		skip();
	}
	assert_int_equal(ep_rig_open(rig, &ep_sensor_pressure, ""), 0);
	assert_int_equal(rig->channel_count, 5);
	assert_int_equal(rig->notes.count, 0);
	assert_int_equal(ep_rig_poll(rig), 5);
	for (size_t i = 0; i < 5; i++) {
		int c = ep_rig_channel(rig, names[i]);

		assert_true(c >= 0);
		assert_int_equal(rig->channels[c].quantity, EP_TIME_NS);
		assert_int_equal(rig->channels[c].shape, EP_COUNTER);
		first[i] = ep_rig_sample(rig, names[i])->value;
		assert_true(first[i] >= 0);
	}
	assert_int_equal(ep_rig_poll(rig), 5);
	for (size_t i = 0; i < 5; i++) {
		assert_true(ep_rig_sample(rig, names[i])->value >= first[i]);
		assert_int_equal(ep_rig_sample(rig, names[i])->flags, 0);
		assert_int_equal(ep_rig_sample(rig, names[i])->t_ns,
				 rig->samples[0].t_ns);
	}
}

static void it_takes_no_keys(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(ep_rig_open(rig, &ep_sensor_pressure, "file=x"),
			 -EINVAL);
	assert_non_null(strstr(rig->err.text, "file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, ep_rig_setup, ep_rig_teardown)
		T(counters_of_waiting_time),
		T(it_takes_no_keys),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
