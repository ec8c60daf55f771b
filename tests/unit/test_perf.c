/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"
#include "drivers/perf.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "drivers/perf_switch.h"
#include "tests/unit/support_perf.h"
#include "tests/unit/support_seccomp.h"

#define SWITCHES 3000
/* On a busy machine a few dozen happen before exec, where only getrusage
 * counts: they must stay below half a percent. */
#define MANY_SWITCHES 20000
#define FAULTS 25000

struct count {
	const char *work;
	const char *event;
	int64_t n;
	bool separate;
	bool user_only;
	uint64_t result;
	struct rusage ru;
};

/* Counts one event over a workload; 0 or a small number that says where. */
static int count_work(void *ctx)
{
	struct count *c = ctx;
	static struct ep_perf_pmus pmus;
	static struct ep_perf_event events[2];
	struct ep_perf_scope scope = { .separate = c->separate,
				       .user_only = c->user_only,
				       .pmus = &pmus };
	struct ep_perf_group g = { 0 };
	struct ep_perf_values v = { 0 };
	struct ep_held held;
	struct ep_err err = { 0 };
	int r = 1;

	ep_held_start(&held, c->work, c->n);
	scope.pid = held.pid;
	if (ep_perf_pmus_load(NULL, &pmus, NULL) < 0 ||
	    ep_perf_event_find(&pmus, "task-clock", &events[0], NULL) < 0 ||
	    ep_perf_event_find(&pmus, c->event, &events[1], NULL) < 0)
		goto out;
	r = 2;
	if (ep_perf_group_open(&g, events, 2, &scope, &err) < 0) {
		print_message("%s\n", err.text);
		goto out;
	}
	r = 3;
	if (!ep_held_run(&held, &c->ru))
		goto out;
	r = 4;
	if (ep_perf_group_read(&g, &v) < 0)
		goto out;
	c->result = v.counts[1];
	r = v.counts[0] > 0 && v.enabled_ns > 0 && v.running_ns == v.enabled_ns
		    ? 0
		    : 5;
out:
	ep_perf_group_close(&g);
	return r;
}

static bool near(uint64_t got, long want, double share, double plus)
{
	double gap = (double)got - (double)want;
	bool good = (gap < 0 ? -gap : gap) <= share * (double)want + plus;

	if (!good)
		print_message("counted %" PRIu64 ", getrusage says %ld\n", got,
			      want);
	return good;
}

static bool switches_agree(const struct count *c)
{
	/* getrusage() has those before exec() as well: some, on a busy
	 * machine. */
	return c->ru.ru_nvcsw + c->ru.ru_nivcsw >= SWITCHES &&
	       near(c->result, c->ru.ru_nvcsw + c->ru.ru_nivcsw, 0.005, 40);
}

static bool faults_agree(const struct count *c)
{
	return c->ru.ru_minflt >= FAULTS &&
	       near(c->result, c->ru.ru_minflt + c->ru.ru_majflt, 0.005, 64);
}

static bool may_count_kernel(void)
{
	struct ep_perf_caps caps;

	return ep_perf_probe(&caps, NULL) == 0 && !caps.user_only;
}

static void switches_equal_getrusage(void **state)
{
	struct count c = { .work = "switches",
			   .event = "context-switches",
			   .n = MANY_SWITCHES };

	(void)state;
	ep_need_perf();
	if (!may_count_kernel()) {
		print_message("SKIP: counting in the kernel is refused\n");
		skip();
	}
	assert_int_equal(count_work(&c), 0);
	assert_true(switches_agree(&c));
	c.separate = true;
	assert_int_equal(count_work(&c), 0);
	assert_true(switches_agree(&c));
}

static void faults_equal_getrusage(void **state)
{
	struct count c = { .work = "faults",
			   .event = "page-faults",
			   .n = FAULTS,
			   .user_only = !may_count_kernel() };

	(void)state;
	ep_need_perf();
	assert_int_equal(count_work(&c), 0);
	assert_true(faults_agree(&c));
	c.separate = true;
	assert_int_equal(count_work(&c), 0);
	assert_true(faults_agree(&c));
}

static int faults_as_nobody(void *ctx)
{
	struct count c = { .work = "faults",
			   .event = "page-faults",
			   .n = FAULTS,
			   .user_only = true };
	struct ep_perf_caps caps;
	int r;

	(void)ctx;
	if (ep_perf_probe(&caps, NULL) < 0)
		return 10;
	r = count_work(&c);
	if (r)
		return r;
	return faults_agree(&c) ? 0 : 11;
}

static void ordinary_user_counts_faults(void **state)
{
	(void)state;
	ep_need_perf();
	assert_int_equal(ep_as_nobody(faults_as_nobody, NULL), 0);
}

static int side_band_as_nobody(void *ctx)
{
	struct ep_perf_switches s = { 0 };
	struct ep_perf_cpus online;
	struct ep_held held;
	struct count c = { 0 };
	struct ep_err err = { 0 };
	bool lost;
	int r = 1;

	(void)ctx;
	ep_held_start(&held, "switches", SWITCHES);
	if (ep_perf_cpus_online(&online) < 0)
		return 10;
	if (ep_perf_switches_open(&s, held.pid, &online, &err) < 0) {
		print_message("%s\n", err.text);
		return 11;
	}
	if (ep_perf_switches_read(&s) || s.count != 0)
		r = 12;
	else if (!ep_held_run(&held, &c.ru))
		r = 13;
	else {
		lost = ep_perf_switches_read(&s);
		c.result = s.count;
		r = !lost && switches_agree(&c) ? 0 : 14;
	}
	ep_perf_switches_close(&s);
	ep_perf_switches_close(&s);
	return r;
}

static void ordinary_user_counts_switches_by_records(void **state)
{
	(void)state;
	ep_need_perf();
	assert_int_equal(ep_as_nobody(side_band_as_nobody, NULL), 0);
}

static int overfull_ring(void *ctx)
{
	struct ep_perf_switches s = { 0 };
	struct ep_perf_cpus online;
	struct ep_held held;
	struct rusage ru;
	cpu_set_t one;
	int r;

	(void)ctx;
	/* More than the ring of one processor holds between two reads. */
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	if (ep_perf_cpus_online(&online) < 0 ||
	    sched_setaffinity(0, sizeof(one), &one) < 0)
		return 10;
	ep_held_start(&held, "switches", 12000);
	if (ep_perf_switches_open(&s, held.pid, &online, NULL) < 0)
		return 11;
	if (!ep_held_run(&held, &ru))
		return 12;
	r = ep_perf_switches_read(&s) && s.lost > 0 ? 0 : 13;
	if (ep_perf_switches_read(&s))
		r = 14; /* told once */
	ep_perf_switches_close(&s);
	return r;
}

static void lost_records_are_told(void **state)
{
	(void)state;
	ep_need_perf();
	assert_int_equal(ep_in_child(overfull_ring, NULL), 0);
}

static int probe_denied(void *ctx)
{
	const int *error = ctx;
	struct ep_perf_caps caps;
	struct ep_err err = { 0 };

	if (ep_test_deny_perf(*error) < 0)
		return 20;
	if (ep_perf_probe(&caps, &err) != -*error)
		return 21;
	if (*error == EACCES)
		return strstr(err.text, "kernel.perf_event_paranoid") &&
				       strstr(err.text, "sysctl") &&
				       !strstr(err.text, "container")
			       ? 0
			       : 22;
	return strstr(err.text, "seccomp") && strstr(err.text, "container") &&
			       !strstr(err.text, "sysctl")
		       ? 0
		       : 23;
}

static void refusals_say_what_to_do(void **state)
{
	static int errors[] = { EACCES, EPERM, ENOSYS };

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ep_in_child(probe_denied, &errors[i]), 0);
}

static void absent_process_is_esrch(void **state)
{
	static struct ep_perf_pmus pmus;
	static struct ep_perf_event event;
	struct ep_perf_scope scope = { .pmus = &pmus, .user_only = true };
	struct ep_perf_group g = { .event_count = 77 };
	struct ep_held held;
	struct rusage ru;

	(void)state;
	ep_need_perf();
	ep_held_start(&held, "faults", 1);
	assert_true(ep_held_run(&held, &ru));
	scope.pid = held.pid; /* ended and collected */
	assert_int_equal(ep_perf_event_find(&pmus, "cs", &event, NULL), 0);
	assert_int_equal(ep_perf_group_open(&g, &event, 1, &scope, NULL),
			 -ESRCH);
	assert_int_equal(g.event_count, 77);
}

static void whole_system_counts_on_every_processor(void **state)
{
	static struct ep_perf_pmus pmus;
	static struct ep_perf_event event;
	static struct ep_perf_cpus online;
	struct ep_perf_scope scope = { .pid = -1,
				       .pmus = &pmus,
				       .online = &online };
	struct ep_perf_group g = { 0 };
	struct ep_perf_values a, b;
	int r;

	(void)state;
	ep_need_perf();
	assert_int_equal(ep_perf_cpus_online(&online), 0);
	assert_int_equal(ep_perf_event_find(&pmus, "cpu-clock", &event, NULL),
			 0);
	r = ep_perf_group_open(&g, &event, 1, &scope, NULL);
	if (r == -EACCES) {
		print_message("SKIP: counting the whole system is refused\n");
		skip();
	}
	assert_int_equal(r, 0);
	assert_int_equal(g.instance_count, online.count);
	assert_int_equal(ep_perf_group_read(&g, &a), 0);
	do {
		assert_int_equal(ep_perf_group_read(&g, &b), 0);
	} while (b.counts[0] == a.counts[0]);
	assert_true(b.counts[0] > a.counts[0]);
	assert_true(b.enabled_ns > a.enabled_ns);
	ep_perf_group_close(&g);
	ep_perf_group_close(&g);
}

/* Kernel 6.18 leaves members at 0 that join a running task-clock. */
static void members_behind_a_task_clock_count_too(void **state)
{
	static struct ep_perf_pmus pmus;
	static struct ep_perf_event events[2];
	static struct ep_perf_cpus online;
	struct ep_perf_scope scope = { .pid = -1,
				       .pmus = &pmus,
				       .online = &online };
	struct ep_perf_group g = { 0 };
	struct ep_perf_values v = { 0 };
	int64_t until_ns = ep_clock_monotonic_ns() + 10 * EP_NS_PER_S;
	int r;

	(void)state;
	ep_need_perf();
	assert_int_equal(ep_perf_cpus_online(&online), 0);
	assert_int_equal(
		ep_perf_event_find(&pmus, "task-clock", &events[0], NULL), 0);
	assert_int_equal(
		ep_perf_event_find(&pmus, "context-switches", &events[1], NULL),
		0);
	r = ep_perf_group_open(&g, events, 2, &scope, NULL);
	if (r == -EACCES) {
		print_message("SKIP: counting the whole system is refused\n");
		skip();
	}
	assert_int_equal(r, 0);
	while (v.counts[1] == 0 && ep_clock_monotonic_ns() < until_ns) {
		poll(NULL, 0, 1);
		assert_int_equal(ep_perf_group_read(&g, &v), 0);
	}
	assert_true(v.counts[1] > 0);
	ep_perf_group_close(&g);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(switches_equal_getrusage),
		cmocka_unit_test(faults_equal_getrusage),
		cmocka_unit_test(ordinary_user_counts_faults),
		cmocka_unit_test(ordinary_user_counts_switches_by_records),
		cmocka_unit_test(lost_records_are_told),
		cmocka_unit_test(refusals_say_what_to_do),
		cmocka_unit_test(absent_process_is_esrch),
		cmocka_unit_test(whole_system_counts_on_every_processor),
		cmocka_unit_test(members_behind_a_task_clock_count_too),
	};
	int status = ep_held_main(argc, argv);

	if (status >= 0)
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
