/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/session.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Meters may take seconds to answer, and each is waited for in turn. */
static bool is_cancelled(void *ctx)
{
	struct ep_session *s = ctx;

	ep_session_read_signals(s);
	return s->ended_by || s->interrupt_count > 0;
}

/* Signals come through a descriptor to the main thread; SIGPIPE and SIGXFSZ
 * are errors of write.  What the user's shell made us ignore (nohup) stays
 * ignored.  The child gets everything back (struct ep_process_state). */
int ep_session_take_signals(struct ep_session *s, struct ep_err *err)
{
	static const int taken[] = { SIGINT,  SIGTERM,	SIGHUP,
				     SIGQUIT, SIGWINCH, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (taken[i] == SIGCHLD ||
		    s->state->actions[taken[i]].sa_handler != SIG_IGN)
			sigaddset(&set, taken[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* An ignored SIGCHLD would make the kernel reap for us. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->signal_fd < 0)
		return ep_err_set(err, -errno, "cannot make a signalfd: %s",
				  strerror(errno));
	s->env.is_cancelled = is_cancelled;
	s->env.cancel_ctx = s;
	return 0;
}

/*
 * The terminal sends its signals to its whole foreground group: the program
 * has them already, unless it left the group.  A hangup goes to the leader of
 * the session only.
 */
static bool went_to_program(const struct ep_session *s,
			    const struct signalfd_siginfo *info)
{
	return info->ssi_code == SI_KERNEL && s->child_pid > 0 &&
	       getpgid(s->child_pid) == getpgrp() &&
	       (info->ssi_signo != SIGHUP || getsid(0) != getpid());
}

static void on_interrupt(struct ep_session *s,
			 const struct signalfd_siginfo *info)
{
	int signo = s->interrupt_count == 0   ? SIGINT
		    : s->interrupt_count == 1 ? SIGTERM
					      : SIGKILL;

	s->interrupt_count++;
	if (s->runner && !(signo == SIGINT && went_to_program(s, info)))
		(void)s->runner_ops->signal(s->runner, signo);
}

static void on_signal(struct ep_session *s, const struct signalfd_siginfo *info)
{
	switch (info->ssi_signo) {
	case SIGINT:
		on_interrupt(s, info);
		break;
	case SIGTERM:
	case SIGHUP:
	case SIGQUIT:
		s->ended_by = (int)info->ssi_signo;
		if (s->runner && !went_to_program(s, info))
			(void)s->runner_ops->signal(s->runner,
						    (int)info->ssi_signo);
		break;
	case SIGWINCH:
		ep_stdio_resize(&s->stdio);
		break;
	default:
		break;
	}
}

void ep_session_read_signals(struct ep_session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info))
		on_signal(s, &info);
}
