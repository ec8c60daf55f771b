/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/command.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

/* Any program: its own process is the workload. */
struct ep_runner {
	struct ep_child child;
};

static int command_prepare(const struct ep_env *env,
			   const struct ep_runner_job *job,
			   struct ep_runner **ret, struct ep_err *err)
{
	struct ep_runner *r = calloc(1, sizeof(*r));
	int code;

	(void)env;
	if (!r)
		return ep_err_set(err, -ENOMEM, "out of memory");
	code = ep_child_hold(&r->child, &job->spawn, err);
	if (code < 0) {
		free(r);
		return code;
	}
	*ret = r;
	return 0;
}

static pid_t command_pid(const struct ep_runner *r)
{
	return r->child.pid;
}

static int command_fd(const struct ep_runner *r)
{
	return r->child.pidfd;
}

static int command_go(struct ep_runner *r, int64_t *ret_gate_ns,
		      struct ep_err *err)
{
	return ep_child_release(&r->child, ret_gate_ns, err);
}

static int command_step(struct ep_runner *r, const struct ep_event_sink *sink)
{
	(void)sink;
	return ep_child_reap(&r->child);
}

static int command_signal(struct ep_runner *r, int signo)
{
	return ep_child_signal(&r->child, signo);
}

static void command_result(const struct ep_runner *r,
			   struct ep_runner_result *ret)
{
	int s = r->child.wait_status;

	ret->exited = WIFEXITED(s);
	ret->status = ret->exited ? WEXITSTATUS(s) : WTERMSIG(s);
	ret->end_ns = r->child.end_ns;
	ret->usage = r->child.usage;
}

static void command_close(struct ep_runner *r)
{
	if (!r)
		return;
	ep_child_close(&r->child);
	free(r);
}

const struct ep_runner_ops ep_runner_command = {
	.name = "command",
	.summary = "any program, started by edgeprof",
	.prepare = command_prepare,
	.pid = command_pid,
	.fd = command_fd,
	.go = command_go,
	.step = command_step,
	.signal = command_signal,
	.result = command_result,
	.close = command_close,
};
