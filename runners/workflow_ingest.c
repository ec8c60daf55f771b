/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/workflow_run.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/spawn.h"

/* How often an ended program is noticed where there is no pidfd (Linux < 5.3)*/
#define LOOK_NS (20 * EP_NS_PER_MS)

static struct timespec timespec_of(int64_t ns)
{
	struct timespec t = { .tv_sec = ns / EP_NS_PER_S,
			      .tv_nsec = ns % EP_NS_PER_S };

	return t;
}

static int wait_ns(int64_t ns, int stop_fd)
{
	int64_t until_ns = ep_clock_monotonic_ns() + ns;

	for (;;) {
		int64_t left_ns = until_ns - ep_clock_monotonic_ns();
		struct pollfd fd = { .fd = stop_fd, .events = POLLIN };
		struct timespec t;

		if (left_ns <= 0)
			return 0;
		t = timespec_of(left_ns);
		if (ppoll(&fd, 1, &t, NULL) > 0)
			return -EINTR;
	}
}

static int read_file(const struct ep_step *s, struct ep_buf *ret,
		     struct ep_err *err)
{
	int r = ep_file_read(AT_FDCWD, s->path, ret);

	if (r == -EFBIG)
		return ep_err_set(err, r, "%s: larger than 1 MiB", s->path);
	return r < 0 ? ep_err_set(err, r, "%s: %s", s->path, strerror(-r)) : 0;
}

/* A file without a name that begins with input, or the null device. */
static int open_input(const char *input)
{
	int fd, r = 0;

	if (!input[0])
		return ep_spawn_open_null();
	fd = memfd_create("input", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = ep_file_write_all(fd, input, strlen(input));
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* What there is now; 0 at the end of the stream. */
static int take_output(int fd, struct ep_buf *ret)
{
	char bytes[4096];
	ssize_t n = read(fd, bytes, sizeof(bytes));
	int r;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 1 : -errno;
	r = n > 0 ? ep_buf_add(ret, bytes, (size_t)n) : 0;
	return r < 0 ? r : n > 0;
}

/* Until it has ended; -ETIMEDOUT, -EINTR, -EFBIG, -errno. */
static int follow(struct ep_child *child, int out_fd, int stop_fd,
		  int64_t until_ns, struct ep_buf *ret)
{
	struct pollfd fds[] = { { .fd = out_fd, .events = POLLIN },
				{ .fd = child->pidfd, .events = POLLIN },
				{ .fd = stop_fd, .events = POLLIN } };
	int r = 1;

	while (ep_child_reap(child) == 1) {
		int64_t left_ns = until_ns - ep_clock_monotonic_ns();
		struct timespec t;

		if (left_ns <= 0)
			return -ETIMEDOUT;
		if (child->pidfd < 0 && left_ns > LOOK_NS)
			left_ns = LOOK_NS;
		t = timespec_of(left_ns);
		(void)ppoll(fds, 3, &t, NULL);
		if (fds[2].revents)
			return -EINTR;
		if (fds[0].revents)
			r = take_output(out_fd, ret);
		if (r < 0)
			return r;
		if (r == 0)
			fds[0].fd = -1;
	}
	/* What is left in the pipe; somebody it started may still hold it. */
	while (fds[0].fd >= 0 && poll(fds, 1, 0) > 0) {
		r = take_output(out_fd, ret);
		if (r <= 0)
			return r;
	}
	return 0;
}

static int judge(const struct ep_step *s, int r, int status, struct ep_err *err)
{
	const char *name = s->argv[0];

	if (r == -EINTR)
		return r;
	if (r == -EFBIG)
		return ep_err_set(err, r, "%s writes more than 1 MiB", name);
	if (r == -ETIMEDOUT)
		return ep_err_set(err, r, "%s did not end within %.3g s", name,
				  (double)s->timeout_ns * 1e-9);
	if (r < 0)
		return ep_err_set(err, r, "%s: %s", name, strerror(-r));
	if (WIFSIGNALED(status))
		return ep_err_set(err, -ECHILD, "%s was ended by signal %d",
				  name, WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return ep_err_set(err, -ECHILD, "%s ended with status %d", name,
				  WEXITSTATUS(status));
	return 0;
}

static int start(struct ep_child *child, const struct ep_step *s, int in_fd,
		 int out_fd, struct ep_err *err)
{
	const struct ep_spawn spawn = { .argv = s->argv,
					.stdin_fd = in_fd,
					.stdout_fd = out_fd,
					.stderr_fd = -1 };
	int64_t gate_ns;
	int r;

	/* It is ignored here for the sake of sockets; not there. */
	signal(SIGPIPE, SIG_DFL);
	r = ep_child_hold(child, &spawn, err);
	signal(SIGPIPE, SIG_IGN);
	if (r == 0)
		r = ep_child_release(child, &gate_ns, err);
	return r < 0 ? ep_err_prefix(err, "%s", s->argv[0]) : r;
}

static int run_command(const struct ep_step *s, const char *input, int stop_fd,
		       struct ep_buf *ret, struct ep_err *err)
{
	int64_t until_ns = ep_clock_monotonic_ns() + s->timeout_ns;
	struct ep_child child = { .pidfd = -1, .gate_fd = -1, .status_fd = -1 };
	int out[2] = { -1, -1 }, in_fd = open_input(input), r;

	if (in_fd < 0 || pipe2(out, O_CLOEXEC) < 0) {
		r = in_fd < 0 ? in_fd : -errno;
		ep_err_set(err, r, "%s: %s", s->argv[0], strerror(-r));
		goto out;
	}
	(void)fcntl(out[0], F_SETFL, O_NONBLOCK);
	r = start(&child, s, in_fd, out[1], err);
	close(out[1]);
	if (r < 0)
		goto out;
	r = follow(&child, out[0], stop_fd, until_ns, ret);
	r = judge(s, r, child.wait_status, err);
out:
	ep_child_close(&child);
	if (out[0] >= 0)
		close(out[0]);
	if (in_fd >= 0)
		close(in_fd);
	return r;
}

int ep_workflow_ingest(const struct ep_step *s, const char *input, int stop_fd,
		       struct ep_buf *ret, struct ep_err *err)
{
	json_t *utf8;
	int r = ep_buf_adds(ret, "");

	if (r < 0)
		return ep_err_set(err, r, "out of memory");
	if (s->kind == EP_STEP_PAUSE)
		return wait_ns(s->pause_ns, stop_fd);
	r = s->kind == EP_STEP_FILE ? read_file(s, ret, err)
				    : run_command(s, input, stop_fd, ret, err);
	if (r < 0)
		return r;
	utf8 = json_stringn(ret->data, ret->len);
	if (!utf8 || strlen(ret->data) != ret->len)
		r = ep_err_set(err, -EILSEQ, "what %s gives is no UTF-8 text",
			       s->kind == EP_STEP_FILE ? s->path : s->argv[0]);
	json_decref(utf8);
	return r;
}
