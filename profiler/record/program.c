/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/session.h"

#include <string.h>

#include "base/str.h"

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

static int open_observers(struct ep_session *s, const char **ret_env,
			  size_t max)
{
	size_t count = set_threads(s, ret_env);

	for (size_t i = 0; i < EP_OBSERVERS_MAX && ep_observers[i]; i++) {
		struct ep_watched *w = &s->observers[s->observer_count++];
		struct ep_err why = { 0 };
		const char *env;
		int r;

		/* A server was started without them. */
		if (!ep_observers[i]->open || s->options->drive) {
			s->observer_count--;
			continue;
		}
		w->ops = ep_observers[i];
		r = w->ops->open(&s->env, &w->observer, &why);
		if (r < 0) {
			w->observer = NULL;
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

/* Whom to measure: the program itself, or the server it sends requests to. */
static void choose_target(struct ep_session *s)
{
	char name[300] = "", text[400];

	s->child_pid = s->env.target_pid = s->runner_ops->pid(s->runner);
	if (!s->runner_ops->target)
		return;
	s->env.target_pid =
		s->runner_ops->target(s->runner, name, sizeof(name));
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
	int r;

	if (!s->options->argv && !s->options->drive)
		return 0;
	open_observers(s, env, EP_OBSERVERS_MAX + 1);
	r = ep_stdio_open(&s->stdio, s->options, &s->writer, err);
	if (r < 0)
		return r;
	job.spawn.stdout_fd = s->stdio.streams[0].child_fd;
	job.spawn.stderr_fd = s->stdio.streams[1].child_fd;
	r = s->runner_ops->prepare(&s->env, &job, &s->runner, err);
	if (r < 0)
		return r;
	choose_target(s);
	r = ep_guardian_watch(&s->guardian, s->child_pid);
	if (r < 0)
		return ep_err_set(err, r, "the guardian process is gone");
	attach_observers(s);
	return 0;
}
