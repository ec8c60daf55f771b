/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_perf.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "drivers/perf.h"

#define NOBODY 65534

static void *switch_often(void *arg)
{
	const int64_t *n = arg;
	const struct timespec moment = { .tv_nsec = 1000 };
	struct rusage ru;

	/* A sleep that is over before it began is no switch. */
	do {
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &moment, NULL);
		(void)getrusage(RUSAGE_THREAD, &ru);
	} while (ru.ru_nvcsw < *n);
	return NULL;
}

static int work_switches(int64_t n)
{
	int64_t third = n / 3 + 1;
	pthread_t thread;
	pid_t child;
	int status;

	child = fork();
	if (child == 0) {
		(void)switch_often(&third);
		_exit(0);
	}
	if (child < 0 || pthread_create(&thread, NULL, switch_often, &third))
		return 1;
	(void)switch_often(&third);
	(void)pthread_join(thread, NULL);
	return waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}

static int work_faults(int64_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t len = (size_t)n * page;
	volatile char *map = mmap(NULL, len, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		return 1;
	/* Kernels without huge pages answer EINVAL; nothing to switch off. */
	(void)madvise((void *)(uintptr_t)map, len, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < len; i += page)
		map[i] = 1;
	return 0;
}

int ep_held_main(int argc, char **argv)
{
	int64_t n = 0;

	if (argc != 4 || strcmp(argv[1], "--work") ||
	    ep_num_parse_i64(argv[3], &n) < 0)
		return -1;
	if (strcmp(argv[2], "switches") == 0)
		return work_switches(n);
	if (strcmp(argv[2], "faults") == 0)
		return work_faults(n);
	return 1;
}

void ep_held_start(struct ep_held *h, const char *what, int64_t n)
{
	char number[24];
	int gate[2];
	char byte;

	h->pid = -1;
	h->gate_fd = -1;
	if (pipe2(gate, O_CLOEXEC) < 0)
		return;
	snprintf(number, sizeof(number), "%" PRId64, n);
	fflush(NULL);
	h->pid = fork();
	if (h->pid == 0) {
		close(gate[1]);
		if (read(gate[0], &byte, 1) == 1)
			execl("/proc/self/exe", "workload", "--work", what,
			      number, (char *)NULL);
		_exit(1);
	}
	close(gate[0]);
	h->gate_fd = gate[1];
}

bool ep_held_run(struct ep_held *h, struct rusage *ret)
{
	int status = -1;
	bool opened = write(h->gate_fd, "", 1) == 1;

	close(h->gate_fd);
	h->gate_fd = -1;
	return wait4(h->pid, &status, 0, ret) == h->pid && opened &&
	       status == 0;
}

void ep_need_perf(void)
{
	struct ep_perf_caps caps;
	struct ep_err err = { 0 };

	if (ep_perf_probe(&caps, &err) == 0)
		return;
	print_message("SKIP: %s\n", err.text);
	skip();
}

static int run_child(int (*fn)(void *ctx), void *ctx, bool nobody)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (nobody && getuid() == 0 &&
		    (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 ||
		     setuid(NOBODY) < 0))
			_exit(99);
		/* cmocka would go on with the next test in this child. */
		(void)signal(SIGSEGV, SIG_DFL);
		(void)signal(SIGABRT, SIG_DFL);
		/* Changing ids makes a process invisible to perf. */
		(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
		_exit(fn(ctx));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

int ep_as_nobody(int (*fn)(void *ctx), void *ctx)
{
	return run_child(fn, ctx, true);
}

int ep_in_child(int (*fn)(void *ctx), void *ctx)
{
	return run_child(fn, ctx, false);
}
