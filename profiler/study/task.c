/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/tree.h"
#include "base/version.h"
#include "base/words.h"
#include "profiler/study/arrived.h"
#include "profiler/study/execute_argv.h"
#include "profiler/study/execute_pause.h"
#include "profiler/study/result.h"

/* Less than a run may need. */
#define FREE_BYTES_MIN (64.0 * 1024 * 1024)
#define ALIVE_NS (5 * EP_NS_PER_S)

struct engine {
	const struct ep_task *t;
	struct ep_execute x; /* stops for more reasons than the task's */
	volatile sig_atomic_t stop;
	int broken; /* -errno of the courier */
	struct ep_task_scratch scratch;
	int64_t alive_ns;
	int64_t here_count;
	char host[128];
};

static const struct ep_work_task *task_of(const struct ep_task *t)
{
	return &t->work->tasks[t->number];
}

static void tell(struct engine *e, const char *what, const char *name,
		 const char *text)
{
	char line[700];

	(void)ep_str_format(line, sizeof(line), "%s %s%s%s", what, name,
			    text[0] ? ": " : "", text);
	e->t->tell(e->t->ctx, line);
}

static int say(struct engine *e, const char *verb, const char *rest)
{
	return e->t->courier
		       ? ep_courier_say(e->t->courier, "%s %s", verb, rest)
		       : 0;
}

/* While a run goes on. */
static void keep_alive(void *ctx)
{
	struct engine *e = ctx;
	int64_t now_ns = ep_clock_monotonic_ns();

	if (*e->t->x->stop != 0)
		e->stop = *e->t->x->stop;
	if (now_ns - e->alive_ns < ALIVE_NS || e->broken < 0)
		return;
	e->alive_ns = now_ns;
	e->broken = say(e, "alive", "");
	if (e->broken < 0)
		e->stop = SIGTERM;
}

static void wait_cooler(void *ctx, double now_c, double left_s)
{
	(void)now_c;
	(void)left_s;
	keep_alive(ctx);
}

static void warn(void *ctx, const char *text)
{
	struct engine *e = ctx;

	e->t->tell(e->t->ctx, text);
}

static bool has_room(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) < 0 ||
	       (double)fs.f_bavail * (double)fs.f_frsize >= FREE_BYTES_MIN;
}

static int check_room(struct engine *e, struct ep_err *err)
{
	int arrived_fd = e->t->arrived_fd;

	if (has_room(e->scratch.fd) && (arrived_fd < 0 || has_room(arrived_fd)))
		return 0;
	return ep_err_set(
		err, -ENOSPC, "%s: less than 64 MiB left in %s", e->host,
		has_room(e->scratch.fd) ? "the folder that the runs go to"
					: e->scratch.path);
}

static bool has_arrived(const struct engine *e, const char *name)
{
	return e->t->arrived_fd >= 0 && ep_arrived_has(e->t->arrived_fd, name);
}

/* Does a run that this one warms up for come later? */
static bool warms_up(const struct engine *e, size_t index)
{
	const struct ep_work_task *task = task_of(e->t);
	uint64_t config = task->items[index].next.config;

	for (size_t i = index + 1; i < task->count; i++) {
		char name[EP_WORK_NAME_BYTES];

		ep_work_name(&task->items[i], name, sizeof(name));
		if (task->items[i].next.config == config &&
		    !task->items[i].unkept && !has_arrived(e, name))
			return true;
	}
	return false;
}

static int deliver(struct engine *e, const char *name, int run_fd,
		   struct ep_err *err)
{
	int r = e->t->courier ? ep_courier_send(e->t->courier, run_fd, name)
			      : ep_arrived_put(e->t->arrived_fd, name, run_fd);

	return r < 0 ? ep_err_set(err, r, "%s: cannot deliver %s: %s", e->host,
				  name, strerror(-r))
		     : 0;
}

/* A folder that says so goes where its run would have gone. */
static int give_up_run(struct engine *e, const struct ep_work_item *item,
		       int status, const char *why, struct ep_err *err)
{
	const struct ep_work *w = e->t->work;
	const struct ep_labels l = { &w->study, w->study_id, &item->next,
				     item->order };
	struct ep_lost lost = { .reason = why,
				.failed = status == 126 || status == 127 };
	char name[EP_WORK_NAME_BYTES];
	json_t *labels = NULL;
	int fd = -1, r = ep_result_labels(&l, &labels);

	ep_work_name(item, name, sizeof(name));
	tell(e, "lost", name, why);
	if (r == 0 && mkdirat(e->scratch.fd, name, 0755) < 0 && errno != EEXIST)
		r = -errno;
	if (r == 0) {
		fd = openat(e->scratch.fd, name,
			    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		lost.labels = labels;
		r = fd < 0 ? -errno : ep_result_put_lost(fd, &lost);
	}
	json_decref(labels);
	r = r < 0 ? ep_err_set(err, r, "%s: %s", name, strerror(-r))
		  : deliver(e, name, fd, err);
	if (fd >= 0)
		close(fd);
	return r;
}

/* Its folder is whole and says so; else why says what is wrong. */
static bool is_whole(int run_fd, char *why, size_t size)
{
	struct ep_err err = { 0 };
	struct ep_result result;
	bool whole;

	if (ep_result_read(run_fd, &result, &err) < 0) {
		(void)ep_str_copy(why, size, err.text);
		return false;
	}
	whole = result.complete && result.stopped_by == 0;
	ep_result_done(&result);
	if (!whole)
		(void)ep_str_copy(why, size, "the recording was cut");
	return whole;
}

static int settle(struct engine *e, const struct ep_work_item *item,
		  const struct ep_execute_run *run, int status,
		  struct ep_err *err)
{
	char name[EP_WORK_NAME_BYTES];
	char why[400] = "";
	int fd, r;

	ep_work_name(item, name, sizeof(name));
	if (e->broken < 0)
		return ep_err_set(err, -EPIPE, "nobody listens any more");
	if (e->stop != 0)
		return ep_err_set(err, -EINTR, "stopped");
	if (item->unkept)
		return say(e, "keep", name);
	fd = openat(e->scratch.fd, name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && is_whole(fd, why, sizeof(why))) {
		r = deliver(e, name, fd, err);
	} else {
		/* Its own fault is told; the machine's is tried elsewhere. */
		r = check_room(e, err);
		if (r == 0)
			r = give_up_run(e, item, status,
					run->told[0] ? run->told : why, err);
	}
	if (fd >= 0)
		close(fd);
	return r;
}

static int make_argv(const struct engine *e, const struct ep_work_item *item,
		     const char *folder, char ***ret)
{
	const struct ep_work *w = e->t->work;
	size_t count = ep_words_count(w->sensors), n = 0;
	const char **extra = calloc(2 * count + 3, sizeof(*extra));
	struct ep_run_order order = {
		.study = &w->study,
		.study_id = w->study_id,
		.next = &item->next,
		.order = item->order,
		.folder = folder,
		.drop_caches = ep_plan_clears(&w->study, w->study.drop_caches,
					      &item->next),
		.clear_swap = ep_plan_clears(&w->study, w->study.clear_swap,
					     &item->next),
	};
	char node[160];
	int r;

	if (!extra)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		extra[n++] = "--sensor";
		extra[n++] = w->sensors[i];
	}
	(void)ep_str_format(node, sizeof(node), "node=%s", e->host);
	extra[n++] = "--label";
	extra[n] = node;
	order.extra = (char *const *)(uintptr_t)extra;
	r = ep_execute_argv(&order, ret);
	free(extra);
	return r;
}

static int pause_before(struct engine *e)
{
	const struct ep_execute_pause pause = {
		.study = &e->t->work->study,
		.root = e->x.root,
		.stop = &e->stop,
		.wait = wait_cooler,
		.warn = warn,
		.ctx = e,
	};

	/* Nothing has warmed it yet, as far as time can tell. */
	return e->here_count == 0 &&
			       e->t->work->study.cooldown == EP_COOLDOWN_TIME
		       ? 0
		       : ep_execute_pause(&pause);
}

static int run_item(struct engine *e, const struct ep_work_item *item,
		    const char *name, struct ep_err *err)
{
	struct ep_execute_run run = { .wait = keep_alive, .ctx = e };
	char folder[4300];
	char **argv = NULL;
	int status, r;

	(void)ep_str_format(folder, sizeof(folder), "%s/%s", e->scratch.path,
			    name);
	r = check_room(e, err);
	if (r == 0 && pause_before(e) < 0)
		r = ep_err_set(err, -EINTR, "stopped");
	if (r < 0)
		return r;
	r = make_argv(e, item, folder, &argv);
	if (r < 0)
		return ep_err_set(err, r, "%s", strerror(-r));
	tell(e, item->unkept ? "warms up" : "runs", name, "");
	r = say(e, "starts", name);
	run.argv = argv;
	status = r < 0 ? 0 : ep_execute_run(&e->x, &run);
	ep_words_free(argv);
	if (r < 0)
		return ep_err_set(err, r, "nobody listens any more");
	if (status < 0)
		return ep_err_set(err, status, "cannot start edgeprof run: %s",
				  strerror(-status));
	e->here_count++;
	r = settle(e, item, &run, status, err);
	(void)!ep_tree_remove(e->scratch.fd, name);
	return r;
}

static int run_items(struct engine *e, struct ep_err *err)
{
	const struct ep_work_task *task = task_of(e->t);
	int r = 0;

	for (size_t i = 0; r == 0 && i < task->count; i++) {
		const struct ep_work_item *item = &task->items[i];
		char name[EP_WORK_NAME_BYTES];

		ep_work_name(item, name, sizeof(name));
		if (item->unkept ? !warms_up(e, i) : has_arrived(e, name))
			r = say(e, "keep", name);
		else
			r = run_item(e, item, name, err);
	}
	return r;
}

static int check_version(const struct ep_task *t, const char *host,
			 struct ep_err *err)
{
	if (t->work->mixed_versions ||
	    strcmp(t->work->version, ep_version) == 0)
		return 0;
	return ep_err_set(err, -EPROTO,
			  "%s has edgeprof %s, the study is made with %s: "
			  "install the same, or give --mixed-versions",
			  host, ep_version, t->work->version);
}

int ep_task_run(const struct ep_task *t, struct ep_err *err)
{
	struct engine e = { .t = t, .x = *t->x, .scratch = { .fd = -1 } };
	struct ep_err why = { 0 };
	int r;

	e.x.stop = &e.stop;
	e.x.stop_count = NULL;
	if (t->work->models)
		e.x.folder = t->work->models;
	ep_arrived_host(e.host, sizeof(e.host));
	r = check_version(t, e.host, &why);
	if (r == 0 && t->courier)
		r = ep_courier_say(t->courier, "hello %s %s", ep_version,
				   e.host);
	if (r == 0)
		r = ep_task_scratch_open(t->work->study_id, &e.scratch, &why);
	if (r == 0 && t->work->models && access(t->work->models, X_OK) < 0)
		r = ep_err_set(&why, -errno, "%s: %s: %s", e.host,
			       t->work->models, strerror(errno));
	if (r == 0)
		r = run_items(&e, &why);
	ep_task_scratch_close(&e.scratch);
	if (r < 0 && t->courier && e.broken == 0)
		(void)!say(&e, "refused", why.text);
	else if (r == 0)
		r = say(&e, "done", "");
	return r < 0 ? ep_err_set(err, r, "%s",
				  why.text[0] ? why.text : strerror(-r))
		     : 0;
}
