/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_helper.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

struct ep_helper ep_helper_start(void (*act)(int step))
{
	int to[2], from[2];
	struct ep_helper h;

	need(pipe(to) == 0, "pipe");
	need(pipe(from) == 0, "pipe");
	h.pid = fork();
	need(h.pid >= 0, "fork");
	if (h.pid == 0) {
		char byte;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(to[1]);
		for (int step = 0; read(to[0], &byte, 1) == 1; step++) {
			act(step);
			if (write(from[1], &byte, 1) != 1)
				_exit(1);
		}
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	h.to = to[1];
	h.from = from[0];
	return h;
}

void ep_helper_step(const struct ep_helper *h)
{
	char byte = 'x';

	need(write(h->to, &byte, 1) == 1, "write");
	need(read(h->from, &byte, 1) == 1, "read");
}

void ep_helper_end(struct ep_helper *h)
{
	kill(h->pid, SIGKILL);
	close(h->to);
	close(h->from);
	need(waitpid(h->pid, NULL, 0) == h->pid, "waitpid");
}

void ep_helper_burn(int64_t ns)
{
	int64_t end_ns = ep_clock_thread_cpu_ns() + ns;

	while (ep_clock_thread_cpu_ns() < end_ns)
		;
}
