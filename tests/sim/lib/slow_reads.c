/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * LD_PRELOAD: files whose reads wait or fail, which no file on a disk does.
 *
 *   SLOW_READS="GLOB MS"     pread of a file whose path matches waits for the
 *                            next multiple of MS milliseconds, as that of a
 *                            chip's driver waits for the end of a conversion
 *   FAIL_READS="GLOB ERRNO"  pread of it fails with that number
 *
 * Programs that it starts do not get it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef ssize_t (*pread_fn)(int fd, void *bytes, size_t len, off_t at);

static pread_fn next_pread;

struct rule {
	char glob[256];
	long number;
};
static struct rule slow, broken;

/* What fortified programs call; the C library declares them when this file is
 * fortified itself. */
#if __USE_FORTIFY_LEVEL == 0
ssize_t __pread_chk(int fd, void *bytes, size_t len, off_t at, size_t room);
ssize_t __pread64_chk(int fd, void *bytes, size_t len, off_t at, size_t room);
#endif

static void take_rule(const char *name, struct rule *rule)
{
	const char *text = getenv(name);
	size_t len = text ? strcspn(text, " ") : 0;

	if (!text || len >= sizeof(rule->glob) || text[len] != ' ')
		return;
	memcpy(rule->glob, text, len);
	rule->number = strtol(text + len, NULL, 10);
	unsetenv(name);
}

__attribute__((constructor)) static void begin(void)
{
	void *symbol = dlsym(RTLD_NEXT, "pread");

	memcpy(&next_pread, &symbol, sizeof(next_pread));
	take_rule("SLOW_READS", &slow);
	take_rule("FAIL_READS", &broken);
	unsetenv("LD_PRELOAD");
}

static bool holds(const struct rule *rule, const char *path)
{
	return rule->number > 0 && fnmatch(rule->glob, path, 0) == 0;
}

static void wait_for_conversion(void)
{
	struct timespec t;
	long long cycle_ns = slow.number * 1000000LL, now_ns;

	clock_gettime(CLOCK_MONOTONIC, &t);
	now_ns = t.tv_sec * 1000000000LL + t.tv_nsec;
	now_ns += cycle_ns - now_ns % cycle_ns;
	t.tv_sec = (time_t)(now_ns / 1000000000);
	t.tv_nsec = (long)(now_ns % 1000000000);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) ==
	       EINTR)
		;
}

ssize_t pread(int fd, void *bytes, size_t len, off_t at)
{
	char link[48], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	if (holds(&broken, path)) {
		errno = (int)broken.number;
		return -1;
	}
	if (holds(&slow, path))
		wait_for_conversion();
	return next_pread(fd, bytes, len, at);
}

ssize_t pread64(int fd, void *bytes, size_t len, off_t at)
{
	return pread(fd, bytes, len, at);
}

ssize_t __pread_chk(int fd, void *bytes, size_t len, off_t at, size_t room)
{
	return pread(fd, bytes, len < room ? len : room, at);
}

ssize_t __pread64_chk(int fd, void *bytes, size_t len, off_t at, size_t room)
{
	return pread(fd, bytes, len < room ? len : room, at);
}
