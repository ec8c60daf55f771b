/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/executor.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "profiler/study/executor_round.h"

#define TICK_MS 1000
#define ROUNDS_MAX 10000
/* In which nothing arrives; then something is wrong with the machines. */
#define EMPTY_ROUNDS_MAX 2

struct progress {
	struct ep_executor *x;
	struct ep_collect collect;
	int64_t begin_ns;
	int64_t here_count; /* runs that came since this start */
	int64_t done_count, plan_count;
	char status[200];
};

const struct ep_executor_ops *ep_executor_find(const char *name)
{
	static const struct ep_executor_ops *const all[] = {
		&ep_executor_slurm,
		&ep_executor_parallel,
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	return NULL;
}

void ep_executor_name(const struct ep_executor *x, const char *end, char *ret,
		      size_t size)
{
	(void)ep_str_format(ret, size, "round-%03d%s", x->round, end);
}

int ep_executor_write(struct ep_executor *x, const char *end, const char *text,
		      struct ep_err *err)
{
	struct ep_buf b;
	char name[60];
	int r;

	ep_executor_name(x, end, name, sizeof(name));
	ep_buf_init(&b, (size_t)256 * 1024 * 1024);
	r = ep_buf_adds(&b, text);
	if (r == 0)
		r = ep_file_put(x->dir_fd, name, &b,
				ep_str_ends(end, ".json") ? 0644 : 0755, true);
	ep_buf_done(&b);
	return r < 0 ? ep_err_set(err, r, "%s/%s: %s", x->dir, name,
				  strerror(-r))
		     : 0;
}

/* "--board rpi5" or "--board=rpi5" of the options; the last one holds. */
static void find_board(const struct ep_study *s, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; s->options && s->options[i]; i++) {
		const char *word = s->options[i];

		if (strcmp(word, "--board") == 0 && s->options[i + 1])
			(void)ep_str_copy(ret, size, s->options[i + 1]);
		else if (ep_str_starts(word, "--board="))
			(void)ep_str_copy(ret, size, word + strlen("--board="));
	}
}

static int make_dir(const char *parent, const char *name, char *ret,
		    size_t size, struct ep_err *err)
{
	if (!ep_str_format(ret, size, "%s/%s", parent, name))
		return ep_err_set(err, -ENAMETOOLONG, "%s is too long", parent);
	return ep_file_mkdir(ret, err);
}

static int open_dirs(struct ep_executor *x, struct ep_err *err)
{
	const char *shared = x->options->shared;
	char top[PATH_MAX], name[60], arrived[4200];
	const char *parent = shared ? shared : ep_store_dir(x->store);
	int r;

	if (!realpath(parent, top))
		return ep_err_set(err, -errno, "%s: %s", parent,
				  strerror(errno));
	(void)ep_str_format(name, sizeof(name), "edgeprof-%s",
			    ep_store_id(x->store));
	r = make_dir(top, shared ? name : "tasks", x->dir, sizeof(x->dir), err);
	if (r == 0)
		r = make_dir(x->dir, "arrived", arrived, sizeof(arrived), err);
	if (r < 0)
		return r;
	x->dir_fd = open(x->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	x->arrived_fd = open(arrived, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return x->dir_fd < 0 || x->arrived_fd < 0
		       ? ep_err_set(err, -errno, "%s: %s", x->dir,
				    strerror(errno))
		       : 0;
}

static void tell_came(struct progress *p, const struct ep_collected *run)
{
	double elapsed_s =
		(double)(ep_clock_monotonic_ns() - p->begin_ns) / EP_NS_PER_S;
	const struct ep_executor_came came = {
		.run = run,
		.done_count = p->done_count,
		.plan_count = p->plan_count,
		.eta_s = p->here_count > 0 ? elapsed_s / (double)p->here_count *
						     (double)(p->plan_count -
							      p->done_count)
					   : (double)NAN,
		.status = p->status,
	};

	p->x->came(p->x->ctx, &came);
}

static void collected(void *ctx, const char *path, const struct ep_collected *c)
{
	struct progress *p = ctx;

	(void)path;
	/* What cannot be used brings nobody further. */
	p->here_count += c->outcome <= EP_COLLECT_LOST;
	p->done_count += c->outcome == EP_COLLECT_VALID;
	tell_came(p, c);
}

static int collect(struct progress *p, struct ep_err *err)
{
	int64_t before = p->here_count;
	int r = ep_collect_arrived(&p->collect, p->x->arrived_fd, err);

	if (r == 0 && p->here_count > before)
		r = ep_store_export(p->x->store, err);
	return r;
}

static int follow(struct progress *p, const struct ep_executor_ops *ops,
		  struct ep_err *err)
{
	struct ep_executor *x = p->x;
	int r;

	while ((r = ops->poll(x, p->status, sizeof(p->status), err)) == 1) {
		if (*x->stop != 0) {
			ops->cancel(x);
			r = -EINTR;
			break;
		}
		r = collect(p, err);
		if (r < 0) {
			ops->cancel(x);
			break;
		}
		tell_came(p, NULL);
		(void)poll(NULL, 0, TICK_MS);
	}
	/* Also of those that were stopped. */
	return r == 0 || r == -EINTR ? collect(p, err) < 0 ? -EIO : r : r;
}

/* 1 there was something to do, 0 nothing is missing. */
static int do_round(struct progress *p, const struct ep_executor_ops *ops,
		    bool *enough, struct ep_err *err)
{
	struct ep_executor *x = p->x;
	struct ep_executor_round round;
	char *text;
	int r = ep_executor_round_make(x->store, x->options->block_count,
				       ops->task_max, &round, err);

	if (r < 0)
		return r;
	*enough = round.enough;
	p->done_count = round.done_count;
	p->plan_count = round.plan_count;
	round.work.mixed_versions = x->options->mixed_versions;
	if (round.work.task_count > 0) {
		text = ep_work_to_text(&round.work, -1);
		x->work = &round.work;
		r = text ? ep_executor_write(x, ".json", text, err) : -ENOMEM;
		free(text);
		if (r == 0)
			r = ops->submit(x, err);
		if (r == 0)
			r = follow(p, ops, err);
		x->work = NULL;
		r = r < 0 ? r : 1;
	}
	ep_executor_round_done(&round);
	return r;
}

/* The first number that no earlier start has used. */
static int find_round(struct ep_executor *x)
{
	for (x->round = 1; x->round <= ROUNDS_MAX; x->round++) {
		char name[60];

		ep_executor_name(x, ".json", name, sizeof(name));
		if (faccessat(x->dir_fd, name, F_OK, 0) < 0)
			return 0;
	}
	return -E2BIG;
}

static int refuse_empty(const struct ep_executor *x, struct ep_err *err)
{
	return ep_err_set(err, -EIO,
			  "nothing came back from two rounds of tasks: their "
			  "words are in %s/round-*; when it is put right, "
			  "--resume goes on",
			  x->dir);
}

static int do_rounds(struct progress *p, const struct ep_executor_ops *ops,
		     struct ep_err *err)
{
	struct ep_executor *x = p->x;
	bool enough = false;
	int empty = 0, r = ops->find(x, err);

	if (r > 0) {
		x->tell(x->ctx, "tasks of an earlier start still go on: "
				"waiting for them");
		r = follow(p, ops, err);
	}
	while (r >= 0) {
		int64_t before = p->here_count;

		r = *x->stop != 0 ? -EINTR : find_round(x);
		if (r < 0)
			break;
		r = do_round(p, ops, &enough, err);
		if (r <= 0)
			break;
		empty = p->here_count > before ? 0 : empty + 1;
		if (empty == EMPTY_ROUNDS_MAX)
			r = refuse_empty(x, err);
	}
	return r < 0 ? r : !enough;
}

int ep_executor_run(struct ep_executor *x, const struct ep_executor_ops *ops,
		    struct ep_err *err)
{
	struct progress p = {
		.x = x,
		.collect = { .store = x->store,
			     .mixed_versions = x->options->mixed_versions,
			     .tell = collected },
		.begin_ns = ep_clock_monotonic_ns(),
	};
	int r;

	p.collect.ctx = &p;
	x->dir_fd = x->arrived_fd = -1;
	find_board(ep_store_study(x->store), x->board, sizeof(x->board));
	r = open_dirs(x, err);
	if (r == 0)
		r = ops->check(x, false, err);
	if (r == 0)
		r = ep_store_recover(x->store, err);
	if (r >= 0)
		r = collect(&p, err);
	if (r == 0)
		r = do_rounds(&p, ops, err);
	if (ep_store_export(x->store, r < 0 ? NULL : err) < 0 && r >= 0)
		r = -EIO;
	ops->close(x);
	if (x->dir_fd >= 0)
		close(x->dir_fd);
	if (x->arrived_fd >= 0)
		close(x->arrived_fd);
	return r;
}

int ep_executor_check(struct ep_executor *x, const struct ep_executor_ops *ops,
		      const struct ep_study *study, struct ep_err *err)
{
	int r;

	find_board(study, x->board, sizeof(x->board));
	x->dir_fd = x->arrived_fd = -1;
	r = ops->check(x, true, err);
	ops->close(x);
	return r;
}
