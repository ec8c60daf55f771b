/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings behind programs other than nvpmodel: jetson_clocks, systemctl. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/setting.h"
#include "tests/unit/support_programs.h"

#define POLICY "sys/devices/system/cpu/cpufreq/policy0/"
#define GPU "sys/class/devfreq/17000000.gpu/"
#define IDLE "sys/devices/system/cpu/cpu0/cpuidle/state0/disable"
#define STORE "var/lib/edgeprof/jetson_clocks.conf"

static const struct ep_setting_ops *const clocks = &ep_setting_jetson_clocks;
static const struct ep_setting_ops *const service = &ep_setting_service;

static int setup_clocks(void **state)
{
	struct programs *p;

	if (programs_setup(state) < 0)
		return -1;
	p = *state;
	programs_install(p, "jetson_clocks", "usr/bin/jetson_clocks");
	ep_tmp_puts(&p->tmp, POLICY "scaling_min_freq", "729600\n");
	ep_tmp_puts(&p->tmp, POLICY "scaling_max_freq", "1728000\n");
	ep_tmp_puts(&p->tmp, "sys/devices/system/cpu/cpu0/online", "1\n");
	ep_tmp_symlink(&p->tmp, "../cpufreq/policy0",
		       "sys/devices/system/cpu/cpu0/cpufreq");
	ep_tmp_puts(&p->tmp, IDLE, "0\n");
	ep_tmp_puts(&p->tmp, GPU "min_freq", "306000000\n");
	ep_tmp_puts(&p->tmp, GPU "max_freq", "1020000000\n");
	ep_tmp_puts(&p->tmp, GPU "device/of_node/name", "gpu\n");
	return 0;
}

static const char *read_clocks(struct programs *p)
{
	static char text[32];

	assert_true(clocks->read(&p->env, "", text, sizeof(text), &p->err) > 0);
	return text;
}

static void highest_clocks_and_back_to_what_was_stored(void **state)
{
	struct programs *p = *state;
	char was[32];

	assert_int_equal(clocks->save(&p->env, "", was, sizeof(was), &p->err),
			 3);
	assert_string_equal(was, "off");
	assert_string_equal(read_clocks(p), "off");
	assert_int_equal(clocks->write(&p->env, "", "on", &p->err), 0);
	assert_string_equal(read_clocks(p), "on");
	assert_string_equal(programs_get(p, GPU "min_freq"), "1020000000");
	assert_string_equal(programs_get(p, IDLE), "1");
	assert_int_equal(clocks->write(&p->env, "", was, &p->err), 0);
	assert_string_equal(read_clocks(p), "off");
	assert_string_equal(programs_get(p, POLICY "scaling_min_freq"),
			    "729600");
	assert_string_equal(programs_get(p, GPU "min_freq"), "306000000");
	assert_string_equal(programs_get(p, IDLE), "0");
	assert_true(programs_get(p, STORE)[0] != '\0');
	clocks->forget(&p->env, "", was);
	assert_string_equal(programs_get(p, STORE), "");
}

static void what_an_older_run_stored_is_replaced(void **state)
{
	struct programs *p = *state;
	char was[32];

	assert_int_equal(clocks->save(&p->env, "", was, sizeof(was), &p->err),
			 3);
	ep_tmp_puts(&p->tmp, POLICY "scaling_min_freq", "806400\n");
	assert_int_equal(clocks->save(&p->env, "", was, sizeof(was), &p->err),
			 3);
	assert_non_null(strstr(programs_get(p, STORE), ":806400"));
	assert_null(strstr(programs_get(p, STORE), ":729600"));
}

static void fixed_clocks_are_on_already(void **state)
{
	struct programs *p = *state;
	char was[32];

	ep_tmp_puts(&p->tmp, POLICY "scaling_min_freq", "1728000\n");
	assert_int_equal(clocks->save(&p->env, "", was, sizeof(was), &p->err),
			 2);
	assert_string_equal(was, "on");
	assert_string_equal(programs_get(p, STORE), "");
}

static void a_script_that_goes_on_after_errors_is_not_believed(void **state)
{
	struct programs *p = *state;
	char was[32];

	assert_int_equal(clocks->save(&p->env, "", was, sizeof(was), &p->err),
			 3);
	assert_int_equal(clocks->write(&p->env, "", "on", &p->err), 0);
	ep_tmp_puts(&p->tmp, "etc/jetson_clocks.fake", "fail\n");
	assert_int_equal(clocks->write(&p->env, "", was, &p->err), -EIO);
	programs_says(p, "--restore: Error: Failed to restore /sys/class/");
	clocks->forget(&p->env, "", was);
	assert_int_equal(clocks->write(&p->env, "", was, &p->err), -EIO);
	programs_says(p, "file not found");
}

static void without_the_script_it_is_said(void **state)
{
	struct programs *p = *state;
	char was[32];

	assert_int_equal(remove(ep_tmp_path(&p->tmp, "usr/bin/jetson_clocks")),
			 0);
	assert_int_equal(clocks->save(&p->env, "", was, sizeof(was), &p->err),
			 -ENOENT);
	programs_says(p, "no jetson_clocks");
}

static int setup_service(void **state)
{
	struct programs *p;

	if (programs_setup(state) < 0)
		return -1;
	p = *state;
	programs_install(p, "systemctl", "usr/bin/systemctl");
	ep_tmp_puts(&p->tmp, "run/units/cron", "active\n");
	ep_tmp_puts(&p->tmp, "run/units/apt-daily.timer", "activating\n");
	ep_tmp_puts(&p->tmp, "run/units/fwupd", "failed\n");
	return 0;
}

static void states_of_services(void **state)
{
	struct programs *p = *state;
	static const struct {
		const char *unit, *state;
	} cases[] = { { "cron", "active" },
		      { "apt-daily.timer", "active" },
		      { "fwupd", "inactive" } };
	char text[32];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(service->read(&p->env, cases[i].unit, text,
					       sizeof(text), &p->err),
				 strlen(cases[i].state));
		assert_string_equal(text, cases[i].state);
	}
	assert_int_equal(
		service->read(&p->env, "crond", text, sizeof(text), &p->err),
		-ENOENT);
	programs_says(p, "there is no service crond");
	assert_true(service->outlives_reboot);
}

static void a_service_is_stopped_and_started(void **state)
{
	struct programs *p = *state;

	assert_int_equal(service->write(&p->env, "cron", "inactive", &p->err),
			 0);
	assert_string_equal(programs_get(p, "run/units/cron"), "inactive");
	assert_int_equal(service->write(&p->env, "cron", "active", &p->err), 0);
	assert_string_equal(programs_get(p, "run/units/cron"), "active");
	assert_int_equal(service->write(&p->env, "crond", "inactive", &p->err),
			 -EIO);
	programs_says(p, "systemctl stop crond failed with status 5: Failed to "
			 "stop crond.service");
}

static void one_that_does_not_stop_still_reads_active(void **state)
{
	struct programs *p = *state;
	char text[32];

	ep_tmp_puts(&p->tmp, "run/units/cron", "stubborn\n");
	assert_int_equal(service->write(&p->env, "cron", "inactive", &p->err),
			 0);
	assert_int_equal(
		service->read(&p->env, "cron", text, sizeof(text), &p->err), 6);
	assert_false(ep_setting_took(service, "inactive", text));
}

static void names_are_names_and_nothing_else(void **state)
{
	static const char *const bad[] = { "",	      "-H",  "a b",
					   "*.timer", "a/b", "a;b" };
	struct programs *p = *state;
	char text[32];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(service->read(&p->env, bad[i], text,
					       sizeof(text), &p->err),
				 -EINVAL);
}

static void without_systemd_nothing_can_be_stopped(void **state)
{
	struct programs *p = *state;
	char text[32];

	ep_tmp_puts(&p->tmp, "usr/bin/systemctl",
		    "#!/bin/sh\necho 'System has not been booted with systemd "
		    "as init system (PID 1).'\nexit 1\n");
	assert_int_equal(
		service->read(&p->env, "cron", text, sizeof(text), &p->err),
		-EIO);
	programs_says(p, "not been booted with systemd");
	assert_int_equal(remove(ep_tmp_path(&p->tmp, "usr/bin/systemctl")), 0);
	assert_int_equal(
		service->read(&p->env, "cron", text, sizeof(text), &p->err),
		-ENOENT);
	programs_says(p, "no systemctl");
}

int main(void)
{
#define CLOCKS(name) \
	cmocka_unit_test_setup_teardown(name, setup_clocks, programs_teardown)
#define SERVICE(name) \
	cmocka_unit_test_setup_teardown(name, setup_service, programs_teardown)
	const struct CMUnitTest tests[] = {
		CLOCKS(highest_clocks_and_back_to_what_was_stored),
		CLOCKS(what_an_older_run_stored_is_replaced),
		CLOCKS(fixed_clocks_are_on_already),
		CLOCKS(a_script_that_goes_on_after_errors_is_not_believed),
		CLOCKS(without_the_script_it_is_said),
		SERVICE(states_of_services),
		SERVICE(a_service_is_stopped_and_started),
		SERVICE(one_that_does_not_stop_still_reads_active),
		SERVICE(names_are_names_and_nothing_else),
		SERVICE(without_systemd_nothing_can_be_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
