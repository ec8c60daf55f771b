/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "profiler/study/command.h"
#include "profiler/study/executor.h"
#include "profiler/study/parallel_hosts.h"

#define LOCK_NAME "parallel.lock"
#define NOTES_NAME "notes.log"
#define WAIT_NS (10 * EP_NS_PER_S)

static struct ep_parallel *state_of(struct ep_executor *x)
{
	return x->state;
}

/* The lock is held by parallel and all it started, also when edgeprof is long
 * gone. */
static int parallel_find(struct ep_executor *x, struct ep_err *err)
{
	struct ep_parallel *p = state_of(x);

	p->lock_fd = openat(x->dir_fd, LOCK_NAME,
			    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (p->lock_fd < 0)
		return ep_err_set(err, -errno, "%s/" LOCK_NAME ": %s", x->dir,
				  strerror(errno));
	p->follows = flock(p->lock_fd, LOCK_EX | LOCK_NB) < 0;
	return p->follows;
}

static int follow(struct ep_parallel *p, char *status, size_t size)
{
	(void)ep_str_copy(status, size, "tasks of an earlier start");
	p->follows = flock(p->lock_fd, LOCK_EX | LOCK_NB) < 0;
	return p->follows;
}

/* What parallel calls instead of ssh: it knows the host by its name and the
 * task by its number in the environment. */
static int write_script(struct ep_executor *x, struct ep_err *err)
{
	char program[4200], work[4400], hosts[4400], path[4200], name[60];
	const struct ep_parallel *p = state_of(x);
	struct ep_buf b;
	int r = ep_command_quote(p->program, program, sizeof(program));

	ep_executor_name(x, ".json", name, sizeof(name));
	(void)ep_str_format(path, sizeof(path), "%s/%s", x->dir, name);
	if (r == 0)
		r = ep_command_quote(path, work, sizeof(work));
	if (r == 0)
		r = ep_command_quote(p->hosts_file, hosts, sizeof(hosts));
	ep_buf_init(&b, 32768);
	if (r == 0)
		r = ep_buf_addf(&b,
				"#!/bin/sh\n# Called by GNU parallel in place "
				"of ssh: HOST -- COMMAND.\nexec %s sweep "
				"--task-ssh %s --hosts %s --host \"$1\"\n",
				program, work, hosts);
	r = r < 0 ? ep_err_set(err, r, "%s: %s", x->dir, strerror(-r))
		  : ep_executor_write(x, "-ssh", b.data, err);
	ep_buf_done(&b);
	return r;
}

static int put_logins(struct ep_executor *x, struct ep_buf *b)
{
	const struct ep_parallel *p = state_of(x);
	int r = 0, count = 0;

	for (size_t i = 0; r == 0 && i < p->hosts.count; i++)
		if (p->usable[i])
			r = ep_buf_addf(b, "%s1/%s", count++ ? "," : "",
					p->hosts.items[i].name);
	return r;
}

static int put_numbers(const struct ep_executor *x, struct ep_buf *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->work->task_count; i++)
		r = ep_buf_addf(b, "%zu\n", i);
	return r;
}

struct texts {
	char ssh[4400], script[4200], results[4200], log[4200], home[4200];
	char retries[24];
	struct ep_buf logins, numbers;
};

static int start(struct ep_executor *x, struct texts *t, struct ep_err *err)
{
	struct ep_parallel *p = state_of(x);
	/* One task a host at a time, elsewhere when it fails. */
	const char *const argv[] = { "parallel", "--plain",	  "--will-cite",
				     "-S",	 t->logins.data,  "--ssh",
				     t->ssh,	 "--retries",	  t->retries,
				     "--joblog", t->log,	  "--results",
				     t->results, "edgeprof-task", NULL };
	const char *const env[] = { t->home, NULL };
	const struct ep_command_order o = {
		.argv = (char *const *)(uintptr_t)argv,
		.identity = x->identity,
		.env_add = env,
		.feed = true,
		.read = true,
		.join = true,
		.keep_fd = p->lock_fd,
		.output_fd = -1,
	};
	int r = ep_command_start(&o, &p->command, err);

	if (r == -ENOENT)
		ep_err_set(err, r,
			   "parallel is not found: --executor parallel wants "
			   "GNU parallel (Debian: parallel)");
	p->runs = r == 0;
	p->left = r == 0 ? t->numbers.data : NULL;
	return r;
}

static int parallel_submit(struct ep_executor *x, struct ep_err *err)
{
	struct ep_parallel *p = state_of(x);
	struct texts *t = calloc(1, sizeof(*t));
	char name[60], path[4200];
	int r = t ? write_script(x, err) : -ENOMEM;

	if (!t)
		return ep_err_set(err, r, "out of memory");
	ep_executor_name(x, "-ssh", name, sizeof(name));
	(void)ep_str_format(t->script, sizeof(t->script), "%s/%s", x->dir,
			    name);
	ep_executor_name(x, "", name, sizeof(name));
	(void)ep_str_format(t->results, sizeof(t->results), "%s/%s", x->dir,
			    name);
	(void)ep_str_format(t->log, sizeof(t->log), "%s/%s.joblog", x->dir,
			    name);
	(void)ep_str_format(path, sizeof(path), "%s/parallel", x->dir);
	(void)ep_str_format(t->home, sizeof(t->home), "PARALLEL_HOME=%s", path);
	(void)ep_str_format(t->retries, sizeof(t->retries), "%zu",
			    p->usable_count + 1);
	ep_buf_init(&t->logins, 65536);
	ep_buf_init(&p->numbers, (size_t)16 * 1024 * 1024);
	if (r == 0)
		r = ep_file_mkdir(path, err);
	if (r == 0)
		r = ep_command_quote(t->script, t->ssh, sizeof(t->ssh));
	if (r == 0)
		r = put_logins(x, &t->logins);
	if (r == 0)
		r = put_numbers(x, &p->numbers);
	if (r == 0) {
		t->numbers = p->numbers;
		r = start(x, t, err);
	}
	ep_buf_done(&t->logins);
	free(t);
	return r;
}

/* The numbers of the tasks, as fast as it takes them. */
static void feed(struct ep_parallel *p)
{
	size_t len = p->left ? strlen(p->left) : 0;
	ssize_t n = len > 0 ? write(p->command.in_fd, p->left, len) : 0;

	if (n > 0)
		p->left += n;
	if (p->left && *p->left && (n >= 0 || errno == EAGAIN))
		return;
	close(p->command.in_fd);
	p->command.in_fd = -1;
	ep_buf_done(&p->numbers);
	p->left = NULL;
}

/* Its own words are told; what a task wrote is in its file. */
static void read_words(struct ep_executor *x)
{
	struct ep_parallel *p = state_of(x);
	char block[4096];
	ssize_t n;

	while ((n = read(p->command.out_fd, block, sizeof(block) - 1)) > 0) {
		block[n] = '\0';
		for (char *line = block; *line;) {
			size_t len = strcspn(line, "\n");
			char *next = line + len + (line[len] == '\n');

			line[len] = '\0';
			if (ep_str_starts(line, "parallel: ")) {
				ep_str_printable(line);
				x->tell(x->ctx, line);
			}
			line = next;
		}
	}
}

/* What the tasks had to say of their hosts since the last look. */
static void read_notes(struct ep_executor *x)
{
	struct ep_parallel *p = state_of(x);
	char block[4096];
	int fd = openat(x->dir_fd, NOTES_NAME,
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1
			   : pread(fd, block, sizeof(block) - 1,
				   (off_t)p->notes_bytes);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return;
	block[n] = '\0';
	for (char *line = block, *end; (end = strchr(line, '\n'));
	     line = end + 1) {
		*end = '\0';
		p->notes_bytes += (int64_t)(end - line) + 1;
		ep_str_printable(line);
		x->tell(x->ctx, line);
	}
}

static int parallel_poll(struct ep_executor *x, char *status, size_t size,
			 struct ep_err *err)
{
	struct ep_parallel *p = state_of(x);
	int r;

	(void)err;
	if (p->follows)
		return follow(p, status, size);
	if (!p->runs)
		return 0;
	if (p->command.in_fd >= 0)
		feed(p);
	read_words(x);
	read_notes(x);
	(void)ep_str_format(status, size, "%zu tasks on %zu hosts",
			    x->work ? x->work->task_count : 0, p->usable_count);
	r = ep_child_reap(&p->command.child);
	if (r == 1)
		return 1;
	read_words(x);
	read_notes(x);
	ep_command_close(&p->command);
	ep_buf_done(&p->numbers);
	p->runs = false;
	return 0;
}

/* Its first SIGTERM only keeps it from starting more. */
static void parallel_cancel(struct ep_executor *x)
{
	struct ep_parallel *p = state_of(x);
	int64_t due_ns = ep_clock_monotonic_ns() + WAIT_NS;

	if (!p->runs)
		return;
	for (int i = 0; i < 2; i++) {
		(void)ep_child_signal(&p->command.child, SIGTERM);
		ep_clock_sleep_until(ep_clock_monotonic_ns() +
				     200 * EP_NS_PER_MS);
	}
	while (ep_child_reap(&p->command.child) == 1 &&
	       ep_clock_monotonic_ns() < due_ns) {
		read_words(x);
		ep_clock_sleep_until(ep_clock_monotonic_ns() +
				     50 * EP_NS_PER_MS);
	}
	ep_command_close(&p->command);
	p->runs = false;
}

static void parallel_close(struct ep_executor *x)
{
	struct ep_parallel *p = state_of(x);

	if (!p)
		return;
	if (p->runs)
		ep_command_close(&p->command);
	if (p->lock_fd >= 0)
		close(p->lock_fd);
	ep_buf_done(&p->numbers);
	ep_hosts_done(&p->hosts);
	free(p->hosts_file);
	free(p);
	x->state = NULL;
}

const struct ep_executor_ops ep_executor_parallel = {
	.name = "parallel",
	.check = ep_parallel_check,
	.find = parallel_find,
	.submit = parallel_submit,
	.poll = parallel_poll,
	.cancel = parallel_cancel,
	.close = parallel_close,
	.task_max = 100000,
};
