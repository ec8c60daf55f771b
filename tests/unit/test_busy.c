/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/busy.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/support_tmp.h"

#define MS EP_NS_PER_MS
#define CPU "sys/devices/system/cpu/"

struct rig {
	struct ep_tmp tmp;
	struct ep_root root;
	struct ep_busy *busy;
};

static int setup(void **state)
{
	static struct rig rig;

	memset(&rig, 0, sizeof(rig));
	ep_tmp_make(&rig.tmp);
	*state = &rig;
	return ep_root_open(&rig.root, rig.tmp.path, NULL);
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	ep_busy_close(rig->busy);
	ep_root_close(&rig->root);
	ep_tmp_remove(&rig->tmp);
	return 0;
}

static void put_idle(const struct rig *rig, int cpu, int64_t idle_ms)
{
	char path[80], text[32];

	snprintf(path, sizeof(path), CPU "cpu%d/cpuidle/state0/time", cpu);
	ep_tmp_puts(&rig->tmp, path, "5000\n");
	snprintf(path, sizeof(path), CPU "cpu%d/cpuidle/state1/time", cpu);
	snprintf(text, sizeof(text), "%" PRId64 "\n", idle_ms * 1000);
	ep_tmp_puts(&rig->tmp, path, text);
}

static int64_t busy_ns(struct rig *rig, int64_t now_ms, int64_t witness_ms,
		       int expected)
{
	int64_t value_ns = -1;

	assert_int_equal(ep_busy_read(rig->busy, now_ms * MS, witness_ms * MS,
				      &value_ns),
			 expected);
	return value_ns;
}

static void idle_time_that_grows_proves_busy_time(void **state)
{
	struct rig *rig = *state;

	put_idle(rig, 0, 1000);
	put_idle(rig, 1, 2000);
	assert_int_equal(ep_busy_open_cpuidle(&rig->root, &rig->busy), 0);
	assert_string_equal(ep_busy_source(rig->busy), "cpuidle");
	assert_int_equal(busy_ns(rig, 10000, 0, 0), 0);
	/* Nothing moved: both may be asleep or at work. */
	assert_int_equal(busy_ns(rig, 10010, 0, 0), 0);
	/* CPU 0 idled 4 ms of the 20; at least 6 of the first 10 were work. */
	put_idle(rig, 0, 1004);
	assert_int_equal(busy_ns(rig, 10020, 0, 0), 6 * MS);
	/* CPU 1 woke up from a sleep that began before the first read. */
	put_idle(rig, 1, 2500);
	assert_int_equal(busy_ns(rig, 10030, 0, 0), 6 * MS);
	/* From then on its work counts. */
	put_idle(rig, 1, 2505);
	assert_int_equal(busy_ns(rig, 10130, 0, 0), 6 * MS);
	put_idle(rig, 1, 2510);
	assert_int_equal(busy_ns(rig, 10230, 0, 0), (6 + 90) * MS);
}

/* Idle processors that wake up at odd instants must not seem to work. */
static void an_idle_machine_stays_at_nothing(void **state)
{
	struct rig *rig = *state;
	int64_t woken_ms = 0, last_ns = 0;

	put_idle(rig, 0, 0);
	assert_int_equal(ep_busy_open_cpuidle(&rig->root, &rig->busy), 0);
	for (int64_t now_ms = 1000; now_ms < 11000; now_ms += 10) {
		int64_t value_ns;

		/* sleeps of 7 to 130 ms, one after the other */
		while (woken_ms + 7 + woken_ms % 124 <= now_ms)
			woken_ms += 7 + woken_ms % 124;
		put_idle(rig, 0, woken_ms);
		value_ns = busy_ns(rig, now_ms, 0, 0);
		assert_true(value_ns >= last_ns);
		last_ns = value_ns;
	}
	assert_int_equal(last_ns, 0);
}

static void a_witness_brings_work_forward_once(void **state)
{
	struct rig *rig = *state;

	put_idle(rig, 0, 0);
	assert_int_equal(ep_busy_open_cpuidle(&rig->root, &rig->busy), 0);
	assert_int_equal(busy_ns(rig, 1000, 5, 0), 0);
	/* The CPU never sleeps; the program is known to have run. */
	assert_int_equal(busy_ns(rig, 2000, 1005, 0), 1000 * MS);
	assert_int_equal(busy_ns(rig, 3000, 2005, 0), 2000 * MS);
	/* Now it sleeps for a moment: the same time is not counted again. */
	put_idle(rig, 0, 1);
	assert_int_equal(busy_ns(rig, 3010, 2005, 0), 2000 * MS);
	put_idle(rig, 0, 2);
	assert_int_equal(busy_ns(rig, 4000, 2005, 0), 2008 * MS);
}

static void a_processor_that_is_away_does_not_work(void **state)
{
	struct rig *rig = *state;

	put_idle(rig, 0, 0);
	put_idle(rig, 1, 0);
	ep_tmp_puts(&rig->tmp, CPU "online", "0-1\n");
	assert_int_equal(ep_busy_open_cpuidle(&rig->root, &rig->busy), 0);
	assert_int_equal(busy_ns(rig, 1000, 0, 0), 0);
	ep_tmp_puts(&rig->tmp, CPU "online", "0\n");
	assert_int_equal(busy_ns(rig, 2000, 0, 0), 0);
	assert_int_equal(busy_ns(rig, 9000, 0, 0), 0);
	ep_tmp_puts(&rig->tmp, CPU "online", "0-1\n");
	put_idle(rig, 1, 1);
	assert_int_equal(busy_ns(rig, 9110, 0, 0), 0);
	put_idle(rig, 1, 2);
	assert_int_equal(busy_ns(rig, 9120, 0, 0), 0);
	put_idle(rig, 1, 3);
	assert_int_equal(busy_ns(rig, 9220, 0, 0), 8 * MS);
	/* A file that cannot be read although its CPU is there is told. */
	ep_tmp_puts(&rig->tmp, CPU "cpu1/cpuidle/state1/time", "");
	assert_int_equal(busy_ns(rig, 9230, 0, 1), 8 * MS);
	ep_tmp_puts(&rig->tmp, CPU "cpu1/cpuidle/state1/time", "junk\n");
	(void)busy_ns(rig, 9240, 0, -EBADMSG);
}

static void machines_without_cpuidle(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(ep_busy_open_cpuidle(&rig->root, &rig->busy), -ENOENT);
	ep_tmp_mkdir(&rig->tmp, CPU "cpu0");
	assert_int_equal(ep_busy_open_cpuidle(&rig->root, &rig->busy), -ENOENT);
	/* One of two tells: the sum would be too low. */
	put_idle(rig, 1, 0);
	assert_int_equal(ep_busy_open_cpuidle(&rig->root, &rig->busy), -ENOENT);
	/* But an absent one need not. */
	ep_tmp_puts(&rig->tmp, CPU "online", "1\n");
	assert_int_equal(ep_busy_open_cpuidle(&rig->root, &rig->busy), 0);
}

static void put_schedstat(const struct rig *rig, uint64_t cpu0_ns,
			  uint64_t cpu1_ns)
{
	char text[8192];
	int len;

	len = snprintf(text, sizeof(text),
		       "version 15\ntimestamp 4294900000\n"
		       "cpu0 0 0 1 2 3 4 %" PRIu64 " 500 9\n",
		       cpu0_ns);
	/* longer than a block, as on a machine with many domains */
	for (int i = 0; i < 60; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"domain%d 00000003 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
				"0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
				i);
	if (cpu1_ns > 0)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"cpu1 0 0 1 2 3 4 %" PRIu64 " 500 9\n",
				cpu1_ns);
	ep_tmp_puts(&rig->tmp, "schedstat", text);
}

static void schedstat_counts_what_processors_ran(void **state)
{
	struct rig *rig = *state;
	const char *path = ep_tmp_path(&rig->tmp, "schedstat");

	put_schedstat(rig, 1000000, 2000000);
	assert_int_equal(ep_busy_open_schedstat(path, &rig->busy), 0);
	assert_string_equal(ep_busy_source(rig->busy), "schedstat");
	assert_int_equal(busy_ns(rig, 1, 0, 0), 0);
	put_schedstat(rig, 1000000 + 3 * MS, 2000000 + 4 * MS);
	assert_int_equal(busy_ns(rig, 10, 0, 0), 7 * MS);
	/* CPU 1 is taken away and comes back. */
	put_schedstat(rig, 1000000 + 4 * MS, 0);
	assert_int_equal(busy_ns(rig, 20, 0, 0), 8 * MS);
	put_schedstat(rig, 1000000 + 4 * MS, 2000000 + 5 * MS);
	assert_int_equal(busy_ns(rig, 30, 0, 0), 9 * MS);
}

/* A task that did not let go for a second shows when it does. */
static void late_time_is_handed_out_no_faster_than_it_can_be(void **state)
{
	struct rig *rig = *state;

	put_schedstat(rig, 1000000, 2000000);
	assert_int_equal(
		ep_busy_open_schedstat(ep_tmp_path(&rig->tmp, "schedstat"),
				       &rig->busy),
		0);
	assert_int_equal(busy_ns(rig, 1000, 0, 0), 0);
	put_schedstat(rig, 1000000 + 1000 * MS, 2000000);
	assert_int_equal(busy_ns(rig, 1010, 0, 0), 20 * MS);
	assert_int_equal(busy_ns(rig, 1110, 0, 0), 220 * MS);
	assert_int_equal(busy_ns(rig, 2000, 0, 0), 1000 * MS);
	assert_int_equal(busy_ns(rig, 3000, 0, 0), 1000 * MS);
}

static void broken_schedstat(void **state)
{
	static const char *const bad[] = {
		"",
		"version 15\n",
		"cpu0 1 2 3\n",
		"cpux 0 0 0 0 0 0 1 0 0\n",
		"cpu0 0 0 0 0 0 0 x 0 0\n",
		"cpu99999 0 0 0 0 0 0 1 0 0\n",
	};
	struct rig *rig = *state;
	const char *path = ep_tmp_path(&rig->tmp, "schedstat");

	assert_int_equal(ep_busy_open_schedstat(path, &rig->busy), -ENOENT);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ep_tmp_puts(&rig->tmp, "schedstat", bad[i]);
		assert_int_equal(ep_busy_open_schedstat(path, &rig->busy),
				 -EBADMSG);
	}
	ep_tmp_puts(&rig->tmp, "schedstat", "cpu0 0 0 0 0 0 0 0 0 0\n");
	assert_int_equal(ep_busy_open_schedstat(path, &rig->busy), -ENODATA);
	assert_null(rig->busy);
}

/* Against the machine itself: work of ours must show, and not more than the
 * clock allows. */
static void this_machine(void **state)
{
	struct rig *rig = *state;
	struct ep_root root;
	struct ep_err err;
	int64_t begin_ns, now_ns, end_ns, first_ns, value_ns = 0;
	int r;

	assert_int_equal(ep_root_open(&root, NULL, NULL), 0);
	r = ep_busy_open(&root, &rig->busy, &err);
	ep_root_close(&root);
	if (r == -ENOTSUP) {
		print_message("SKIP: %s\n", err.text);
		skip();
	}
	assert_int_equal(r, 0);
	begin_ns = ep_clock_monotonic_ns();
	assert_true(ep_busy_read(rig->busy, begin_ns, ep_clock_thread_cpu_ns(),
				 &first_ns) >= 0);
	end_ns = ep_clock_thread_cpu_ns() + 200 * MS;
	do {
		int64_t last_ns = value_ns;

		now_ns = ep_clock_monotonic_ns();
		assert_true(ep_busy_read(rig->busy, now_ns,
					 ep_clock_thread_cpu_ns(),
					 &value_ns) >= 0);
		assert_true(value_ns >= last_ns);
	} while (ep_clock_thread_cpu_ns() < end_ns);
	assert_true(value_ns - first_ns >= 195 * MS);
	assert_true(value_ns - first_ns <=
		    (now_ns - begin_ns) * sysconf(_SC_NPROCESSORS_CONF) +
			    20 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(idle_time_that_grows_proves_busy_time),
		T(an_idle_machine_stays_at_nothing),
		T(a_witness_brings_work_forward_once),
		T(a_processor_that_is_away_does_not_work),
		T(machines_without_cpuidle),
		T(schedstat_counts_what_processors_ran),
		T(late_time_is_handed_out_no_faster_than_it_can_be),
		T(broken_schedstat),
		T(this_machine),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
