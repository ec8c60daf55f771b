/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cost FILE FROM_S TO_S COMMAND...
 *
 * Runs a command and writes to FILE, as one line of numbers, what its own
 * process cost (all its threads, none of its children):
 *
 * from_ns to_ns cpu_ns total_cpu_ns wall_ns maxrss_kib status
 *
 * cpu_ns is the CPU time between CLOCK_MONOTONIC from_ns and to_ns, which are
 * FROM_S and TO_S after the start (0 0: none).  The process CPU clock counts in
 * nanoseconds and still answers for a process that ended and was not reaped.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"

struct reading {
	int64_t t_ns;
	int64_t cpu_ns;
};

static int read_clock(clockid_t clock, struct reading *ret)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		return -errno;
	ret->cpu_ns = (int64_t)t.tv_sec * EP_NS_PER_S + t.tv_nsec;
	ret->t_ns = ep_clock_monotonic_ns();
	return 0;
}

static int write_line(const char *path, const struct reading *at,
		      const struct rusage *ru, int64_t start_ns, int status)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return -errno;
	(void)fprintf(f, "%lld %lld %lld %lld %lld %ld %d\n",
		      (long long)at[0].t_ns, (long long)at[1].t_ns,
		      (long long)(at[1].cpu_ns - at[0].cpu_ns),
		      (long long)at[2].cpu_ns,
		      (long long)(at[2].t_ns - start_ns), ru->ru_maxrss,
		      WIFEXITED(status) ? WEXITSTATUS(status)
					: 128 + WTERMSIG(status));
	return fclose(f) == 0 ? 0 : -errno;
}

static int watch(pid_t pid, const double window_s[2], const char *path)
{
	int64_t start_ns = ep_clock_monotonic_ns();
	struct reading at[3] = { { 0 } };
	struct rusage ru;
	siginfo_t info;
	clockid_t clock;
	int status;
	int r;

	r = clock_getcpuclockid(pid, &clock);
	if (r != 0)
		return -r;
	for (int i = 0; i < 2 && window_s[1] > 0.0; i++) {
		ep_clock_sleep_until(start_ns + (int64_t)(window_s[i] * 1e9));
		r = read_clock(clock, &at[i]);
		if (r < 0)
			return r;
	}
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
		return -errno;
	r = read_clock(clock, &at[2]);
	if (r < 0)
		return r;
	if (wait4(pid, &status, 0, &ru) < 0)
		return -errno;
	return write_line(path, at, &ru, start_ns, status);
}

int main(int argc, char **argv)
{
	double window_s[2];
	pid_t pid;
	int r;

	if (argc < 5 || ep_num_parse_f64(argv[2], &window_s[0]) < 0 ||
	    ep_num_parse_f64(argv[3], &window_s[1]) < 0 || window_s[0] < 0.0 ||
	    window_s[1] < window_s[0]) {
		fprintf(stderr, "usage: cost FILE FROM_S TO_S COMMAND...\n");
		return 2;
	}
	pid = fork();
	if (pid < 0) {
		perror("fork");
		return 1;
	}
	if (pid == 0) {
		(void)execvp(argv[4], argv + 4);
		perror(argv[4]);
		_exit(127);
	}
	r = watch(pid, window_s, argv[1]);
	if (r < 0) {
		fprintf(stderr, "cost: %s\n", strerror(-r));
		return 1;
	}
	return 0;
}
