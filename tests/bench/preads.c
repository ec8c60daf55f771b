/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * preads TICKS FILE...: reads every file once per 10 ms through a kept
 * descriptor and prints the CPU microseconds of one such round: the floor of
 * any sampler that polls them.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"

#define FILES_MAX 64
#define TICK_NS (10 * EP_NS_PER_MS)

static int64_t read_round(const int *fds, int count)
{
	int64_t start_ns = ep_clock_thread_cpu_ns();
	char text[256];

	for (int i = 0; i < count; i++) {
		if (pread(fds[i], text, sizeof(text), 0) < 0)
			return -1;
	}
	return ep_clock_thread_cpu_ns() - start_ns;
}

int main(int argc, char **argv)
{
	int count = argc - 2;
	int fds[FILES_MAX];
	int64_t sum_ns = 0;
	int64_t ticks;
	int64_t due_ns;

	if (argc < 3 || count > FILES_MAX ||
	    ep_num_parse_i64(argv[1], &ticks) < 0 || ticks < 1) {
		fprintf(stderr, "usage: preads TICKS FILE...\n");
		return 2;
	}
	for (int i = 0; i < count; i++) {
		fds[i] = open(argv[i + 2], O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0) {
			perror(argv[i + 2]);
			return 1;
		}
	}
	due_ns = ep_clock_monotonic_ns();
	for (int64_t i = 0; i < ticks; i++) {
		int64_t ns;

		due_ns += TICK_NS;
		ep_clock_sleep_until(due_ns);
		ns = read_round(fds, count);
		if (ns < 0) {
			perror("pread");
			return 1;
		}
		sum_ns += ns;
	}
	printf("%.3f\n", (double)sum_ns / (double)ticks / 1000.0);
	return 0;
}
