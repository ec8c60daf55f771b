/* SPDX-License-Identifier: GPL-3.0-or-later */
/* busy N SECONDS: N threads that do nothing but compute. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/num.h"

#define LOOPS_MAX 1024

static _Atomic int ended;

static void *loop(void *arg)
{
	volatile uint64_t work = 0;

	(void)arg;
	while (!atomic_load_explicit(&ended, memory_order_relaxed))
		work = work + 1;
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t ids[LOOPS_MAX];
	double seconds;
	int64_t count;
	int64_t end_ns;
	int64_t started = 0;

	if (argc != 3 || ep_num_parse_i64(argv[1], &count) < 0 || count < 0 ||
	    count > LOOPS_MAX || ep_num_parse_f64(argv[2], &seconds) < 0 ||
	    seconds < 0.0) {
		fprintf(stderr, "usage: busy LOOPS SECONDS\n");
		return 2;
	}
	end_ns = ep_clock_monotonic_ns() + (int64_t)(seconds * 1e9);
	for (; started < count; started++) {
		if (pthread_create(&ids[started], NULL, loop, NULL) != 0)
			break;
	}
	ep_clock_sleep_until(end_ns);
	atomic_store(&ended, 1);
	for (int64_t i = 0; i < started; i++)
		(void)pthread_join(ids[i], NULL);
	return started == count ? 0 : 1;
}
