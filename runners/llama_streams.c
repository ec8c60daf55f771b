/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_parts.h"

#include <stdlib.h>
#include <string.h>

struct ep_llama_stream *ep_llama_stream_get(struct ep_llama_build *b,
					    int32_t pid, uint64_t context)
{
	struct ep_llama_stream *found;

	if (b->last < b->count && b->streams[b->last].pid == pid &&
	    b->streams[b->last].context == context)
		return &b->streams[b->last];
	for (size_t i = 0; i < b->count; i++) {
		if (b->streams[i].pid == pid &&
		    b->streams[i].context == context) {
			b->last = i;
			return &b->streams[i];
		}
	}
	if (b->count == EP_LLAMA_STREAMS_MAX)
		return NULL;
	b->last = b->count;
	found = &b->streams[b->count++];
	memset(found, 0, sizeof(*found));
	ep_llama_memory_init(&found->memory);
	found->pid = pid;
	found->context = context;
	found->latest = found->before = found->stretch = EP_LLAMA_NONE;
	found->last_count = found->last_row = -1;
	return found;
}

/* What is known of a group that begins a request. */
static enum ep_llama_doubt doubt_of(const struct ep_llama_build *b,
				    const struct ep_llama_stream *s)
{
	const struct ep_llama_group *g = &s->group;
	bool single = g->token_count == 1;

	/* The first evaluation of a context that was there before the probes
	 * may be the rest of a prompt, or a token of an answer. */
	if (!s->born && !s->asked && (b->late || single) &&
	    g->change != EP_LLAMA_EMPTIED)
		return EP_LLAMA_LATE;
	if (!s->parted && g->single_count > 0)
		return EP_LLAMA_BLIND;
	if (single &&
	    (g->change == EP_LLAMA_SHORTER || g->change == EP_LLAMA_OTHER))
		return EP_LLAMA_CACHED;
	return EP_LLAMA_CERTAIN;
}

static int add_request(struct ep_llama_build *b, struct ep_llama_stream *s)
{
	struct ep_llama_requests *o = b->out;
	const struct ep_llama_group *g = &s->group;
	int r = ep_probed_grow((void **)&o->items, o->count, &o->size,
			       sizeof(*o->items), EP_PHASES_MAX);

	if (r < 0)
		return r;
	s->before = g->change == EP_LLAMA_KEPT || g->change == EP_LLAMA_OTHER
			    ? s->latest
			    : EP_LLAMA_NONE;
	s->latest = o->count;
	if (s->stretch == EP_LLAMA_NONE)
		s->stretch = o->count;
	o->items[o->count++] = (struct ep_llama_request){
		.stream = (size_t)(s - b->streams),
		.start_ns = g->start_ns,
		.prefill_end_ns = g->end_ns,
		.end_ns = g->end_ns,
		.prompt_count = g->cut ? -1 : g->token_count,
		.cached_count = g->cached_count,
		.first_step = o->step_count,
		.doubt = doubt_of(b, s),
	};
	s->asked = true;
	return 0;
}

static int add_step(struct ep_llama_build *b, struct ep_llama_stream *s)
{
	struct ep_llama_requests *o = b->out;
	struct ep_llama_request *q = &o->items[s->latest];
	int r = ep_probed_grow((void **)&o->steps_ns, o->step_count,
			       &o->step_size, sizeof(*o->steps_ns),
			       EP_TOKENS_MAX);

	if (r < 0)
		return r;
	/* The steps of one request stand together as long as no other context
	 * runs meanwhile; if one does, both are in doubt and steps do not
	 * count. */
	s->before = EP_LLAMA_NONE;
	q->end_ns = s->group.end_ns;
	q->step_count++;
	o->steps_ns[o->step_count++] = s->group.end_ns;
	return 0;
}

/* One token after a prompt is a generated one, all else is a prompt. */
int ep_llama_stream_close(struct ep_llama_build *b, struct ep_llama_stream *s)
{
	struct ep_llama_group *g = &s->group;
	int r = 0;

	if (!g->open)
		return 0;
	if (g->cut) {
		g->end_ns = b->exit_ns;
		b->out->cut = true;
	}
	if (g->token_count > 1 || s->latest == EP_LLAMA_NONE ||
	    g->change != EP_LLAMA_KEPT)
		r = add_request(b, s);
	else if (g->cut)
		b->out->items[s->latest].end_ns = b->exit_ns;
	else
		r = add_step(b, s);
	s->last_count = g->last_count;
	s->last_row = -1;
	memset(g, 0, sizeof(*g));
	return r;
}

static int by_start(const void *a, const void *b)
{
	const struct ep_llama_request *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static void doubt_overlap(struct ep_llama_request *q)
{
	if (q->doubt == EP_LLAMA_CERTAIN)
		q->doubt = EP_LLAMA_OVERLAP;
}

void ep_llama_requests_overlap(struct ep_llama_requests *r)
{
	size_t widest = 0;

	if (r->count > 1)
		qsort(r->items, r->count, sizeof(r->items[0]), by_start);
	for (size_t i = 1; i < r->count; i++) {
		if (r->items[i].start_ns < r->items[widest].end_ns) {
			doubt_overlap(&r->items[i]);
			doubt_overlap(&r->items[widest]);
		}
		if (r->items[i].end_ns > r->items[widest].end_ns)
			widest = i;
	}
}
