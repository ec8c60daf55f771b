/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/spawn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

/* Far above what edgeprof has open when it forks. */
#define EP_OTHERS_MAX 4096
#define EP_KEEP_FDS_MAX 4

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

static int check_program(const char *path, const char *name, struct ep_err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return ep_err_set(err, -EACCES, "%s is a folder, not a program",
				  name);
	if (access(path, X_OK) < 0)
		return ep_err_set(err, -EACCES,
				  "%s is not executable: chmod +x %s", name,
				  path);
	return 0;
}

int ep_spawn_resolve(const char *name, char *ret_path, size_t size,
		     struct ep_err *err)
{
	const char *path = getenv("PATH");
	char candidate[4096];
	int denied = 0, r;

	if (strchr(name, '/') || name[0] == '\0') {
		r = name[0] ? check_program(name, name, err) : -ENOENT;
		if (r == 0)
			(void)ep_str_copy(ret_path, size, name);
		if (r == -EACCES && err && !err->text[0])
			ep_err_set(err, r, "%s cannot be reached: %s", name,
				   strerror(-r));
		else if (r < 0 && r != -EACCES)
			ep_err_set(err, r, "command '%s' not found: %s", name,
				   strerror(-r));
		return r;
	}
	if (!path)
		path = "/usr/local/bin:/usr/bin:/bin";
	while (*path) {
		size_t len = strcspn(path, ":");

		if (ep_str_format(candidate, sizeof(candidate), "%.*s%s%s",
				  (int)len, path, len ? "/" : "", name)) {
			r = check_program(candidate, name, err);
			if (r == 0) {
				(void)ep_str_copy(ret_path, size, candidate);
				return 0;
			}
			/* Not what lies in a folder we may not search. */
			denied |= r == -EACCES && access(candidate, F_OK) == 0;
		}
		path += len + (path[len] == ':');
	}
	if (denied)
		return -EACCES;
	return ep_err_set(err, -ENOENT,
			  "command '%s' not found in PATH: give its path, for "
			  "example ./%s",
			  name, name);
}

static int open_fd_of(const struct dirent *entry)
{
	int64_t fd = -1;

	if (ep_num_parse_i64(entry->d_name, &fd) < 0)
		return -1;
	return (int)fd;
}

static void note_inherited(struct ep_process_state *s)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)) &&
	       s->inherited_count < EP_INHERITED_FDS_MAX) {
		int fd = open_fd_of(entry);

		if (fd > 2 && fd != dirfd(dir))
			s->inherited_fds[s->inherited_count++] = fd;
	}
	closedir(dir);
}

void ep_process_state_get(struct ep_process_state *ret)
{
	memset(ret, 0, sizeof(*ret));
	sigprocmask(SIG_SETMASK, NULL, &ret->mask);
	for (int s = 1; s < 65; s++)
		if (sigaction(s, NULL, &ret->actions[s]) < 0)
			ret->actions[s].sa_handler = SIG_DFL;
	ret->umask = umask(0);
	umask(ret->umask);
	ret->policy = sched_getscheduler(0);
	sched_getparam(0, &ret->param);
	sched_getaffinity(0, sizeof(ret->affinity), &ret->affinity);
	ret->timer_slack_ns = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		getrlimit((__rlimit_resource_t)i, &ret->limits[i]);
	note_inherited(ret);
}

static int drop_to(const struct ep_identity *id)
{
	if (!id || !id->changes)
		return 0;
	if (setgroups((size_t)id->group_count, id->groups) < 0 ||
	    setresgid(id->gid, id->gid, id->gid) < 0 ||
	    setresuid(id->uid, id->uid, id->uid) < 0)
		return -errno;
	if (id->uid != 0 && setuid(0) == 0)
		return -EPERM;
	if (id->home[0])
		setenv("HOME", id->home, 1);
	if (id->user[0]) {
		setenv("USER", id->user, 1);
		setenv("LOGNAME", id->user, 1);
	}
	if (id->shell[0])
		setenv("SHELL", id->shell, 1);
	return 0;
}

static int give_back(const struct ep_process_state *s)
{
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		(void)setrlimit((__rlimit_resource_t)i, &s->limits[i]);
	umask(s->umask);
	sched_setaffinity(0, sizeof(s->affinity), &s->affinity);
	sched_setscheduler(0, s->policy, &s->param);
	prctl(PR_SET_TIMERSLACK, (unsigned long)s->timer_slack_ns, 0, 0, 0);
	for (int sig = 1; sig < 65; sig++)
		sigaction(sig, &s->actions[sig], NULL);
	return 0;
}

static bool is_one_of(const int *fds, int count, int fd)
{
	for (int i = 0; i < count; i++)
		if (fds[i] == fd)
			return true;
	return false;
}

void ep_spawn_close_others(const int *keep, int keep_count)
{
	int others[EP_OTHERS_MAX];
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	int count = 0;

	if (!dir)
		return;
	while ((entry = readdir(dir)) && count < EP_OTHERS_MAX) {
		int fd = open_fd_of(entry);

		if (fd > 2 && fd != dirfd(dir) &&
		    !is_one_of(keep, keep_count, fd))
			others[count++] = fd;
	}
	closedir(dir);
	while (count > 0)
		close(others[--count]);
}

/*
 * What the user's shell handed to us goes on to the program; ours is closed
 * now, not at exec: a child held at the gate must keep neither the other end
 * of the gate nor the guardian's socket open when edgeprof dies.
 */
static void keep_only_inherited(const struct ep_spawn *spawn, int gate,
				int status)
{
	const struct ep_process_state *s = spawn->state;
	int keep[EP_INHERITED_FDS_MAX + 2 + EP_KEEP_FDS_MAX] = { gate, status };
	int count = 2;

	for (int i = 0; s && i < s->inherited_count; i++)
		keep[count++] = s->inherited_fds[i];
	for (int i = 0; i < spawn->keep_count && i < EP_KEEP_FDS_MAX; i++)
		keep[count++] = spawn->keep_fds[i];
	ep_spawn_close_others(keep, count);
}

static int redirect(int fd, int to)
{
	if (fd < 0 || fd == to)
		return 0;
	return dup2(fd, to) < 0 ? -errno : 0;
}

/* A part of edgeprof: its signals are the user's before it begins. */
static int be_ourselves(const struct ep_spawn *s, int gate, int status)
{
	sigset_t none;
	ssize_t n;
	char byte;
	int r;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, s->state ? &s->state->mask : &none, NULL);
	r = s->ready ? s->ready(s->ctx) : 0;
	if (r != 0)
		return r;
	while ((n = read(gate, &byte, 1)) != 1)
		if (n == 0 || errno != EINTR)
			return 127; /* edgeprof is gone before the gate */
	close(gate);
	close(status);
	return s->main(s->ctx);
}

/* Between fork and exec; both pipes are close-on-exec. */
static int child_main(const struct ep_spawn *s, int gate, int status)
{
	sigset_t none;
	ssize_t n;
	char byte;
	int r = 0;

	if (redirect(s->stdin_fd, 0) < 0 || redirect(s->stdout_fd, 1) < 0 ||
	    redirect(s->stderr_fd, 2) < 0)
		r = errno;
	keep_only_inherited(s, gate, status);
	if (r == 0 && s->state)
		r = -give_back(s->state);
	if (r == 0)
		r = -drop_to(s->identity);
	for (int i = 0; s->env_add && s->env_add[i]; i++)
		putenv((char *)(uintptr_t)s->env_add[i]);
	if (r == 0 && s->main)
		return be_ourselves(s, gate, status);
	while (r == 0 && (n = read(gate, &byte, 1)) != 1)
		if (n == 0 || errno != EINTR)
			_exit(127); /* edgeprof is gone before the gate */
	if (r == 0) {
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, s->state ? &s->state->mask : &none,
			    NULL);
		execvp(s->argv[0], s->argv);
		r = errno;
	}
	while (write(status, &r, sizeof(r)) < 0 && errno == EINTR)
		;
	_exit(r == ENOENT ? 127 : 126);
}

int ep_child_hold(struct ep_child *c, const struct ep_spawn *s,
		  struct ep_err *err)
{
	int gate[2] = { -1, -1 }, status[2] = { -1, -1 };
	sigset_t all, before;
	int r = 0;

	memset(c, 0, sizeof(*c));
	c->pidfd = c->gate_fd = c->status_fd = -1;
	if (pipe2(gate, O_CLOEXEC) < 0 || pipe2(status, O_CLOEXEC) < 0) {
		r = ep_err_set(err, -errno, "cannot make a pipe: %s",
			       strerror(errno));
		goto out;
	}
	/* No handler of ours may run in the child before it is reset. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	c->pid = fork();
	if (c->pid == 0)
		_exit(child_main(s, gate[0], status[1]));
	r = c->pid < 0 ? -errno : 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (r < 0) {
		c->pid = 0;
		ep_err_set(err, r, "cannot start a process: %s", strerror(-r));
		goto out;
	}
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0U);
	c->gate_fd = gate[1];
	c->status_fd = status[0];
	gate[1] = status[0] = -1;
out:
	for (int i = 0; i < 2; i++) {
		if (gate[i] >= 0)
			close(gate[i]);
		if (status[i] >= 0)
			close(status[i]);
	}
	return r;
}

int ep_child_release(struct ep_child *c, int64_t *ret_gate_ns,
		     struct ep_err *err)
{
	int64_t gate_ns = ep_clock_monotonic_ns();
	int code = 0;
	ssize_t n;

	while ((n = write(c->gate_fd, "g", 1)) < 0 && errno == EINTR)
		;
	if (n != 1)
		return ep_err_set(err, -errno,
				  "the program ended before it could start");
	close(c->gate_fd);
	c->gate_fd = -1;
	while ((n = read(c->status_fd, &code, sizeof(code))) < 0 &&
	       errno == EINTR)
		;
	close(c->status_fd);
	c->status_fd = -1;
	if (n == (ssize_t)sizeof(code) && code > 0)
		return ep_err_set(err, -code, "cannot execute the program: %s",
				  strerror(code));
	*ret_gate_ns = gate_ns;
	return 0;
}

int ep_child_reap(struct ep_child *c)
{
	pid_t pid;

	if (c->ended)
		return 0;
	pid = wait4(c->pid, &c->wait_status, WNOHANG, &c->usage.ru);
	if (pid == 0)
		return 1;
	if (pid < 0)
		return errno == EINTR ? 1 : -errno;
	c->end_ns = ep_clock_monotonic_ns();
	c->usage.known = true;
	c->ended = true;
	return 0;
}

int ep_child_signal(struct ep_child *c, int signo)
{
	if (c->ended || c->pid <= 0)
		return -ESRCH;
	return kill(c->pid, signo) < 0 ? -errno : 0;
}

void ep_child_close(struct ep_child *c)
{
	if (c->pid > 0 && !c->ended) {
		kill(c->pid, SIGKILL);
		while (wait4(c->pid, &c->wait_status, 0, &c->usage.ru) < 0 &&
		       errno == EINTR)
			;
		c->ended = true;
	}
	if (c->gate_fd >= 0)
		close(c->gate_fd);
	if (c->status_fd >= 0)
		close(c->status_fd);
	if (c->pidfd >= 0)
		close(c->pidfd);
	c->gate_fd = c->status_fd = c->pidfd = -1;
}
