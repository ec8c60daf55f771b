/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/sensors_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"

#define FRAME_NS (100 * EP_NS_PER_MS)
/* How long a terminal that takes nothing (Ctrl-S, a dead connection) is waited
 * for at the end. */
#define LEAVE_MS 500

/* Other screen, no cursor; and back. */
#define ENTER "\033[?1049h\033[?25l\033[0m\033[2J"
#define LEAVE "\033[0m\033[2J\033[?25h\033[?1049l"

struct terminal {
	int in;	 /* -1: no keys */
	int out; /* never blocks where the terminal can be opened again */
	bool own_out;
	struct termios saved;
};

/* An open file of our own: O_NONBLOCK on stdout's would be the shell's too. */
static void open_terminal(struct terminal *t)
{
	char path[128];
	int fd = -1;

	t->in = isatty(STDIN_FILENO) ? STDIN_FILENO : -1;
	if (ttyname_r(STDOUT_FILENO, path, sizeof(path)) == 0)
		fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	t->own_out = fd >= 0;
	t->out = fd >= 0 ? fd : STDOUT_FILENO;
}

/* All of it, or -EAGAIN when a signal came while the terminal took nothing, or
 * when wait_ms are over. */
static int put_all(const struct terminal *t, const char *text, size_t len,
		   int signal_fd, int wait_ms)
{
	while (len > 0) {
		struct pollfd fds[2] = { { .fd = t->out, .events = POLLOUT },
					 { .fd = signal_fd,
					   .events = POLLIN } };
		ssize_t n = write(t->out, text, len);

		if (n >= 0) {
			text += n;
			len -= (size_t)n;
			continue;
		}
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (poll(fds, 2, wait_ms) == 0 || (fds[1].revents & POLLIN))
			return -EAGAIN;
	}
	return 0;
}

static int enter(struct terminal *t)
{
	struct termios quiet;

	/* Keys come one by one and are not shown; Ctrl-C and Ctrl-Z stay
	 * signals. */
	if (t->in >= 0 && tcgetattr(t->in, &t->saved) < 0)
		t->in = -1;
	if (t->in >= 0) {
		quiet = t->saved;
		quiet.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
		quiet.c_cc[VMIN] = 0;
		quiet.c_cc[VTIME] = 0;
		(void)tcsetattr(t->in, TCSANOW, &quiet);
	}
	return put_all(t, ENTER, strlen(ENTER), -1, LEAVE_MS);
}

static void leave(struct terminal *t)
{
	(void)put_all(t, LEAVE, strlen(LEAVE), -1, LEAVE_MS);
	if (t->in < 0)
		return;
	/* Keys that meant nothing to us are not for the shell either. */
	(void)tcflush(t->in, TCIFLUSH);
	(void)tcsetattr(t->in, TCSANOW, &t->saved);
}

static void resize(struct ep_screen *screen, const struct terminal *t)
{
	struct winsize size;

	if (ioctl(t->out, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 ||
	    size.ws_col == 0)
		ep_screen_size(screen, 24, 80);
	else
		ep_screen_size(screen, size.ws_row, size.ws_col);
}

/* Ctrl-Z: the terminal is the shell's until fg.  By the signal itself, which
 * nobody gets where there is no shell to say fg. */
static void stop(struct terminal *t, struct ep_screen *screen)
{
	sigset_t set, old;

	leave(t);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	(void)raise(SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &set, &old);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)enter(t);
	resize(screen, t);
}

static void read_signals(struct terminal *t, struct ep_screen *screen,
			 struct ep_sensors_end *end)
{
	struct signalfd_siginfo info;

	while (read(end->signal_fd, &info, sizeof(info)) ==
	       (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH)
			resize(screen, t);
		else if (info.ssi_signo == SIGTSTP)
			stop(t, screen);
		else if (info.ssi_signo == SIGINT)
			end->asked = true;
		else
			end->signo = (int)info.ssi_signo;
	}
}

/* Past what an arrow or function key sends: ESC [ numbers letter. */
static ssize_t skip_sequence(const char *keys, ssize_t at, ssize_t count)
{
	if (at + 1 < count && (keys[at + 1] == '[' || keys[at + 1] == 'O'))
		for (at += 2; at < count && keys[at] < 0x40; at++)
			;
	return at;
}

static void read_keys(struct terminal *t, struct ep_sensors_end *end)
{
	char keys[64];
	ssize_t n = read(t->in, keys, sizeof(keys));

	/* The terminal is gone. */
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		t->in = -1;
	for (ssize_t i = 0; i < n; i++) {
		if (keys[i] == '\033')
			i = skip_sequence(keys, i, n);
		else if (keys[i] == 'q' || keys[i] == 'Q')
			end->asked = true;
	}
}

/* Sleeps until the next frame, a key or a signal. */
static void wait_frame(struct terminal *t, struct ep_screen *screen,
		       struct ep_sensors_end *end, int64_t due_ns)
{
	struct pollfd fds[2] = { { .fd = end->signal_fd, .events = POLLIN },
				 { .fd = t->in, .events = POLLIN } };
	int64_t left_ns = due_ns - screen->survey->env.now_ns();
	struct timespec wait = { 0, left_ns > 0 ? left_ns : 0 };

	if (ppoll(fds, 2, &wait, NULL) <= 0)
		return;
	read_signals(t, screen, end);
	if (fds[1].revents & POLLIN)
		read_keys(t, end);
	else if (fds[1].revents)
		t->in = -1;
}

static int draw(struct terminal *t, struct ep_screen *screen,
		struct ep_buf *text, const struct ep_sensors_end *end)
{
	int r;

	ep_buf_reset(text);
	r = ep_screen_draw(screen, text);
	if (r == 0 && text->len > 0)
		r = put_all(t, text->data, text->len, end->signal_fd, -1);
	/* Half a frame stands there: all of the next one is drawn. */
	if (r == -EAGAIN)
		screen->all = true;
	return r == -EAGAIN ? 0 : r;
}

static int show(struct terminal *t, struct ep_screen *screen,
		struct ep_survey *s, struct ep_sensors_end *end,
		int64_t until_ns)
{
	int64_t due_ns = s->env.now_ns();
	struct ep_buf text;
	int r = 0;

	ep_buf_init(&text, (size_t)4 * 1024 * 1024);
	while (r == 0 && !end->asked && !end->signo &&
	       s->env.now_ns() < until_ns) {
		if (s->env.now_ns() >= due_ns) {
			ep_survey_collect(s);
			r = draw(t, screen, &text, end);
			due_ns += FRAME_NS;
			if (due_ns < s->env.now_ns())
				due_ns = s->env.now_ns() + FRAME_NS;
		}
		wait_frame(t, screen, end, due_ns);
	}
	ep_buf_done(&text);
	return r;
}

int ep_sensors_watch(struct ep_survey *s, struct ep_sensors_end *end,
		     int64_t duration_ns, struct ep_err *err)
{
	struct terminal t = { .in = -1, .out = -1 };
	struct ep_screen screen;
	int r = ep_screen_init(&screen, s, ep_sensors_utf8());

	if (r == 0) {
		open_terminal(&t);
		resize(&screen, &t);
		r = enter(&t);
		if (r == 0 || r == -EAGAIN)
			r = show(&t, &screen, s, end,
				 duration_ns > 0 ? s->begin_ns + duration_ns
						 : INT64_MAX);
		leave(&t);
		if (t.own_out)
			close(t.out);
	}
	ep_screen_done(&screen);
	/* A hangup says so itself, and its signal is on the way. */
	if (r == -EIO)
		r = 0;
	if (r < 0)
		(void)ep_err_set(err, r, "cannot draw on the terminal: %s",
				 strerror(-r));
	return r;
}
