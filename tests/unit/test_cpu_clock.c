/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "drivers/cpufreq.h"
#include "sensors/table.h"

#define POLICY "sys/devices/system/cpu/cpufreq/policy"

static void put(const struct ep_rig *rig, int policy, const char *name,
		const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), POLICY "%d/%s", policy, name);
	ep_tmp_puts(&rig->tmp, path, text);
}

static void policies_are_read_whole(void **state)
{
	struct ep_rig *rig = *state;
	struct ep_cpufreq_policy p[4];
	char governor[32];

	put(rig, 4, "scaling_governor", "schedutil\n");
	put(rig, 0, "scaling_governor", "ondemand\n");
	put(rig, 0, "scaling_driver", "cpufreq-dt\n");
	put(rig, 0, "affected_cpus", "0 1 2 3\n");
	put(rig, 0, "scaling_min_freq", "1500000\n");
	put(rig, 0, "scaling_max_freq", "2400000\n");
	ep_tmp_puts(&rig->tmp, "sys/devices/system/cpu/cpufreq/boost", "1\n");
	ep_tmp_mkdir(&rig->tmp, POLICY "x");
	assert_int_equal(ep_cpufreq_policies(&rig->env.root, p, 4), 2);
	assert_int_equal(p[0].number, 0);
	assert_string_equal(p[0].governor, "ondemand");
	assert_string_equal(p[0].driver, "cpufreq-dt");
	assert_string_equal(p[0].cpus, "0 1 2 3");
	assert_int_equal(p[0].min_hz, INT64_C(1500000000));
	assert_int_equal(p[0].max_hz, INT64_C(2400000000));
	assert_int_equal(p[1].number, 4);
	assert_int_equal(p[1].max_hz, 0);
	assert_string_equal(p[1].driver, "");
	ep_cpufreq_governor(&rig->env.root, governor, sizeof(governor));
	assert_string_equal(governor, "");
	put(rig, 4, "scaling_governor", "ondemand\n");
	ep_cpufreq_governor(&rig->env.root, governor, sizeof(governor));
	assert_string_equal(governor, "ondemand");
}

static void requested_clocks_in_hz(void **state)
{
	struct ep_rig *rig = *state;

	put(rig, 0, "scaling_cur_freq", "1800000\n");
	put(rig, 4, "scaling_cur_freq", "2256000\n");
	put(rig, 6, "scaling_cur_freq", "<unknown>\n");
	put(rig, 7, "scaling_governor", "powersave\n");
	assert_int_equal(ep_sensor_cpu_clock.probe(&rig->env, &rig->err), 4);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_cpu_clock, ""), 0);
	assert_int_equal(rig->channel_count, 2);
	assert_true(ep_rig_noted(rig, "policy6_requested left out"));
	assert_true(ep_rig_noted(rig, "policy7_requested left out"));
	assert_int_equal(rig->channels[0].quantity, EP_FREQ_HZ);
	assert_int_equal(ep_rig_poll(rig), 2);
	assert_int_equal(ep_rig_sample(rig, "policy0_requested")->value,
			 INT64_C(1800000000));
	assert_int_equal(ep_rig_sample(rig, "policy4_requested")->value,
			 INT64_C(2256000000));
	put(rig, 0, "scaling_cur_freq", "");
	assert_int_equal(ep_rig_poll(rig), 2);
	assert_int_equal(ep_rig_sample(rig, "policy0_requested")->flags,
			 EP_SAMPLE_ERROR);
}

static void many_policies_are_read_less_often(void **state)
{
	struct ep_rig *rig = *state;

	for (int i = 0; i < 9; i++)
		put(rig, i, "scaling_cur_freq", "1000000\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_cpu_clock, ""), 0);
	assert_true(ep_rig_noted(rig, "5 times a second"));
	assert_int_equal(ep_rig_poll_at(rig, EP_NS_PER_S), 9);
	assert_int_equal(ep_rig_poll_at(rig, EP_NS_PER_S + 10000000), 0);
	assert_int_equal(ep_rig_poll_at(rig, EP_NS_PER_S + 200000000), 9);
}

static void no_cpufreq(void **state)
{
	struct ep_rig *rig = *state;
	char governor[32];

	assert_int_equal(ep_sensor_cpu_clock.probe(&rig->env, &rig->err), 0);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_cpu_clock, ""), -ENODEV);
	assert_non_null(strstr(rig->err.text, "no cpufreq"));
	ep_cpufreq_governor(&rig->env.root, governor, sizeof(governor));
	assert_string_equal(governor, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, ep_rig_setup, ep_rig_teardown)
		T(policies_are_read_whole),
		T(requested_clocks_in_hz),
		T(many_policies_are_read_less_often),
		T(no_cpufreq),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
