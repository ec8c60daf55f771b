/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * many_threads N [SECONDS]: N threads that wait for each other, then for the
 * time given, then end.
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/num.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int64_t arrived;
static int released;

static void *wait_for_all(void *arg)
{
	(void)arg;
	(void)pthread_mutex_lock(&lock);
	arrived++;
	while (!released)
		(void)pthread_cond_wait(&changed, &lock);
	(void)pthread_mutex_unlock(&lock);
	return NULL;
}

static int64_t start_threads(pthread_t *ids, int64_t count)
{
	pthread_attr_t attr;
	int64_t started = 0;
	int r = 0;

	(void)pthread_attr_init(&attr);
	/* Neighbouring stacks without guards are one mapping: ten thousand
	 * fit below vm.max_map_count. */
	(void)pthread_attr_setguardsize(&attr, 0);
	(void)pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN * 2);
	for (; started < count; started++) {
		r = pthread_create(&ids[started], &attr, wait_for_all, NULL);
		if (r != 0)
			break;
	}
	if (r != 0)
		fprintf(stderr, "thread %lld: %s\n", (long long)started + 1,
			strerror(r));
	(void)pthread_attr_destroy(&attr);
	return started;
}

int main(int argc, char **argv)
{
	double seconds = 0.0;
	int64_t started;
	int64_t count;
	pthread_t *ids;

	if (argc < 2 || argc > 3 || ep_num_parse_i64(argv[1], &count) < 0 ||
	    count < 1 || count > 1000000 ||
	    (argc == 3 && ep_num_parse_f64(argv[2], &seconds) < 0)) {
		fprintf(stderr, "usage: many_threads N [SECONDS]\n");
		return 2;
	}
	ids = calloc((size_t)count, sizeof(*ids));
	if (!ids)
		return 1;
	started = start_threads(ids, count);
	ep_clock_sleep_until(ep_clock_monotonic_ns() +
			     (int64_t)(seconds * 1e9));
	(void)pthread_mutex_lock(&lock);
	released = 1;
	(void)pthread_cond_broadcast(&changed);
	(void)pthread_mutex_unlock(&lock);
	for (int64_t i = 0; i < started; i++)
		(void)pthread_join(ids[i], NULL);
	free(ids);
	printf("{\"asked\":%lld,\"started\":%lld,\"arrived\":%lld}\n",
	       (long long)count, (long long)started, (long long)arrived);
	return started == count ? 0 : 1;
}
