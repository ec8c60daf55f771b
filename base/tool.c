/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/spawn.h"

/* How often an ended program is noticed where there is no pidfd (Linux < 5.3)*/
#define LOOK_NS (20 * EP_NS_PER_MS)

static char *const clean_env[] = {
	(char *)(uintptr_t) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			    "/usr/bin:/sbin:/bin",
	(char *)(uintptr_t) "LC_ALL=C",
	NULL,
};

/* Between fork and exec.  A script's interpreter opens the file again by its
 * descriptor, so that one stays open across exec. */
static void tool_main(const struct ep_tool *tool, int program_fd, int out_fd)
{
	int null_fd = ep_spawn_open_null();
	sigset_t none;

	setsid();
	for (int s = 1; s < 65; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(out_fd, 1) < 0 ||
	    dup2(out_fd, 2) < 0)
		_exit(126);
	ep_spawn_close_others(&program_fd, 1);
	(void)fcntl(program_fd, F_SETFD, 0);
	syscall(SYS_execveat, program_fd, "", tool->argv, clean_env,
		AT_EMPTY_PATH);
	_exit(126);
}

/* Takes what is there; 0 at the end of the stream. */
static int take_output(int fd, struct ep_buf *output)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : 0;
	if (n > 0 && output) {
		size_t room = output->max_bytes - output->len;

		if ((size_t)n < room)
			room = (size_t)n;
		if (ep_buf_add(output, bytes, room) < 0)
			output->max_bytes = output->len;
	}
	return n > 0;
}

/* 0; -ETIMEDOUT; -ECHILD: somebody else waited for it.  *ret_status as waitpid
 * gives it. */
static int wait_for(pid_t pid, int fd, const struct ep_tool *tool,
		    struct ep_buf *output, int *ret_status)
{
	int64_t end_ns = ep_clock_monotonic_ns() + tool->timeout_ns;
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0U);
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN },
				{ .fd = pidfd, .events = POLLIN } };
	bool ended = false;
	int r = 0;

	while (!ended) {
		int64_t left_ns = end_ns - ep_clock_monotonic_ns();
		struct timespec timeout;
		pid_t got;

		if (left_ns <= 0) {
			r = -ETIMEDOUT;
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			waitpid(pid, ret_status, 0);
			break;
		}
		if (pidfd < 0 && left_ns > LOOK_NS)
			left_ns = LOOK_NS;
		timeout.tv_sec = left_ns / EP_NS_PER_S;
		timeout.tv_nsec = left_ns % EP_NS_PER_S;
		(void)ppoll(fds, 2, &timeout, NULL);
		got = waitpid(pid, ret_status, WNOHANG);
		ended = got != 0;
		if (got < 0)
			r = -ECHILD;
		if (fds[0].revents && !take_output(fd, output))
			fds[0].fd = -1;
	}
	/* What is left in the pipe; a daemon that it left behind may hold the
	 * other end for ever. */
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	while (fds[0].fd >= 0 && poll(fds, 1, 0) > 0 && take_output(fd, output))
		;
	if (pidfd >= 0)
		close(pidfd);
	return r;
}

static int judge(const struct ep_tool *tool, int r, int status,
		 struct ep_err *err)
{
	if (r == -ETIMEDOUT)
		return ep_err_set(err, r, "%s did not end within %lld s",
				  tool->path,
				  (long long)(tool->timeout_ns / EP_NS_PER_S));
	if (r < 0)
		return ep_err_set(err, r, "how %s ended is not known",
				  tool->path);
	if (WIFSIGNALED(status))
		return ep_err_set(err, -ECHILD, "%s was ended by signal %d",
				  tool->path, WTERMSIG(status));
	return WEXITSTATUS(status);
}

int ep_tool_run(const struct ep_tool *tool, struct ep_buf *ret_output,
		struct ep_err *err)
{
	int program_fd = ep_root_openat(tool->root, tool->path, O_PATH);
	int out[2] = { -1, -1 }, status = 0, r;
	pid_t pid;

	if (program_fd < 0)
		return ep_err_set(err, program_fd, "cannot run %s: %s",
				  tool->path, strerror(-program_fd));
	if (faccessat(program_fd, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) < 0 &&
	    errno == EACCES) {
		close(program_fd);
		return ep_err_set(err, -EACCES,
				  "cannot run %s: it is not executable",
				  tool->path);
	}
	r = pipe2(out, O_CLOEXEC) < 0 ? -errno : 0;
	pid = r == 0 ? fork() : -1;
	if (pid == 0) {
		tool_main(tool, program_fd, out[1]);
		_exit(126);
	}
	if (pid < 0)
		r = ep_err_set(err, r < 0 ? r : -errno, "cannot run %s: %s",
			       tool->path, strerror(errno));
	close(program_fd);
	if (out[1] >= 0)
		close(out[1]);
	if (r == 0) {
		r = wait_for(pid, out[0], tool, ret_output, &status);
		r = judge(tool, r, status, err);
	}
	if (out[0] >= 0)
		close(out[0]);
	return r;
}

const char *ep_tool_find(const struct ep_root *root, const char *const *paths)
{
	for (; *paths; paths++)
		if (ep_root_exists(root, *paths) == 0)
			return *paths;
	return NULL;
}
