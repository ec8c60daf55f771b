/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/poller.h"

#include <errno.h>

#include "profiler/record/writer.h"

int ep_poller_init(struct ep_poller *p, const struct ep_gate *gate,
		   const struct ep_env *env, size_t capacity)
{
	p->gate = gate;
	p->now_ns = env->now_ns;
	return ep_ring_init(&p->ring, sizeof(struct ep_item), capacity);
}

void ep_poller_done(struct ep_poller *p)
{
	ep_ring_done(&p->ring);
}

struct poll_ctx {
	struct ep_poller *poller;
	struct ep_slot *slot;
	uint16_t index;
	bool pushed;
	int64_t exit_ns; /* 0: the program runs, or is not followed */
};

static void push_sample(void *ctx, const struct ep_sample *s)
{
	struct poll_ctx *c = ctx;
	struct ep_item item = { .t_ns = s->t_ns,
				.value = s->value,
				.span_ns = s->span_ns,
				.channel = s->channel,
				.flags = s->flags,
				.slot = c->index,
				.kind = EP_ITEM_SAMPLE };

	if (c->exit_ns > 0) {
		if (s->channel >= c->slot->channel_count ||
		    c->slot->channels[s->channel].shape != EP_COUNTER)
			return;
		item.t_ns = c->exit_ns;
	}
	c->slot->last_t_ns = item.t_ns;
	c->pushed = true;
	(void)ep_ring_push(&c->poller->ring, &item);
}

static void push_failure(struct poll_ctx *c, int64_t t_ns, int64_t span_ns)
{
	struct ep_item item = { .t_ns = t_ns,
				.span_ns = (uint32_t)span_ns,
				.channel = EP_CHANNEL_WHOLE_POLL,
				.flags = EP_SAMPLE_ERROR,
				.slot = c->index,
				.kind = EP_ITEM_SAMPLE };

	c->pushed = true;
	(void)ep_ring_push(&c->poller->ring, &item);
}

/* False when there is nothing to poll now. */
static bool is_due(const struct ep_poller *p, struct ep_slot *slot,
		   int64_t *ret_exit_ns)
{
	*ret_exit_ns = 0;
	if (slot->done)
		return false;
	if (!(slot->ops->flags & EP_SENSOR_TARGET))
		return true;
	if (atomic_load_explicit(&p->gate->open_ns, memory_order_acquire) == 0)
		return false;
	*ret_exit_ns =
		atomic_load_explicit(&p->gate->exit_ns, memory_order_acquire);
	if (*ret_exit_ns == 0)
		return true;
	slot->done = true;
	return slot->last_t_ns < *ret_exit_ns;
}

int64_t ep_poller_poll(struct ep_poller *p, struct ep_slot *slot,
		       uint16_t index)
{
	struct poll_ctx c = { .poller = p, .slot = slot, .index = index };
	struct ep_sink sink = { .emit = push_sample, .ctx = &c };
	struct ep_item end = { .slot = index, .kind = EP_ITEM_ROW_END };
	int64_t before, after;
	int r;

	if (!is_due(p, slot, &c.exit_ns))
		return 0;
	before = p->now_ns();
	r = slot->ops->poll(slot->sensor, before, &sink);
	after = p->now_ns();
	if (r < 0 && c.exit_ns == 0 && !c.pushed)
		push_failure(&c, before + (after - before) / 2, after - before);
	if (c.pushed)
		(void)ep_ring_push(&p->ring, &end);
	return after - before;
}

struct gate_ctx {
	const struct ep_slot *slot;
	struct ep_sample *samples;
	size_t max, count;
};

static void keep_counter(void *ctx, const struct ep_sample *s)
{
	struct gate_ctx *c = ctx;

	if (c->count < c->max && s->channel < c->slot->channel_count &&
	    c->slot->channels[s->channel].shape == EP_COUNTER &&
	    !(s->flags & EP_SAMPLE_ERROR))
		c->samples[c->count++] = *s;
}

int ep_poller_gate_row(struct ep_slot *slot, int64_t now_ns,
		       struct ep_sample *ret, size_t max)
{
	struct gate_ctx c = { .slot = slot, .samples = ret, .max = max };
	struct ep_sink sink = { .emit = keep_counter, .ctx = &c };
	int r = slot->ops->poll(slot->sensor, now_ns, &sink);

	return r < 0 ? r : (int)c.count;
}
