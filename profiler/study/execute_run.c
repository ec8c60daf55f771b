/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"
#include "drivers/thermal.h"
#include "profiler/study/execute.h"

#define TICK_MS 100
#define ENDING_MS 2

/* Only what is safe between fork and exec. */
static void become_run(const struct ep_execute *x, char *const *argv,
		       int stderr_fd, pid_t parent)
{
	int null_fd;

	/* Ours would reach it by the terminal too, and it counts them. */
	setpgid(0, 0);
	ep_identity_leave(x->identity);
	prctl(PR_SET_PDEATHSIG, (unsigned long)SIGTERM, 0, 0, 0);
	if (getppid() != parent)
		_exit(125);
	if (x->folder && chdir(x->folder) < 0)
		_exit(125);
	null_fd = ep_spawn_open_null();
	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 ||
	    dup2(stderr_fd, 2) < 0)
		_exit(125);
	execv(x->program, argv);
	_exit(125);
}

static void keep_line(char *told, size_t size, const char *line, size_t len)
{
	while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	if (len == 0)
		return;
	(void)ep_str_format(told, size, "%.*s", (int)len, line);
	ep_str_printable(told);
}

static void read_errors(int fd, struct ep_execute_run *run)
{
	char block[4096];
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0) {
		char *line = block;
		char *end = block + n;

		/* Lines come whole: edgeprof writes them so. */
		for (char *p = block; p < end; p++)
			if (*p == '\n' && p + 1 < end)
				line = p + 1;
		keep_line(run->told, sizeof(run->told), line,
			  (size_t)(end - line));
	}
}

/* How many of the signals so far are for the run: a first Ctrl-C lets it end
 * as it would. */
static int signals_due(const struct ep_execute *x)
{
	int count = *x->stop == 0 ? 0 : x->stop_count ? *x->stop_count : 1;

	return *x->stop == SIGINT && x->stop_count ? count - 1 : count;
}

static int wait_for(const struct ep_execute *x, struct ep_execute_run *run,
		    pid_t pid, int fd)
{
	int status, sent = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		pid_t done;

		(void)poll(&p, 1, TICK_MS);
		read_errors(fd, run);
		done = waitpid(pid, &status, WNOHANG);
		if (done == pid)
			break;
		if (done < 0 && errno != EINTR)
			return -errno;
		for (; sent < signals_due(x); sent++)
			kill(pid, *x->stop);
		/* It has closed its output: it is about to end. */
		if (p.revents & POLLHUP)
			(void)poll(NULL, 0, ENDING_MS);
		if (run->wait)
			run->wait(run->ctx);
	}
	read_errors(fd, run);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int ep_execute_run(const struct ep_execute *x, struct ep_execute_run *run)
{
	pid_t pid, parent = getpid();
	int ends[2], r;

	run->told[0] = '\0';
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	pid = fork();
	if (pid == 0)
		become_run(x, run->argv, ends[1], parent);
	r = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (r == 0) {
		ep_execute_lock_note(x->lock_fd, pid);
		r = wait_for(x, run, pid, ends[0]);
		ep_execute_lock_note(x->lock_fd, 0);
	}
	close(ends[0]);
	return r;
}

double ep_execute_temperature_c(const struct ep_root *root)
{
	struct ep_thermal_zone zones[EP_THERMAL_ZONES_MAX];
	int count = ep_thermal_zones(root, zones, EP_THERMAL_ZONES_MAX);
	double hottest = (double)NAN;

	for (int i = 0; i < count; i++) {
		int fd = ep_thermal_open(root, &zones[i]);
		char text[32];
		int64_t mc = 0;
		ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

		if (fd >= 0)
			close(fd);
		if (n <= 0)
			continue;
		text[n] = '\0';
		if (ep_num_parse_i64(ep_str_chomp(text), &mc) == 0 &&
		    !((double)mc / 1000 <= hottest))
			hottest = (double)mc / 1000;
	}
	return hottest;
}
