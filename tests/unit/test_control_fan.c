/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_control.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define HWMON "sys/class/hwmon/hwmon2/"
#define ZONE "sys/class/thermal/thermal_zone0/"

static const struct ep_control full = { .fan = "full" };
static const struct ep_control automatic = { .fan = "auto" };

static void add_fan(struct control_fixture *f, const char *name,
		    const char *mode)
{
	ep_tmp_puts(&f->tmp, HWMON "name", name);
	ep_tmp_puts(&f->tmp, HWMON "pwm1", "75\n");
	if (mode)
		ep_tmp_puts(&f->tmp, HWMON "pwm1_enable", mode);
}

static void add_zone(struct control_fixture *f, const char *policies,
		     const char *second_device)
{
	ep_tmp_puts(&f->tmp, ZONE "type", "cpu-thermal\n");
	ep_tmp_puts(&f->tmp, ZONE "mode", "enabled\n");
	ep_tmp_puts(&f->tmp, ZONE "policy", "step_wise\n");
	ep_tmp_puts(&f->tmp, ZONE "available_policies", policies);
	ep_tmp_puts(&f->tmp, ZONE "cdev0/type", "pwm-fan\n");
	ep_tmp_puts(&f->tmp, ZONE "cdev0_trip_point", "1\n");
	if (second_device)
		ep_tmp_puts(&f->tmp, ZONE "cdev1/type", second_device);
}

static void a_chips_fan_gets_its_mode_and_then_its_duty(void **state)
{
	struct control_fixture *f = *state;

	assert_int_equal(control_plan(f, &full), -ENODEV);
	add_fan(f, "nct6775\n", "5\n");
	assert_int_equal(control_plan(f, &full), 0);
	assert_int_equal(f->list.count, 2);
	control_expect(f, 0, "/pwm1_enable", "1");
	control_expect(f, 1, "/pwm1", "255");
	assert_int_equal(control_plan(f, &(struct ep_control){ .fan = "60%" }),
			 0);
	control_expect(f, 1, "/pwm1", "153");
	/* It has automatic modes of its own. */
	assert_int_equal(control_plan(f, &automatic), 0);
	assert_int_equal(f->list.count, 0);
	assert_non_null(strstr(f->notes.text[0], "automatic already"));
	add_fan(f, "nct6775\n", "1\n");
	assert_int_equal(control_plan(f, &automatic), 0);
	assert_int_equal(f->list.count, 1);
	control_expect(f, 0, "/pwm1_enable", "2");
	for (size_t i = 0; i < 4; i++) {
		static const char *const bad[] = { "101%", "fast", "%", "60" };

		assert_int_equal(
			control_plan(f, &(struct ep_control){ .fan = bad[i] }),
			-EINVAL);
	}
}

static void what_cannot_be_written_is_no_fan_to_set(void **state)
{
	struct control_fixture *f = *state;

	add_fan(f, "nouveau\n", NULL);
	assert_int_equal(chmod(ep_tmp_path(&f->tmp, HWMON "pwm1"), 0444), 0);
	assert_int_equal(control_plan(f, &full), -ENODEV);
}

static void the_mode_of_a_pwm_fan_is_another_thing(void **state)
{
	struct control_fixture *f = *state;

	add_fan(f, "pwmfan\n", "2\n");
	assert_int_equal(control_plan(f, &full), 0);
	assert_int_equal(f->list.count, 1);
	control_expect(f, 0, "/pwm1", "255");
	add_fan(f, "pwmfan\n", "0\n");
	assert_int_equal(control_plan(f, &full), 0);
	assert_int_equal(f->list.count, 2);
	control_expect(f, 0, "/pwm1_enable", "1");
	assert_int_equal(control_plan(f, &automatic), 0);
	assert_int_equal(f->list.count, 0);
	assert_non_null(strstr(f->notes.text[0], "left to the kernel"));
}

static void a_zone_that_drives_only_fans_is_held(void **state)
{
	struct control_fixture *f = *state;

	add_fan(f, "pwmfan\n", "1\n");
	add_zone(f, "step_wise \n", NULL);
	assert_int_equal(control_plan(f, &full), 0);
	assert_int_equal(f->list.count, 2);
	control_expect(f, 0, "/thermal_zone0/mode", "disabled");
	control_expect(f, 1, "/pwm1", "255");
	assert_non_null(strstr(f->notes.text[0], "does not drive the fan"));
	/* This one still acts on critical temperatures. */
	add_zone(f, "bang_bang user_space step_wise\n", NULL);
	assert_int_equal(control_plan(f, &full), 0);
	control_expect(f, 0, "/thermal_zone0/policy", "user_space");
	assert_int_equal(control_plan(f, &automatic), 0);
	assert_int_equal(f->list.count, 0);
}

static void a_zone_that_protects_more_goes_on(void **state)
{
	struct control_fixture *f = *state;

	add_fan(f, "pwmfan\n", "1\n");
	add_zone(f, "user_space step_wise\n", "cpufreq-cpu0\n");
	assert_int_equal(control_plan(f, &full), 0);
	assert_int_equal(f->list.count, 1);
	control_expect(f, 0, "/pwm1", "255");
	assert_non_null(strstr(f->notes.text[0], "protects other parts too"));
}

static void daemons_that_would_set_it_again_are_stopped(void **state)
{
	struct control_fixture *f = *state;

	add_fan(f, "pwmfan\n", "1\n");
	ep_tmp_puts(&f->tmp, "usr/sbin/nvfancontrol", "");
	ep_tmp_puts(&f->tmp, "usr/bin/systemctl",
		    "#!/bin/sh\n"
		    "echo LoadState=loaded\n"
		    "echo ActiveState=active\n");
	assert_int_equal(chmod(ep_tmp_path(&f->tmp, "usr/bin/systemctl"), 0755),
			 0);
	assert_int_equal(control_plan(f, &full), 0);
	assert_int_equal(f->list.count, 2);
	assert_string_equal(f->list.items[0].ops->name, "service");
	control_expect(f, 0, "nvfancontrol", "inactive");
	control_expect(f, 1, "/pwm1", "255");
}

static void the_fan_of_l4t_32(void **state)
{
	struct control_fixture *f = *state;

	ep_tmp_puts(&f->tmp, "sys/devices/pwm-fan/target_pwm", "80\n");
	ep_tmp_puts(&f->tmp, "sys/devices/pwm-fan/temp_control", "1\n");
	assert_int_equal(control_plan(f, &full), 0);
	assert_int_equal(f->list.count, 2);
	control_expect(f, 0, "/temp_control", "0");
	control_expect(f, 1, "/target_pwm", "255");
	assert_int_equal(control_plan(f, &automatic), 0);
	control_expect(f, 0, "/temp_control", "1");
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, control_setup, control_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_chips_fan_gets_its_mode_and_then_its_duty),
		TEST(what_cannot_be_written_is_no_fan_to_set),
		TEST(the_mode_of_a_pwm_fan_is_another_thing),
		TEST(a_zone_that_drives_only_fans_is_held),
		TEST(a_zone_that_protects_more_goes_on),
		TEST(daemons_that_would_set_it_again_are_stopped),
		TEST(the_fan_of_l4t_32),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
