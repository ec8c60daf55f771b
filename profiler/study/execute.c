/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/execute.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/study/execute_argv.h"
#include "profiler/study/execute_pause.h"
#include "profiler/study/halving.h"

/* Less than a short run needs. */
#define FREE_BYTES_MIN ((uint64_t)1024 * 1024)

struct engine {
	const struct ep_execute *x;
	struct ep_store *store;
	const struct ep_study *study;
	struct ep_standing *standing;
	uint64_t config_count;
	struct ep_study_progress progress;
	int64_t order;
	int64_t here_count; /* runs made since this start */
	int64_t begin_ns;
	bool told_stop;
	int first_status;
};

static void tell(struct engine *e, enum ep_study_event event, const char *text)
{
	e->progress.event = event;
	e->progress.text = text;
	e->x->tell(e->x->ctx, &e->progress);
}

static void tell_running(void *ctx)
{
	struct engine *e = ctx;

	if (*e->x->stop == SIGINT && !e->told_stop) {
		e->told_stop = true;
		tell(e, EP_STUDY_WARNS,
		     "stopping when this run has ended; Ctrl-C again ends it "
		     "now");
	}
	tell(e, EP_STUDY_RUNS, NULL);
}

/* Of a search: the runs of later rounds, and how many this one gives each. */
static void look_ahead(struct engine *e)
{
	struct ep_study_progress *p = &e->progress;
	int64_t goal = 0;
	uint64_t left = 0;

	for (uint64_t i = 0; i < e->config_count; i++) {
		const struct ep_standing *st = &e->standing[i];

		if (st->goal_count > goal) {
			goal = st->goal_count;
			left = 0;
		}
		left += st->goal_count == goal &&
			!ep_plan_gives_up(e->study, st);
	}
	p->run_count = goal;
	p->plan_count += ep_halving_ahead(e->study, left, goal);
}

/* How far the study is; runs that may still be rejected are not foreseen. */
static void count(struct engine *e)
{
	struct ep_study_progress *p = &e->progress;
	const struct ep_study *s = e->study;
	int64_t elapsed_ns = ep_clock_monotonic_ns() - e->begin_ns;

	p->done_count = 0;
	p->plan_count = 0;
	for (uint64_t i = 0; i < e->config_count; i++) {
		const struct ep_standing *st = &e->standing[i];
		int64_t goal = s->search == EP_SEARCH_HALVING ? st->goal_count
							      : s->run_count;
		int64_t wanted =
			goal > st->valid_count ? goal : st->valid_count;

		p->done_count += st->warmup_count + st->valid_count;
		p->plan_count += st->failed ? st->warmup_count + st->valid_count
					    : s->warmup_count + wanted;
	}
	if (s->search == EP_SEARCH_HALVING)
		look_ahead(e);
	p->eta_s = e->here_count > 0
			   ? (double)elapsed_ns / EP_NS_PER_S /
				     (double)e->here_count *
				     (double)(p->plan_count - p->done_count)
			   : (double)NAN;
}

static int look(struct engine *e, struct ep_err *err)
{
	free(e->standing);
	e->standing = NULL;
	return ep_store_standing(e->store, &e->standing, err);
}

/* The run may start elsewhere than we do. */
static int find_folder(const struct engine *e, int64_t number, char *ret,
		       size_t size)
{
	char runs[PATH_MAX], path[4200], *name;

	ep_store_folder(e->store, number, path, sizeof(path));
	name = strrchr(path, '/');
	*name++ = '\0';
	if (!realpath(path, runs))
		return -errno;
	return ep_str_format(ret, size, "%s/%s", runs, name) ? 0
							     : -ENAMETOOLONG;
}

static int make_argv(struct engine *e, const struct ep_next *next,
		     int64_t number, char ***ret)
{
	const struct ep_study *s = e->study;
	char folder[PATH_MAX + 32];
	int r;
	struct ep_run_order order = {
		.study = s,
		.study_id = ep_store_id(e->store),
		.next = next,
		.order = e->order,
		.folder = folder,
		.drop_caches = ep_plan_clears(s, s->drop_caches, next),
		.clear_swap = ep_plan_clears(s, s->clear_swap, next),
	};

	r = find_folder(e, number, folder, sizeof(folder));
	return r < 0 ? r : ep_execute_argv(&order, ret);
}

static void tell_pause(void *ctx, double now_c, double left_s)
{
	struct engine *e = ctx;

	e->progress.temperature_c = now_c;
	e->progress.pause_s = left_s;
	tell(e, EP_STUDY_PAUSES, NULL);
}

static void tell_warning(void *ctx, const char *text)
{
	tell(ctx, EP_STUDY_WARNS, text);
}

static int cool_down(struct engine *e)
{
	const struct ep_execute_pause pause = {
		.study = e->study,
		.root = e->x->root,
		.stop = e->x->stop,
		.wait = tell_pause,
		.warn = tell_warning,
		.ctx = e,
	};

	/* Nothing has warmed it yet, as far as time can tell. */
	return e->here_count == 0 && e->study->cooldown == EP_COOLDOWN_TIME
		       ? 0
		       : ep_execute_pause(&pause);
}

/* A run on a full disk says nothing of the program. */
static bool is_full(const struct engine *e)
{
	struct statvfs fs;

	return statvfs(ep_store_dir(e->store), &fs) == 0 &&
	       (uint64_t)fs.f_bavail * fs.f_frsize < FREE_BYTES_MIN;
}

static int refuse_full(const struct engine *e, struct ep_err *err)
{
	return ep_err_set(err, -ENOSPC,
			  "%s: the disk is full: make room, then go on with "
			  "edgeprof sweep %s --resume",
			  ep_store_dir(e->store), ep_store_dir(e->store));
}

/* A program that cannot be started will not start the next time either. */
static int give_up(struct engine *e, int64_t number, int status,
		   const char *reason, struct ep_err *err)
{
	if (*e->x->stop != 0)
		return ep_store_interrupted(e->store, number, err);
	tell(e, EP_STUDY_LOST, reason);
	return ep_store_lost(e->store, number, status == 126 || status == 127,
			     reason, err);
}

/* What came of it. */
static int settle(struct engine *e, int64_t number, int status,
		  const char *told, struct ep_err *err)
{
	struct ep_reasons why = { .count = 0 };
	struct ep_err left = { 0 };
	char text[1200];
	int r;

	/* Left as begun: with room again, ep_store_recover() looks at it. */
	if (is_full(e))
		return refuse_full(e, err);
	r = ep_store_take(e->store, number, &why, &left);
	if (r > 0) {
		tell(e, EP_STUDY_VALID, NULL);
		return 0;
	}
	if (r == 0) {
		ep_reasons_join(&why, text, sizeof(text));
		tell(e, EP_STUDY_REJECTED, text);
		return 0;
	}
	if (r == -EINTR && *e->x->stop == 0)
		(void)ep_str_copy(text, sizeof(text),
				  "edgeprof run was stopped by a signal");
	else
		(void)ep_str_copy(text, sizeof(text),
				  told[0] ? told : left.text);
	return r == -EINTR || r == -ENOENT || r == -EBADMSG
		       ? give_up(e, number, status, text, err)
		       : ep_err_set(err, r, "%s", left.text);
}

static int run_one(struct engine *e, const struct ep_next *next,
		   struct ep_err *err)
{
	struct ep_execute_run run = { .wait = tell_running, .ctx = e };
	char **argv = NULL;
	int64_t number = 0;
	int r = is_full(e) ? refuse_full(e, err) : 0;

	if (r == 0)
		r = ep_store_begin(e->store, next, ++e->order, &number, err);
	if (r < 0)
		return r;
	r = make_argv(e, next, number, &argv);
	if (r < 0)
		return ep_err_set(err, r, "%s", strerror(-r));
	e->progress.pause_s = 0;
	e->progress.temperature_c = ep_execute_temperature_c(e->x->root);
	tell(e, EP_STUDY_STARTS, NULL);
	run.argv = argv;
	r = ep_execute_run(e->x, &run);
	ep_words_free(argv);
	if (r < 0)
		return ep_err_set(err, r, "cannot start edgeprof run: %s",
				  strerror(-r));
	e->here_count++;
	if (r != 0 && e->first_status == 0)
		e->first_status = r;
	r = settle(e, number, r, run.told, err);
	return r < 0 ? r : ep_store_export(e->store, err);
}

static int step(struct engine *e, struct ep_err *err)
{
	struct ep_next next;
	int r = look(e, err);

	if (r < 0)
		return r;
	r = ep_plan_next(e->study, e->standing, &next);
	if (r <= 0)
		return r < 0 ? ep_err_set(err, r, "%s", strerror(-r)) : 0;
	e->progress.item = next;
	count(e);
	r = ep_store_mean(e->store, next.config, "generation.j_per_token",
			  &e->progress.j_per_token, err);
	if (r == 0)
		r = cool_down(e);
	if (r == 0)
		r = run_one(e, &next, err);
	return r < 0 ? r : 1;
}

static int verdict(struct engine *e, struct ep_err *err)
{
	int r = look(e, err);

	for (uint64_t i = 0; r == 0 && i < e->config_count; i++)
		if (e->standing[i].valid_count < e->study->run_count)
			r = 1;
	return r;
}

int ep_execute_study(const struct ep_execute *x, struct ep_store *store,
		     struct ep_execute_outcome *outcome, struct ep_err *err)
{
	struct engine e = {
		.x = x,
		.store = store,
		.study = ep_store_study(store),
		.begin_ns = ep_clock_monotonic_ns(),
	};
	int r;

	e.config_count = ep_plan_config_count(e.study);
	e.progress.config_count = e.config_count;
	e.progress.run_count = e.study->run_count;
	r = ep_store_recover(store, err);
	if (r >= 0)
		r = ep_store_last_order(store, &e.order, err);
	if (r >= 0)
		r = ep_store_export(store, err);
	while (r >= 0) {
		if (*x->stop != 0)
			r = -EINTR;
		else
			r = step(&e, err);
		if (r == 0)
			break;
	}
	if (r == 0)
		r = verdict(&e, err);
	outcome->first_status = e.first_status;
	free(e.standing);
	return r;
}
