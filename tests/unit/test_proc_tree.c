/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/proc_tree.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "drivers/proc_tree_parts.h"
#include "tests/unit/support_helper.h"

#define ROUNDS_MAX 2000000

/* Walks to the end, twice: the second finds what was just starting. */
static void walk(struct ep_proc_tree *tree)
{
	static int64_t now_ns = 1;

	for (int i = 0; i < 2; i++) {
		now_ns += EP_NS_PER_S * 1000;
		for (int n = 0;; n++) {
			int r = ep_proc_tree_step(tree, now_ns);

			assert_true(n < ROUNDS_MAX);
			assert_true(r >= 0);
			if (r == 1)
				break;
		}
	}
}

static bool has(const struct ep_proc_tree *tree, pid_t pid)
{
	for (size_t i = 0; i < ep_proc_tree_count(tree); i++)
		if (ep_proc_tree_pid(tree, i) == pid)
			return true;
	return false;
}

static int64_t cpu_ns(struct ep_proc_tree *tree)
{
	static int64_t now_ns = 1;
	int64_t value_ns = -1;

	now_ns += EP_NS_PER_S * 1000;
	assert_int_equal(ep_proc_tree_cpu_ns(tree, now_ns, &value_ns), 0);
	return value_ns;
}

static struct ep_proc_tree *follow(pid_t pid, bool threads)
{
	struct ep_proc_tree *tree = NULL;

	assert_int_equal(ep_proc_tree_new(threads, &tree), 0);
	assert_int_equal(ep_proc_tree_start(tree, pid), 0);
	return tree;
}

static void no_act(int step)
{
	(void)step;
}

static void burn_30ms(int step)
{
	(void)step;
	ep_helper_burn(30 * EP_NS_PER_MS);
}

static void cpu_time_grows_as_the_process_works(void **state)
{
	struct ep_helper h = ep_helper_start(burn_30ms);
	struct ep_proc_tree *tree = follow(h.pid, false);
	int64_t before_ns = cpu_ns(tree), after_ns;

	(void)state;
	ep_helper_step(&h);
	after_ns = cpu_ns(tree);
	assert_in_range(after_ns - before_ns, 29 * EP_NS_PER_MS,
			200 * EP_NS_PER_MS);
	ep_proc_tree_free(tree);
	ep_helper_end(&h);
}

/* Step 0 makes a child that burns 30 ms and stays, step 1 lets it end. */
static int child_gate;
static pid_t child_pid;

static void act_with_child(int step)
{
	int gate[2], ready[2];
	char byte = 0;

	if (step == 1) {
		close(child_gate);
		waitpid(child_pid, NULL, 0);
		return;
	}
	if (step > 1 || pipe(gate) < 0 || pipe(ready) < 0)
		return;
	child_pid = fork();
	if (child_pid == 0) {
		close(gate[1]);
		ep_helper_burn(30 * EP_NS_PER_MS);
		if (write(ready[1], &byte, 1) == 1)
			_exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
		_exit(1);
	}
	child_gate = gate[1];
	if (read(ready[0], &byte, 1) != 1)
		_exit(1);
}

static void children_count_and_stay_counted(void **state)
{
	struct ep_helper h = ep_helper_start(act_with_child);
	struct ep_proc_tree *tree = follow(h.pid, false);
	int64_t with_ns, without_ns;

	(void)state;
	walk(tree);
	assert_int_equal(ep_proc_tree_count(tree), 1);
	ep_helper_step(&h);
	walk(tree);
	assert_int_equal(ep_proc_tree_count(tree), 2);
	with_ns = cpu_ns(tree);
	assert_true(with_ns >= 29 * EP_NS_PER_MS);
	ep_helper_step(&h);
	without_ns = cpu_ns(tree);
	assert_int_equal(ep_proc_tree_count(tree), 1);
	assert_true(without_ns >= with_ns);
	ep_proc_tree_free(tree);
	ep_helper_end(&h);
}

static void the_last_value_stays_when_all_have_ended(void **state)
{
	struct ep_helper h = ep_helper_start(burn_30ms);
	struct ep_proc_tree *tree = follow(h.pid, false);
	int64_t before_ns;

	(void)state;
	ep_helper_step(&h);
	before_ns = cpu_ns(tree);
	ep_helper_end(&h);
	assert_int_equal(cpu_ns(tree), before_ns);
	assert_int_equal(ep_proc_tree_count(tree), 0);
	walk(tree);
	ep_proc_tree_free(tree);
}

/* Step 0: a child makes a grandchild and ends, so the grandchild is ours. */
static void act_orphan(int step)
{
	pid_t middle;
	int held[2];

	if (step > 0 || pipe(held) < 0)
		return;
	middle = fork();
	if (middle == 0) {
		if (fork() == 0) {
			char byte;

			close(held[1]);
			_exit(read(held[0], &byte, 1) == 0 ? 0 : 1);
		}
		_exit(0);
	}
	waitpid(middle, NULL, 0);
}

static void orphans_handed_to_us_are_followed(void **state)
{
	struct ep_helper other, h;
	struct ep_proc_tree *tree;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	h = ep_helper_start(act_orphan);
	/* A child of ours that has nothing to do with the program. */
	other = ep_helper_start(no_act);
	tree = follow(h.pid, false);
	ep_helper_step(&h);
	walk(tree);
	assert_int_equal(ep_proc_tree_count(tree), 2);
	assert_true(has(tree, h.pid));
	assert_false(has(tree, other.pid));
	ep_proc_tree_free(tree);
	ep_helper_end(&h);
	ep_helper_end(&other);
	while (waitpid(-1, NULL, 0) > 0)
		;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

static void one_that_is_not_our_child_brings_its_children(void **state)
{
	struct ep_helper h = ep_helper_start(act_with_child);
	struct ep_proc_tree *tree;

	(void)state;
	ep_helper_step(&h);
	tree = follow(getpid(), false);
	walk(tree);
	assert_true(has(tree, getpid()));
	assert_true(has(tree, h.pid));
	assert_int_equal(ep_proc_tree_count(tree), 3);
	ep_helper_step(&h);
	ep_proc_tree_free(tree);
	ep_helper_end(&h);
}

static void children_from_before_numbers_wrapped_are_found(void **state)
{
	struct ep_helper h = ep_helper_start(act_with_child);
	struct ep_proc_tree *tree;

	(void)state;
	ep_helper_step(&h);
	tree = follow(h.pid, false);
	/* The number given out last is smaller than theirs. */
	tree->ours = false;
	tree->scan_after = tree->scan_next = 0;
	close(tree->loadavg_fd);
	tree->loadavg_fd = memfd_create("loadavg", MFD_CLOEXEC);
	assert_int_equal(write(tree->loadavg_fd, "0 0 0 1/9 2\n", 12), 12);
	walk(tree);
	assert_int_equal(ep_proc_tree_count(tree), 2);
	ep_helper_step(&h);
	ep_proc_tree_free(tree);
	ep_helper_end(&h);
}

static void *spin(void *arg)
{
	volatile int *stop = arg;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED))
		;
	return NULL;
}

static void *wait_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void act_three_spinners(int step)
{
	static int stop;
	pthread_t thread;

	(void)step;
	for (int i = 0; i < 3; i++)
		(void)!pthread_create(&thread, NULL, spin, &stop);
	(void)!pthread_create(&thread, NULL, wait_for_ever, NULL);
}

static void runnable_threads_are_counted(void **state)
{
	struct ep_helper h = ep_helper_start(act_three_spinners);
	struct ep_proc_tree *tree = follow(h.pid, true);
	struct ep_proc_tree_facts facts;

	(void)state;
	ep_proc_tree_facts(tree, &facts);
	assert_int_equal(facts.threads_count, -1);
	assert_int_equal(facts.busy_count, -1);
	ep_helper_step(&h);
	/* The fourth may still be on its way to its rest. */
	for (int i = 0; i < 200; i++) {
		walk(tree);
		ep_proc_tree_facts(tree, &facts);
		if (facts.busy_count == 3)
			break;
	}
	assert_int_equal(facts.threads_count, 5);
	assert_int_equal(facts.busy_count, 3);
	assert_false(facts.truncated);
	ep_proc_tree_free(tree);
	ep_helper_end(&h);
}

static int many_made;

static void act_many_threads(int step)
{
	pthread_attr_t attr;
	pthread_t thread;

	(void)step;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	while (many_made < 10000 &&
	       pthread_create(&thread, &attr, wait_for_ever, NULL) == 0)
		many_made++;
}

static void ten_thousand_threads(void **state)
{
	struct ep_helper h = ep_helper_start(act_many_threads);
	struct ep_proc_tree *tree = follow(h.pid, true);
	struct ep_proc_tree_facts facts;
	int64_t first_ns;

	(void)state;
	ep_helper_step(&h);
	walk(tree);
	ep_proc_tree_facts(tree, &facts);
	if (facts.threads_count <= EP_PROC_THREADS_MAX) {
		print_message("SKIP: this machine does not let a process have "
			      "hundreds of threads\n");
		ep_helper_end(&h);
		ep_proc_tree_free(tree);
		skip();
	}
	/* Too many to look at: not told, rather than told wrong. */
	assert_int_equal(facts.busy_count, -1);
	first_ns = cpu_ns(tree);
	assert_true(first_ns > 0);
	assert_true(cpu_ns(tree) >= first_ns);
	ep_proc_tree_free(tree);
	ep_helper_end(&h);
}

static void walking_rests_between_walks(void **state)
{
	struct ep_helper h = ep_helper_start(no_act);
	struct ep_proc_tree *tree = follow(h.pid, false);
	int64_t now_ns = EP_NS_PER_S;
	int r;

	(void)state;
	do {
		r = ep_proc_tree_step(tree, now_ns);
	} while (r == 0);
	assert_int_equal(r, 1);
	assert_int_equal(ep_proc_tree_step(tree, now_ns), 0);
	assert_int_equal(ep_proc_tree_step(tree, now_ns + EP_PROC_WALK_NS - 1),
			 0);
	ep_proc_tree_free(tree);
	ep_helper_end(&h);
}

static void starting_wrong(void **state)
{
	struct ep_helper h = ep_helper_start(no_act);
	struct ep_proc_tree *tree = NULL;
	int64_t value;

	(void)state;
	assert_int_equal(ep_proc_tree_new(false, &tree), 0);
	assert_false(ep_proc_tree_started(tree));
	assert_int_equal(ep_proc_tree_step(tree, 1), -ESRCH);
	assert_int_equal(ep_proc_tree_cpu_ns(tree, 1, &value), -ESRCH);
	assert_int_equal(ep_proc_tree_follow(tree, 0, 1), -ESRCH);
	assert_int_equal(ep_proc_tree_start(tree, h.pid), 0);
	assert_int_equal(ep_proc_tree_start(tree, h.pid), -EBUSY);
	ep_proc_tree_free(tree);
	ep_proc_tree_free(NULL);
	ep_helper_end(&h);
	assert_int_equal(ep_proc_tree_new(false, &tree), 0);
	assert_int_equal(ep_proc_tree_start(tree, h.pid), -ESRCH);
	ep_proc_tree_free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_time_grows_as_the_process_works),
		cmocka_unit_test(children_count_and_stay_counted),
		cmocka_unit_test(the_last_value_stays_when_all_have_ended),
		cmocka_unit_test(orphans_handed_to_us_are_followed),
		cmocka_unit_test(one_that_is_not_our_child_brings_its_children),
		cmocka_unit_test(
			children_from_before_numbers_wrapped_are_found),
		cmocka_unit_test(runnable_threads_are_counted),
		cmocka_unit_test(ten_thousand_threads),
		cmocka_unit_test(walking_rests_between_walks),
		cmocka_unit_test(starting_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
