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

#define BELOW "usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1"

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

static unsigned flags_of(const struct ep_rig *rig, const char *name)
{
	const struct ep_sample *s = ep_rig_sample(rig, name);

	assert_non_null(s);
	return s->flags;
}

static void wrong_keys_are_refused(void **state)
{
	static const char *const wrong[] = { "gpus=",
					     "gpus=a",
					     "gpus=0+",
					     "gpus=-1",
					     "gpus=16",
					     "gpus=0 1",
					     "period=0s",
					     "period=1h",
					     "period=50",
					     "gain_percent=101",
					     "gain_percent=nan",
					     "average_window=2m" };
	struct ep_rig *rig = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_true(ep_sim_nvml_open(rig, wrong[i]) == -EINVAL ||
			    ep_sim_nvml_open(rig, wrong[i]) == -ERANGE);
}

static void a_lost_gpu_leaves_the_other_alone(void **state)
{
	struct ep_rig *rig = *state;

	ep_sim_nvml_script(rig, "gpus 2\nlost 0 120 125\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_int_equal(ep_sim_nvml_poll(rig, 119), 24);
	assert_int_equal(ep_sim_nvml_poll(rig, 120.1), 24);
	assert_int_equal(flags_of(rig, "gpu0"), EP_SAMPLE_ERROR);
	assert_int_equal(flags_of(rig, "gpu0_temp"), EP_SAMPLE_ERROR);
	assert_int_equal(flags_of(rig, "gpu1"), EP_SAMPLE_UNPROVEN);
	/* looked for every second, then less often: 121.1, 123.1, 127.1 */
	for (double s = 120.2; s < 127; s += 0.5) {
		ep_sim_nvml_poll(rig, s);
		assert_int_equal(flags_of(rig, "gpu0"), EP_SAMPLE_ERROR);
		assert_int_equal(flags_of(rig, "gpu1"), EP_SAMPLE_UNPROVEN);
	}
	assert_int_equal(ep_sim_nvml_poll(rig, 128), 24);
	assert_int_equal(flags_of(rig, "gpu0"),
			 EP_SAMPLE_UNPROVEN | EP_SAMPLE_GAP);
	assert_int_equal(flags_of(rig, "gpu1"), EP_SAMPLE_UNPROVEN);
	ep_sim_nvml_poll(rig, 128.1);
	assert_int_equal(flags_of(rig, "gpu0"), EP_SAMPLE_UNPROVEN);
}

static void a_reloaded_driver_is_found_again(void **state)
{
	struct ep_rig *rig = *state;
	double s;

	ep_sim_nvml_script(rig, "gpus 2\nunload 120 123\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_int_equal(ep_sim_nvml_poll(rig, 120.1), -ESHUTDOWN);
	assert_int_equal(rig->sample_count, 24);
	for (s = 120.5; s < 123; s += 0.5)
		assert_true(ep_sim_nvml_poll(rig, s) < 0);
	for (; s < 140 && ep_sim_nvml_poll(rig, s) < 0; s += 0.5)
		;
	assert_true(s < 140);
	assert_int_equal(flags_of(rig, "gpu1"),
			 EP_SAMPLE_UNPROVEN | EP_SAMPLE_GAP);
	/* the counter began anew */
	assert_true(ep_rig_sample(rig, "gpu1")->value < 2000000000);
	assert_int_equal(ep_sim_nvml_poll(rig, s + 0.1), 24);
	assert_int_equal(flags_of(rig, "gpu1"), EP_SAMPLE_UNPROVEN);
}

static void passing_faults_are_errors_and_heal(void **state)
{
	struct ep_rig *rig = *state;

	ep_sim_nvml_script(rig, "zero 120 121\ngarbage 130 131\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_int_equal(ep_sim_nvml_poll(rig, 120.5), 12);
	assert_int_equal(flags_of(rig, "gpu0_power_instant"), EP_SAMPLE_ERROR);
	assert_int_equal(flags_of(rig, "gpu0"), EP_SAMPLE_UNPROVEN);
	assert_int_equal(ep_sim_nvml_poll(rig, 130.5), 12);
	assert_int_equal(flags_of(rig, "gpu0"), EP_SAMPLE_ERROR);
	assert_int_equal(ep_rig_sample(rig, "gpu0")->value, 0);
	assert_int_equal(flags_of(rig, "gpu0_temp"), EP_SAMPLE_UNPROVEN);
	ep_sim_nvml_poll(rig, 131.5);
	assert_int_equal(flags_of(rig, "gpu0"), EP_SAMPLE_UNPROVEN);
}

static void slow_calls_are_made_less_often(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_true(rig->ops->period_ns(rig->sensor) >= 50000000);
	assert_int_equal(ep_sim_nvml_open(rig, "period=2s"), 0);
	assert_int_equal(rig->ops->period_ns(rig->sensor), 2000000000);
	ep_sim_nvml_script(rig, "slow 0.02\n");
	assert_int_equal(ep_sim_nvml_open(rig, ""), 0);
	assert_true(rig->ops->period_ns(rig->sensor) >= 100000000);
	assert_true(rig->ops->period_ns(rig->sensor) <= 500000000);
	assert_true(ep_rig_noted(rig, "a round of readings takes"));
}

static void a_redirected_board_has_its_own_library(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(ep_rig_open(rig, &ep_sensor_nvml_gpu, ""), -ELIBACC);
	assert_non_null(strstr(rig->err.text, "below EDGEPROF_ROOT"));
	ep_sim_nvml_copy(rig, BELOW);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_nvml_gpu, ""), 0);
	assert_int_equal(rig->channel_count, 12);
}

static void a_board_files_library_lies_below_the_root(void **state)
{
	struct ep_rig *rig = *state;
	struct ep_sensor *sensor = NULL;
	struct ep_conf *conf = NULL;

	assert_int_equal(ep_conf_from_options("my.board",
					      "library=/opt/nvml.so", &conf,
					      NULL),
			 0);
	assert_int_equal(ep_sensor_nvml_gpu.open(&rig->env, conf, &sensor,
						 &rig->notes, &rig->err),
			 -ELIBACC);
	assert_non_null(strstr(rig->err.text, "/opt/nvml.so"));
	ep_sim_nvml_copy(rig, "opt/nvml.so");
	assert_int_equal(ep_sensor_nvml_gpu.open(&rig->env, conf, &sensor,
						 &rig->notes, &rig->err),
			 0);
	ep_sensor_nvml_gpu.close(sensor);
	ep_conf_free(conf);
}

static void probing_needs_a_sign_of_the_driver(void **state)
{
	struct ep_rig *rig = *state;

	ep_sim_nvml_script(rig, "gpus 2\n");
	ep_sim_nvml_copy(rig, BELOW);
	assert_int_equal(ep_sensor_nvml_gpu.probe(&rig->env, &rig->err), 0);
	ep_tmp_puts(&rig->tmp, "proc/driver/nvidia/version", "550\n");
	assert_int_equal(ep_sensor_nvml_gpu.probe(&rig->env, &rig->err), 2);
	ep_sim_nvml_script(rig, "fail_init 18\n");
	assert_int_equal(ep_sensor_nvml_gpu.probe(&rig->env, &rig->err),
			 -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(wrong_keys_are_refused),
		T(a_lost_gpu_leaves_the_other_alone),
		T(a_reloaded_driver_is_found_again),
		T(passing_faults_are_errors_and_heal),
		T(slow_calls_are_made_less_often),
		T(a_redirected_board_has_its_own_library),
		T(a_board_files_library_lies_below_the_root),
		T(probing_needs_a_sign_of_the_driver),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
