/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/env.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "drivers/procfs.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/sweep_check.h"
#include "profiler/cli/sweep_machines.h"
#include "profiler/study/host_task.h"
#include "profiler/study/task.h"

#define WORK_BYTES_MAX ((size_t)256 * 1024 * 1024)

static volatile sig_atomic_t stop_signal;

static void take_signal(int signo)
{
	/* Caught, not ignored: what we start gets its default back. */
	if (signo != SIGPIPE)
		stop_signal = signo;
}

static void watch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	const struct sigaction action = { .sa_handler = take_signal };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

struct request {
	const char *task, *task_ssh, *output, *hosts, *host;
	int64_t number;
};

static int fail(int status, const char *text)
{
	fprintf(stderr, "edgeprof: %s\n", text);
	return status;
}

static int parse(int argc, char **argv, struct request *q)
{
	const struct {
		const char *name;
		const char **value;
	} options[] = {
		{ "--task", &q->task },		 { "--task-ssh", &q->task_ssh },
		{ "--task-output", &q->output }, { "--hosts", &q->hosts },
		{ "--host", &q->host },
	};

	for (int i = 1; i + 1 < argc; i += 2) {
		bool known = false;

		for (size_t k = 0; k < sizeof(options) / sizeof(options[0]);
		     k++) {
			if (strcmp(argv[i], options[k].name) != 0)
				continue;
			*options[k].value = argv[i + 1];
			known = true;
		}
		if (strcmp(argv[i], "--task-number") == 0)
			known = ep_num_parse_i64(argv[i + 1], &q->number) == 0;
		if (!known)
			return -EINVAL;
	}
	return argc % 2 == 1 && q->number >= 0 ? 0 : -EINVAL;
}

static int read_work(const char *path, struct ep_work *ret, struct ep_err *err)
{
	struct ep_buf b;
	char block[65536];
	ssize_t n = 0;
	int r = 0;

	ep_buf_init(&b, WORK_BYTES_MAX);
	if (strcmp(path, "-") != 0)
		r = ep_file_read(AT_FDCWD, path, &b);
	else
		while (r == 0 && (n = read(0, block, sizeof(block))) > 0)
			r = ep_buf_add(&b, block, (size_t)n);
	if (n < 0)
		r = -errno;
	r = r < 0 ? ep_err_set(err, r, "%s: %s", path, strerror(-r))
		  : ep_work_from_text(b.data ? b.data : "", b.len, ret, err);
	ep_buf_done(&b);
	return r;
}

static void tell_line(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "edgeprof: %s\n", text);
}

static int run_task(const struct request *q, const struct ep_work *work,
		    struct ep_execute *x, struct ep_err *err)
{
	const struct ep_courier courier = { .fd = STDOUT_FILENO,
					    .nonce = work->nonce };
	struct ep_task t = { .x = x,
			     .work = work,
			     .number = (size_t)q->number,
			     .arrived_fd = -1,
			     .tell = tell_line };
	int r;

	if (t.number >= work->task_count)
		return ep_err_set(err, -EINVAL, "%s has no task %lld", q->task,
				  (long long)q->number);
	if (q->output) {
		t.arrived_fd =
			open(q->output, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (t.arrived_fd < 0)
			return ep_err_set(err, -errno,
					  "%s: %s: all nodes must see it; "
					  "--shared names a folder that they "
					  "do",
					  q->output, strerror(errno));
	} else {
		t.courier = &courier;
	}
	r = ep_task_run(&t, err);
	if (t.arrived_fd >= 0)
		close(t.arrived_fd);
	return r;
}

static int do_task(const struct request *q, struct ep_err *err)
{
	struct ep_identity identity;
	struct ep_execute x = { .stop = &stop_signal, .lock_fd = -1 };
	char program[4096];
	struct ep_work work = { .task_count = 0 };
	struct ep_env env;
	int r = ep_proc_self_exe(program, sizeof(program));

	if (r == 0)
		r = read_work(q->task, &work, err);
	if (r < 0)
		return r;
	r = ep_env_init(&env, err);
	if (r < 0) {
		ep_work_done(&work);
		return r;
	}
	r = ep_identity_get(&identity, err);
	if (r == 0)
		r = ep_identity_enter(&identity, err);
	if (r == 0) {
		x.program = program;
		x.root = &env.root;
		x.identity = &identity;
		r = run_task(q, &work, &x, err);
		ep_identity_leave(&identity);
	}
	ep_env_done(&env);
	ep_work_done(&work);
	return r;
}

/* Lines of all tasks go into one file, that the coordinator reads. */
struct notes {
	const char *host;
	int fd;
};

static void tell_note(void *ctx, const char *text)
{
	const struct notes *n = ctx;
	char line[800];

	(void)ep_str_format(line, sizeof(line), "%s: %s\n", n->host, text);
	fputs(line, stderr);
	/* Whole lines, by O_APPEND; a lost one is on stderr, too. */
	(void)!ep_file_write_all(n->fd, line, strlen(line));
}

static int open_beside(const char *file, const char *name, int flags)
{
	const char *slash = strrchr(file, '/');
	char path[4300];
	int fd;

	if (!ep_str_format(path, sizeof(path), "%.*s%s",
			   slash ? (int)(slash - file) + 1 : 0, file, name))
		return -ENAMETOOLONG;
	fd = open(path, flags | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fd;
}

static int task_number(int64_t *ret, struct ep_err *err)
{
	const char *text = secure_getenv("PARALLEL_SEQ");

	if (!text || ep_num_parse_i64(text, ret) < 0 || *ret < 1)
		return ep_err_set(err, -EINVAL,
				  "PARALLEL_SEQ does not number the task: this "
				  "form is for GNU parallel to call");
	(*ret)--;
	return 0;
}

static int do_ssh(const struct request *q, struct ep_err *err)
{
	struct ep_host_task t = { .stop = &stop_signal, .tell = tell_note };
	struct notes notes = { .host = q->host ? q->host : "?", .fd = -1 };
	struct ep_hosts hosts;
	struct ep_work work = { .task_count = 0 };
	int64_t number = 0;
	int r = q->hosts && q->host ? task_number(&number, err) : -EINVAL;

	if (r == 0)
		r = read_work(q->task_ssh, &work, err);
	if (r < 0)
		return r;
	(void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGTERM, 0, 0, 0);
	r = ep_hosts_load(q->hosts, &hosts, err);
	if (r == 0) {
		t.host = ep_hosts_find(&hosts, q->host);
		t.work = &work;
		t.number = (size_t)number;
		t.ctx = &notes;
		t.arrived_fd = open_beside(q->task_ssh, "arrived",
					   O_RDONLY | O_DIRECTORY);
		notes.fd = open_beside(q->task_ssh, "notes.log",
				       O_WRONLY | O_CREAT | O_APPEND);
		if (!t.host || t.number >= work.task_count)
			r = ep_err_set(err, -EINVAL, "no host %s, or no task",
				       q->host);
		else if (t.arrived_fd < 0 || notes.fd < 0)
			r = ep_err_set(err, -EIO, "%s: no folder beside it",
				       q->task_ssh);
		else
			r = ep_host_task_run(&t);
		if (t.arrived_fd >= 0)
			close(t.arrived_fd);
		if (notes.fd >= 0)
			close(notes.fd);
		ep_hosts_done(&hosts);
	}
	ep_work_done(&work);
	return r;
}

bool ep_sweep_task_is_asked(int argc, char **argv)
{
	return argc > 1 && strcmp(argv[0], "sweep") == 0 &&
	       (strcmp(argv[1], "--task") == 0 ||
		strcmp(argv[1], "--task-ssh") == 0 ||
		strcmp(argv[1], "--host-check") == 0);
}

int ep_sweep_task_main(int argc, char **argv)
{
	struct request q = { .task = NULL };
	struct ep_err err = { 0 };
	int r;

	watch_signals();
	if (strcmp(argv[1], "--host-check") == 0)
		return ep_sweep_check_main(argc - 1, argv + 1);
	if (parse(argc, argv, &q) < 0)
		return fail(EP_EXIT_USAGE,
			    "this form is for edgeprof itself: edgeprof sweep "
			    "--executor makes use of it");
	r = q.task ? do_task(&q, &err) : do_ssh(&q, &err);
	if (r == 0)
		return EP_EXIT_OK;
	if (r != -EAGAIN)
		(void)fail(0, err.text[0] ? err.text : strerror(-r));
	if (r == -EINTR && stop_signal != 0)
		return EP_EXIT_SIGNAL + stop_signal;
	return r == -EINVAL || r == -EBADMSG ? EP_EXIT_USAGE : EP_EXIT_NO;
}
