/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/table.h"
#include "tests/unit/support_helper.h"

#define MS EP_NS_PER_MS

static int setup(void **state)
{
	static struct ep_rig rig;

	ep_rig_make(&rig);
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

/* A child that spins, or waits. */
static pid_t start(bool spins)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (!spins)
			pause();
		for (;;)
			ep_helper_burn(MS);
	}
	assert_true(pid > 0);
	return pid;
}

static void a_spinning_program(void **state)
{
	struct ep_rig *rig = *state;
	int64_t first_ns = -1, last_ns = 0;
	bool seen_busy = false;

	rig->env.target_pid = start(true);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_cpu_use, ""), 0);
	assert_true(ep_rig_channel(rig, "tree_busy") >= 0);
	assert_true(rig->channels[0].refresh_ns > 0);
	assert_int_equal(rig->channels[0].shape, EP_COUNTER);
	while (last_ns - first_ns < 100 * MS || !seen_busy) {
		const struct ep_sample *s;

		assert_true(ep_rig_poll(rig) >= 0);
		s = ep_rig_sample(rig, "tree_busy");
		if (s) {
			assert_true(s->value >= last_ns);
			assert_int_equal(s->flags, 0);
			last_ns = s->value;
			first_ns = first_ns < 0 ? last_ns : first_ns;
		}
		s = ep_rig_sample(rig, "threads_busy");
		if (s) {
			assert_in_range(s->value, 0, 1);
			seen_busy = seen_busy || s->value == 1;
		}
	}
	kill(rig->env.target_pid, SIGKILL);
	assert_int_equal(waitpid(rig->env.target_pid, NULL, 0),
			 rig->env.target_pid);
	rig->env.target_pid = 0;
	assert_true(ep_rig_poll(rig) >= 0);
	assert_true(ep_rig_sample(rig, "tree_busy")->value >= last_ns);
}

static void a_program_that_comes_later(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(ep_rig_open(rig, &ep_sensor_cpu_use, ""), 0);
	assert_int_equal(ep_rig_poll(rig), 0);
	rig->env.target_pid = start(false);
	assert_true(ep_rig_poll(rig) >= 1);
	assert_non_null(ep_rig_sample(rig, "tree_busy"));
}

static void put_idle(const struct ep_rig *rig, const char *us)
{
	ep_tmp_puts(&rig->tmp,
		    "sys/devices/system/cpu/cpu0/cpuidle/state0/time", us);
}

static bool has_schedstat(const struct ep_rig *rig)
{
	return !ep_rig_noted(rig, "system_busy left out") &&
	       access("/proc/schedstat", R_OK) == 0;
}

static void system_time_comes_from_the_idle_states(void **state)
{
	struct ep_rig *rig = *state;
	const struct ep_sample *s;

	ep_rig_time_ns = EP_NS_PER_S;
	rig->env.now_ns = ep_rig_now_ns;
	rig->env.system_wide = 1;
	put_idle(rig, "1000\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_cpu_use, ""), 0);
	if (has_schedstat(rig)) {
		print_message("SKIP: this kernel has /proc/schedstat, which "
			      "is taken first\n");
		skip();
	}
	assert_int_equal(rig->channel_count, 1);
	assert_int_equal(ep_rig_poll(rig), 1);
	ep_rig_time_ns += 100 * MS;
	put_idle(rig, "2000\n");
	assert_int_equal(ep_rig_poll(rig), 1);
	ep_rig_time_ns += 100 * MS;
	put_idle(rig, "12000\n");
	assert_int_equal(ep_rig_poll(rig), 1);
	ep_rig_time_ns += 100 * MS;
	put_idle(rig, "13000\n");
	assert_int_equal(ep_rig_poll(rig), 1);
	s = ep_rig_sample(rig, "system_busy");
	assert_non_null(s);
	/* 100 ms between reads, 11 ms of them idle, less what is not sure */
	assert_int_equal(s->value, 89 * MS);
	put_idle(rig, "junk\n");
	assert_int_equal(ep_rig_poll(rig), 1);
	assert_int_equal(ep_rig_sample(rig, "system_busy")->flags,
			 EP_SAMPLE_ERROR);
}

static void nothing_to_tell_the_whole_system_by(void **state)
{
	struct ep_rig *rig = *state;

	if (access("/proc/schedstat", R_OK) == 0) {
		print_message("SKIP: this kernel has /proc/schedstat\n");
		skip();
	}
	rig->env.system_wide = 1;
	assert_int_equal(ep_rig_open(rig, &ep_sensor_cpu_use, ""), -ENOTSUP);
	assert_non_null(strstr(rig->err.text, "cpuidle"));
	rig->env.system_wide = 0;
	assert_int_equal(ep_rig_open(rig, &ep_sensor_cpu_use, ""), 0);
	assert_int_equal(rig->channel_count, 2);
	assert_true(ep_rig_noted(rig, "system_busy left out"));
}

static void a_program_that_is_already_gone(void **state)
{
	struct ep_rig *rig = *state;
	pid_t pid = start(false);

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	rig->env.target_pid = pid;
	assert_int_equal(ep_rig_open(rig, &ep_sensor_cpu_use, ""), -ESRCH);
	rig->env.target_pid = 0;
	assert_null(rig->sensor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(a_spinning_program),
		T(a_program_that_comes_later),
		T(system_time_comes_from_the_idle_states),
		T(nothing_to_tell_the_whole_system_by),
		T(a_program_that_is_already_gone),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
