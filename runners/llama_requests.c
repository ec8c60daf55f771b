/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/*
 * A wait for queued work that begins within LATE_NS of the evaluation, or that
 * really waits, tells when the work was done; one that comes later and returns
 * at once found it done, so the evaluation's own return is the better end.
 */
#define LATE_NS (1 * EP_NS_PER_MS)
#define WAITED_NS (100 * EP_NS_PER_US)

/* No batch is larger. */
#define BATCH_MAX (1024 * 1024)

static int add_load(struct ep_llama_build *b, int64_t start_ns, int64_t end_ns)
{
	struct ep_llama_requests *o = b->out;
	int r = ep_probed_grow((void **)&o->loads, o->load_count, &o->load_size,
			       sizeof(*o->loads), EP_PHASES_MAX);

	if (r == 0)
		o->loads[o->load_count++] =
			(struct ep_llama_load){ start_ns, end_ns };
	return r;
}

static void take_evaluation(struct ep_llama_build *b, struct ep_llama_stream *s,
			    const struct ep_probed_call *c)
{
	struct ep_llama_group *g = &s->group;

	/* 1: no room in the cache, tried again; 2 and negative: nothing done */
	if (c->ended && c->result != 0)
		return;
	if (c->value < 1 || c->value > BATCH_MAX) {
		b->out->implausible = true;
		b->out->implausible_count = c->value;
		return;
	}
	if (!g->open) {
		g->open = true;
		g->start_ns = c->start_ns;
		g->change = s->memory.change;
		g->cached_count = g->change == EP_LLAMA_SHORTER ||
						  g->change == EP_LLAMA_OTHER
					  ? s->memory.cut_at
				  : s->memory.past_count == 0 ? 0
							      : -1;
	}
	if (c->symbol->call == EP_LLAMA_DECODE)
		ep_llama_memory_grow(&s->memory, c->value);
	g->settled = false;
	g->cut = !c->ended;
	g->token_count += c->value;
	g->last_count = c->value;
	g->single_count += c->value == 1 && g->decode_count > 0;
	g->decode_count++;
	g->end_ns = c->end_ns;
}

/* A call that waits for the work of the group. */
static void settle(const struct ep_llama_build *b, struct ep_llama_group *g,
		   const struct ep_probed_call *c)
{
	if (!g->open || g->settled)
		return;
	g->settled = true;
	if (b->by_texts || c->start_ns - g->end_ns <= LATE_NS ||
	    c->end_ns - c->start_ns >= WAITED_NS)
		g->end_ns = c->end_ns;
}

/*
 * A prompt's result is in the row of its last token.  Another row is another
 * sequence's, or a guess that is checked; so are two rows of one evaluation.
 * What ran in the same sequence before may go on in it.
 */
static void look_at_row(struct ep_llama_build *b, struct ep_llama_stream *s,
			int64_t row)
{
	struct ep_llama_request *items = b->out->items;

	if (s->last_count < 1)
		return;
	if (row < 0)
		row += s->last_count;
	if (row == (s->last_row < 0 ? s->last_count - 1 : s->last_row)) {
		s->last_row = row;
		return;
	}
	s->last_row = row;
	items[s->latest].doubt = EP_LLAMA_SHARED;
	if (s->before != EP_LLAMA_NONE)
		items[s->before].doubt = EP_LLAMA_SHARED;
}

static int take_fetch(struct ep_llama_build *b, struct ep_llama_stream *s,
		      const struct ep_probed_call *c)
{
	int r;

	settle(b, &s->group, c);
	r = ep_llama_stream_close(b, s);
	if (r < 0 || s->latest == EP_LLAMA_NONE)
		return r;
	b->out->items[s->latest].fetched = true;
	if (c->symbol->value == EP_PROBED_SECOND)
		look_at_row(b, s, c->value);
	return 0;
}

/* A text whose embedding is read has no answer: the next evaluation is another
 * text, even one of a single token. */
static int take_embeddings(struct ep_llama_build *b, struct ep_llama_stream *s,
			   const struct ep_probed_call *c)
{
	int r;

	settle(b, &s->group, c);
	r = ep_llama_stream_close(b, s);
	if (r == 0 && s->latest != EP_LLAMA_NONE &&
	    !b->out->items[s->latest].fetched &&
	    b->out->items[s->latest].step_count == 0)
		s->latest = s->before = EP_LLAMA_NONE;
	return r;
}

static int end_stretch(struct ep_llama_build *b, struct ep_llama_stream *s)
{
	int r = ep_llama_stream_close(b, s);

	s->latest = s->before = s->stretch = EP_LLAMA_NONE;
	return r;
}

static bool is_ours(const struct ep_llama_build *b,
		    const struct ep_llama_stream *s, size_t i)
{
	return b->out->items[i].stream == (size_t)(s - b->streams);
}

static void remove_request(struct ep_llama_build *b, size_t i)
{
	struct ep_llama_requests *o = b->out;

	memmove(&o->items[i], &o->items[i + 1],
		(o->count - i - 1) * sizeof(o->items[0]));
	o->count--;
	for (size_t k = 0; k < b->count; k++) {
		struct ep_llama_stream *s = &b->streams[k];
		size_t *const places[] = { &s->latest, &s->before,
					   &s->stretch };

		for (size_t p = 0; p < 3; p++)
			if (*places[p] != EP_LLAMA_NONE && *places[p] > i)
				--*places[p];
	}
}

/*
 * What came before a reset is the warm-up if nobody wanted its result: no
 * logits read, nothing generated.  Some bindings reset before each request.
 */
static int take_reset(struct ep_llama_build *b, struct ep_llama_stream *s,
		      const struct ep_probed_call *c)
{
	struct ep_llama_requests *o = b->out;
	int64_t start = c->start_ns;
	size_t first = s->stretch == EP_LLAMA_NONE ? o->count : s->stretch;

	for (size_t i = first; i < o->count; i++)
		if (is_ours(b, s, i) &&
		    (o->items[i].fetched || o->items[i].step_count > 0))
			return end_stretch(b, s);
	if (s->group.open)
		start = s->group.start_ns;
	for (size_t i = o->count; i-- > first;) {
		if (!is_ours(b, s, i))
			continue;
		start = o->items[i].start_ns;
		remove_request(b, i);
	}
	memset(&s->group, 0, sizeof(s->group));
	s->latest = s->before = s->stretch = EP_LLAMA_NONE;
	return start < c->start_ns ? add_load(b, start, c->start_ns) : 0;
}

static void take_memory(struct ep_llama_build *b, struct ep_llama_stream *s,
			uint64_t handle)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->streams[i].pid == s->pid &&
		    b->streams[i].memory.handle == handle)
			b->streams[i].memory.handle = 0;
	s->memory.handle = handle;
}

static int take_context(struct ep_llama_build *b, struct ep_llama_stream *s)
{
	ep_llama_memory_init(&s->memory);
	s->memory.past_count = 0;
	s->born = true;
	return end_stretch(b, s);
}

static int take_of_context(struct ep_llama_build *b,
			   const struct ep_probed_call *c)
{
	struct ep_llama_stream *s = ep_llama_stream_get(b, c->pid, c->context);

	if (!s)
		return -EFBIG;
	switch ((enum ep_llama_call)c->symbol->call) {
	case EP_LLAMA_DECODE:
	case EP_LLAMA_ENCODE:
		take_evaluation(b, s, c);
		return 0;
	case EP_LLAMA_SYNC:
		s->parted = true;
		settle(b, &s->group, c);
		return s->fetches ? 0 : ep_llama_stream_close(b, s);
	case EP_LLAMA_FETCH:
		return take_fetch(b, s, c);
	case EP_LLAMA_EMBED:
		return take_embeddings(b, s, c);
	case EP_LLAMA_RESET:
		return take_reset(b, s, c);
	case EP_LLAMA_CONTEXT:
		return take_context(b, s);
	case EP_LLAMA_FREE:
		return end_stretch(b, s);
	case EP_LLAMA_MEMORY:
		take_memory(b, s, c->made);
		return 0;
	case EP_LLAMA_MODEL:
	case EP_LLAMA_CLEAR:
	case EP_LLAMA_CUT:
	case EP_LLAMA_SHIFT:
	default:
		return 0;
	}
}

static int take_call(struct ep_llama_build *b, const struct ep_probed_call *c)
{
	int call = c->symbol->call, r = 0;

	if (call == EP_LLAMA_MODEL || call == EP_LLAMA_CONTEXT)
		r = add_load(b, c->start_ns, c->ended ? c->end_ns : b->exit_ns);
	if (r < 0 || call == EP_LLAMA_MODEL ||
	    (call == EP_LLAMA_CONTEXT && (!c->ended || c->result == 0)))
		return r;
	if (call == EP_LLAMA_CLEAR || call == EP_LLAMA_CUT ||
	    call == EP_LLAMA_SHIFT)
		return ep_llama_stream_memory(b, c);
	return take_of_context(b, c);
}

/* Programs that read logits are told by that, since some wait after every
 * piece of a prompt; programs that never do (benchmarks) by their waits. */
static int find_fetchers(struct ep_llama_build *b,
			 const struct ep_probed_calls *calls)
{
	for (size_t i = 0; i < calls->count; i++) {
		const struct ep_probed_call *c = &calls->items[i];
		struct ep_llama_stream *s;

		if (c->symbol->call != EP_LLAMA_FETCH &&
		    c->symbol->call != EP_LLAMA_EMBED)
			continue;
		s = ep_llama_stream_get(b, c->pid, c->context);
		if (!s)
			return -EFBIG;
		s->fetches = s->parted = true;
	}
	return 0;
}

int ep_llama_requests_build(struct ep_llama_requests *r,
			    const struct ep_probed_calls *calls,
			    int64_t exit_ns)
{
	struct ep_llama_build b = { .out = r,
				    .exit_ns = exit_ns,
				    .late = calls->late_ns > 0 || calls->torn,
				    .by_texts = calls->by_texts };
	int code;

	memset(r, 0, sizeof(*r));
	b.streams = calloc(EP_LLAMA_STREAMS_MAX, sizeof(*b.streams));
	code = b.streams ? find_fetchers(&b, calls) : -ENOMEM;
	for (size_t i = 0; code == 0 && i < calls->count; i++)
		code = take_call(&b, &calls->items[i]);
	for (size_t i = 0; code == 0 && i < b.count; i++)
		code = ep_llama_stream_close(&b, &b.streams[i]);
	if (code < 0)
		ep_llama_requests_done(r);
	else
		ep_llama_requests_overlap(r);
	free(b.streams);
	return code;
}

void ep_llama_requests_done(struct ep_llama_requests *r)
{
	free(r->items);
	free(r->steps_ns);
	free(r->loads);
	memset(r, 0, sizeof(*r));
}
