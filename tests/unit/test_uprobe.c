/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "drivers/elf.h"
#include "drivers/uprobe.h"

#define HITS_MAX 4096

/* Passed like a llama_batch: too big for registers. */
struct uprobe_batch {
	int32_t count;
	void *more[6];
};

int uprobe_target_eval(void *context, struct uprobe_batch batch);
long uprobe_target_plain(void *context, int index);

__attribute__((noinline)) int uprobe_target_eval(void *context,
						 struct uprobe_batch batch)
{
	__asm__ volatile("" ::"r"(context));
	return batch.count > 100 ? 1 : -batch.count;
}

__attribute__((noinline)) long uprobe_target_plain(void *context, int index)
{
	__asm__ volatile("" ::"r"(context));
	return index;
}

enum { EVAL_IN, EVAL_OUT, PLAIN_IN };

struct hits {
	struct ep_uprobe_hit items[HITS_MAX];
	size_t count;
};

static void keep(void *ctx, const struct ep_uprobe_hit *hit)
{
	struct hits *h = ctx;

	if (hit->pid == getpid() && h->count < HITS_MAX)
		h->items[h->count++] = *hit;
}

static void need_probes(void)
{
	struct ep_err err = { 0 };

	if (ep_uprobe_check(&err) < 0) {
		print_message("SKIP: %s\n", err.text);
		skip();
	}
}

static struct ep_uprobe_set *set_on_targets(bool best)
{
	static const char *const names[] = { "uprobe_target_eval",
					     "uprobe_target_plain" };
	struct ep_elf_symbol found[2];
	struct ep_uprobe_set *set = NULL;
	struct ep_err err = { 0 };
	struct ep_elf elf;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(ep_elf_init(&elf, fd), 0);
	assert_int_equal(ep_elf_find(&elf, names, 2, found), 2);
	assert_int_equal(ep_uprobe_set_open(best, &set, &err), 0);
	assert_string_equal(err.text, "");
	assert_int_equal(ep_uprobe_set_add(
				 set, fd,
				 (const struct ep_uprobe_point[]){
					 { ep_elf_probe_offset(&elf, &found[0]),
					   EP_UPROBE_STRUCT, EVAL_IN },
					 { ep_elf_probe_offset(&elf, &found[0]),
					   EP_UPROBE_RETURN, EVAL_OUT },
					 { ep_elf_probe_offset(&elf, &found[1]),
					   0, PLAIN_IN },
				 },
				 3, &err),
			 0);
	close(fd);
	return set;
}

static void *eval_in_a_thread(void *arg)
{
	struct uprobe_batch batch = { .count = 7 };

	return (void *)(intptr_t)uprobe_target_eval(arg, batch);
}

static void check_hits(bool best)
{
	struct uprobe_batch batch = { .count = 512 };
	struct ep_uprobe_set *set;
	struct hits *h = test_calloc(1, sizeof(*h));
	int64_t before = ep_clock_monotonic_ns();
	int here = 0;
	pthread_t thread;

	set = set_on_targets(best);
	assert_int_equal(uprobe_target_eval(&here, batch), 1);
	assert_int_equal(uprobe_target_plain(&here, 42), 42);
	/* Inherited events would make this fail with EFAULT. */
	assert_int_equal(pthread_create(&thread, NULL, eval_in_a_thread, &here),
			 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	ep_uprobe_set_mark(set);
	assert_int_equal(ep_uprobe_set_drain(set, keep, h), 0);
	assert_int_equal(h->count, 5);
	assert_int_equal(h->items[0].probe, EVAL_IN);
	assert_int_equal(h->items[0].first, (uintptr_t)&here);
	assert_int_equal(h->items[0].second, 512);
	assert_int_equal(h->items[0].tid, gettid());
	assert_int_equal(h->items[1].probe, EVAL_OUT);
	assert_int_equal(h->items[1].value, 1);
	assert_int_equal(h->items[2].probe, PLAIN_IN);
	assert_int_equal(h->items[2].second, 42);
	assert_int_equal(h->items[3].second, 7);
	assert_int_not_equal(h->items[3].tid, gettid());
	assert_int_equal((int32_t)h->items[4].value, -7);
	for (size_t i = 0; i < h->count; i++) {
		assert_true(h->items[i].t_ns >= before);
		before = h->items[i].t_ns;
	}
	assert_true(before <= ep_clock_monotonic_ns());
	ep_uprobe_set_close(set);
	test_free(h);
}

static void hits_tell_arguments_and_results(void **state)
{
	(void)state;
	need_probes();
	check_hits(true);
}

static void hits_without_tracefs(void **state)
{
	struct ep_uprobe_set *set = NULL;

	(void)state;
	need_probes();
	if (ep_uprobe_set_open(false, &set, NULL) < 0) {
		print_message("SKIP: the uprobe PMU is not there\n");
		skip();
	}
	assert_string_equal(ep_uprobe_set_way(set), "pmu");
	ep_uprobe_set_close(set);
	check_hits(false);
}

static void many_hits_come_whole_and_in_order(void **state)
{
	struct ep_uprobe_set *set;
	struct hits *h;

	(void)state;
	need_probes();
	h = test_calloc(1, sizeof(*h));
	set = set_on_targets(true);
	for (int i = 0; i < 1000; i++) {
		(void)uprobe_target_plain(h, i);
		if (i % 100 == 99) {
			ep_uprobe_set_mark(set);
			assert_int_equal(ep_uprobe_set_drain(set, keep, h), 0);
		}
	}
	assert_int_equal(h->count, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(h->items[i].second, i);
	ep_uprobe_set_close(set);
	test_free(h);
}

static void lost_hits_are_counted(void **state)
{
	struct ep_uprobe_set *set;
	struct hits *h;
	cpu_set_t before, one;
	int64_t lost;

	(void)state;
	need_probes();
	/* One CPU's ring, however many there are. */
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	h = test_calloc(1, sizeof(*h));
	set = set_on_targets(true);
	for (int i = 0; i < 30000; i++)
		(void)uprobe_target_plain(h, i);
	ep_uprobe_set_mark(set);
	lost = ep_uprobe_set_drain(set, keep, h);
	/* What is lost stands in front of the next hit that has room. */
	(void)uprobe_target_plain(h, 0);
	ep_uprobe_set_mark(set);
	lost += ep_uprobe_set_drain(set, keep, h);
	assert_true(lost > 0 && lost < 30000);
	assert_int_equal(sched_setaffinity(0, sizeof(before), &before), 0);
	ep_uprobe_set_close(set);
	test_free(h);
}

static void a_probe_needs_a_place_in_the_file(void **state)
{
	const struct ep_uprobe_point far = { .offset = UINT64_C(1) << 50 };
	struct ep_uprobe_set *set = NULL;
	struct ep_err err = { 0 };
	int fd;

	(void)state;
	need_probes();
	assert_int_equal(ep_uprobe_set_open(true, &set, &err), 0);
	fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(ep_uprobe_set_add(set, fd, &far, 1, &err) < 0);
	assert_true(err.text[0]);
	close(fd);
	ep_uprobe_set_close(set);
}

/* The first point is good: what was set for it must not stay. */
static void check_all_or_none(bool best)
{
	static const char *const names[] = { "uprobe_target_plain" };
	struct ep_uprobe_point points[] = {
		{ 0, 0, PLAIN_IN },
		{ UINT64_C(1) << 50, EP_UPROBE_RETURN, EVAL_OUT },
	};
	struct ep_uprobe_set *set = NULL;
	struct ep_elf_symbol found;
	struct ep_err err = { 0 };
	struct ep_elf elf;
	struct hits *h = test_calloc(1, sizeof(*h));
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	assert_int_equal(ep_elf_init(&elf, fd), 0);
	assert_int_equal(ep_elf_find(&elf, names, 1, &found), 1);
	points[0].offset = ep_elf_probe_offset(&elf, &found);
	assert_int_equal(ep_uprobe_set_open(best, &set, &err), 0);
	assert_true(ep_uprobe_set_add(set, fd, points, 2, &err) < 0);
	(void)uprobe_target_plain(h, 1);
	ep_uprobe_set_mark(set);
	assert_int_equal(ep_uprobe_set_drain(set, keep, h), 0);
	assert_int_equal(h->count, 0);
	/* The set goes on to work. */
	assert_int_equal(ep_uprobe_set_add(set, fd, points, 1, &err), 0);
	(void)uprobe_target_plain(h, 2);
	ep_uprobe_set_mark(set);
	assert_int_equal(ep_uprobe_set_drain(set, keep, h), 0);
	assert_int_equal(h->count, 1);
	assert_int_equal(h->items[0].second, 2);
	close(fd);
	ep_uprobe_set_close(set);
	test_free(h);
}

static void one_bad_point_sets_none(void **state)
{
	struct ep_uprobe_set *set = NULL;

	(void)state;
	need_probes();
	check_all_or_none(true);
	if (ep_uprobe_set_open(false, &set, NULL) == 0) {
		ep_uprobe_set_close(set);
		check_all_or_none(false);
	}
}

static void refused_with_the_remedy(void **state)
{
	struct ep_err err = { 0 };
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		assert_int_equal(ep_uprobe_check(&err), -EACCES);
		assert_non_null(strstr(err.text, "sudo"));
		return;
	}
	need_probes();
	pid = fork();
	if (pid == 0) {
		if (setresuid(65534, 65534, 65534) < 0)
			_exit(9);
		_exit(ep_uprobe_check(&err) != -EACCES ||
		      !strstr(err.text, "run with sudo, or once "
					"\"sudo edgeprof setup\", or"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void closing_nothing_is_fine(void **state)
{
	(void)state;
	ep_uprobe_set_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hits_tell_arguments_and_results),
		cmocka_unit_test(hits_without_tracefs),
		cmocka_unit_test(many_hits_come_whole_and_in_order),
		cmocka_unit_test(lost_hits_are_counted),
		cmocka_unit_test(a_probe_needs_a_place_in_the_file),
		cmocka_unit_test(one_bad_point_sets_none),
		cmocka_unit_test(refused_with_the_remedy),
		cmocka_unit_test(closing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
