/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/execute.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/words.h"

#define TICK_MS 100

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
	bool dropped; /* caches, at least once */
};

static void tell(struct engine *e, enum ep_study_event event, const char *text)
{
	e->progress.event = event;
	e->progress.text = text;
	e->x->tell(e->x->ctx, &e->progress);
}

static void tell_running(void *ctx)
{
	tell(ctx, EP_STUDY_RUNS, NULL);
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
		int64_t wanted = s->run_count > st->valid_count
					 ? s->run_count
					 : st->valid_count;

		p->done_count += st->warmup_count + st->valid_count;
		p->plan_count += st->failed ? st->warmup_count + st->valid_count
					    : s->warmup_count + wanted;
	}
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

/* One more than a folder's name needs for what is not foreseen. */
struct arguments {
	char **argv;
	size_t count, size;
};

static int push(struct arguments *a, const char *text)
{
	if (a->count + 1 >= a->size)
		return -E2BIG;
	a->argv[a->count] = strdup(text);
	return a->argv[a->count++] ? 0 : -ENOMEM;
}

static int push_label(struct arguments *a, const char *name, const char *value)
{
	char text[160];
	int r = push(a, "--label");

	(void)ep_str_format(text, sizeof(text), "%s=%s", name, value);
	return r < 0 ? r : push(a, text);
}

static int push_number(struct arguments *a, const char *name, const char *mark,
		       int64_t number)
{
	char text[40];

	(void)ep_str_format(text, sizeof(text), "%s%lld", mark,
			    (long long)number);
	return push_label(a, name, text);
}

static int push_labels(struct engine *e, struct arguments *a,
		       const struct ep_next *next)
{
	char hash[EP_STUDY_HASH_BYTES];
	int r = ep_plan_config_hash(e->study, next->config, hash);

	if (r == 0)
		r = push_label(a, EP_LABEL_STUDY, ep_store_id(e->store));
	if (r == 0)
		r = push_label(a, EP_LABEL_CONFIG, hash);
	if (r == 0)
		r = push_number(a, EP_LABEL_NUMBER, "",
				(int64_t)next->config + 1);
	if (r == 0)
		r = push_number(a, EP_LABEL_RUN, next->warmup ? "w" : "",
				next->repetition);
	if (r == 0)
		r = push_number(a, EP_LABEL_ATTEMPT, "", next->attempt);
	return r < 0 ? r : push_number(a, EP_LABEL_ORDER, "", e->order);
}

/* edgeprof run --quiet --json -o DIR/runs/0001 --label ... and what the plan
 * says. */
static int make_argv(struct engine *e, const struct ep_next *next,
		     int64_t number, char ***ret)
{
	enum ep_drop_caches drop = e->study->drop_caches;
	struct arguments a = { NULL, 0, 0 };
	char folder[4200];
	char **planned;
	int r = ep_plan_argv(e->study, next->config, &planned);

	if (r < 0)
		return r;
	a.size = ep_words_count(planned) + 24;
	a.argv = calloc(a.size, sizeof(*a.argv));
	r = a.argv ? push(&a, "edgeprof") : -ENOMEM;
	if (r == 0)
		r = push(&a, "run");
	if (r == 0)
		r = push(&a, "--quiet");
	if (r == 0)
		r = push(&a, "--json");
	if (r == 0)
		r = push(&a, "-o");
	ep_store_folder(e->store, number, folder, sizeof(folder));
	if (r == 0)
		r = push(&a, folder);
	if (r == 0 &&
	    (drop == EP_DROP_EACH || (drop == EP_DROP_FIRST && !e->dropped)))
		r = push(&a, "--drop-caches");
	if (r == 0)
		r = push_labels(e, &a, next);
	for (size_t i = 0; r == 0 && planned[i]; i++)
		r = push(&a, planned[i]);
	ep_plan_argv_free(planned);
	if (r < 0) {
		ep_words_free(a.argv);
		return r;
	}
	*ret = a.argv;
	return 0;
}

/* Until the board has cooled down, or for the time that was asked. */
static int cool_down(struct engine *e)
{
	const struct ep_study *s = e->study;
	int64_t begin_ns = ep_clock_monotonic_ns();
	bool by_time = s->cooldown == EP_COOLDOWN_TIME;
	int64_t limit_ns = by_time ? s->cooldown_ns : s->cooldown_limit_ns;
	char text[160];

	if (s->cooldown == EP_COOLDOWN_NONE || e->here_count == 0)
		return 0;
	for (;;) {
		int64_t left_ns =
			limit_ns - (ep_clock_monotonic_ns() - begin_ns);
		double now_c = ep_execute_temperature_c(e->x->root);

		if (*e->x->stop != 0)
			return -EINTR;
		if (!by_time && now_c <= s->cooldown_c)
			return 0;
		if (!by_time && isnan(now_c)) {
			tell(e, EP_STUDY_WARNS,
			     "no thermal zone tells a temperature: there is "
			     "nothing to wait for");
			return 0;
		}
		if (left_ns <= 0)
			break;
		e->progress.temperature_c = now_c;
		e->progress.pause_s = (double)left_ns / EP_NS_PER_S;
		tell(e, EP_STUDY_PAUSES, NULL);
		(void)poll(NULL, 0, TICK_MS);
	}
	if (!by_time) {
		(void)ep_str_format(text, sizeof(text),
				    "it is still hotter than %.4g \xc2\xb0"
				    "C after %.4g s; going on",
				    s->cooldown_c,
				    (double)limit_ns / EP_NS_PER_S);
		tell(e, EP_STUDY_WARNS, text);
	}
	return 0;
}

static void join(const struct ep_reasons *why, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < why->count; i++) {
		size_t used = strlen(ret);

		(void)ep_str_format(ret + used, size - used, "%s%s",
				    used ? "; " : "", why->texts[i]);
	}
}

/* What came of it.  A program that cannot be started will not start the next
 * time either. */
static int settle(struct engine *e, int64_t number, int status,
		  const char *told, struct ep_err *err)
{
	struct ep_reasons why = { .count = 0 };
	struct ep_err left = { 0 };
	bool failed = status == 126 || status == 127;
	char text[1200];
	int r;

	r = ep_store_take(e->store, number, &why, &left);
	if (r > 0) {
		tell(e, EP_STUDY_VALID, NULL);
		return 0;
	}
	if (r == 0) {
		join(&why, text, sizeof(text));
		tell(e, EP_STUDY_REJECTED, text);
		return 0;
	}
	if (r != -ENOENT && r != -EBADMSG)
		return ep_err_set(err, r, "%s", left.text);
	(void)ep_str_format(text, sizeof(text), "%s",
			    *e->x->stop != 0 ? "interrupted"
			    : told[0]	     ? told
					     : left.text);
	tell(e, EP_STUDY_LOST, text);
	return ep_store_lost(e->store, number, failed, text, err);
}

static int run_one(struct engine *e, const struct ep_next *next,
		   struct ep_err *err)
{
	struct ep_execute_run run = { .wait = tell_running, .ctx = e };
	char **argv = NULL;
	int64_t number = 0;
	int r = ep_store_begin(e->store, next, ++e->order, &number, err);

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
	e->dropped = true;
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
		     struct ep_err *err)
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
	free(e.standing);
	return r;
}
