/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_pty.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static void need(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

void ep_pty_make(struct ep_pty *pty)
{
	struct termios t;

	memset(pty, 0, sizeof(*pty));
	pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	need(pty->master >= 0 && grantpt(pty->master) == 0 &&
		     unlockpt(pty->master) == 0 &&
		     ptsname_r(pty->master, pty->path, sizeof(pty->path)) == 0,
	     "pty");
	/* Kept, so that the master does not end when a test closes. */
	pty->slave = open(pty->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	need(pty->slave >= 0 && tcgetattr(pty->slave, &t) == 0, pty->path);
	cfmakeraw(&t);
	need(tcsetattr(pty->slave, TCSANOW, &t) == 0, "tcsetattr");
}

void ep_pty_hang_up(struct ep_pty *pty)
{
	if (pty->slave >= 0)
		close(pty->slave);
	if (pty->master >= 0)
		close(pty->master);
	pty->master = pty->slave = -1;
}

void ep_pty_join(struct ep_pty *pty)
{
	if (pty->started)
		need(pthread_join(pty->thread, NULL) == 0, "join");
	pty->started = false;
}

void ep_pty_end(struct ep_pty *pty)
{
	ep_pty_join(pty);
	ep_pty_hang_up(pty);
}

void ep_pty_write(const struct ep_pty *pty, const void *bytes, size_t len)
{
	need(write(pty->master, bytes, len) == (ssize_t)len, "write");
}

static void *serve(void *arg)
{
	struct ep_pty *pty = arg;

	for (size_t i = 0; i < pty->count; i++) {
		/* A test may end as soon as it has its answer. */
		struct ep_pty_answer a = pty->answers[i];
		uint8_t byte;

		for (size_t n = 0; n < pty->request_len; n++) {
			struct pollfd p = { pty->master, POLLIN, 0 };

			if (poll(&p, 1, 20000) != 1 ||
			    read(pty->master, &byte, 1) != 1)
				return NULL;
		}
		if (a.len > 0)
			ep_pty_write(pty, a.bytes, a.len);
		if (a.hang_up)
			ep_pty_hang_up(pty);
	}
	return NULL;
}

void ep_pty_serve(struct ep_pty *pty, size_t request_len,
		  const struct ep_pty_answer *answers, size_t count)
{
	ep_pty_join(pty);
	pty->request_len = request_len;
	pty->answers = answers;
	pty->count = count;
	need(pthread_create(&pty->thread, NULL, serve, pty) == 0, "thread");
	pty->started = true;
}
