/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

#define TICK_MS 50

struct pipes {
	int in[2], out[2], null_fd;
};

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int open_pipes(const struct ep_command_order *o, struct pipes *p)
{
	*p = (struct pipes){ { -1, -1 }, { -1, -1 }, -1 };
	p->null_fd = ep_spawn_open_null();
	if (p->null_fd < 0)
		return p->null_fd;
	if ((o->feed && pipe2(p->in, O_CLOEXEC) < 0) ||
	    (o->read && pipe2(p->out, O_CLOEXEC) < 0))
		return -errno;
	if (o->feed)
		(void)fcntl(p->in[1], F_SETFL, O_NONBLOCK);
	if (o->read)
		(void)fcntl(p->out[0], F_SETFL, O_NONBLOCK);
	return 0;
}

static int start(const struct ep_command_order *o, struct pipes *p,
		 struct ep_child *child, struct ep_err *err)
{
	struct ep_spawn s = {
		.argv = o->argv,
		.identity = o->identity,
		.env_add = o->env_add,
		.stdin_fd = o->feed ? p->in[0] : p->null_fd,
		.stdout_fd = o->read ? p->out[1] : o->output_fd,
		.stderr_fd = o->join ? p->out[1] : o->output_fd,
		.keep_fds = &o->keep_fd,
		.keep_count = o->keep_fd >= 0 ? 1 : 0,
	};
	struct ep_err none = { 0 };
	int64_t gate_ns;
	int r;

	/* Only root can become the user for good. */
	if (o->identity)
		ep_identity_leave(o->identity);
	r = ep_child_hold(child, &s, err);
	if (o->identity && ep_identity_enter(o->identity, &none) < 0 && r == 0)
		r = ep_err_set(err, -EPERM, "%s", none.text);
	if (r == 0)
		r = ep_child_release(child, &gate_ns, &none);
	if (r < 0 && none.text[0])
		ep_err_set(err, r, "cannot start %s: %s", o->argv[0],
			   strerror(-r));
	return r;
}

int ep_command_start(const struct ep_command_order *o, struct ep_command *ret,
		     struct ep_err *err)
{
	struct ep_command c = { .in_fd = -1, .out_fd = -1 };
	struct pipes p;
	int r = open_pipes(o, &p);

	c.child.pidfd = c.child.gate_fd = c.child.status_fd = -1;
	if (r < 0)
		ep_err_set(err, r, "cannot make a pipe: %s", strerror(-r));
	if (r == 0 && o->keep_fd >= 0)
		(void)fcntl(o->keep_fd, F_SETFD, 0);
	if (r == 0)
		r = start(o, &p, &c.child, err);
	if (o->keep_fd >= 0)
		(void)fcntl(o->keep_fd, F_SETFD, FD_CLOEXEC);
	close_fd(&p.in[0]);
	close_fd(&p.out[1]);
	close_fd(&p.null_fd);
	c.in_fd = p.in[1];
	c.out_fd = p.out[0];
	if (r < 0) {
		ep_command_close(&c);
		return r;
	}
	*ret = c;
	return 0;
}

void ep_command_close(struct ep_command *c)
{
	if (!c)
		return;
	close_fd(&c->in_fd);
	close_fd(&c->out_fd);
	ep_child_close(&c->child);
}

int ep_command_status(const struct ep_command *c)
{
	int status = c->child.wait_status;

	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What fits; the rest is dropped. */
static void drain(int fd, struct ep_buf *b)
{
	char block[4096];
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0)
		if (b && ep_buf_add(b, block, (size_t)n) < 0)
			b = NULL;
}

int ep_command_run(const struct ep_command_order *order, int64_t timeout_ns,
		   struct ep_buf *ret, struct ep_err *err)
{
	struct ep_command_order o = *order;
	int64_t due_ns = ep_clock_monotonic_ns() + timeout_ns;
	struct ep_command c;
	int r;

	o.read = o.join = true;
	r = ep_command_start(&o, &c, err);
	if (r < 0)
		return r;
	while ((r = ep_child_reap(&c.child)) == 1) {
		struct pollfd p = { .fd = c.out_fd, .events = POLLIN };

		if (ep_clock_monotonic_ns() > due_ns) {
			r = ep_err_set(err, -ETIMEDOUT,
				       "%s does not end: killed after %.4g s",
				       o.argv[0],
				       (double)timeout_ns / EP_NS_PER_S);
			break;
		}
		(void)poll(&p, 1, TICK_MS);
		drain(c.out_fd, ret);
		/* Closed by a program that goes on. */
		if (p.revents & POLLHUP)
			(void)poll(NULL, 0, TICK_MS);
	}
	drain(c.out_fd, ret);
	if (r == 0)
		r = ep_command_status(&c);
	ep_command_close(&c);
	return r;
}

int ep_command_quote(const char *word, char *ret, size_t size)
{
	size_t used = 0;

	if (ep_str_starts(word, "~/")) {
		if (size < 3)
			return -E2BIG;
		ret[used++] = *word++;
		ret[used++] = *word++;
	}
	if (!ep_str_copy(ret + used, size - used, "'"))
		return -E2BIG;
	used++;
	for (; *word; word++) {
		const char one[2] = { *word, '\0' };
		const char *text = *word == '\'' ? "'\\''" : one;

		if (!ep_str_copy(ret + used, size - used, text))
			return -E2BIG;
		used += strlen(text);
	}
	return ep_str_copy(ret + used, size - used, "'") ? 0 : -E2BIG;
}
