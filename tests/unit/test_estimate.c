/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/table.h"
#include "tests/unit/support_helper.h"

#define MS EP_NS_PER_MS
#define IDLE "sys/devices/system/cpu/cpu0/cpuidle/state0/time"

static int setup(void **state)
{
	static struct ep_rig rig;

	ep_rig_make(&rig);
	ep_rig_time_ns = EP_NS_PER_S;
	rig.env.now_ns = ep_rig_now_ns;
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	struct ep_rig *rig = *state;

	if (rig->env.target_pid > 0) {
		kill(rig->env.target_pid, SIGKILL);
		waitpid(rig->env.target_pid, NULL, 0);
	}
	ep_rig_end(rig);
	return 0;
}

static bool no_schedstat(void)
{
	return access("/proc/schedstat", R_OK) != 0;
}

static void the_model_is_idle_plus_busy_time(void **state)
{
	struct ep_rig *rig = *state;

	if (!no_schedstat()) {
		print_message("SKIP: this kernel has /proc/schedstat, which "
			      "is taken before the fixture\n");
		skip();
	}
	rig->env.system_wide = 1;
	ep_tmp_puts(&rig->tmp, IDLE, "0\n");
	assert_int_equal(
		ep_rig_open(rig, &ep_sensor_estimate,
			    "idle_w=2,busy_w_per_core=4,gain_percent=12.5"),
		0);
	assert_int_equal(rig->channel_count, 1);
	assert_string_equal(rig->channels[0].name, "total");
	assert_int_equal(rig->channels[0].quantity, EP_ENERGY_UJ);
	assert_int_equal(rig->channels[0].shape, EP_COUNTER);
	assert_int_equal(rig->channels[0].role, EP_ROLE_TOTAL);
	assert_int_equal(rig->channels[0].flags, EP_CHANNEL_ESTIMATED);
	assert_int_equal(rig->channels[0].gain_ppm, 125000);
	/* Idle states tell late: nothing is known of shorter stretches. */
	assert_int_equal(rig->channels[0].refresh_ns, 100 * MS);
	assert_int_equal(rig->channels[0].resolution, 400000);
	assert_true(ep_rig_noted(rig, "estimated, not measured"));
	assert_true(ep_rig_noted(rig, "cpuidle"));
	assert_int_equal(rig->notes.count, 1);
	assert_int_equal(ep_rig_poll(rig), 1);
	assert_int_equal(rig->samples[0].value, 0);
	/* The idle states tell late, by one read. */
	ep_rig_time_ns += 1000 * MS;
	ep_tmp_puts(&rig->tmp, IDLE, "1\n");
	assert_int_equal(ep_rig_poll(rig), 1);
	assert_int_equal(rig->samples[0].value, 2000000);
	ep_rig_time_ns += 1000 * MS;
	ep_tmp_puts(&rig->tmp, IDLE, "250000\n");
	assert_int_equal(ep_rig_poll(rig), 1);
	assert_int_equal(rig->samples[0].value, 2 * 2000000);
	ep_rig_time_ns += 1000 * MS;
	ep_tmp_puts(&rig->tmp, IDLE, "250001\n");
	assert_int_equal(ep_rig_poll(rig), 1);
	assert_int_equal(rig->samples[0].value, 3 * 2000000 + 750 * 4000);
	assert_int_equal(rig->samples[0].flags, 0);
	ep_tmp_puts(&rig->tmp, IDLE, "never\n");
	assert_int_equal(ep_rig_poll(rig), -EBADMSG);
	assert_int_equal(rig->samples[0].flags, EP_SAMPLE_ERROR);
}

/* A child that has burnt 50 ms when told to. */
static pid_t start(int *ret_to, int *ret_from)
{
	int to[2], from[2];
	char byte = 0;
	pid_t pid;

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)!read(to[0], &byte, 1);
		ep_helper_burn(50 * MS);
		(void)!write(from[1], &byte, 1);
		for (;;)
			pause();
	}
	*ret_to = to[1];
	*ret_from = from[0];
	return pid;
}

static void without_system_time_the_program_alone_counts(void **state)
{
	struct ep_rig *rig = *state;
	char byte = 0;
	int to, from;

	if (!no_schedstat()) {
		print_message("SKIP: this kernel has /proc/schedstat\n");
		skip();
	}
	assert_int_equal(ep_rig_open(rig, &ep_sensor_estimate,
				     "idle_w=1,busy_w_per_core=10"),
			 0);
	assert_true(ep_rig_noted(rig, "the program alone"));
	/* before there is a program: idle power only */
	ep_rig_time_ns += 1000 * MS;
	assert_int_equal(ep_rig_poll(rig), 1);
	assert_int_equal(rig->samples[0].value, 1000000);
	rig->env.target_pid = start(&to, &from);
	ep_rig_time_ns += 1000 * MS;
	assert_int_equal(ep_rig_poll(rig), 1);
	assert_int_equal(rig->samples[0].value, 2000000);
	assert_int_equal(write(to, &byte, 1), 1);
	assert_int_equal(read(from, &byte, 1), 1);
	ep_rig_time_ns += 1000 * MS;
	assert_int_equal(ep_rig_poll(rig), 1);
	/* 50 ms at 10 W, to the scheduler's tick */
	assert_in_range(rig->samples[0].value, 3000000 + 490000,
			3000000 + 900000);
	close(to);
	close(from);
}

static void defaults_are_called_illustrative(void **state)
{
	struct ep_rig *rig = *state;

	rig->env.now_ns = ep_clock_monotonic_ns;
	assert_int_equal(ep_rig_open(rig, &ep_sensor_estimate, ""), 0);
	assert_true(ep_rig_noted(rig, "illustrative"));
	assert_int_equal(rig->channels[0].gain_ppm, 300000);
}

static void bad_coefficients(void **state)
{
	static const char *const bad[] = {
		"idle_w=-1",	     "idle_w=nan",	  "idle_w=1e9",
		"busy_w_per_core=x", "gain_percent=-0.5", "busy_w_per_core=",
		"gain_percent=0x10", "idle_w=1.5W",
	};
	struct ep_rig *rig = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char key[32];

		snprintf(key, sizeof(key), "%.*s", (int)strcspn(bad[i], "="),
			 bad[i]);
		assert_true(ep_rig_open(rig, &ep_sensor_estimate, bad[i]) < 0);
		assert_null(rig->sensor);
		assert_non_null(strstr(rig->err.text, key));
		assert_true(ep_sensor_estimate.check(rig->conf, &rig->err) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(the_model_is_idle_plus_busy_time),
		T(without_system_time_the_program_alone_counts),
		T(defaults_are_called_illustrative),
		T(bad_coefficients),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
