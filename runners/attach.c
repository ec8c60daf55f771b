/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/attach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "runners/runner.h"

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

/* Where the kernel tells no end of a process that is no child (before 5.3). */
#define ASK_NS (100 * EP_NS_PER_MS)

/*
 * A process that runs already, and beside it a command, or nothing.  It is
 * watched and nothing else: no signal, no setting, no descriptor of ours.
 */
struct ep_runner {
	struct ep_attached who;
	struct ep_child child;
	bool has_child, opened, stopped;
	bool gone; /* whom we measure has ended */
	bool gone_told;
	int target_fd; /* pidfd; -1: asked every ASK_NS */
	int epoll_fd, tick_fd, limit_fd;
	int64_t duration_ns, tick_ns, gate_ns, end_ns;
	struct ep_attach_watch watch;
};

static int set_timer(int fd, int64_t first_ns, int64_t every_ns)
{
	const struct itimerspec when = {
		.it_value = { first_ns / EP_NS_PER_S, first_ns % EP_NS_PER_S },
		.it_interval = { every_ns / EP_NS_PER_S,
				 every_ns % EP_NS_PER_S },
	};

	return timerfd_settime(fd, 0, &when, NULL) < 0 ? -errno : 0;
}

/* No tick where nothing has to be asked. */
static int pace(struct ep_runner *r)
{
	int64_t tick_ns = r->watch.port > 0 && r->opened && !r->child.ended
				  ? EP_ATTACH_LOOK_NS
			  : r->who.id.pid > 0 && r->target_fd < 0 && !r->gone
				  ? ASK_NS
				  : 0;
	int code = 0;

	if (tick_ns != r->tick_ns)
		code = set_timer(r->tick_fd, tick_ns, tick_ns);
	r->tick_ns = tick_ns;
	return code;
}

static int watch_fd(const struct ep_runner *r, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN };

	ev.data.fd = fd;
	if (fd >= 0 && epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &ev) < 0)
		return -errno;
	return 0;
}

static void attach_close(struct ep_runner *r)
{
	const int fds[] = { r ? r->target_fd : -1, r ? r->tick_fd : -1,
			    r ? r->limit_fd : -1, r ? r->epoll_fd : -1 };

	if (!r)
		return;
	if (r->has_child)
		ep_child_close(&r->child);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(r);
}

static int open_fds(struct ep_runner *r)
{
	const int flags = TFD_CLOEXEC | TFD_NONBLOCK;
	int code;

	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	r->tick_fd = timerfd_create(CLOCK_MONOTONIC, flags);
	r->limit_fd = timerfd_create(CLOCK_MONOTONIC, flags);
	if (r->epoll_fd < 0 || r->tick_fd < 0 || r->limit_fd < 0)
		return -errno;
	if (r->who.id.pid > 0)
		r->target_fd = (int)syscall(SYS_pidfd_open, r->who.id.pid, 0U);
	code = watch_fd(r, r->target_fd);
	if (code == 0)
		code = watch_fd(r, r->tick_fd);
	if (code == 0)
		code = watch_fd(r, r->limit_fd);
	if (code == 0 && r->has_child)
		code = watch_fd(r, r->child.pidfd);
	return code < 0 ? code : pace(r);
}

/* The very process that was found, not another with its number. */
static int check_target(const struct ep_runner *r, struct ep_err *err)
{
	if (r->who.id.pid == 0 || (!r->gone && ep_proc_is(&r->who.id)))
		return 0;
	return ep_err_set(err, -ESRCH,
			  "%s (%d) ended before the measurement began",
			  r->who.exe, (int)r->who.id.pid);
}

static int attach_prepare(const struct ep_env *env,
			  const struct ep_runner_job *job,
			  struct ep_runner **ret, struct ep_err *err)
{
	struct ep_runner *r = calloc(1, sizeof(*r));
	int code = 0;

	(void)env;
	if (!r)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r->who = *job->attach->who;
	r->duration_ns = job->attach->duration_ns;
	r->target_fd = r->epoll_fd = r->tick_fd = r->limit_fd = -1;
	r->has_child = job->spawn.argv != NULL;
	ep_attach_watch_start(&r->watch, r->has_child ? r->who.port : 0);
	if (r->has_child) {
		code = ep_child_hold(&r->child, &job->spawn, err);
		r->has_child = code == 0;
	}
	if (code == 0) {
		code = open_fds(r);
		if (code < 0)
			(void)ep_err_set(err, code, "cannot watch %s: %s",
					 r->who.exe, strerror(-code));
	}
	if (code == 0)
		code = check_target(r, err);
	if (code < 0) {
		attach_close(r);
		return code;
	}
	*ret = r;
	return 0;
}

static pid_t attach_pid(const struct ep_runner *r)
{
	return r->has_child ? r->child.pid : 0;
}

static int attach_fd(const struct ep_runner *r)
{
	return r->epoll_fd;
}

static int attach_go(struct ep_runner *r, int64_t *ret_gate_ns,
		     struct ep_err *err)
{
	int64_t gate_ns = ep_clock_monotonic_ns();
	int code = check_target(r, err);

	if (code == 0 && r->has_child)
		code = ep_child_release(&r->child, &gate_ns, err);
	if (code < 0)
		return code;
	r->opened = true;
	r->gate_ns = gate_ns;
	/* Both timers were made; a failure would only end nothing. */
	if (r->duration_ns > 0)
		code = set_timer(r->limit_fd, r->duration_ns, 0);
	if (code == 0)
		code = pace(r);
	if (code < 0)
		return ep_err_set(err, code, "cannot set a timer: %s",
				  strerror(-code));
	*ret_gate_ns = gate_ns;
	return 0;
}

/* Between two looks, half of their distance on either side. */
static void tell_startup(const struct ep_runner *r, int64_t now_ns,
			 const struct ep_event_sink *sink)
{
	int64_t before_ns =
		r->watch.last_ns > r->gate_ns ? r->watch.last_ns : r->gate_ns;
	const struct {
		const char *name;
		int64_t value;
	} facts[] = {
		{ "client.startup_ns", (before_ns + now_ns) / 2 - r->gate_ns },
		{ "client.startup_slack_ns", (now_ns - before_ns) / 2 },
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		struct ep_event e = ep_event_make(now_ns, "fact");
		char text[32];

		(void)ep_str_format(text, sizeof(text), "%lld",
				    (long long)facts[i].value);
		e.source = facts[i].name;
		e.text = text;
		sink->emit(sink->ctx, &e);
	}
}

static void look_at_client(struct ep_runner *r,
			   const struct ep_event_sink *sink)
{
	int64_t now_ns = ep_clock_monotonic_ns();

	if (!r->opened || r->child.ended ||
	    !ep_attach_watch_look(&r->watch, r->child.pid, now_ns))
		return;
	r->watch.port = 0;
	tell_startup(r, now_ns, sink);
}

static void look_at_target(struct ep_runner *r,
			   const struct ep_event_sink *sink)
{
	struct ep_event e;
	char text[400];

	if (r->who.id.pid > 0 && !r->gone && !ep_proc_is(&r->who.id)) {
		r->gone = true;
		if (r->target_fd >= 0)
			(void)epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL,
					r->target_fd, NULL);
	}
	if (!r->gone || r->gone_told || !r->has_child || !r->opened)
		return;
	r->gone_told = true;
	(void)ep_str_format(text, sizeof(text),
			    "%.64s (%d) ended before the command: its "
			    "counters, memory and CPU time end there",
			    r->who.exe, (int)r->who.id.pid);
	e = ep_event_make(ep_clock_monotonic_ns(), "warning");
	e.source = "attached-ended";
	e.text = text;
	sink->emit(sink->ctx, &e);
}

static bool time_is_over(const struct ep_runner *r)
{
	uint64_t times = 0;

	return read(r->limit_fd, &times, sizeof(times)) == sizeof(times);
}

static int attach_step(struct ep_runner *r, const struct ep_event_sink *sink)
{
	uint64_t ticks;
	int code = 1;

	if (read(r->tick_fd, &ticks, sizeof(ticks)) < 0 && errno != EAGAIN)
		return -errno;
	look_at_target(r, sink);
	if (r->has_child) {
		look_at_client(r, sink);
		code = ep_child_reap(&r->child);
		/* It may have ended since, and before the command. */
		if (code == 0)
			look_at_target(r, sink);
	} else if (r->opened && (r->stopped || r->gone || time_is_over(r))) {
		code = 0;
	}
	if (code == 0 && r->end_ns == 0)
		r->end_ns = ep_clock_monotonic_ns();
	(void)pace(r);
	return code;
}

/* Never for whom we measure. */
static int attach_signal(struct ep_runner *r, int signo)
{
	if (r->has_child)
		return ep_child_signal(&r->child, signo);
	r->stopped = true;
	return 0;
}

static void attach_result(const struct ep_runner *r,
			  struct ep_runner_result *ret)
{
	int s = r->child.wait_status;

	ret->exited = true;
	ret->status = 0;
	ret->end_ns = r->end_ns;
	if (!r->has_child)
		return;
	ret->exited = WIFEXITED(s);
	ret->status = ret->exited ? WEXITSTATUS(s) : WTERMSIG(s);
	ret->end_ns = r->child.end_ns;
	ret->usage = r->child.usage;
}

const struct ep_runner_ops ep_runner_attach = {
	.name = "attach",
	.summary = "a process that runs already",
	.prepare = attach_prepare,
	.pid = attach_pid,
	.fd = attach_fd,
	.go = attach_go,
	.step = attach_step,
	.signal = attach_signal,
	.result = attach_result,
	.close = attach_close,
};
