/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define STOP_PATIENCE_NS (10 * EP_NS_PER_S)
#define EARLY_PATIENCE_NS (1 * EP_NS_PER_S)
#define CRASH_PATIENCE_NS (EP_NS_PER_S / 2)
#define TICK_NS (20 * EP_NS_PER_MS)

/* As whoever it will run as: under sudo root reads more than the server. */
static int check_model(const char *path, const struct ep_identity *identity,
		       struct ep_err *err)
{
	struct stat st = { .st_mode = 0 };
	int fd, r = ep_identity_enter(identity, err);

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	r = fd < 0 || fstat(fd, &st) < 0 ? -errno : 0;
	ep_identity_leave(identity);
	if (fd >= 0)
		close(fd);
	if (r < 0)
		return ep_err_set(err, r, "--model %.300s: %s", path,
				  strerror(-r));
	if (!S_ISREG(st.st_mode))
		return ep_err_set(err, -EINVAL, "--model %.300s is not a file",
				  path);
	return 0;
}

/* Binds the port to find out whether it is free; 0: any, told in *ret. */
static int try_port(unsigned port, unsigned *ret, struct ep_err *err)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)port) };
	socklen_t len = sizeof(a);
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = 0;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/* What a run a minute ago left behind is no listener. */
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (struct sockaddr *)&a, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	*ret = ntohs(a.sin_port);
	if (r == -EADDRINUSE)
		return ep_err_set(err, r,
				  "port %u is in use: give the server another "
				  "--port, or none for one that is free",
				  port);
	return r < 0 ? ep_err_set(err, r, "no port for the server: %s",
				  strerror(-r))
		     : 0;
}

void ep_serve_init(struct ep_serve *s)
{
	memset(s, 0, sizeof(*s));
	s->timer_fd = s->epoll_fd = -1;
	s->child.pidfd = s->child.gate_fd = s->child.status_fd = -1;
}

int ep_serve_watch(struct ep_serve *s, int fd, struct ep_err *err)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };

	/* Kernels without pidfds wake us by SIGCHLD. */
	if (fd >= 0 && epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return ep_err_set(err, -errno, "cannot watch the server: %s",
				  strerror(errno));
	return 0;
}

void ep_serve_unwatch(const struct ep_serve *s, int fd)
{
	if (fd >= 0)
		(void)epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static int make_watch(struct ep_serve *s, struct ep_err *err)
{
	s->timer_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->timer_fd < 0 || s->epoll_fd < 0)
		return ep_err_set(err, -errno, "cannot watch the server: %s",
				  strerror(errno));
	return ep_serve_watch(s, s->timer_fd, err);
}

int ep_serve_hold(struct ep_serve *s, const struct ep_runner_job *job,
		  struct ep_err *err)
{
	struct ep_spawn spawn = job->spawn;
	unsigned free_port = 0, same;
	int r = 0;

	if (job->drive->model && ep_serve_is_file(job->drive->model))
		r = check_model(job->drive->model, spawn.identity, err);
	if (r == 0)
		r = try_port(0, &free_port, err);
	if (r == 0)
		r = ep_serve_command_make(job->drive, free_port, &s->command,
					  err);
	if (r == 0 && s->command.port != free_port)
		r = try_port(s->command.port, &same, err);
	if (r == 0)
		r = make_watch(s, err);
	if (r < 0)
		return r;
	spawn.argv = s->command.argv;
	/* What is typed is not for a server. */
	spawn.stdin_fd = ep_spawn_open_null();
	r = ep_child_hold(&s->child, &spawn, err);
	if (spawn.stdin_fd >= 0)
		close(spawn.stdin_fd);
	return r < 0 ? r : ep_serve_watch(s, s->child.pidfd, err);
}

static void set_tick(const struct ep_serve *s, bool on)
{
	const struct itimerspec every = {
		.it_interval.tv_nsec = on ? TICK_NS : 0,
		.it_value.tv_nsec = on ? TICK_NS : 0,
	};

	(void)timerfd_settime(s->timer_fd, 0, &every, NULL);
}

static int alive_count(const struct ep_serve *s)
{
	int count = 0;

	for (int i = 0; i < s->tree_count; i++)
		count += ep_proc_is(&s->tree[i]);
	return count;
}

void ep_serve_signal(struct ep_serve *s, int signo)
{
	/* A wrapper's children are the server as well. */
	if (!s->child.ended && s->child.pid > 0)
		s->tree_count = ep_proc_descendants(s->child.pid, true, s->tree,
						    EP_SERVE_TREE_MAX);
	for (int i = 0; i < s->tree_count; i++)
		if (ep_proc_is(&s->tree[i]))
			kill(s->tree[i].pid, signo);
	s->killed |= signo == SIGKILL;
}

static void stop(struct ep_serve *s, int64_t now_ns)
{
	s->stopping = true;
	s->patience_ns = now_ns + STOP_PATIENCE_NS;
	ep_serve_signal(s, SIGTERM);
	set_tick(s, true);
}

static void tell(const struct ep_event_sink *sink, const char *event,
		 const char *source, const char *text)
{
	struct ep_event e = ep_event_make(ep_clock_monotonic_ns(), event);

	e.source = source;
	e.text = text;
	sink->emit(sink->ctx, &e);
}

static void tell_end(struct ep_serve *s, const struct ep_event_sink *sink)
{
	int status = s->child.wait_status;
	char text[32];

	(void)ep_str_format(text, sizeof(text), "%s %d",
			    WIFEXITED(status) ? "exit" : "signal",
			    WIFEXITED(status) ? WEXITSTATUS(status)
					      : WTERMSIG(status));
	tell(sink, "fact", "server.exit", text);
	s->told = true;
}

static void tell_killed(const struct ep_event_sink *sink)
{
	tell(sink, "warning", "server-killed",
	     "the server did not end within 10 s after SIGTERM and was killed");
}

/* A crash breaks the connection before its process has ended. */
static bool may_be_crashing(struct ep_serve *s, enum ep_serve_client client,
			    int64_t now_ns)
{
	if (client != EP_SERVE_CLIENT_FAILED || s->stopping || s->early)
		return false;
	if (!s->waited) {
		s->waited = true;
		s->patience_ns = now_ns + CRASH_PATIENCE_NS;
		set_tick(s, true);
	}
	return now_ns < s->patience_ns;
}

int ep_serve_step(struct ep_serve *s, enum ep_serve_client client,
		  bool *ret_hush, const struct ep_event_sink *sink)
{
	bool client_runs = client == EP_SERVE_CLIENT_RUNS;
	int64_t now_ns = ep_clock_monotonic_ns();
	bool runs = ep_child_reap(&s->child) == 1;
	uint64_t ticks;

	while (read(s->timer_fd, &ticks, sizeof(ticks)) > 0)
		;
	if (!runs && !s->told) {
		ep_serve_unwatch(s, s->child.pidfd);
		tell_end(s, sink);
	}
	if (!runs && !s->stopping && !s->early) {
		s->early = true;
		s->patience_ns = now_ns + EARLY_PATIENCE_NS;
		set_tick(s, true);
	}
	*ret_hush = s->early && client_runs && now_ns >= s->patience_ns;
	if (client_runs || may_be_crashing(s, client, now_ns))
		return 1;
	if (!s->stopping && !s->early)
		stop(s, now_ns);
	if (!runs && alive_count(s) == 0) {
		set_tick(s, false);
		return 0;
	}
	if (s->stopping && !s->killed && now_ns >= s->patience_ns) {
		ep_serve_signal(s, SIGKILL);
		tell_killed(sink);
	}
	return 1;
}

void ep_serve_explain(const struct ep_serve *s, char *ret, size_t size)
{
	int status = s->child.wait_status;

	if (WIFEXITED(status))
		(void)ep_str_format(ret, size,
				    "the server ended early with status %d",
				    WEXITSTATUS(status));
	else
		(void)ep_str_format(ret, size,
				    "the server was ended early by signal %d "
				    "(%s)",
				    WTERMSIG(status),
				    strsignal(WTERMSIG(status)));
}

void ep_serve_close(struct ep_serve *s)
{
	if (!s->child.ended && s->child.pid > 0)
		ep_serve_signal(s, SIGKILL);
	ep_child_close(&s->child);
	if (s->timer_fd >= 0)
		close(s->timer_fd);
	if (s->epoll_fd >= 0)
		close(s->epoll_fd);
	s->timer_fd = s->epoll_fd = -1;
	ep_serve_command_done(&s->command);
}
