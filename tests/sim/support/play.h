/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_PLAY_H
#define EP_TESTS_SIM_SUPPORT_PLAY_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* For tests/sim/lib: functions that take a known time, and a log of calls. */

#define NO_INLINE __attribute__((noinline))

static inline int64_t play_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static inline void play_work(int64_t us)
{
	int64_t end = play_now() + us * 1000;

	while (play_now() < end)
		;
}

/* One call, from here to there. */
static inline void play_log(FILE *log, const char *word, int64_t start_ns)
{
	fprintf(log, "%s %" PRId64 " %" PRId64 " 0\n", word, start_ns,
		play_now());
}
#define PLAY(log, word, call)                 \
	do {                                  \
		int64_t started = play_now(); \
		(void)(call);                 \
		play_log(log, word, started); \
	} while (0)

#endif
