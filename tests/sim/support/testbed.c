/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/testbed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PRELOAD "libumockdev-preload.so.0"
#define ENVIRONMENT_BYTES 4096

void testbed_fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
		why);
	exit(2);
}

static void put(const char *name, const char *text)
{
	if (setenv(name, text, 1) < 0)
		testbed_fail(name, strerror(errno));
}

void testbed_preload(char **argv)
{
	const char *before = getenv("LD_PRELOAD");
	const char *asan = getenv("ASAN_OPTIONS");
	char text[ENVIRONMENT_BYTES];

	if (before && strstr(before, PRELOAD))
		return;
	if (strlen(before ? before : "") + strlen(asan ? asan : "") >
	    sizeof(text) - 100)
		testbed_fail("cannot start again", strerror(E2BIG));
	(void)snprintf(text, sizeof(text), "%s%s%s", PRELOAD, before ? ":" : "",
		       before ? before : "");
	put("LD_PRELOAD", text);
	(void)snprintf(text, sizeof(text), "%s%sverify_asan_link_order=0",
		       asan ? asan : "", asan ? ":" : "");
	put("ASAN_OPTIONS", text);
	execv("/proc/self/exe", argv);
	testbed_fail("cannot start again", strerror(errno));
}

int testbed_is_there(void)
{
	/* The testbed is empty; every machine has this. */
	if (access("/sys/kernel", F_OK) < 0)
		return 1;
	fprintf(stderr, "%s: umockdev cannot be preloaded\n",
		program_invocation_short_name);
	return 0;
}

void testbed_write_epoch(const char *path, long long epoch_ns)
{
	FILE *f = path ? fopen(path, "we") : NULL;

	if (f)
		fprintf(f, "%lld\n", epoch_ns);
	if (path && (!f || fclose(f) != 0))
		testbed_fail(path, strerror(errno));
}

int testbed_run(char **command, void (*step)(void *ctx), void *ctx,
		long pause_ns)
{
	const struct timespec pause = { 0, pause_ns };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(command[0], command);
		testbed_fail(command[0], strerror(errno));
	}
	if (pid < 0)
		testbed_fail(command[0], strerror(errno));
	while (waitpid(pid, &status, step ? WNOHANG : 0) == 0) {
		step(ctx);
		nanosleep(&pause, NULL);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
