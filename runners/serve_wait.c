/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "drivers/listener.h"
#include "runners/client.h"
#include "runners/serve.h"

/* Each question is a hundredth of the time so far later than the one before:
 * what asking costs and what it leaves unknown stay small beside the load. */
#define POLL_NS_MIN (10 * EP_NS_PER_MS)
#define POLL_NS_MAX (200 * EP_NS_PER_MS)

static int64_t poll_ns(int64_t begin_ns)
{
	int64_t ns = (ep_clock_monotonic_ns() - begin_ns) / 100;

	return ns < POLL_NS_MIN	  ? POLL_NS_MIN
	       : ns > POLL_NS_MAX ? POLL_NS_MAX
				  : ns;
}

/* Another program may have been quicker to take the port: what it answers is
 * not what is measured. */
static int check_listener(const struct ep_client *c, struct ep_err *err)
{
	struct ep_proc_id tree[EP_SERVE_TREE_MAX];
	char name[128] = "";
	struct ep_err why = { 0 };
	pid_t pid = 0;
	int count, r;

	r = ep_listener_find(c->end.port, &pid, name, sizeof(name), &why);
	if (r < 0)
		return ep_err_set(err, r,
				  "cannot confirm the server: %.200s; start it "
				  "yourself and use --url",
				  why.text);
	count = ep_proc_descendants(c->server_pid, true, tree,
				    EP_SERVE_TREE_MAX);
	for (int i = 0; i < count; i++)
		if (tree[i].pid == pid)
			return 0;
	ep_str_printable(name);
	return ep_err_set(err, -EADDRINUSE,
			  "port %u is served by %.64s (%d), which edgeprof did "
			  "not start: give another --port, or use --url",
			  c->end.port, name, (int)pid);
}

static void tell_ready(struct ep_client *c, int64_t not_ready_ns)
{
	struct ep_event e = ep_event_make(c->end.done_ns, "ready");

	e.span_ns = c->end.done_ns - not_ready_ns;
	e.source = c->dialect->name;
	e.evidence = EP_EVIDENCE_STREAMED;
	ep_wire_put(&c->wire, &e);
	ep_wire_flush(&c->wire);
}

int ep_serve_wait(struct ep_client *c, struct ep_err *err)
{
	int64_t begin_ns = ep_clock_monotonic_ns();
	int64_t asked_ns = begin_ns, before_ns;
	struct ep_err why = { 0 };
	int r;

	for (;;) {
		before_ns = asked_ns;
		asked_ns = ep_clock_monotonic_ns();
		r = ep_client_call(c, c->dialect->check_path, NULL, &why);
		if (r == 200)
			break;
		if (r >= 0 && r != 503)
			return ep_err_set(err, -EPROTO,
					  "this is no %s server: %s answers "
					  "with HTTP status %d",
					  c->dialect->name,
					  c->dialect->check_path, r);
		if (r == -EINTR)
			return r;
		if (asked_ns - begin_ns > c->drive->request_timeout_ns)
			return ep_err_set(
				err, -ETIMEDOUT,
				"the server was not ready within %lld ms "
				"(--request-timeout): %.200s",
				(long long)(c->drive->request_timeout_ns /
					    EP_NS_PER_MS),
				r == 503 ? "it still loads its model"
					 : why.text);
		r = ep_client_pause(c, poll_ns(begin_ns));
		if (r < 0)
			return r;
	}
	r = check_listener(c, err);
	if (r == 0)
		tell_ready(c, before_ns);
	return r;
}
