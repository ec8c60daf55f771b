/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * close_fds SECONDS: closes every descriptor from 3 on, as daemons do, prints
 * how many were open and works on for the time given.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"

#define DESCRIPTORS_MAX 65536

static int close_all(void)
{
	struct rlimit limit = { .rlim_cur = 1024 };
	int closed = 0;
	int end;

	(void)getrlimit(RLIMIT_NOFILE, &limit);
	end = limit.rlim_cur < DESCRIPTORS_MAX ? (int)limit.rlim_cur
					       : DESCRIPTORS_MAX;
	for (int fd = 3; fd < end; fd++)
		closed += close(fd) == 0;
	return closed;
}

int main(int argc, char **argv)
{
	volatile uint64_t work = 0;
	double seconds;
	int64_t end_ns;

	if (argc != 2 || ep_num_parse_f64(argv[1], &seconds) < 0 ||
	    seconds < 0.0) {
		fprintf(stderr, "usage: close_fds SECONDS\n");
		return 2;
	}
	end_ns = ep_clock_monotonic_ns() + (int64_t)(seconds * 1e9);
	printf("{\"closed\":%d}\n", close_all());
	(void)fflush(stdout);
	while (ep_clock_monotonic_ns() < end_ns)
		work = work + 1;
	return 0;
}
