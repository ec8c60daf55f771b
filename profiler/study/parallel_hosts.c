/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/parallel_hosts.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/version.h"
#include "profiler/study/executor_round.h"
#include "profiler/study/host_check.h"

#define OUTPUT_BYTES_MAX ((size_t)256 * 1024)
#define ANSWER_NS (60 * EP_NS_PER_S)
#define TICK_MS 50

struct question {
	struct ep_command command;
	struct ep_buf output;
	int status; /* -1: it goes on */
};

static int add_option(char *ret, size_t size, const char *option,
		      const char *value)
{
	char quoted[1024];
	size_t used = strlen(ret);

	if (ep_command_quote(value, quoted, sizeof(quoted)) < 0 ||
	    !ep_str_format(ret + used, size - used, " %s %s", option, quoted))
		return -E2BIG;
	return 0;
}

static int make_command(const struct ep_executor *x, const struct ep_host *h,
			const char *nonce, char *ret, size_t size)
{
	char extra[2048] = "";
	int r = 0;

	if (x->board[0])
		r = add_option(extra, sizeof(extra), "--board", x->board);
	if (r == 0 && h->models[0])
		r = add_option(extra, sizeof(extra), "--models", h->models);
	for (size_t i = 0; r == 0 && h->sensors && h->sensors[i]; i++)
		r = add_option(extra, sizeof(extra), "--sensor", h->sensors[i]);
	return r < 0 ? r
		     : ep_host_check_command(h->edgeprof, nonce, extra, ret,
					     size);
}

static int ask(const struct ep_executor *x, const struct ep_host *h,
	       const char *nonce, struct question *q, struct ep_err *err)
{
	const char *argv[EP_HOSTS_SSH_WORDS];
	const struct ep_command_order o = {
		.argv = (char *const *)(uintptr_t)argv,
		.identity = x->identity,
		.read = true,
		.join = true,
		.keep_fd = -1,
		.output_fd = -1,
	};
	char command[8192];
	int r = make_command(x, h, nonce, command, sizeof(command));

	q->status = -1;
	ep_buf_init(&q->output, OUTPUT_BYTES_MAX);
	if (r < 0)
		return ep_err_set(err, r, "%s: its section is too long",
				  h->name);
	ep_hosts_ssh_argv(h, command, argv);
	r = ep_command_start(&o, &q->command, err);
	return r == -ENOENT ? ep_err_set(err, r,
					 "ssh is not found (Debian: "
					 "openssh-client)")
			    : r;
}

static void hear(struct question *q)
{
	char block[4096];
	bool ended = ep_child_reap(&q->command.child) != 1;
	ssize_t n;

	while ((n = read(q->command.out_fd, block, sizeof(block))) > 0)
		(void)!ep_buf_add(&q->output, block, (size_t)n);
	if (ended)
		q->status = ep_command_status(&q->command);
}

static void hear_all(struct question *qs, size_t count)
{
	int64_t due_ns = ep_clock_monotonic_ns() + ANSWER_NS;
	bool open = true;

	while (open && ep_clock_monotonic_ns() < due_ns) {
		open = false;
		for (size_t i = 0; i < count; i++) {
			if (qs[i].status < 0)
				hear(&qs[i]);
			open |= qs[i].status < 0;
		}
		if (open)
			(void)poll(NULL, 0, TICK_MS);
	}
}

static int ask_all(struct ep_executor *x, struct question *qs,
		   const char *nonce, struct ep_err *err)
{
	struct ep_parallel *p = x->state;
	size_t started = 0;
	int r = 0;

	while (r == 0 && started < p->hosts.count) {
		r = ask(x, &p->hosts.items[started], nonce, &qs[started], err);
		if (r == 0)
			started++;
		else
			ep_buf_done(&qs[started].output);
	}
	if (r == 0)
		hear_all(qs, started);
	for (size_t i = 0; i < started; i++)
		ep_command_close(&qs[i].command);
	return r;
}

/* Boards of one kind are one pool; a host may say of what kind it is. */
static bool is_of_pool(const struct ep_executor *x, const struct ep_host *h)
{
	return h->board[0] == '\0' || !ep_host_check_is_kind(x->board) ||
	       strcmp(h->board, x->board) == 0;
}

static void judge(struct ep_executor *x, size_t i, const struct question *q,
		  const char *nonce, char kind[64])
{
	struct ep_parallel *p = x->state;
	const struct ep_host *h = &p->hosts.items[i];
	const struct ep_host_wanted wanted = {
		.nonce = nonce,
		.version = x->options->mixed_versions ? NULL : ep_version,
		.board = h->board[0] ? h->board : x->board,
	};
	struct ep_host_found f;
	char line[900];

	ep_host_check_read(&wanted, q->output.data ? q->output.data : "",
			   q->status, &f);
	if (f.usable && !is_of_pool(x, h)) {
		f.usable = false;
		(void)ep_str_format(f.text, sizeof(f.text),
				    "left out: it is a %s, the study is for %s",
				    h->board, x->board);
	}
	if (f.usable && !x->board[0]) {
		/* Without --board the first one says what the pool is. */
		if (kind[0] == '\0')
			(void)ep_str_copy(kind, 64, f.board);
		if (strcmp(kind, f.board) != 0) {
			f.usable = false;
			(void)ep_str_format(
				f.text, sizeof(f.text),
				"left out: it is a %s, the hosts before are "
				"%s: give the study --board",
				f.board, kind);
		}
	}
	p->usable[i] = f.usable;
	p->usable_count += f.usable;
	(void)ep_str_format(line, sizeof(line), "%s: %s", h->name, f.text);
	x->tell(x->ctx, line);
}

static int load(struct ep_executor *x, struct ep_err *err)
{
	struct ep_parallel *p;
	int r;

	if (x->state)
		return 0;
	p = calloc(1, sizeof(*p));
	if (!p)
		return ep_err_set(err, -ENOMEM, "out of memory");
	p->lock_fd = -1;
	r = ep_hosts_load(x->options->hosts_file, &p->hosts, err);
	if (r == 0) {
		p->hosts_file = realpath(x->options->hosts_file, NULL);
		if (!p->hosts_file)
			r = ep_err_set(err, -errno, "%s: %s",
				       x->options->hosts_file, strerror(errno));
	}
	if (r < 0) {
		ep_hosts_done(&p->hosts);
		free(p);
		return r;
	}
	p->program = x->options->program;
	x->state = p;
	return 0;
}

int ep_parallel_check(struct ep_executor *x, bool thorough, struct ep_err *err)
{
	char nonce[EP_WORK_NONCE_BYTES] = "", kind[64] = "";
	struct ep_parallel *p;
	struct question *qs;
	int r = load(x, err);

	(void)thorough; /* it is quick in any case */
	if (r < 0)
		return r;
	p = x->state;
	qs = calloc(p->hosts.count, sizeof(*qs));
	r = qs ? ep_executor_nonce(nonce) : -ENOMEM;
	if (r == 0)
		r = ask_all(x, qs, nonce, err);
	p->usable_count = 0;
	for (size_t i = 0; r == 0 && i < p->hosts.count; i++)
		judge(x, i, &qs[i], nonce, kind);
	for (size_t i = 0; qs && i < p->hosts.count; i++)
		ep_buf_done(&qs[i].output);
	free(qs);
	if (r == 0 && p->usable_count == 0)
		r = ep_err_set(err, -ENODEV,
			       "no host of %s can be used: see the lines above",
			       x->options->hosts_file);
	return r;
}
