/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scpi: an instrument behind a TCP port of this machine, or with --link PATH
 * behind a pseudo-terminal; see scpi_peer.h.  Ends with who started it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/sim/support/scpi_peer.h"

#define PIECES_MAX 256
#define LINE_MAX 512

struct piece {
	int64_t due_ns;
	size_t len;
	char bytes[LINE_MAX];
};

struct front {
	struct scpi_peer peer;
	const char *link; /* a pseudo-terminal */
	int listener, fd; /* -1 none */
	int slave;
	uint16_t port;
	char line[LINE_MAX];
	size_t len;
	struct piece pieces[PIECES_MAX];
	size_t piece_count;
};

static int die(const char *what)
{
	fprintf(stderr, "scpi: %s: %s\n", what, strerror(errno));
	return -1;
}

static int open_terminal(struct front *f, char *place, size_t size)
{
	char path[64];
	struct termios t;

	f->fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (f->fd < 0 || grantpt(f->fd) < 0 || unlockpt(f->fd) < 0 ||
	    ptsname_r(f->fd, path, sizeof(path)) != 0)
		return die("no pseudo-terminal");
	f->slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (f->slave < 0 || tcgetattr(f->slave, &t) < 0)
		return die(path);
	cfmakeraw(&t);
	(void)tcsetattr(f->slave, TCSANOW, &t);
	(void)chmod(path, 0666);
	(void)unlink(f->link);
	snprintf(place, size, "pty %s", path);
	return symlink(path, f->link) < 0 ? die(f->link) : 0;
}

static int open_port(struct front *f, char *place, size_t size)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons(f->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);
	int on = 1;

	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (f->listener < 0 ||
	    setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) <
		    0 ||
	    bind(f->listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(f->listener, 4) < 0 ||
	    getsockname(f->listener, (struct sockaddr *)&at, &len) < 0)
		return die("no port");
	f->port = ntohs(at.sin_port);
	snprintf(place, size, "port %u", f->port);
	return 0;
}

static int switch_on(struct front *f)
{
	char place[128];

	scpi_peer_power_up(&f->peer);
	if ((f->link ? open_terminal(f, place, sizeof(place))
		     : open_port(f, place, sizeof(place))) < 0)
		return -1;
	return scpi_peer_write_state(&f->peer, place);
}

static void hang_up(struct front *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	f->len = f->piece_count = 0;
}

static void switch_off(struct front *f)
{
	hang_up(f);
	if (f->link)
		(void)unlink(f->link);
	if (f->slave >= 0)
		close(f->slave);
	if (f->listener >= 0)
		close(f->listener);
	f->slave = f->listener = -1;
}

static void send_later(struct front *f, const char *bytes, size_t len,
		       int64_t due_ns)
{
	struct piece *p = &f->pieces[f->piece_count];

	if (f->piece_count == PIECES_MAX)
		return;
	f->piece_count++;
	/* Answers keep their order. */
	if (f->piece_count > 1 && p[-1].due_ns > due_ns)
		due_ns = p[-1].due_ns;
	p->due_ns = due_ns;
	p->len = len;
	memcpy(p->bytes, bytes, len);
}

static void take_line(struct front *f)
{
	char reply[LINE_MAX];
	int64_t due_ns = 0;
	size_t len, at, chunk;

	len = scpi_peer_line(&f->peer, f->line, reply, sizeof(reply), &due_ns);
	chunk = f->peer.chunk ? f->peer.chunk : len;
	for (at = 0; at < len; at += chunk, due_ns += 2 * EP_NS_PER_MS)
		send_later(f, reply + at, chunk < len - at ? chunk : len - at,
			   due_ns);
}

static void take_bytes(struct front *f)
{
	char bytes[LINE_MAX];
	ssize_t n = read(f->fd, bytes, sizeof(bytes));

	if (n == 0 || (n < 0 && errno != EAGAIN)) {
		hang_up(f);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			f->line[f->len] = '\0';
			f->len = 0;
			take_line(f);
		} else if (f->len + 1 < sizeof(f->line)) {
			f->line[f->len++] = bytes[i];
		}
	}
}

static void send_due(struct front *f)
{
	while (f->piece_count > 0 && f->fd >= 0 &&
	       f->pieces[0].due_ns <= ep_clock_monotonic_ns()) {
		ssize_t n = write(f->fd, f->pieces[0].bytes, f->pieces[0].len);

		(void)n;
		f->piece_count--;
		memmove(f->pieces, f->pieces + 1,
			f->piece_count * sizeof(f->pieces[0]));
	}
}

static void turn(struct front *f)
{
	struct pollfd p = { .fd = f->fd >= 0 ? f->fd : f->listener,
			    .events = POLLIN };
	struct timespec wait = { 0, 20 * 1000 * 1000 };
	int64_t left_ns = wait.tv_nsec;

	if (f->piece_count > 0)
		left_ns = f->pieces[0].due_ns - ep_clock_monotonic_ns();
	if (left_ns < wait.tv_nsec)
		wait.tv_nsec = left_ns > 0 ? left_ns : 0;
	if (ppoll(&p, 1, &wait, NULL) > 0 && p.revents) {
		if (f->fd >= 0)
			take_bytes(f);
		else
			f->fd = accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
	}
	send_due(f);
}

int main(int argc, char **argv)
{
	static struct front f = { .listener = -1, .fd = -1, .slave = -1 };
	bool on = false;

	scpi_peer_init(&f.peer);
	for (int i = 1; i < argc; i += 2) {
		if (i + 1 < argc && strcmp(argv[i], "--link") == 0) {
			f.link = argv[i + 1];
			continue;
		}
		if (i + 1 < argc &&
		    scpi_peer_option(&f.peer, argv[i], argv[i + 1]) == 0)
			continue;
		fprintf(stderr, "scpi: %s: see scpi_peer.h for the options\n",
			argv[i]);
		return 2;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)signal(SIGPIPE, SIG_IGN);
	for (;;) {
		bool wish = !scpi_peer_has(&f.peer, SCPI_HANGUP);

		if (wish && !on && switch_on(&f) < 0)
			return 1;
		if (!wish && on)
			switch_off(&f);
		on = wish;
		if (on)
			turn(&f);
		else
			ep_clock_sleep_until(ep_clock_monotonic_ns() +
					     10 * EP_NS_PER_MS);
	}
}
