/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/study/work.h"

struct dealer {
	const struct ep_study *study;
	const struct ep_work_state *state;
	uint64_t config_count;
	int64_t next_order; /* of those that the plan did not foresee */
	struct ep_work *work;
	size_t item_count;
};

static int add_item(struct dealer *d, struct ep_work_task *t,
		    const struct ep_work_item *item)
{
	struct ep_work_item *bigger;

	if (d->item_count == EP_WORK_ITEMS_MAX)
		return -E2BIG;
	if (t->count % 16 == 0) {
		bigger = realloc(t->items, (t->count + 16) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		t->items = bigger;
	}
	t->items[t->count++] = *item;
	d->item_count++;
	return 0;
}

static int add_task(struct dealer *d, struct ep_work_task *t)
{
	struct ep_work *w = d->work;
	struct ep_work_task *bigger;

	if (t->count == 0)
		return 0;
	if (w->task_count == d->state->task_max) {
		free(t->items);
		*t = (struct ep_work_task){ NULL, 0 };
		return 0; /* in another round */
	}
	if (w->task_count % 16 == 0) {
		bigger = realloc(w->tasks,
				 (w->task_count + 16) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		w->tasks = bigger;
	}
	w->tasks[w->task_count++] = *t;
	*t = (struct ep_work_task){ NULL, 0 };
	return 0;
}

/* Is this run still to be made?  As many of the lowest numbers that have not
 * been valid as the configuration needs. */
static bool is_missing(const struct dealer *d, uint64_t config, bool warmup,
		       int64_t repetition)
{
	const struct ep_work_state *st = d->state;
	int64_t left = ep_plan_missing(d->study, &st->standing[config], warmup);

	if (left == 0 || st->has(st->ctx, config, warmup, repetition))
		return false;
	for (int64_t i = 1; i < repetition; i++)
		left -= !st->has(st->ctx, config, warmup, i);
	return left > 0;
}

/* The highest number that any configuration still needs. */
static int64_t last_repetition(const struct dealer *d)
{
	int64_t last = 0;

	for (uint64_t i = 0; i < d->config_count; i++) {
		const struct ep_standing *st = &d->state->standing[i];
		int64_t n = ep_plan_missing(d->study, st, false);

		if (n > 0 && st->valid_count + n > last)
			last = st->valid_count + n;
	}
	return last;
}

static struct ep_work_item make_item(struct dealer *d, uint64_t config,
				     bool warmup, int64_t repetition)
{
	const struct ep_standing *st = &d->state->standing[config];

	return (struct ep_work_item){
		.next = { .config = config,
			  .warmup = warmup,
			  .repetition = repetition,
			  .attempt = st->rejected_count + st->lost_count + 1 },
	};
}

/* The place it has in the plan of one machine; what comes again comes last. */
static void give_order(struct dealer *d, struct ep_work_item *item,
		       int64_t planned)
{
	if (item->next.attempt == 1)
		item->order = planned;
	else
		item->order = d->next_order++;
}

/* One repetition of all; of the warm-ups, or of the runs. */
struct block {
	bool warmup;
	int64_t repetition;
	uint64_t *configs; /* in its own order */
};
/* What is dealt out of it. */
struct piece {
	const struct block *block;
	uint64_t from, to;
	bool *here;	/* a configuration of the piece that is to run */
	bool *taken;	/* its warm-ups went into an earlier piece */
	uint64_t *warm; /* room for a block */
};

static int64_t position(const struct dealer *d, const struct block *b)
{
	return b->warmup ? b->repetition - 1
			 : d->study->warmup_count + b->repetition - 1;
}

static int add_of_block(struct dealer *d, const struct block *b, uint64_t i,
			struct ep_work_task *t)
{
	struct ep_work_item item =
		make_item(d, b->configs[i], b->warmup, b->repetition);

	give_order(d, &item,
		   position(d, b) * (int64_t)d->config_count + (int64_t)i + 1);
	return add_item(d, t, &item);
}

/* Ahead of their runs: warm-ups of the plan that nobody has made yet, else some
 * to throw away. */
static int add_warmups(struct dealer *d, const struct piece *p, int64_t number,
		       struct ep_work_task *t)
{
	const struct block b = { true, number, p->warm };
	int r = ep_plan_block(d->study, (uint64_t)position(d, &b), b.configs);

	for (uint64_t i = 0; r == 0 && i < d->config_count; i++) {
		uint64_t config = b.configs[i];
		struct ep_work_item item;

		if (!p->here[config])
			continue;
		if (!p->taken[config] && is_missing(d, config, true, number)) {
			r = add_of_block(d, &b, i, t);
			continue;
		}
		item = make_item(d, config, true, number);
		item.unkept = true;
		r = add_item(d, t, &item);
	}
	return r;
}

static int deal_piece(struct dealer *d, const struct piece *p)
{
	const struct block *b = p->block;
	struct ep_work_task t = { NULL, 0 };
	bool any = false;
	int r = 0;

	for (uint64_t i = p->from; i < p->to; i++) {
		uint64_t config = b->configs[i];

		p->here[config] = is_missing(d, config, false, b->repetition);
		any |= p->here[config];
	}
	for (int64_t w = 1; r == 0 && any && w <= d->study->warmup_count; w++)
		r = add_warmups(d, p, w, &t);
	for (uint64_t i = p->from; r == 0 && i < p->to; i++)
		if (p->here[b->configs[i]])
			r = add_of_block(d, b, i, &t);
	for (uint64_t i = p->from; i < p->to; i++) {
		p->taken[b->configs[i]] |= p->here[b->configs[i]];
		p->here[b->configs[i]] = false;
	}
	if (r == 0)
		r = add_task(d, &t);
	free(t.items);
	return r;
}

static int deal_block(struct dealer *d, struct piece *p)
{
	uint64_t n = d->config_count, step = d->state->block_count;
	const struct block *b = p->block;
	int r = ep_plan_block(d->study, (uint64_t)position(d, b), b->configs);

	if (step == 0 || step > n)
		step = n;
	for (uint64_t i = 0; r == 0 && i < n; i += step) {
		p->from = i;
		p->to = i + step < n ? i + step : n;
		r = deal_piece(d, p);
	}
	return r;
}

static int deal_blocks(struct dealer *d)
{
	uint64_t n = d->config_count;
	struct block b = { .configs = calloc(2 * n, sizeof(*b.configs)) };
	bool *flags = calloc(2 * n, sizeof(*flags));
	int64_t last = last_repetition(d);
	struct piece p = { .block = &b };
	int r = b.configs && flags ? 0 : -ENOMEM;

	if (r == 0) {
		p.here = flags;
		p.taken = flags + n;
		p.warm = b.configs + n;
	}
	for (b.repetition = 1; r == 0 && b.repetition <= last; b.repetition++)
		if (d->work->task_count < d->state->task_max)
			r = deal_block(d, &p);
	free(b.configs);
	free(flags);
	return r;
}

/* One configuration after the other, each with its warm-ups. */
static int deal_given(struct dealer *d)
{
	int64_t per = d->study->warmup_count + d->study->run_count;
	int64_t last = last_repetition(d);
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < d->config_count; i++) {
		struct ep_work_task t = { NULL, 0 };

		for (int64_t k = 1;
		     r == 0 && k <= d->study->warmup_count + last; k++) {
			bool warmup = k <= d->study->warmup_count;
			int64_t n = warmup ? k : k - d->study->warmup_count;
			struct ep_work_item item = make_item(d, i, warmup, n);

			if (!is_missing(d, i, warmup, n))
				continue;
			give_order(d, &item, (int64_t)i * per + k);
			r = add_item(d, &t, &item);
		}
		if (r == 0)
			r = add_task(d, &t);
		free(t.items);
	}
	return r;
}

static int copy_study(const struct ep_study *s, struct ep_study *ret)
{
	json_t *o = ep_study_to_json(s);
	int r = o ? ep_study_from_json(o, ret, NULL) : -ENOMEM;

	json_decref(o);
	return r;
}

int ep_work_make(const struct ep_study *s, const char *study_id,
		 const struct ep_work_state *state, struct ep_work *ret)
{
	struct ep_work w;
	int64_t planned;
	struct dealer d = {
		.study = s,
		.state = state,
		.config_count = ep_plan_config_count(s),
		.work = &w,
	};
	int r;

	if (d.config_count > EP_CONFIGS_MAX)
		return -E2BIG;
	planned = (int64_t)d.config_count * (s->warmup_count + s->run_count);
	d.next_order =
		(state->last_order > planned ? state->last_order : planned) + 1;
	memset(&w, 0, sizeof(w));
	(void)ep_str_copy(w.study_id, sizeof(w.study_id), study_id);
	r = copy_study(s, &w.study);
	if (r == 0)
		r = s->order == EP_ORDER_GIVEN ? deal_given(&d)
					       : deal_blocks(&d);
	if (r < 0) {
		ep_work_done(&w);
		return r;
	}
	*ret = w;
	return 0;
}
