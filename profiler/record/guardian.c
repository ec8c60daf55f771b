/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/guardian.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/spawn.h"
#include "drivers/proc_list.h"
#include "drivers/shelter.h"

#define GRACE_NS (5 * EP_NS_PER_S)
#define HOME_MESSAGE ((pid_t)-1)
#define TREE_MAX 1024

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

struct tree {
	struct ep_proc_id ids[TREE_MAX];
	int count;
};

struct watched {
	pid_t pids[EP_GUARDIAN_WATCHED_MAX];
	int count;
};

static void note_watched(struct watched *w, pid_t pid)
{
	if (pid == 0)
		w->count = 0;
	else if (w->count < EP_GUARDIAN_WATCHED_MAX)
		w->pids[w->count++] = pid;
}

/* Its children first become ours or init's when it goes, so the tree is taken
 * while it still stands; starttime tells a process from a reused pid. */
static void end_tree_softly(struct tree *t, const struct watched *w)
{
	for (int i = 0; i < w->count; i++) {
		int added =
			ep_proc_descendants(w->pids[i], true, t->ids + t->count,
					    TREE_MAX - t->count);

		t->count += added > 0 ? added : 0;
	}
	for (int i = 0; i < t->count; i++)
		if (ep_proc_is(&t->ids[i]))
			kill(t->ids[i].pid, SIGTERM);
}

static void end_tree(const struct tree *t, int64_t until_ns)
{
	int alive = t->count;

	while (alive > 0 && ep_clock_monotonic_ns() < until_ns) {
		ep_clock_sleep_until(ep_clock_monotonic_ns() +
				     20 * EP_NS_PER_MS);
		alive = 0;
		for (int i = 0; i < t->count; i++)
			alive += ep_proc_is(&t->ids[i]);
	}
	for (int i = 0; i < t->count; i++)
		if (ep_proc_is(&t->ids[i]))
			kill(t->ids[i].pid, SIGKILL);
}

/* What could not be put back plainly stays in the journal, so that the next
 * edgeprof tells it: nobody hears us. */
static void put_back(const struct ep_env *env, struct ep_journal *j)
{
	struct ep_undo_result result;
	int r = ep_journal_reload(j, NULL);

	if (r == 0)
		r = ep_change_undo(j, env, NULL, &result);
	if (r == 0 && j->damaged_count == 0 && result.kept_count == 0 &&
	    result.gone_count == 0 && ep_journal_finish(j, NULL) < 0)
		return;
}

/* The two signals that the C library keeps for itself (32 and 33) end a process
 * too, and it does not let them be ignored: the kernel does.  All zero but the
 * handler, so that it is the same on every architecture with that first. */
static void ignore_reserved(int signo)
{
	unsigned long action[8] = { (unsigned long)(uintptr_t)SIG_IGN };

	(void)syscall(SYS_rt_sigaction, signo, action, NULL, (size_t)8);
}

static void leave_the_world(bool leave_group)
{
	int null = ep_spawn_open_null();
	sigset_t none;

	setsid();
	prctl(PR_SET_NAME, "edgeprof-guard", 0, 0, 0);
	/* What programs that it starts leave behind is its own to collect. */
	for (int s = 1; s < 65; s++)
		if (s != SIGKILL && s != SIGSTOP &&
		    signal(s, s == SIGCHLD ? SIG_DFL : SIG_IGN) == SIG_ERR)
			ignore_reserved(s);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	ep_shelter_enter(leave_group);
	/* A folder of somebody's must not stay busy because of us. */
	if (chdir("/") < 0)
		return;
}

/* Until edgeprof sends us home (false) or is gone (true). */
static bool wait_for_end(int fd, int pidfd, struct watched *watched)
{
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
				 { .fd = pidfd, .events = POLLIN } };
	pid_t said = 0;
	ssize_t n;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			continue;
		/* What it still said is read first. */
		if (fds[0].revents == 0)
			return true;
		n = read(fd, &said, sizeof(said));
		if (n < 0 && errno == EINTR)
			continue;
		if (n != (ssize_t)sizeof(said))
			return true;
		if (said == HOME_MESSAGE)
			return false;
		note_watched(watched, said);
		(void)!write(fd, "k", 1);
	}
}

static void guardian_main(int fd, int pidfd, const struct ep_env *env,
			  struct ep_journal *j)
{
	int keep[8] = { fd, pidfd }, count = 2;
	static struct tree tree;
	struct watched watched = { .count = 0 };
	int64_t until_ns;

	if (j) {
		keep[count++] = env->root.fd;
		keep[count++] = j->state.dir_fd;
		keep[count++] = j->lock_fd;
		keep[count++] = j->board_fd;
		keep[count++] = j->fd;
	}
	leave_the_world(j != NULL);
	ep_spawn_close_others(keep, count);
	if (!wait_for_end(fd, pidfd, &watched))
		return;
	until_ns = ep_clock_monotonic_ns() + GRACE_NS;
	end_tree_softly(&tree, &watched);
	/* Before the grace is over: whoever killed edgeprof may be after us. */
	if (j)
		put_back(env, j);
	end_tree(&tree, until_ns);
}

int ep_guardian_start(struct ep_guardian *g, const struct ep_env *env,
		      const struct ep_journal *journal, struct ep_err *err)
{
	int pair[2], pidfd;
	struct ep_journal copy;

	g->pid = 0;
	g->fd = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return ep_err_set(err, -errno, "cannot make a socket pair: %s",
				  strerror(errno));
	/* Ours, taken before there are two: -1 on kernels before 5.3. */
	pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0U);
	g->pid = fork();
	if (g->pid == 0) {
		close(pair[0]);
		if (journal)
			copy = *journal;
		guardian_main(pair[1], pidfd, env, journal ? &copy : NULL);
		_exit(0);
	}
	close(pair[1]);
	if (pidfd >= 0)
		close(pidfd);
	if (g->pid < 0) {
		int code = -errno;

		close(pair[0]);
		g->pid = 0;
		return ep_err_set(err, code, "cannot start the guardian: %s",
				  strerror(-code));
	}
	g->fd = pair[0];
	/* Deaf and in its own session before the first change. */
	if (ep_guardian_watch(g, 0) < 0) {
		ep_guardian_collect(g);
		return ep_err_set(err, -ESRCH,
				  "the guardian process was killed at once");
	}
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
