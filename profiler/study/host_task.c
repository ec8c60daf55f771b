/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/host_task.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/study/arrived.h"
#include "profiler/study/command.h"
#include "profiler/study/courier.h"

#define TICK_MS 200
#define PLUG_NS (120 * EP_NS_PER_S)
#define ANSWER_NS (20 * EP_NS_PER_S)
#define BETWEEN_MS 5000
#define SSH_FAILED 255

struct link {
	const struct ep_host_task *t;
	struct ep_command ssh;
	struct ep_courier_in in;
	const char *left; /* of the work, to be sent */
	int64_t word_ns;  /* when a run last began or ended */
	char now[EP_WORK_NAME_BYTES];
	char refused[400];
	bool done;
};

static void tell(struct link *l, const char *what, const char *text)
{
	char line[700];

	(void)ep_str_format(line, sizeof(line), "%s%s", what, text);
	ep_str_printable(line);
	l->t->tell(l->t->ctx, line);
}

static void said(void *ctx, const char *verb, const char *rest)
{
	struct link *l = ctx;

	if (strcmp(verb, "alive") == 0)
		return;
	l->word_ns = ep_clock_monotonic_ns();
	if (strcmp(verb, "starts") == 0)
		(void)ep_str_copy(l->now, sizeof(l->now), rest);
	else if (strcmp(verb, "damaged") == 0)
		tell(l, "what came of it is damaged: ", rest);
	else if (strcmp(verb, "refused") == 0)
		(void)ep_str_copy(l->refused, sizeof(l->refused), rest);
	else if (strcmp(verb, "done") == 0)
		l->done = true;
}

/* What has not arrived yet; NULL items: all has. */
static int choose(const struct ep_host_task *t, struct ep_work_task *ret)
{
	const struct ep_work_task *task = &t->work->tasks[t->number];
	struct ep_work_task left = { NULL, 0 };
	size_t kept = 0;

	left.items = calloc(task->count, sizeof(*left.items));
	if (!left.items)
		return -ENOMEM;
	for (size_t i = 0; i < task->count; i++) {
		const struct ep_work_item *item = &task->items[i];
		char name[EP_WORK_NAME_BYTES];

		ep_work_name(item, name, sizeof(name));
		if (!item->unkept && ep_arrived_has(t->arrived_fd, name))
			continue;
		kept += !item->unkept;
		left.items[left.count++] = *item;
	}
	if (kept == 0) {
		free(left.items);
		left = (struct ep_work_task){ NULL, 0 };
	}
	*ret = left;
	return 0;
}

static char *make_text(const struct ep_host_task *t, struct ep_work_task *left)
{
	struct ep_work w = *t->work;

	w.tasks = left;
	w.task_count = 1;
	w.sensors = t->host->sensors;
	w.models = (char *)(uintptr_t)t->host->models;
	return ep_work_to_text(&w, 0);
}

static int start(struct link *l)
{
	const char *argv[EP_HOSTS_SSH_WORDS];
	struct ep_command_order o = { .argv = (char *const *)(uintptr_t)argv,
				      .feed = true,
				      .read = true,
				      .keep_fd = -1,
				      .output_fd = -1 };
	char command[1200], program[1024];
	struct ep_err err = { 0 };
	int r = ep_command_quote(l->t->host->edgeprof, program,
				 sizeof(program));

	if (r < 0)
		return r;
	(void)ep_str_format(command, sizeof(command),
			    "exec %s sweep --task - --task-number 0", program);
	ep_hosts_ssh_argv(l->t->host, command, argv);
	r = ep_command_start(&o, &l->ssh, &err);
	if (r < 0)
		tell(l, err.text, "");
	return r;
}

static void feed(struct link *l)
{
	size_t len = strlen(l->left);
	ssize_t n = len > 0 ? write(l->ssh.in_fd, l->left, len) : 0;

	if (n > 0)
		l->left += n;
	/* Whoever ends before he has read all says so by his status. */
	if (*l->left != '\0' && (n >= 0 || errno == EAGAIN || errno == EINTR))
		return;
	close(l->ssh.in_fd);
	l->ssh.in_fd = -1;
}

static void take(struct link *l)
{
	char block[65536];
	ssize_t n;

	while ((n = read(l->ssh.out_fd, block, sizeof(block))) > 0)
		ep_courier_in_feed(&l->in, block, (size_t)n);
}

/* A run, and the pause before it. */
static int64_t patience_ns(const struct link *l)
{
	const struct ep_study *s = &l->t->work->study;
	int64_t pause_ns = s->cooldown == EP_COOLDOWN_TIME ? s->cooldown_ns
			   : s->cooldown == EP_COOLDOWN_TEMPERATURE
				   ? s->cooldown_limit_ns
				   : 0;

	return l->t->host->run_timeout_ns + pause_ns;
}

/* 0 ssh has ended; -ETIMEDOUT the host hangs; -EINTR. */
static int talk(struct link *l)
{
	l->word_ns = ep_clock_monotonic_ns();
	while (ep_child_reap(&l->ssh.child) == 1) {
		struct pollfd fds[2] = {
			{ .fd = l->ssh.out_fd, .events = POLLIN },
			{ .fd = l->ssh.in_fd, .events = POLLOUT },
		};

		(void)poll(fds, 2, TICK_MS);
		if (l->ssh.in_fd >= 0)
			feed(l);
		take(l);
		if (*l->t->stop != 0)
			return -EINTR;
		if (ep_clock_monotonic_ns() - l->word_ns > patience_ns(l))
			return -ETIMEDOUT;
		if (fds[0].revents & POLLHUP)
			(void)poll(NULL, 0, TICK_MS);
	}
	take(l);
	return 0;
}

static bool answers(const struct link *l)
{
	const char *argv[EP_HOSTS_SSH_WORDS];
	const struct ep_command_order o = {
		.argv = (char *const *)(uintptr_t)argv,
		.keep_fd = -1,
		.output_fd = -1,
	};

	ep_hosts_ssh_argv(l->t->host, "exit 0", argv);
	return ep_command_run(&o, ANSWER_NS, NULL, NULL) == 0;
}

static void cycle_power(struct link *l)
{
	const struct ep_command_order o = { .argv = l->t->host->plug,
					    .keep_fd = -1,
					    .output_fd = -1 };
	int64_t due_ns;
	struct ep_err err = { 0 };
	int r;

	tell(l, "its power is cycled", "");
	r = ep_command_run(&o, PLUG_NS, NULL, &err);
	if (r != 0) {
		tell(l, "the plug's command failed: ",
		     r < 0 ? err.text : "see its exit status");
		return;
	}
	due_ns = ep_clock_monotonic_ns() + l->t->host->boot_timeout_ns;
	while (*l->t->stop == 0 && ep_clock_monotonic_ns() < due_ns) {
		if (answers(l)) {
			tell(l, "it is back", "");
			return;
		}
		(void)poll(NULL, 0, BETWEEN_MS);
	}
	if (*l->t->stop == 0)
		tell(l, "it does not come back within boot-timeout", "");
}

static int judge(struct link *l, int r)
{
	int status = r == 0 ? ep_command_status(&l->ssh) : -1;
	char text[500];

	if (r == -EINTR || l->done)
		return l->done ? 0 : r;
	if (l->refused[0]) {
		tell(l, l->refused, "");
		return -EAGAIN;
	}
	if (r == -ETIMEDOUT)
		(void)ep_str_format(text, sizeof(text),
				    "no word for %lld s: it hangs%s%s",
				    (long long)(patience_ns(l) / EP_NS_PER_S),
				    l->now[0] ? ", in " : "", l->now);
	else if (status == SSH_FAILED)
		(void)ep_str_format(text, sizeof(text),
				    "the link is lost, or there was none%s%s",
				    l->now[0] ? "; it was at " : "", l->now);
	else
		(void)ep_str_format(text, sizeof(text),
				    "the task ended with status %d", status);
	tell(l, text, "");
	if ((r == -ETIMEDOUT || status == SSH_FAILED) && l->t->host->plug) {
		ep_command_close(&l->ssh);
		cycle_power(l);
	}
	return -EAGAIN;
}

int ep_host_task_run(const struct ep_host_task *t)
{
	struct link l = { .t = t, .ssh = { .in_fd = -1, .out_fd = -1 } };
	struct ep_work_task left;
	char *text;
	int r = choose(t, &left);

	if (r < 0 || !left.items)
		return r;
	l.ssh.child.pidfd = l.ssh.child.gate_fd = l.ssh.child.status_fd = -1;
	ep_courier_in_init(&l.in, t->work->nonce, t->arrived_fd);
	l.in.said = said;
	l.in.ctx = &l;
	text = make_text(t, &left);
	l.left = text ? text : "";
	r = text ? start(&l) : -ENOMEM;
	if (r == 0)
		r = judge(&l, talk(&l));
	ep_command_close(&l.ssh);
	ep_courier_in_done(&l.in);
	free(left.items);
	free(text);
	return r;
}
