/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/executor_round.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/str.h"
#include "base/version.h"
#include "profiler/study/collect.h"

#define RUNS_MAX INT64_C(100000000)

/* Which repetitions are there and valid: warm-ups, then runs. */
struct valid {
	bool *flags;
	uint64_t config_count;
	int64_t warmup_count, run_count;
};

static bool *flag_of(const struct valid *v, uint64_t config, bool warmup,
		     int64_t repetition)
{
	int64_t at = warmup ? repetition - 1 : v->warmup_count + repetition - 1;

	if (config >= v->config_count || repetition < 1 ||
	    repetition > (warmup ? v->warmup_count : v->run_count))
		return NULL;
	return &v->flags[(int64_t)config * (v->warmup_count + v->run_count) +
			 at];
}

static void note(void *ctx, uint64_t config, bool warmup, int64_t repetition)
{
	bool *flag = flag_of(ctx, config, warmup, repetition);

	if (flag)
		*flag = true;
}

static bool has(const void *ctx, uint64_t config, bool warmup,
		int64_t repetition)
{
	const bool *flag = flag_of(ctx, config, warmup, repetition);

	return flag && *flag;
}

static int read_valid(struct ep_store *store, struct valid *v,
		      struct ep_err *err)
{
	const struct ep_study *s = ep_store_study(store);

	v->config_count = ep_plan_config_count(s);
	v->warmup_count = s->warmup_count;
	v->run_count = s->run_count > s->max_run_count ? s->run_count
						       : s->max_run_count;
	if (v->config_count > EP_CONFIGS_MAX ||
	    (int64_t)v->config_count * (v->warmup_count + v->run_count) >
		    RUNS_MAX)
		return ep_err_set(err, -E2BIG,
				  "more than %lld runs are too many for one "
				  "study",
				  (long long)RUNS_MAX);
	v->flags = calloc(v->config_count *
				  (uint64_t)(v->warmup_count + v->run_count),
			  sizeof(*v->flags));
	if (!v->flags)
		return ep_err_set(err, -ENOMEM, "out of memory");
	return ep_store_valid_runs(store, note, v, err);
}

static void count(const struct ep_study *s, const struct ep_standing *standing,
		  struct ep_executor_round *r)
{
	uint64_t configs = ep_plan_config_count(s);

	r->enough = true;
	for (uint64_t i = 0; i < configs; i++) {
		const struct ep_standing *st = &standing[i];
		int64_t done = st->warmup_count + st->valid_count;

		r->done_count += done;
		r->plan_count += done + ep_plan_missing(s, st, true) +
				 ep_plan_missing(s, st, false);
		if (st->valid_count < s->run_count)
			r->enough = false;
	}
}

int ep_executor_nonce(char ret[EP_WORK_NONCE_BYTES])
{
	unsigned char bytes[(EP_WORK_NONCE_BYTES - 1) / 2];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -EIO;
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)ep_str_format(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

int ep_executor_round_make(struct ep_store *store, size_t block_count,
			   size_t task_max, struct ep_executor_round *ret,
			   struct ep_err *err)
{
	const struct ep_study *s = ep_store_study(store);
	struct ep_executor_round round = { .done_count = 0 };
	struct ep_standing *standing = NULL;
	struct valid v = { .flags = NULL };
	struct ep_work_state state = { .has = has,
				       .ctx = &v,
				       .block_count = block_count,
				       .task_max = task_max };
	int r = ep_store_standing(store, &standing, err);

	if (r == 0)
		r = read_valid(store, &v, err);
	if (r == 0)
		r = ep_store_last_order(store, &state.last_order, err);
	if (r == 0) {
		state.standing = standing;
		r = ep_work_make(s, ep_store_id(store), &state, &round.work);
		if (r < 0)
			ep_err_set(err, r, "cannot deal out the study: %s",
				   strerror(-r));
	}
	if (r == 0) {
		count(s, standing, &round);
		(void)ep_str_copy(round.work.version,
				  sizeof(round.work.version), ep_version);
		r = ep_executor_nonce(round.work.nonce);
	}
	free(standing);
	free(v.flags);
	if (r < 0) {
		ep_work_done(&round.work);
		return r;
	}
	*ret = round;
	return 0;
}

void ep_executor_round_done(struct ep_executor_round *r)
{
	if (r)
		ep_work_done(&r->work);
}
