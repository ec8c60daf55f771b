/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

static int64_t now_ns(clockid_t id)
{
	struct timespec ts = { 0, 0 };

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * EP_NS_PER_S + ts.tv_nsec;
}

int64_t ep_clock_monotonic_ns(void)
{
	return now_ns(CLOCK_MONOTONIC);
}

int64_t ep_clock_realtime_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}

int64_t ep_clock_boottime_ns(void)
{
	return now_ns(CLOCK_BOOTTIME);
}

int64_t ep_clock_thread_cpu_ns(void)
{
	return now_ns(CLOCK_THREAD_CPUTIME_ID);
}

int64_t ep_clock_process_cpu_ns(void)
{
	return now_ns(CLOCK_PROCESS_CPUTIME_ID);
}

void ep_clock_pair_get(struct ep_clock_pair *ret)
{
	struct ep_clock_pair best = { 0, 0, 0, INT64_MAX };

	/* The narrowest of a few tries: a preemption between the reads would
	 * look like a step of the wall clock. */
	for (int i = 0; i < 5; i++) {
		int64_t before_ns = ep_clock_monotonic_ns();
		int64_t real_ns = ep_clock_realtime_ns();
		int64_t boot_ns = ep_clock_boottime_ns();
		int64_t span_ns = ep_clock_monotonic_ns() - before_ns;

		if (span_ns >= best.span_ns)
			continue;
		best.mono_ns = before_ns + span_ns / 2;
		best.real_ns = real_ns;
		best.boot_ns = boot_ns;
		best.span_ns = span_ns;
	}
	*ret = best;
}

void ep_clock_sleep_until(int64_t due_ns)
{
	struct timespec due;

	if (due_ns < 0)
		return;
	due.tv_sec = (time_t)(due_ns / EP_NS_PER_S);
	due.tv_nsec = (long)(due_ns % EP_NS_PER_S);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) ==
	       EINTR)
		;
}

void ep_clock_utc_stamp(int64_t real_ns, char *ret, int size)
{
	time_t seconds = (time_t)(real_ns / EP_NS_PER_S);
	struct tm tm;

	if (size < 1)
		return;
	ret[0] = '\0';
	if (gmtime_r(&seconds, &tm) == NULL)
		return;
	if (strftime(ret, (size_t)size, "%Y%m%dT%H%M%SZ", &tm) == 0)
		ret[0] = '\0';
}
