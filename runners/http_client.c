/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/http_client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "runners/client.h"
#include "runners/serve.h"
#include "runners/suite_fit.h"

static int stop_pipe[2] = { -1, -1 };
static volatile sig_atomic_t stopped_by;

/* The first signal is what it dies of. */
static void stop(int signo)
{
	int saved = errno;

	if (stopped_by == 0)
		stopped_by = signo;
	(void)!write(stop_pipe[1], "s", 1);
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

int ep_http_client_ready(void *ctx)
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

static void tell_fact(struct ep_client *c, const char *name, int64_t ns)
{
	struct ep_event e = ep_event_make(ep_clock_monotonic_ns(), "fact");
	char text[32];

	(void)ep_str_format(text, sizeof(text), "%lld", (long long)ns);
	e.source = name;
	e.text = text;
	ep_wire_put(&c->wire, &e);
}

static void tell_not_ready(struct ep_client *c, const char *why)
{
	struct ep_event e = ep_event_make(ep_clock_monotonic_ns(), "warning");
	char text[600];

	(void)ep_str_format(text, sizeof(text), "no prompt was sent: %s", why);
	ep_str_printable(text);
	e.source = "server-not-ready";
	e.text = text;
	ep_wire_put(&c->wire, &e);
	(void)dprintf(STDERR_FILENO, "edgeprof: %s\n", text);
	c->failed_count++;
}

static int drive(struct ep_client *c)
{
	struct ep_err why = { 0 };
	int r = c->server_pid > 0 ? ep_serve_wait(c, &why) : 0;

	/* What a server that is up was asked before the gate. */
	if (r == 0 && c->server_pid > 0)
		r = ep_suite_fit(c, &why);
	if (r < 0 && r != -EINTR)
		tell_not_ready(c, why.text[0] ? why.text : strerror(-r));
	if (r < 0)
		return r;
	/* What a round trip takes; half of it is in every stamp. */
	tell_fact(c, "client.connect_ns", c->connect_ns);
	if (c->server_pid == 0)
		tell_fact(c, "client.start_ns", c->asked_ns - c->made_ns);
	return ep_client_drive(c);
}

int ep_http_client_main(void *ctx)
{
	struct ep_client *c = ctx;
	int r = drive(c);
	int failed = c->failed_count > 0 || c->wire.error < 0;

	ep_wire_flush(&c->wire);
	ep_client_done(c);
	if (r == -EINTR && stopped_by != 0) {
		signal(stopped_by, SIG_DFL);
		raise(stopped_by);
	}
	return failed;
}
