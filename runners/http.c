/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/http.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/http.h"
#include "runners/client.h"
#include "runners/http_client.h"
#include "runners/http_target.h"
#include "runners/serve.h"
#include "runners/suite.h"

#define ASK_CANCELLED_MS 50

/* Requests to a server: the client is a process of our own, so that it neither
 * disturbs the recorder nor hides its own cost.  The server is up, or it is the
 * child that is held at the gate. */
struct ep_runner {
	const struct ep_dialect *dialect;
	struct ep_prompts prompts;
	struct ep_child child; /* the client */
	struct ep_serve serve; /* the server, when serves is set */
	bool serves;
	bool opened; /* the gate */
	bool asked;  /* a signal was passed on */
	bool hushed; /* the client was ended because the server had */
	struct ep_wire_in wire;
	int wire_fd; /* -1 once the client has closed it */
	char url[1024];
	char key[EP_HTTP_SECRET_BYTES];
	struct ep_client client; /* the client's */
	/* What the client told before the gate. */
	bool ready, same_machine;
	unsigned port;
	struct ep_err why;
};

static void note_start(void *ctx, const struct ep_event *e)
{
	struct ep_runner *r = ctx;

	if (strcmp(e->event, "ready") == 0) {
		r->ready = true;
		r->same_machine = e->tokens > 0;
		r->port = e->tokens > 0 ? (unsigned)e->tokens : 0;
	} else if (strcmp(e->event, "failed") == 0) {
		ep_err_set(&r->why, (int)-e->tokens, "%s: %s", r->url, e->text);
	}
}

/* Until the client says that the server can be asked, or why not. */
static int wait_ready(struct ep_runner *r, const struct ep_env *env,
		      struct ep_err *err)
{
	const struct ep_event_sink sink = { .emit = note_start, .ctx = r };
	int code = 1;

	while (code == 1 && !r->ready && !r->why.text[0]) {
		struct pollfd fd = { .fd = r->wire_fd, .events = POLLIN };

		(void)poll(&fd, 1, ASK_CANCELLED_MS);
		code = ep_wire_read(&r->wire, r->wire_fd, &sink);
		/* A Ctrl-C reaches the client as well. */
		if (ep_env_is_cancelled(env))
			return ep_err_set(err, -EINTR,
					  "interrupted before the first "
					  "request");
	}
	if (r->ready)
		return 0;
	if (r->why.text[0])
		return ep_err_set(err, -ECONNABORTED, "%s", r->why.text);
	return ep_err_set(err, -ECONNABORTED,
			  "the process that sends the requests ended");
}

static int read_key(struct ep_runner *r, const struct ep_drive *d,
		    struct ep_err *err)
{
	static const char *const names[] = { "EDGEPROF_API_KEY",
					     "OPENAI_API_KEY" };

	if (d->key_file)
		return ep_http_secret_read(&ep_root_machine, d->key_file,
					   r->key, err);
	/* OpenAI's own key is not for other servers. */
	for (size_t i = 0; i < 2 && !r->key[0]; i++) {
		const char *key = secure_getenv(names[i]);

		if (key && (i == 0 || strstr(r->url, "://api.openai.com")) &&
		    !ep_str_copy(r->key, sizeof(r->key), key))
			return ep_err_set(err, -EINVAL, "%s is too long",
					  names[i]);
	}
	return 0;
}

static int start(struct ep_runner *r, const struct ep_env *env,
		 const struct ep_runner_job *job, struct ep_err *err)
{
	struct ep_spawn spawn = job->spawn;
	int ends[2], code;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return ep_err_set(err, -errno, "cannot make a pipe: %s",
				  strerror(errno));
	r->wire_fd = ends[0];
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	r->client = (struct ep_client){
		.dialect = r->dialect,
		.drive = job->drive,
		.prompts = &r->prompts,
		.url = r->url,
		.key = r->key,
		.wire_fd = ends[1],
		.server_pid = r->serve.child.pid,
		.made_ns = ep_clock_monotonic_ns(),
	};
	spawn.argv = NULL;
	spawn.ready = ep_http_client_ready;
	spawn.main = ep_http_client_main;
	spawn.ctx = &r->client;
	spawn.keep_fds = &ends[1];
	spawn.keep_count = 1;
	/* What a server says is for the log, what we say for the person. */
	if (r->serves)
		spawn.stderr_fd = -1;
	code = ep_child_hold(&r->child, &spawn, err);
	close(ends[1]);
	if (code == 0 && r->serves)
		code = ep_serve_watch(&r->serve, r->wire_fd, err);
	if (code == 0 && r->serves)
		code = ep_serve_watch(&r->serve, r->child.pidfd, err);
	return code < 0 ? code : wait_ready(r, env, err);
}

static void http_close(struct ep_runner *r)
{
	if (!r)
		return;
	ep_child_close(&r->child);
	ep_serve_close(&r->serve);
	if (r->wire_fd >= 0)
		close(r->wire_fd);
	ep_wire_in_done(&r->wire);
	ep_prompts_done(&r->prompts);
	explicit_bzero(r->key, sizeof(r->key));
	free(r);
}

static int set_url(struct ep_runner *r, const struct ep_runner_job *job,
		   struct ep_err *err)
{
	const struct ep_drive *d = job->drive;
	const char *url = d->url ? d->url : r->dialect->url;

	if (r->serves) {
		int code = ep_serve_hold(&r->serve, job, err);

		if (code < 0)
			return code;
		url = r->serve.command.url;
	}
	return ep_http_stream_url(url, r->url, sizeof(r->url), err);
}

static int prepare(const struct ep_dialect *dialect, const struct ep_env *env,
		   const struct ep_runner_job *job, struct ep_runner **ret,
		   struct ep_err *err)
{
	const struct ep_drive *d = job->drive;
	struct ep_runner *r;
	int code = ep_dialect_check(dialect, d, d->server != NULL, err);

	if (code < 0)
		return code;
	r = calloc(1, sizeof(*r));
	if (!r)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r->dialect = dialect;
	r->serves = d->server != NULL;
	ep_serve_init(&r->serve);
	r->wire_fd = r->child.pidfd = r->child.gate_fd = -1;
	r->child.status_fd = -1;
	ep_wire_in_init(&r->wire);
	code = set_url(r, job, err);
	if (code == 0)
		code = read_key(r, d, err);
	if (code == 0)
		code = d->steps ? 0 : ep_suite_load(d, &r->prompts, err);
	if (code == 0)
		code = start(r, env, job, err);
	if (code < 0) {
		http_close(r);
		return code;
	}
	*ret = r;
	return 0;
}

static pid_t http_pid(const struct ep_runner *r)
{
	return r->serves ? r->serve.child.pid : r->child.pid;
}

static pid_t http_client(const struct ep_runner *r)
{
	return r->serves ? r->child.pid : 0;
}

static char *const *http_command(const struct ep_runner *r)
{
	return r->serve.command.argv;
}

static pid_t http_target(const struct ep_runner *r, char *text, size_t size)
{
	if (r->serves)
		return r->serve.child.pid;
	if (r->same_machine)
		return ep_http_target(r->port, r->dialect->exe, text, size);
	(void)ep_str_copy(text, size, "the server runs on another machine");
	return 0;
}

static int http_fd(const struct ep_runner *r)
{
	if (r->serves)
		return r->serve.epoll_fd;
	return r->wire_fd >= 0 ? r->wire_fd : r->child.pidfd;
}

static int http_go(struct ep_runner *r, int64_t *ret_gate_ns,
		   struct ep_err *err)
{
	int64_t client_ns;
	int code;

	r->opened = true;
	if (!r->serves)
		return ep_child_release(&r->child, ret_gate_ns, err);
	code = ep_child_release(&r->serve.child, ret_gate_ns, err);
	return code < 0 ? code : ep_child_release(&r->child, &client_ns, err);
}

static int step_server(struct ep_runner *r, int running,
		       const struct ep_event_sink *sink)
{
	enum ep_serve_client client = EP_SERVE_CLIENT_RUNS;
	int s = r->child.wait_status;
	bool hush = false;

	if (!r->opened)
		return running == 1 && ep_child_reap(&r->serve.child) == 1;
	if (running != 1) {
		ep_serve_unwatch(&r->serve, r->child.pidfd);
		client = WIFEXITED(s) && WEXITSTATUS(s) != 0
				 ? EP_SERVE_CLIENT_FAILED
				 : EP_SERVE_CLIENT_ENDED;
	}
	running = ep_serve_step(&r->serve, client, &hush, sink);
	if (hush && !r->hushed)
		(void)ep_child_signal(&r->child, SIGTERM);
	r->hushed |= hush;
	return running;
}

static int http_step(struct ep_runner *r, const struct ep_event_sink *sink)
{
	/* What the ended client wrote is in the pipe by then. */
	int running = ep_child_reap(&r->child);

	if (r->wire_fd >= 0 && ep_wire_read(&r->wire, r->wire_fd, sink) != 1) {
		close(r->wire_fd);
		r->wire_fd = -1;
	}
	return r->serves ? step_server(r, running, sink) : running;
}

static int http_signal(struct ep_runner *r, int signo)
{
	r->asked = true;
	/* The server is stopped when the client has ended. */
	if (r->serves && (r->child.ended || signo == SIGKILL))
		ep_serve_signal(&r->serve, signo);
	return ep_child_signal(&r->child, signo);
}

/* The server's end before its time, unless whoever ended the client meant both:
 * a terminal sends its signals to all. */
static bool is_early(const struct ep_runner *r)
{
	int s = r->child.wait_status;

	return r->serve.early && !r->asked &&
	       (WIFEXITED(s) || (r->hushed && WTERMSIG(s) == SIGTERM));
}

static void result_of_server(const struct ep_runner *r,
			     struct ep_runner_result *ret)
{
	const struct ep_child *server = &r->serve.child;

	ret->client = r->child.usage;
	ret->usage = server->usage;
	if (server->end_ns > ret->end_ns)
		ret->end_ns = server->end_ns;
	if (!is_early(r))
		return;
	ret->exited = true;
	ret->status = 1;
	ep_serve_explain(&r->serve, ret->fault, sizeof(ret->fault));
}

static void http_result(const struct ep_runner *r, struct ep_runner_result *ret)
{
	int s = r->child.wait_status;

	ret->exited = WIFEXITED(s);
	ret->status = ret->exited ? WEXITSTATUS(s) : WTERMSIG(s);
	ret->end_ns = r->child.end_ns;
	ret->usage = r->child.usage;
	if (r->serves)
		result_of_server(r, ret);
}

#define HTTP_RUNNER(id, what)                                               \
	static int id##_prepare(const struct ep_env *env,                   \
				const struct ep_runner_job *job,            \
				struct ep_runner **ret, struct ep_err *err) \
	{                                                                   \
		return prepare(&ep_dialect_##id, env, job, ret, err);       \
	}                                                                   \
	static const char *id##_starts(const struct ep_drive *drive)        \
	{                                                                   \
		return ep_serve_wanted(drive) ? ep_dialect_##id.command     \
					      : NULL;                       \
	}                                                                   \
	const struct ep_runner_ops ep_runner_##id = {                       \
		.name = (what),                                             \
		.summary = "requests to a server",                          \
		.drives = true,                                             \
		.starts = id##_starts,                                      \
		.prepare = id##_prepare,                                    \
		.pid = http_pid,                                            \
		.client = http_client,                                      \
		.command = http_command,                                    \
		.target = http_target,                                      \
		.fd = http_fd,                                              \
		.go = http_go,                                              \
		.step = http_step,                                          \
		.signal = http_signal,                                      \
		.result = http_result,                                      \
		.close = http_close,                                        \
	};

#define EP_RUNNER(id)
#define EP_DIALECT(id, name) HTTP_RUNNER(id, name)
#include "runners/list.def"
#undef EP_RUNNER
#undef EP_DIALECT
