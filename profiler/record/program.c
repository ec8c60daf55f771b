/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/session.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "profiler/record/attached.h"
#include "runners/container.h"

static void tell(const struct ep_session *s, enum ep_progress what,
		 const char *text)
{
	s->progress.tell(s->progress.ctx, what, text, 0);
}

/* OpenMP is how most inference libraries make their threads. */
static size_t set_threads(struct ep_session *s, const char **ret_env)
{
	if (s->options->thread_count == 0)
		return 0;
	(void)ep_str_format(s->threads_env, sizeof(s->threads_env),
			    "OMP_NUM_THREADS=%lld",
			    (long long)s->options->thread_count);
	ret_env[0] = s->threads_env;
	return 1;
}

/* Why an observer is of no use with a process that was there before us; NULL:
 * it may be.  Marks are the command's own, probes the measured process's. */
static const char *useless(const struct ep_session *s,
			   const struct ep_observer_ops *ops)
{
	if (!s->attaches)
		return NULL;
	if (ops->setenv && !s->options->argv)
		return "a program that was started without EDGEPROF_SOCKET "
		       "cannot mark";
	if (!ops->setenv && ops->attach && s->attached.id.pid == 0)
		return "the server is not measured";
	return NULL;
}

/* -ENODATA: there is nothing for it in this run. */
static int open_observer(struct ep_session *s, struct ep_watched *w,
			 struct ep_err *err)
{
	const struct ep_watch_job job = {
		.runner = s->options->runner,
		.argv = s->options->argv,
		.phase_rules = s->options->phase_rules,
		.phase_rule_count = s->options->phase_rule_count,
	};
	int r = w->ops->open(&s->env, &w->observer, err);

	if (r < 0) {
		w->observer = NULL;
		return r;
	}
	r = w->ops->setup ? w->ops->setup(w->observer, &job, err) : 0;
	if (r < 0) {
		w->ops->close(w->observer);
		w->observer = NULL;
	}
	return r;
}

static int open_observers(struct ep_session *s, const char **ret_env,
			  size_t max)
{
	size_t count = set_threads(s, ret_env);

	for (size_t i = 0; i < EP_OBSERVERS_MAX && ep_observers[i]; i++) {
		struct ep_watched *w = &s->observers[s->observer_count++];
		struct ep_err why = { 0 };
		const char *env, *reason;
		int r;

		/* A server was started without them. */
		if (!ep_observers[i]->open ||
		    (s->options->drive && !s->options->drive->server)) {
			s->observer_count--;
			continue;
		}
		w->ops = ep_observers[i];
		reason = useless(s, w->ops);
		if (reason) {
			(void)ep_str_copy(w->reason, sizeof(w->reason), reason);
			continue;
		}
		r = open_observer(s, w, &why);
		if (r == -ENODATA) {
			s->observer_count--;
			memset(w, 0, sizeof(*w));
			continue;
		}
		if (r < 0) {
			(void)ep_str_copy(w->reason, sizeof(w->reason),
					  why.text[0] ? why.text
						      : strerror(-r));
			continue;
		}
		env = w->ops->setenv ? w->ops->setenv(w->observer) : NULL;
		if (env && count < max)
			ret_env[count++] = env;
	}
	ret_env[count] = NULL;
	return 0;
}

static void attach_observers(struct ep_session *s)
{
	for (size_t i = 0; i < s->observer_count; i++) {
		struct ep_watched *w = &s->observers[i];
		struct ep_err why = { 0 };
		int r;

		if (!w->observer || !w->ops->attach)
			continue;
		r = w->ops->attach(w->observer, s->env.target_pid,
				   s->identity.uid, &why);
		if (r >= 0)
			continue;
		(void)ep_str_copy(w->reason, sizeof(w->reason),
				  why.text[0] ? why.text : strerror(-r));
		w->ops->close(w->observer);
		w->observer = NULL;
	}
}

/* A client of a container engine: whoever reads the numbers must know. */
static void tell_container(struct ep_session *s)
{
	struct ep_container_use use;
	char text[400];

	if (s->attaches || !ep_container_parse(s->options->argv, &use) ||
	    ep_container_is_podman(s->program))
		return;
	(void)ep_container_tell(&use, text, sizeof(text));
	tell(s, EP_PROGRESS_WARNING, text);
	ep_session_event(s, "warning", "container-client", text);
}

/* Whom to measure: the program itself, or the server it sends requests to. */
static void choose_target(struct ep_session *s)
{
	char name[300] = "", text[400];

	s->child_pid = s->env.target_pid = s->runner_ops->pid(s->runner);
	if (s->runner_ops->client)
		s->client_pid = s->runner_ops->client(s->runner);
	if (s->runner_ops->command && s->runner_ops->command(s->runner))
		s->env.target_argv = s->runner_ops->command(s->runner);
	if (s->attaches) {
		(void)ep_session_measure_attached(s);
		return;
	}
	if (!s->runner_ops->target)
		return;
	s->env.target_pid =
		s->runner_ops->target(s->runner, name, sizeof(name));
	if (s->env.target_pid > 0 && s->env.target_pid == s->child_pid)
		return;
	s->env.target_runs = 1;
	if (s->env.target_pid > 0) {
		(void)ep_str_format(text, sizeof(text), "%s (%d)", name,
				    (int)s->env.target_pid);
		ep_session_event(s, "fact", "server", text);
		return;
	}
	(void)ep_str_format(text, sizeof(text),
			    "the server's counters, memory and CPU time are "
			    "not measured: %s",
			    name);
	tell(s, EP_PROGRESS_WARNING, text);
	ep_session_event(s, "warning", "server-unseen", text);
}

int ep_session_hold(struct ep_session *s, struct ep_err *err)
{
	const char *env[EP_OBSERVERS_MAX + 2] = { NULL };
	struct ep_runner_job job = { .spawn = {
					     .argv = s->options->argv,
					     .env_add = env,
					     .identity = &s->identity,
					     .state = s->state,
					     .stdin_fd = -1,
				     },
				     .drive = s->options->drive };
	const struct ep_attach_job attach = {
		.who = &s->attached,
		.duration_ns = s->options->duration_ns,
	};
	int r;

	if (!s->options->argv && !s->options->drive && !s->attaches)
		return 0;
	if (s->attaches)
		job.attach = &attach;
	open_observers(s, env, EP_OBSERVERS_MAX + 1);
	r = s->options->argv || s->options->drive
		    ? ep_stdio_open(&s->stdio, s->options, &s->writer, err)
		    : 0;
	if (r < 0)
		return r;
	job.spawn.stdout_fd = s->stdio.streams[0].child_fd;
	job.spawn.stderr_fd = s->stdio.streams[1].child_fd;
	r = s->runner_ops->prepare(&s->env, &job, &s->runner, err);
	if (r < 0)
		return r;
	choose_target(s);
	tell_container(s);
	r = ep_guardian_watch(&s->guardian, s->child_pid);
	if (r == 0 && s->client_pid > 0)
		r = ep_guardian_watch(&s->guardian, s->client_pid);
	if (r < 0)
		return ep_err_set(err, r, "the guardian process is gone");
	attach_observers(s);
	return 0;
}
