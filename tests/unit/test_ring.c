/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/ring.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ITEMS UINT64_C(300000)

struct item {
	uint64_t number;
	uint64_t check;
	char pad[9];
};

static void init_checks_its_arguments(void **state)
{
	struct ep_ring r;

	(void)state;
	assert_int_equal(ep_ring_init(&r, 0, 8), -EINVAL);
	assert_int_equal(ep_ring_init(&r, 8, 0), -EINVAL);
	assert_int_equal(ep_ring_init(&r, 8, 1), -EINVAL);
	assert_int_equal(ep_ring_init(&r, 8, 12), -EINVAL);
	assert_int_equal(ep_ring_init(&r, 16, SIZE_MAX / 2 + 1), -ENOMEM);
	ep_ring_done(NULL);
}

static void full_ring_drops_and_counts(void **state)
{
	struct ep_ring r;
	int value;

	(void)state;
	assert_int_equal(ep_ring_init(&r, sizeof(int), 4), 0);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 4; i++)
			assert_true(ep_ring_push(&r, &i));
		value = 99;
		assert_false(ep_ring_push(&r, &value));
		for (int i = 0; i < 4; i++) {
			assert_true(ep_ring_pop(&r, &value));
			assert_int_equal(value, i);
		}
		assert_false(ep_ring_pop(&r, &value));
	}
	assert_int_equal(r.dropped_count, 3);
	ep_ring_done(&r);
	assert_null(r.slots);
	ep_ring_done(&r);
}

static void *produce(void *arg)
{
	struct ep_ring *r = arg;
	struct item item;

	memset(&item, 0, sizeof(item));
	for (uint64_t i = 0; i < ITEMS; i++) {
		item.number = i;
		item.check = ~i * 3;
		while (!ep_ring_push(r, &item))
			sched_yield();
	}
	return NULL;
}

static void two_threads_lose_and_reorder_nothing(void **state)
{
	struct ep_ring r;
	struct item item;
	pthread_t thread;

	(void)state;
	assert_int_equal(ep_ring_init(&r, sizeof(item), 64), 0);
	assert_int_equal(pthread_create(&thread, NULL, produce, &r), 0);
	for (uint64_t i = 0; i < ITEMS;) {
		if (!ep_ring_pop(&r, &item)) {
			sched_yield();
			continue;
		}
		assert_true(item.number == i && item.check == ~i * 3);
		i++;
	}
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(ep_ring_pop(&r, &item));
	ep_ring_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(init_checks_its_arguments),
		cmocka_unit_test(full_ring_drops_and_counts),
		cmocka_unit_test(two_threads_lose_and_reorder_nothing),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
