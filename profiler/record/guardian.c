/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/guardian.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/spawn.h"
#include "drivers/proc_list.h"

#define GRACE_NS (5 * EP_NS_PER_S)
#define HOME_MESSAGE ((pid_t)-1)
#define TREE_MAX 1024

/* Its children first become ours or init's when it goes, so the tree is taken
 * while it still stands; starttime tells a process from a reused pid. */
static void end_tree(pid_t pid)
{
	struct ep_proc_id tree[TREE_MAX];
	int count = ep_proc_descendants(pid, true, tree, TREE_MAX);
	int64_t until_ns = ep_clock_monotonic_ns() + GRACE_NS;
	int alive = count;

	for (int i = 0; i < count; i++)
		if (ep_proc_is(&tree[i]))
			kill(tree[i].pid, SIGTERM);
	while (alive > 0 && ep_clock_monotonic_ns() < until_ns) {
		ep_clock_sleep_until(ep_clock_monotonic_ns() +
				     20 * EP_NS_PER_MS);
		alive = 0;
		for (int i = 0; i < count; i++)
			alive += ep_proc_is(&tree[i]);
	}
	for (int i = 0; i < count; i++)
		if (ep_proc_is(&tree[i]))
			kill(tree[i].pid, SIGKILL);
}

static void leave_the_world(void)
{
	int null = ep_spawn_open_null();
	sigset_t none;

	setsid();
	prctl(PR_SET_NAME, "edgeprof-guard", 0, 0, 0);
	for (int s = 1; s < 65; s++)
		if (s != SIGKILL && s != SIGSTOP)
			signal(s, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

static void guardian_main(int fd)
{
	pid_t watched = 0, said = 0;
	ssize_t n;

	leave_the_world();
	ep_spawn_close_others(&fd, 1);
	for (;;) {
		n = read(fd, &said, sizeof(said));
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(said))
			break;
		if (said == HOME_MESSAGE)
			return;
		watched = said;
		(void)!write(fd, "k", 1);
	}
	if (watched > 0)
		end_tree(watched);
}

int ep_guardian_start(struct ep_guardian *g, struct ep_err *err)
{
	int pair[2];

	g->pid = 0;
	g->fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return ep_err_set(err, -errno, "cannot make a socket pair: %s",
				  strerror(errno));
	g->pid = fork();
	if (g->pid == 0) {
		close(pair[0]);
		guardian_main(pair[1]);
		_exit(0);
	}
	close(pair[1]);
	if (g->pid < 0) {
		int code = -errno;

		close(pair[0]);
		g->pid = 0;
		return ep_err_set(err, code, "cannot start the guardian: %s",
				  strerror(-code));
	}
	g->fd = pair[0];
	return 0;
}

int ep_guardian_watch(struct ep_guardian *g, pid_t pid)
{
	char known;

	if (send(g->fd, &pid, sizeof(pid), MSG_NOSIGNAL) < 0)
		return -errno;
	/* Answered, so that from here on no instant is unguarded. */
	for (;;) {
		ssize_t n = recv(g->fd, &known, 1, 0);

		if (n > 0)
			return 0;
		if (n == 0)
			return -EPIPE;
		if (errno != EINTR)
			return -errno;
	}
}

void ep_guardian_collect(struct ep_guardian *g)
{
	if (g->pid <= 0)
		return;
	close(g->fd);
	g->fd = -1;
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
	g->pid = 0;
}

void ep_guardian_stop(struct ep_guardian *g)
{
	pid_t home = HOME_MESSAGE;

	if (g->pid <= 0)
		return;
	(void)send(g->fd, &home, sizeof(home), MSG_NOSIGNAL);
	ep_guardian_collect(g);
}
