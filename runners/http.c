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
#include "drivers/listener.h"
#include "runners/client.h"

/* Requests to a server: the client is a process of our own, so that it neither
 * disturbs the recorder nor hides its own cost. */
struct ep_runner {
	const struct ep_dialect *dialect;
	struct ep_prompts prompts;
	struct ep_child child;
	struct ep_wire_in wire;
	int wire_fd; /* -1 once the client has closed it */
	char url[1024];
	char key[EP_HTTP_SECRET_BYTES];
	struct ep_client client; /* the child's */
	/* What the client told before the gate. */
	bool ready, same_machine;
	unsigned port;
	struct ep_err why;
};

static int stop_pipe[2] = { -1, -1 };
static volatile sig_atomic_t stopped_by;

static void stop(int signo)
{
	int saved = errno;

	stopped_by = signo;
	if (write(stop_pipe[1], "s", 1) < 0)
		stopped_by = signo;
	errno = saved;
}

static int take_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = stop }, before;

	if (pipe2(stop_pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	/* What the user's shell ignores (nohup) stays ignored. */
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], NULL, &before) == 0 &&
		    before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	action.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &action, NULL);
	return 0;
}

static void tell(struct ep_client *c, const char *what, int64_t number,
		 const char *text)
{
	struct ep_event e = ep_event_make(ep_clock_monotonic_ns(), what);

	e.tokens = number;
	e.text = text;
	ep_wire_put(&c->wire, &e);
	ep_wire_flush(&c->wire);
}

/* In the child. */
static int client_ready(void *ctx)
{
	struct ep_client *c = ctx;
	struct ep_err why = { 0 };
	int r = take_signals();

	c->stop_fd = stop_pipe[0];
	if (r == 0)
		r = ep_client_ready(c, &why);
	if (r < 0) {
		tell(c, "failed", -r, why.text[0] ? why.text : strerror(-r));
		return 1;
	}
	tell(c, "ready", c->end.same_machine ? (int64_t)c->end.port : 0, "");
	return 0;
}

/* What a round trip takes; half of it is in every stamp. */
static void tell_connect(struct ep_client *c)
{
	struct ep_event e = ep_event_make(ep_clock_monotonic_ns(), "fact");
	char text[32];

	(void)ep_str_format(text, sizeof(text), "%lld",
			    (long long)c->connect_ns);
	e.source = "client.connect_ns";
	e.text = text;
	ep_wire_put(&c->wire, &e);
}

static int client_main(void *ctx)
{
	struct ep_client *c = ctx;
	int failed, r;

	tell_connect(c);
	r = ep_client_drive(c);
	failed = c->failed_count > 0 || c->wire.error < 0;

	ep_wire_flush(&c->wire);
	ep_client_done(c);
	if (r == -EINTR && stopped_by != 0) {
		signal(stopped_by, SIG_DFL);
		raise(stopped_by);
	}
	return failed;
}

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
static int wait_ready(struct ep_runner *r, struct ep_err *err)
{
	const struct ep_event_sink sink = { .emit = note_start, .ctx = r };
	int code = 1;

	while (code == 1 && !r->ready && !r->why.text[0]) {
		struct pollfd fd = { .fd = r->wire_fd, .events = POLLIN };

		(void)poll(&fd, 1, -1);
		code = ep_wire_read(&r->wire, r->wire_fd, &sink);
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

static int check(const struct ep_dialect *dialect, const struct ep_drive *d,
		 struct ep_err *err)
{
	if (!d->url && !dialect->url)
		return ep_err_set(err, -EINVAL,
				  "--runner %s needs --url, as in "
				  "http://127.0.0.1:8000/v1",
				  dialect->name);
	if (dialect->needs_model && !d->model)
		return ep_err_set(err, -EINVAL,
				  "--runner %s needs --model NAME",
				  dialect->name);
	if (d->cold && !dialect->can_unload)
		return ep_err_set(
			err, -EINVAL,
			"--cold needs a server that unloads its "
			"model when asked: only --runner ollama does");
	if (d->ctx_count > 0 && dialect != &ep_dialect_ollama)
		return ep_err_set(err, -EINVAL,
				  "--ctx is for --runner ollama: other servers "
				  "are told when they are started");
	return 0;
}

static int start(struct ep_runner *r, const struct ep_runner_job *job,
		 struct ep_err *err)
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
	};
	spawn.argv = NULL;
	spawn.ready = client_ready;
	spawn.main = client_main;
	spawn.ctx = &r->client;
	spawn.keep_fds = &ends[1];
	spawn.keep_count = 1;
	code = ep_child_hold(&r->child, &spawn, err);
	close(ends[1]);
	return code < 0 ? code : wait_ready(r, err);
}

static void http_close(struct ep_runner *r)
{
	if (!r)
		return;
	ep_child_close(&r->child);
	if (r->wire_fd >= 0)
		close(r->wire_fd);
	ep_wire_in_done(&r->wire);
	ep_prompts_done(&r->prompts);
	explicit_bzero(r->key, sizeof(r->key));
	free(r);
}

static int prepare(const struct ep_dialect *dialect,
		   const struct ep_runner_job *job, struct ep_runner **ret,
		   struct ep_err *err)
{
	const struct ep_drive *d = job->drive;
	struct ep_runner *r;
	int code = check(dialect, d, err);

	if (code < 0)
		return code;
	r = calloc(1, sizeof(*r));
	if (!r)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r->dialect = dialect;
	r->wire_fd = r->child.pidfd = r->child.gate_fd = -1;
	r->child.status_fd = -1;
	ep_wire_in_init(&r->wire);
	code = ep_http_stream_url(d->url ? d->url : dialect->url, r->url,
				  sizeof(r->url), err);
	if (code == 0)
		code = read_key(r, d, err);
	if (code == 0)
		code = ep_prompts_load(d->prompts, &r->prompts, err);
	if (code == 0)
		code = start(r, job, err);
	if (code < 0) {
		http_close(r);
		return code;
	}
	*ret = r;
	return 0;
}

static pid_t http_pid(const struct ep_runner *r)
{
	return r->child.pid;
}

/* Programs that only pass connections on: the work is done elsewhere. */
static bool passes_on(const char *name)
{
	static const char *const names[] = {
		"docker-proxy", "rootlessport", "ssh",	 "sshd",
		"socat",	"kubectl",	"nginx", "haproxy",
		"envoy",	"caddy",	"pasta", "slirp4netns"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static pid_t http_target(const struct ep_runner *r, char *reason, size_t size)
{
	struct ep_err why = { 0 };
	char name[256] = "";
	pid_t pid = 0;

	if (!r->same_machine) {
		(void)ep_str_format(reason, size,
				    "the server runs on another machine");
		return 0;
	}
	if (ep_listener_find(r->port, &pid, name, sizeof(name), &why) < 0) {
		(void)ep_str_copy(reason, size, why.text);
		return 0;
	}
	ep_str_printable(name);
	if (passes_on(name)) {
		(void)ep_str_format(reason, size,
				    "port %u is served by %.64s, which only "
				    "passes connections on",
				    r->port, name);
		return 0;
	}
	if (r->dialect->exe[0] && strcmp(name, r->dialect->exe) != 0) {
		(void)ep_str_format(reason, size,
				    "port %u is served by '%.64s', not by %s",
				    r->port, name, r->dialect->exe);
		return 0;
	}
	(void)ep_str_copy(reason, size, name);
	return pid;
}

static int http_fd(const struct ep_runner *r)
{
	return r->wire_fd >= 0 ? r->wire_fd : r->child.pidfd;
}

static int http_go(struct ep_runner *r, int64_t *ret_gate_ns,
		   struct ep_err *err)
{
	return ep_child_release(&r->child, ret_gate_ns, err);
}

static int http_step(struct ep_runner *r, const struct ep_event_sink *sink)
{
	/* What the ended client wrote is in the pipe by then. */
	int running = ep_child_reap(&r->child);

	if (r->wire_fd >= 0 && ep_wire_read(&r->wire, r->wire_fd, sink) != 1) {
		close(r->wire_fd);
		r->wire_fd = -1;
	}
	return running;
}

static int http_signal(struct ep_runner *r, int signo)
{
	return ep_child_signal(&r->child, signo);
}

static void http_result(const struct ep_runner *r, struct ep_runner_result *ret)
{
	int s = r->child.wait_status;

	ret->exited = WIFEXITED(s);
	ret->status = ret->exited ? WEXITSTATUS(s) : WTERMSIG(s);
	ret->end_ns = r->child.end_ns;
	ret->usage = r->child.usage;
}

#define HTTP_RUNNER(id, what)                                               \
	static int id##_prepare(const struct ep_env *env,                   \
				const struct ep_runner_job *job,            \
				struct ep_runner **ret, struct ep_err *err) \
	{                                                                   \
		(void)env;                                                  \
		return prepare(&ep_dialect_##id, job, ret, err);            \
	}                                                                   \
	const struct ep_runner_ops ep_runner_##id = {                       \
		.name = (what),                                             \
		.summary = "requests to a server",                          \
		.drives = true,                                             \
		.prepare = id##_prepare,                                    \
		.pid = http_pid,                                            \
		.target = http_target,                                      \
		.fd = http_fd,                                              \
		.go = http_go,                                              \
		.step = http_step,                                          \
		.signal = http_signal,                                      \
		.result = http_result,                                      \
		.close = http_close,                                        \
	};

HTTP_RUNNER(ollama, "ollama")
HTTP_RUNNER(llama_server, "llama-server")
HTTP_RUNNER(openai, "openai")
