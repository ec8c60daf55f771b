/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pulses PULL COUNT PERIOD_MS: a contact at a line of gpio-sim that closes for
 * 30 ms or more so many times, by its file "pull".  Of each closing it prints
 * the nanoseconds of CLOCK_MONOTONIC before it and after it.  One that is late
 * makes all that follow late.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CLOSED_NS 30000000LL

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void sleep_until(long long ns)
{
	struct timespec t = { ns / 1000000000LL, ns % 1000000000LL };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	       EINTR)
		;
}

static void put(int fd, const char *text)
{
	if (pwrite(fd, text, strlen(text), 0) < 0) {
		perror("pull");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int fd = argc == 4 ? open(argv[1], O_WRONLY) : -1;
	long count = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
	long long period_ns =
		argc == 4 ? strtoll(argv[3], NULL, 10) * 1000000 : 0;
	long long before_ns = now_ns();

	if (fd < 0 || count <= 0 || period_ns < 2 * CLOSED_NS) {
		fputs("usage: pulses PULL COUNT PERIOD_MS\n", stderr);
		return 2;
	}
	for (long i = 0; i < count; i++) {
		long long after_ns;

		sleep_until(before_ns + period_ns);
		before_ns = now_ns();
		put(fd, "pull-down");
		after_ns = now_ns();
		printf("%lld %lld\n", before_ns, after_ns);
		fflush(stdout);
		sleep_until(after_ns + CLOSED_NS);
		put(fd, "pull-up");
		/* Open for as long, whatever was late. */
		if (now_ns() + CLOSED_NS > before_ns + period_ns)
			before_ns = now_ns() + CLOSED_NS - period_ns;
	}
	return 0;
}
