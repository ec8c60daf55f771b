/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "drivers/vmstat.h"
#include "sensors/table.h"

#define MIB ((int64_t)1 << 20)
/* The kernel keeps its counts per CPU and adds them up in batches. */
#define SLACK (2 * MIB)

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

static void touch(int64_t bytes)
{
	char *map = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map != MAP_FAILED)
		memset(map, 1, (size_t)bytes);
}

/* A process of 20 MiB that, told so, makes a child of 40 MiB more. */
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
		touch(20 * MIB);
		(void)!write(from[1], &byte, 1);
		(void)!read(to[0], &byte, 1);
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			touch(40 * MIB);
			(void)!write(from[1], &byte, 1);
		}
		for (;;)
			pause();
	}
	assert_int_equal(read(from[0], &byte, 1), 1);
	*ret_to = to[1];
	*ret_from = from[0];
	close(to[0]);
	close(from[1]);
	return pid;
}

static int64_t value(const struct ep_rig *rig, const char *name)
{
	const struct ep_sample *s = ep_rig_sample(rig, name);

	assert_non_null(s);
	assert_int_equal(s->flags, 0);
	return s->value;
}

static void sums_over_the_tree(void **state)
{
	struct ep_rig *rig = *state;
	int64_t rss, anon, peak, swapped, now_ns = EP_NS_PER_S;
	char byte = 0;
	int to, from;

	/* Its clock stands still: no read takes long on a busy machine. */
	rig->env.now_ns = ep_rig_now_ns;
	rig->env.target_pid = start(&to, &from);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_memory, ""), 0);
	assert_int_equal(ep_rig_poll_at(rig, now_ns), 8);
	rss = value(rig, "rss");
	anon = value(rig, "rss_anon");
	peak = value(rig, "peak");
	assert_true(anon >= 20 * MIB - SLACK);
	assert_true(rss >= anon + value(rig, "rss_file") - SLACK);
	assert_true(peak >= rss - SLACK);
	assert_int_equal(value(rig, "swap"), 0);
	assert_true(value(rig, "mem_available") > 0);
	assert_true(value(rig, "system_swap_used") >= 0);
	/* Since boot, by the whole machine. */
	assert_int_equal(ep_vmstat_swap_in(&swapped), 0);
	assert_in_range(value(rig, "system_swap_in"), 0, swapped);

	assert_int_equal(write(to, &byte, 1), 1);
	assert_int_equal(read(from, &byte, 1), 1);
	for (int i = 0; i < 3; i++) {
		now_ns += 1000 * EP_NS_PER_S;
		assert_int_equal(ep_rig_poll_at(rig, now_ns), 8);
	}
	assert_true(value(rig, "rss_anon") >= anon + 60 * MIB - 2 * SLACK);
	peak = value(rig, "peak");
	assert_true(peak >= 80 * MIB - 2 * SLACK);

	/* The parent ends, and with it the child: nothing left to measure. */
	kill(rig->env.target_pid, SIGKILL);
	assert_int_equal(waitpid(rig->env.target_pid, NULL, 0),
			 rig->env.target_pid);
	rig->env.target_pid = 0;
	close(to);
	assert_int_equal(read(from, &byte, 1), 0);
	close(from);
	for (int i = 0; i < 1000 && ep_rig_sample(rig, "rss"); i++) {
		now_ns += 1000 * EP_NS_PER_S;
		assert_true(ep_rig_poll_at(rig, now_ns) >= 3);
	}
	assert_null(ep_rig_sample(rig, "rss"));
	assert_null(ep_rig_sample(rig, "peak"));
	assert_non_null(ep_rig_sample(rig, "mem_available"));
}

static void a_zombie_is_not_zero_bytes(void **state)
{
	struct ep_rig *rig = *state;
	siginfo_t info;
	int to, from;

	rig->env.target_pid = start(&to, &from);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_memory, ""), 0);
	kill(rig->env.target_pid, SIGKILL);
	assert_int_equal(waitid(P_PID, (id_t)rig->env.target_pid, &info,
				WEXITED | WNOWAIT),
			 0);
	assert_int_equal(ep_rig_poll_at(rig, EP_NS_PER_S), 3);
	assert_null(ep_rig_sample(rig, "rss"));
	close(to);
	close(from);
}

static void the_whole_system(void **state)
{
	struct ep_rig *rig = *state;

	rig->env.system_wide = 1;
	assert_int_equal(ep_rig_open(rig, &ep_sensor_memory, ""), 0);
	assert_int_equal(rig->channel_count, 3);
	assert_int_equal(ep_rig_poll(rig), 3);
	assert_true(value(rig, "mem_available") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(sums_over_the_tree),
		T(a_zombie_is_not_zero_bytes),
		T(the_whole_system),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
