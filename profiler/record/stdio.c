/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"

/* A pipe that polls writable takes PIPE_BUF bytes at once (pipe(7)). */
#define PIECE_BYTES 4096
/* How soon a writer that waits for its reader sees that it shall give up. */
#define GIVE_UP_POLL_MS 100
/* 4 MiB: more than a pipe holds, so that a survivor which goes on writing does
 * not hold up the end. */
#define LAST_READS 64
/* events.csv takes no longer ones. */
#define SPAN_NS_MAX ((INT64_C(1) << 40) - 1)

static const char *const log_names[2] = { "stdout.log", "stderr.log" };

static int open_pty(struct ep_stream *s, int own_fd)
{
	struct winsize size;
	struct termios raw;
	bool has_size = ioctl(own_fd, TIOCGWINSZ, &size) == 0;

	if (openpty(&s->our_fd, &s->child_fd, NULL, NULL,
		    has_size ? &size : NULL) < 0)
		return -errno;
	/* The real terminal already turns \n into \r\n. */
	if (tcgetattr(s->child_fd, &raw) == 0) {
		raw.c_oflag &= ~(tcflag_t)OPOST;
		raw.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(s->child_fd, TCSANOW, &raw);
	}
	fcntl(s->our_fd, F_SETFD, FD_CLOEXEC);
	fcntl(s->child_fd, F_SETFD, FD_CLOEXEC);
	s->pty = true;
	return 0;
}

static int open_pipe(struct ep_stream *s)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	s->our_fd = ends[0];
	s->child_fd = ends[1];
	return 0;
}

static int open_stream(struct ep_stream *s, enum ep_stdio_mode mode, int own_fd,
		       struct ep_err *err)
{
	bool pty = mode == EP_STDIO_PTY ||
		   (mode == EP_STDIO_AUTO && isatty(own_fd));
	int r = pty ? open_pty(s, own_fd) : open_pipe(s);

	if (r < 0)
		return ep_err_set(err, r,
				  "cannot make a %s for the program's "
				  "output: %s; try --stdio inherit",
				  pty ? "terminal" : "pipe", strerror(-r));
	fcntl(s->our_fd, F_SETFL, O_NONBLOCK);
	return 0;
}

bool ep_stdio_rules_need(const struct ep_record_options *options)
{
	for (size_t i = 0; i < options->phase_rule_count; i++)
		if (!ep_str_ends(options->phase_rules[i], "/@stderr"))
			return true;
	return false;
}

/* The C library writes lines out at once on a terminal only. */
static enum ep_stdio_mode choose_mode(const struct ep_record_options *options,
				      int stream, int out_fd)
{
	enum ep_stdio_mode mode = options->stdio;

	if (out_fd < 0 && (mode == EP_STDIO_INHERIT ||
			   (mode == EP_STDIO_AUTO && options->stderr_to_log)))
		return EP_STDIO_PIPE;
	if (mode == EP_STDIO_AUTO && stream == 0 &&
	    ep_stdio_rules_need(options))
		return EP_STDIO_PTY;
	return mode;
}

int ep_stdio_open(struct ep_stdio *io, const struct ep_record_options *options,
		  struct ep_writer *writer, struct ep_err *err)
{
	memset(io, 0, sizeof(*io));
	io->stop_fd = -1;
	for (int i = 0; i < 2; i++) {
		struct ep_stream *s = &io->streams[i];

		s->child_fd = s->our_fd = s->log_fd = -1;
		s->out_fd = i + 1;
	}
	if (options->stdout_to_log)
		io->streams[0].out_fd = -1;
	if (options->stderr_to_log)
		io->streams[1].out_fd = -1;
	for (int i = 0; i < 2; i++) {
		struct ep_stream *s = &io->streams[i];
		enum ep_stdio_mode mode = choose_mode(options, i, s->out_fd);
		int r;

		if (mode == EP_STDIO_INHERIT)
			continue;
		r = open_stream(s, mode, i + 1, err);
		if (r < 0)
			return r;
		s->timed = s->pty || i == 1;
		s->log_fd = ep_writer_create(writer, log_names[i]);
		if (s->log_fd < 0)
			return ep_err_set(err, s->log_fd,
					  "cannot create %s in %s: %s",
					  log_names[i], writer->dir,
					  strerror(-s->log_fd));
	}
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void to_log(struct ep_stream *s, const char *bytes, size_t len)
{
	int64_t room = EP_LOG_BYTES_MAX - s->log_bytes;
	size_t part = (int64_t)len < room ? len : (size_t)room;

	if (part > 0 && ep_file_write_all(s->log_fd, bytes, part) == 0)
		s->log_bytes += (int64_t)part;
	else
		part = 0;
	s->dropped_bytes += (int64_t)(len - part);
}

/*
 * To our own stream, however slow its reader.  It may be non-blocking (a
 * terminal shared with such a program), and must not hold us for ever.
 */
static void pass_on(const struct ep_stdio *io, struct ep_stream *s,
		    const char *bytes, size_t len)
{
	struct pollfd out = { .fd = s->out_fd, .events = POLLOUT };

	while (len > 0 && !s->out_errno) {
		ssize_t n;

		if (poll(&out, 1, GIVE_UP_POLL_MS) <= 0) {
			if (atomic_load(&io->give_up))
				break;
			continue;
		}
		n = write(s->out_fd, bytes,
			  len < PIECE_BYTES ? len : PIECE_BYTES);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			s->out_errno = errno;
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
	}
	s->undelivered_bytes += (int64_t)len;
}

static void feed(const struct ep_stdio *io, struct ep_stream *s,
		 const char *bytes, size_t len)
{
	struct ep_output piece = { .stream = s == &io->streams[0] ? 1 : 2,
				   .t_ns = ep_clock_monotonic_ns(),
				   .bytes = bytes,
				   .len = len };
	int64_t gate_ns = atomic_load(&io->gate_ns);

	piece.span_ns =
		piece.t_ns - (s->since_ns > gate_ns ? s->since_ns : gate_ns);
	if (piece.span_ns > SPAN_NS_MAX)
		piece.span_ns = SPAN_NS_MAX;
	s->since_ns = piece.t_ns;
	if (io->feed)
		io->feed(io->feed_ctx, &piece);
}

/* False when the stream has nothing more, now or ever. */
static bool carry(const struct ep_stdio *io, struct ep_stream *s)
{
	char bytes[64 * 1024];
	ssize_t n = read(s->our_fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* A pty whose last user is gone reads as EIO. */
	if (n <= 0) {
		close_fd(&s->our_fd);
		return false;
	}
	feed(io, s, bytes, (size_t)n);
	to_log(s, bytes, (size_t)n);
	if (s->out_fd >= 0)
		pass_on(io, s, bytes, (size_t)n);
	/* Nobody reads our output: the program shall get its SIGPIPE, as it
	 * would without us. */
	if (s->out_errno == EPIPE)
		close_fd(&s->our_fd);
	return s->our_fd >= 0;
}

/* Waits; what comes after a stretch without anything is fresh. */
static int wait_for_output(struct ep_stdio *io, struct pollfd *fds,
			   nfds_t count)
{
	int64_t now_ns;
	int r = poll(fds, count, 0);

	if (r != 0)
		return r;
	r = poll(fds, count, -1);
	now_ns = ep_clock_monotonic_ns();
	for (int i = 0; i < 2; i++)
		if (io->streams[i].timed)
			io->streams[i].since_ns = now_ns;
	return r;
}

static void *stdio_main(void *arg)
{
	struct ep_stdio *io = arg;

	for (int i = 0; i < 2; i++)
		io->streams[i].since_ns = ep_clock_monotonic_ns();
	prctl(PR_SET_NAME, "edgeprof-stdio", 0, 0, 0);
	while (!atomic_load_explicit(&io->stop, memory_order_acquire)) {
		struct pollfd fds[3] = {
			{ .fd = io->streams[0].our_fd, .events = POLLIN },
			{ .fd = io->streams[1].our_fd, .events = POLLIN },
			{ .fd = io->stop_fd, .events = POLLIN },
		};

		if (wait_for_output(io, fds, 3) < 0 && errno != EINTR)
			break;
		for (int i = 0; i < 2; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				(void)carry(io, &io->streams[i]);
	}
	for (int i = 0; i < 2; i++) {
		for (int left = LAST_READS; left > 0; left--)
			if (io->streams[i].our_fd < 0 ||
			    !carry(io, &io->streams[i]))
				break;
		feed(io, &io->streams[i], NULL, 0);
	}
	return NULL;
}

int ep_stdio_start(struct ep_stdio *io, struct ep_err *err)
{
	int r;

	close_fd(&io->streams[0].child_fd);
	close_fd(&io->streams[1].child_fd);
	if (io->streams[0].our_fd < 0 && io->streams[1].our_fd < 0)
		return 0;
	io->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (io->stop_fd < 0)
		return ep_err_set(err, -errno, "cannot make an eventfd: %s",
				  strerror(errno));
	r = -pthread_create(&io->thread, NULL, stdio_main, io);
	if (r < 0)
		return ep_err_set(err, r, "cannot start a thread: %s",
				  strerror(-r));
	io->started = true;
	return 0;
}

void ep_stdio_resize(struct ep_stdio *io)
{
	struct winsize size;

	for (int i = 0; i < 2; i++)
		if (io->streams[i].pty && io->streams[i].our_fd >= 0 &&
		    ioctl(i + 1, TIOCGWINSZ, &size) == 0)
			ioctl(io->streams[i].our_fd, TIOCSWINSZ, &size);
}

bool ep_stdio_stop(struct ep_stdio *io, bool give_up)
{
	uint64_t one = 1;

	if (!io->started)
		return true;
	atomic_store(&io->give_up, give_up);
	atomic_store_explicit(&io->stop, true, memory_order_release);
	while (write(io->stop_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	if (give_up)
		pthread_join(io->thread, NULL);
	else if (pthread_tryjoin_np(io->thread, NULL) != 0)
		return false;
	io->started = false;
	return true;
}

void ep_stdio_close(struct ep_stdio *io)
{
	(void)ep_stdio_stop(io, true);
	for (int i = 0; i < 2; i++) {
		close_fd(&io->streams[i].child_fd);
		close_fd(&io->streams[i].our_fd);
		close_fd(&io->streams[i].log_fd);
	}
	close_fd(&io->stop_fd);
}
