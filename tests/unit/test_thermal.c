/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensors/table.h"

#define ZONE "sys/class/thermal/thermal_zone"

static void every_zone_is_a_channel(void **state)
{
	struct ep_rig *rig = *state;

	ep_tmp_puts(&rig->tmp, ZONE "0/type", "cpu-thermal\n");
	ep_tmp_puts(&rig->tmp, ZONE "0/temp", "48312\n");
	ep_tmp_puts(&rig->tmp, ZONE "10/type", "acpitz\n");
	ep_tmp_puts(&rig->tmp, ZONE "10/temp", "-5000\n");
	ep_tmp_puts(&rig->tmp, ZONE "2/type", "acpitz\n");
	ep_tmp_puts(&rig->tmp, ZONE "2/temp", "30000\n");
	ep_tmp_puts(&rig->tmp, "sys/class/thermal/cooling_device0/type", "Fan");
	assert_int_equal(ep_sensor_thermal.probe(&rig->env, &rig->err), 3);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_thermal, ""), 0);
	assert_int_equal(rig->channel_count, 3);
	assert_string_equal(rig->channels[0].name, "cpu_thermal");
	assert_string_equal(rig->channels[1].name, "acpitz");
	assert_string_equal(rig->channels[2].name, "acpitz_2");
	assert_int_equal(rig->channels[0].quantity, EP_TEMP_MC);
	assert_int_equal(ep_rig_poll(rig), 3);
	assert_int_equal(ep_rig_sample(rig, "cpu_thermal")->value, 48312);
	assert_int_equal(ep_rig_sample(rig, "acpitz")->value, 30000);
	assert_int_equal(ep_rig_sample(rig, "acpitz_2")->value, -5000);
	assert_int_equal(ep_rig_sample(rig, "acpitz")->flags,
			 EP_SAMPLE_UNPROVEN);
}

static void a_zone_that_is_off_is_named(void **state)
{
	struct ep_rig *rig = *state;

	ep_tmp_puts(&rig->tmp, ZONE "0/type", "gpu-thermal\n");
	ep_tmp_puts(&rig->tmp, ZONE "0/temp", "");
	ep_tmp_puts(&rig->tmp, ZONE "1/temp", "1\n");
	ep_tmp_puts(&rig->tmp, ZONE "2/type", "no-temp\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_thermal, ""), 0);
	assert_int_equal(rig->channel_count, 1);
	assert_string_equal(rig->channels[0].name, "thermal_zone1");
	assert_true(ep_rig_noted(rig, "gpu-thermal left out: No data"));
	assert_true(ep_rig_noted(rig, "no-temp left out: No such file"));
}

static void a_zone_that_fails_and_heals(void **state)
{
	struct ep_rig *rig = *state;

	ep_tmp_puts(&rig->tmp, ZONE "0/type", "cpu\n");
	ep_tmp_puts(&rig->tmp, ZONE "0/temp", "1000\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_thermal, ""), 0);
	ep_tmp_puts(&rig->tmp, ZONE "0/temp", "hot\n");
	assert_int_equal(ep_rig_poll(rig), -EBADMSG);
	assert_int_equal(rig->samples[0].flags, EP_SAMPLE_ERROR);
	ep_tmp_puts(&rig->tmp, ZONE "0/temp", "2000\n");
	assert_int_equal(ep_rig_poll(rig), 1);
	assert_int_equal(rig->samples[0].value, 2000);
}

static void no_zone(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(ep_sensor_thermal.probe(&rig->env, &rig->err), 0);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_thermal, ""), -ENODEV);
	assert_non_null(strstr(rig->err.text, "no thermal zone"));
	ep_tmp_puts(&rig->tmp, ZONE "0/temp", "");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_thermal, ""), -ENODEV);
	assert_non_null(strstr(rig->err.text, "no zone can be read"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, ep_rig_setup, ep_rig_teardown)
		T(every_zone_is_a_channel),
		T(a_zone_that_is_off_is_named),
		T(a_zone_that_fails_and_heals),
		T(no_zone),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
