/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sensors/table.h"
#include "tests/unit/support_nvml.h"

static int setup(void **state)
{
	static struct ep_rig rig;

	ep_rig_make(&rig);
	ep_sim_nvml_time(100);
	ep_sim_nvml_script(&rig, "");
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	ep_rig_end(*state);
	return 0;
}

static const struct ep_channel *channel(const struct ep_rig *rig,
					const char *name)
{
	int i = ep_rig_channel(rig, name);

	assert_true(i >= 0);
	return &rig->channels[i];
}

static size_t totals(const struct ep_rig *rig)
{
	size_t count = 0;

	for (size_t i = 0; i < rig->channel_count; i++)
		count += rig->channels[i].role == EP_ROLE_TOTAL;
	return count;
}

static void the_energy_counter_is_the_total(void **state)
{
	struct ep_rig *rig = *state;
	const struct ep_channel *c;

	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_int_equal(rig->channel_count, 12);
	assert_int_equal(totals(rig), 1);
	c = channel(rig, "gpu0");
	assert_int_equal(c->quantity, EP_ENERGY_UJ);
	assert_int_equal(c->shape, EP_COUNTER);
	assert_int_equal(c->role, EP_ROLE_TOTAL);
	assert_int_equal(c->refresh_ns, 0);
	assert_int_equal(c->gain_ppm, 50000);
	assert_int_equal(c->resolution, 1000);
	c = channel(rig, "gpu0_power_instant");
	assert_int_equal(c->quantity, EP_POWER_UW);
	assert_int_equal(c->role, EP_ROLE_NONE);
	assert_int_equal(c->window_ns, 0);
	c = channel(rig, "gpu0_power_average");
	assert_int_equal(c->role, EP_ROLE_NONE);
	assert_int_equal(c->window_ns, 1000000000);
	assert_int_equal(channel(rig, "gpu0_slowed_by_heat")->flags,
			 EP_CHANNEL_ALARM);
	assert_true(ep_rig_noted(rig, "gpu0: Simulated GPU 0, GPU-00000000-"));
	assert_true(ep_rig_noted(rig, "its total is its energy counter"));
	assert_int_equal(rig->notes.count, 1);
}

static void readings_of_a_changing_load(void **state)
{
	struct ep_rig *rig = *state;

	ep_sim_nvml_script(rig, "profile square 40 240 4\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	/* 0.537 s after the step up at 102 s */
	assert_int_equal(ep_sim_nvml_poll(rig, 102.537), 12);
	/* the counter stands at 102.5: 25 periods, 2 s of 40 W, 0.5 of 240 */
	ep_rig_assert_unproven(rig, "gpu0", INT64_C(1000000000) + 14200000000);
	ep_rig_assert_unproven(rig, "gpu0_power_instant", 240000000);
	/* a second up to 102.52: 0.48 s of 40 W and 0.52 s of 240 W */
	ep_rig_assert_unproven(rig, "gpu0_power_average", 144000000);
	ep_rig_assert_unproven(rig, "gpu0_use", 870000);
	ep_rig_assert_unproven(rig, "gpu0_sm_clock", 1980000000);
	ep_rig_assert_unproven(rig, "gpu0_temp", 64000);
	ep_rig_assert_unproven(rig, "gpu0_slowed_by_heat", 0);
	for (size_t i = 1; i < rig->sample_count; i++)
		assert_int_equal(rig->samples[i].t_ns, rig->samples[0].t_ns);
}

static void the_best_that_is_left_is_the_total(void **state)
{
	struct ep_rig *rig = *state;

	ep_sim_nvml_script(rig, "unsupported energy\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_int_equal(totals(rig), 1);
	assert_int_equal(channel(rig, "gpu0")->quantity, EP_POWER_UW);
	assert_int_equal(channel(rig, "gpu0")->role, EP_ROLE_TOTAL);
	assert_int_equal(channel(rig, "gpu0")->window_ns, 0);
	assert_int_equal(channel(rig, "gpu0_power_average")->window_ns,
			 1000000000);
	assert_int_equal(ep_rig_channel(rig, "gpu0_power_instant"), -1);
	assert_true(ep_rig_noted(rig, "its total is its instant power"));
	assert_true(ep_rig_noted(rig, "not measured: energy (not supported)"));

	ep_sim_nvml_script(rig, "unsupported energy\nunsupported instant\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_int_equal(totals(rig), 1);
	assert_int_equal(channel(rig, "gpu0")->window_ns, 1000000000);
	assert_int_equal(ep_rig_channel(rig, "gpu0_power_average"), -1);
	assert_true(ep_rig_noted(rig, "its total is its averaged power"));
}

/* What nvmlDeviceGetPowerUsage means, by the chip. */
static void the_plain_power_by_chip(void **state)
{
	static const struct {
		const char *capability;
		int64_t window_ns;
	} cases[] = {
		{ "capability 7 5\n", 0 },
		{ "capability 8 0\n", 0 }, /* GA100 */
		{ "capability 8 6\n", 1000000000 },
		{ "capability 9 0\n", 1000000000 },
		{ "capability 12 0\n", 1000000000 },
		{ "unsupported capability\n", 1000000000 },
	};
	struct ep_rig *rig = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char script[160];

		snprintf(script, sizeof(script),
			 "%sunsupported energy\nunsupported instant\n"
			 "unsupported average\nprofile constant 88\n",
			 cases[i].capability);
		ep_sim_nvml_script(rig, script);
		assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
		assert_int_equal(channel(rig, "gpu0")->window_ns,
				 cases[i].window_ns);
		assert_int_equal(totals(rig), 1);
		assert_int_equal(ep_sim_nvml_poll(rig, 110), 10);
		ep_rig_assert_unproven(rig, "gpu0", 88000000);
	}
}

static void another_window_can_be_said(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(ep_sim_nvml_open(rig, "average_window=100ms"), 0);
	assert_int_equal(channel(rig, "gpu0_power_average")->window_ns,
			 100000000);
	assert_int_equal(channel(rig, "gpu0_power_instant")->window_ns, 0);
}

static void what_is_not_supported_has_no_channel(void **state)
{
	struct ep_rig *rig = *state;

	ep_sim_nvml_script(rig, "unsupported use\nunsupported temp\n"
				"unsupported throttle\nunsupported uuid\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_int_equal(rig->channel_count, 5);
	assert_int_equal(ep_rig_channel(rig, "gpu0_use"), -1);
	assert_true(ep_rig_noted(rig, "gpu0: not measured: use, memory_use, "
				      "temp, slowed_by (not supported)"));
	assert_int_equal(ep_sim_nvml_poll(rig, 110), 5);
}

static void no_power_means_no_total(void **state)
{
	struct ep_rig *rig = *state;

	ep_sim_nvml_script(rig, "unsupported energy\nunsupported instant\n"
				"unsupported average\nunsupported usage\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_int_equal(totals(rig), 0);
	assert_int_equal(ep_rig_channel(rig, "gpu0"), -1);
	assert_true(ep_rig_noted(rig, "it measures no power"));
}

static void a_counter_at_zero_is_none(void **state)
{
	struct ep_rig *rig = *state;

	ep_sim_nvml_script(rig, "energy_from 0\nenergy_fixed\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_int_equal(channel(rig, "gpu0")->quantity, EP_POWER_UW);
	assert_true(ep_rig_noted(rig, "not measured: energy (no value)"));
}

static void a_gpu_that_refuses_everything(void **state)
{
	static const char *const words[] = { "energy", "instant", "average",
					     "usage",  "use",	  "clock",
					     "temp",   "throttle" };
	struct ep_rig *rig = *state;
	char script[256] = "";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t used = strlen(script);

		snprintf(script + used, sizeof(script) - used, "denied %s\n",
			 words[i]);
	}
	ep_sim_nvml_script(rig, script);
	assert_int_equal(ep_sim_nvml_open(rig, ""), -ENXIO);
	assert_non_null(strstr(rig->err.text, "no GPU can be read"));
	assert_non_null(strstr(rig->err.text, "Permission denied"));
	assert_null(rig->sensor);
}

static void several_gpus(void **state)
{
	struct ep_rig *rig = *state;

	ep_sim_nvml_script(rig, "gpus 2\nprofile0 constant 50\n"
				"profile1 constant 70\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_int_equal(rig->channel_count, 24);
	assert_int_equal(totals(rig), 2);
	assert_int_equal(ep_sim_nvml_poll(rig, 110), 24);
	ep_rig_assert_unproven(rig, "gpu0_power_instant", 50000000);
	ep_rig_assert_unproven(rig, "gpu1_power_instant", 70000000);
	ep_rig_assert_unproven(rig, "gpu1", INT64_C(1000000000) + 7700000000);

	assert_int_equal(ep_sim_nvml_open(rig, "gpus=1"), 0);
	assert_int_equal(rig->channel_count, 12);
	assert_true(ep_rig_channel(rig, "gpu1") >= 0);
	assert_int_equal(ep_rig_channel(rig, "gpu0"), -1);
	assert_int_equal(ep_sim_nvml_open(rig, "gpus=0+1"), 0);
	assert_int_equal(rig->channel_count, 24);
	assert_int_equal(ep_sim_nvml_open(rig, "gpus=1+7"), 0);
	assert_true(ep_rig_noted(rig, "gpu7 left out: there is none"));
	assert_int_equal(ep_sim_nvml_open(rig, "gpus=5"), -ENXIO);
	assert_non_null(strstr(rig->err.text, "this machine has 2"));
}

static void more_gpus_than_are_read(void **state)
{
	struct ep_rig *rig = *state;

	ep_sim_nvml_script(rig, "gpus 18\nunsupported temp\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_int_equal(rig->channel_count, 16 * 11);
	assert_int_equal(totals(rig), 16);
	assert_true(ep_rig_channel(rig, "gpu15") >= 0);
	assert_true(ep_rig_noted(rig, "2 more GPUs left out: 16 are read"));
	/* said once, not for each of them */
	assert_true(ep_rig_noted(rig, "gpu0: not measured: temp"));
	assert_false(ep_rig_noted(rig, "gpu1: not measured: temp"));
}

static void reasons_for_lower_clocks_are_alarms(void **state)
{
	struct ep_rig *rig = *state;

	/* power cap, hardware, heat of the chip */
	ep_sim_nvml_script(rig, "throttle 76 120 121\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	ep_sim_nvml_poll(rig, 120.5);
	ep_rig_assert_unproven(rig, "gpu0_slowed_by_power_cap", 1);
	ep_rig_assert_unproven(rig, "gpu0_slowed_by_heat", 1);
	ep_rig_assert_unproven(rig, "gpu0_slowed_by_hardware", 1);
	ep_rig_assert_unproven(rig, "gpu0_slowed_by_power_brake", 0);
	ep_sim_nvml_poll(rig, 121.5);
	ep_rig_assert_unproven(rig, "gpu0_slowed_by_power_cap", 0);
	ep_rig_assert_unproven(rig, "gpu0_slowed_by_heat", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(the_energy_counter_is_the_total),
		T(readings_of_a_changing_load),
		T(the_best_that_is_left_is_the_total),
		T(the_plain_power_by_chip),
		T(another_window_can_be_said),
		T(what_is_not_supported_has_no_channel),
		T(no_power_means_no_total),
		T(a_counter_at_zero_is_none),
		T(a_gpu_that_refuses_everything),
		T(several_gpus),
		T(more_gpus_than_are_read),
		T(reasons_for_lower_clocks_are_alarms),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
