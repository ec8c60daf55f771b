/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define STREAMS_MAX 4096
#define NONE SIZE_MAX

/*
 * A wait for queued work that begins within LATE_NS of the evaluation, or that
 * really waits, tells when the work was done; one that comes later and returns
 * at once found it done, so the evaluation's own return is the better end.
 */
#define LATE_NS (1 * EP_NS_PER_MS)
#define WAITED_NS (100 * EP_NS_PER_US)

/* Evaluations since the last separator. */
struct group {
	bool open;
	bool settled; /* a wait after the last evaluation was seen */
	bool cut;     /* the last evaluation never returned */
	bool unknown; /* a token count is not known */
	int64_t start_ns, end_ns;
	int64_t token_count;
};

/* One context of one process. */
struct stream {
	int32_t pid;
	uint64_t context;
	bool born;    /* its making was seen */
	bool fetches; /* it ever reads logits */
	bool shared;  /* by several sequences */
	struct group group;
	size_t current; /* request that may still grow, or NONE */
	size_t stretch; /* first request since the last context or reset */
	int64_t fetched_index; /* of the last group; -1 none */
};

struct build {
	struct ep_llama_requests *out;
	struct stream *streams;
	size_t count, last;
	int64_t exit_ns;
};

static struct stream *find_stream(struct build *b,
				  const struct ep_llama_seen *s)
{
	struct stream *found;

	if (b->last < b->count && b->streams[b->last].pid == s->pid &&
	    b->streams[b->last].context == s->context)
		return &b->streams[b->last];
	for (size_t i = 0; i < b->count; i++) {
		if (b->streams[i].pid == s->pid &&
		    b->streams[i].context == s->context) {
			b->last = i;
			return &b->streams[i];
		}
	}
	if (b->count == STREAMS_MAX)
		return NULL;
	b->last = b->count;
	found = &b->streams[b->count++];
	memset(found, 0, sizeof(*found));
	found->pid = s->pid;
	found->context = s->context;
	found->current = found->stretch = NONE;
	found->fetched_index = -1;
	return found;
}

static int add_load(struct build *b, int64_t start_ns, int64_t end_ns)
{
	struct ep_llama_requests *o = b->out;
	int r = ep_llama_grow((void **)&o->loads, o->load_count, &o->load_size,
			      sizeof(*o->loads), EP_PHASES_MAX);

	if (r == 0)
		o->loads[o->load_count++] =
			(struct ep_llama_load){ start_ns, end_ns };
	return r;
}

static int add_request(struct build *b, struct stream *s)
{
	struct ep_llama_requests *o = b->out;
	int r = ep_llama_grow((void **)&o->items, o->count, &o->size,
			      sizeof(*o->items), EP_PHASES_MAX);

	if (r < 0)
		return r;
	if (!s->born)
		o->unborn = true;
	s->current = o->count;
	if (s->stretch == NONE)
		s->stretch = o->count;
	o->items[o->count++] = (struct ep_llama_request){
		.stream = (size_t)(s - b->streams),
		.start_ns = s->group.start_ns,
		.prefill_end_ns = s->group.end_ns,
		.end_ns = s->group.end_ns,
		.prompt_count = s->group.unknown || s->group.cut
					? -1
					: s->group.token_count,
		.first_step = o->step_count,
	};
	return 0;
}

static int add_step(struct build *b, struct stream *s)
{
	struct ep_llama_requests *o = b->out;
	struct ep_llama_request *q = &o->items[s->current];
	int r = ep_llama_grow((void **)&o->steps_ns, o->step_count,
			      &o->step_size, sizeof(*o->steps_ns),
			      EP_TOKENS_MAX);

	if (r < 0)
		return r;
	/* The steps of one request stand together as long as no other context
	 * runs meanwhile; if one does, both are mixed and steps do not count. */
	q->end_ns = s->group.end_ns;
	q->step_count++;
	o->steps_ns[o->step_count++] = s->group.end_ns;
	return 0;
}

/* One token after a prompt is a generated one, all else is a prompt. */
static int close_group(struct build *b, struct stream *s)
{
	bool single = s->group.token_count == 1 && !s->group.unknown;
	int r = 0;

	if (!s->group.open)
		return 0;
	if (s->group.cut) {
		s->group.end_ns = b->exit_ns;
		b->out->cut = true;
	}
	if (!single || s->current == NONE)
		r = add_request(b, s);
	else if (s->group.cut)
		b->out->items[s->current].end_ns = b->exit_ns;
	else
		r = add_step(b, s);
	memset(&s->group, 0, sizeof(s->group));
	s->fetched_index = -1;
	return r;
}

static void take_decode(struct stream *s, const struct ep_llama_seen *c)
{
	struct group *g = &s->group;

	/* 1: no room in the cache, tried again; 2 and negative: nothing done */
	if (c->ended && c->result != 0)
		return;
	if (!g->open) {
		g->open = true;
		g->start_ns = c->start_ns;
	}
	g->settled = false;
	g->cut = !c->ended;
	g->unknown |= c->value < 0;
	g->token_count += c->value;
	g->end_ns = c->end_ns;
}

/* A call that waits for the work of the group. */
static void settle(struct group *g, const struct ep_llama_seen *c)
{
	if (!g->open || g->settled)
		return;
	g->settled = true;
	if (c->start_ns - g->end_ns <= LATE_NS ||
	    c->end_ns - c->start_ns >= WAITED_NS)
		g->end_ns = c->end_ns;
}

static int take_fetch(struct build *b, struct stream *s,
		      const struct ep_llama_seen *c)
{
	int r;

	settle(&s->group, c);
	r = close_group(b, s);
	if (r < 0 || s->current == NONE)
		return r;
	b->out->items[s->current].fetched = true;
	if (c->value < 0)
		return 0;
	/* Two rows of one evaluation: two sequences, or guesses checked. */
	if (s->fetched_index >= 0 && s->fetched_index != c->value) {
		s->shared = true;
		b->out->shared = true;
	}
	s->fetched_index = c->value;
	return 0;
}

static int end_stretch(struct build *b, struct stream *s)
{
	int r = close_group(b, s);

	s->current = s->stretch = NONE;
	return r;
}

static bool is_ours(const struct build *b, const struct stream *s, size_t i)
{
	return b->out->items[i].stream == (size_t)(s - b->streams);
}

static void remove_request(struct build *b, size_t i)
{
	struct ep_llama_requests *o = b->out;

	memmove(&o->items[i], &o->items[i + 1],
		(o->count - i - 1) * sizeof(o->items[0]));
	o->count--;
	for (size_t k = 0; k < b->count; k++) {
		struct stream *s = &b->streams[k];

		if (s->current != NONE && s->current > i)
			s->current--;
		if (s->stretch != NONE && s->stretch > i)
			s->stretch--;
	}
}

/*
 * What came before a reset is the warm-up if nobody wanted its result: no
 * logits read, nothing generated.  Some bindings reset before each request.
 */
static int take_reset(struct build *b, struct stream *s,
		      const struct ep_llama_seen *c)
{
	struct ep_llama_requests *o = b->out;
	int64_t start = c->start_ns;
	size_t first = s->stretch == NONE ? o->count : s->stretch;

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
	s->current = s->stretch = NONE;
	return start < c->start_ns ? add_load(b, start, c->start_ns) : 0;
}

static int take_call(struct build *b, const struct ep_llama_seen *c)
{
	struct stream *s;
	int r = 0;

	if (c->call == EP_LLAMA_MODEL || c->call == EP_LLAMA_CONTEXT)
		r = add_load(b, c->start_ns, c->ended ? c->end_ns : b->exit_ns);
	if (r < 0 || c->call == EP_LLAMA_MODEL ||
	    (c->call == EP_LLAMA_CONTEXT && !c->ended))
		return r;
	s = find_stream(b, c);
	if (!s)
		return -EFBIG;
	switch (c->call) {
	case EP_LLAMA_DECODE:
		take_decode(s, c);
		return 0;
	case EP_LLAMA_SYNC:
		settle(&s->group, c);
		return s->fetches ? 0 : close_group(b, s);
	case EP_LLAMA_FETCH:
		return take_fetch(b, s, c);
	case EP_LLAMA_RESET:
		return take_reset(b, s, c);
	case EP_LLAMA_CONTEXT:
		s->born = true;
		return end_stretch(b, s);
	case EP_LLAMA_FREE:
		return end_stretch(b, s);
	case EP_LLAMA_MODEL:
	default:
		return 0;
	}
}

/* Programs that read logits are told by that, since some wait after every
 * piece of a prompt; programs that never do (benchmarks) by their waits. */
static int find_fetchers(struct build *b, const struct ep_llama_calls *calls)
{
	for (size_t i = 0; i < calls->count; i++) {
		struct stream *s;

		if (calls->items[i].call != EP_LLAMA_FETCH)
			continue;
		s = find_stream(b, &calls->items[i]);
		if (!s)
			return -EFBIG;
		s->fetches = true;
	}
	return 0;
}

static int by_start(const void *a, const void *b)
{
	const struct ep_llama_request *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

/*
 * Requests of different contexts that overlap cannot be told apart; nor can
 * those of a context that evaluates several sequences together.
 */
static void mark_mixed(const struct build *b)
{
	struct ep_llama_requests *o = b->out;
	size_t widest = 0;

	for (size_t i = 0; i < o->count; i++)
		o->items[i].mixed = b->streams[o->items[i].stream].shared;

	if (o->count > 1)
		qsort(o->items, o->count, sizeof(o->items[0]), by_start);
	for (size_t i = 1; i < o->count; i++) {
		if (o->items[i].start_ns < o->items[widest].end_ns)
			o->items[i].mixed = o->items[widest].mixed = true;
		if (o->items[i].end_ns > o->items[widest].end_ns)
			widest = i;
	}
}

int ep_llama_requests_build(struct ep_llama_requests *r,
			    const struct ep_llama_calls *calls, int64_t exit_ns)
{
	struct build b = { .out = r, .exit_ns = exit_ns };
	int code;

	memset(r, 0, sizeof(*r));
	b.streams = calloc(STREAMS_MAX, sizeof(*b.streams));
	code = b.streams ? find_fetchers(&b, calls) : -ENOMEM;
	for (size_t i = 0; code == 0 && i < calls->count; i++)
		code = take_call(&b, &calls->items[i]);
	for (size_t i = 0; code == 0 && i < b.count; i++)
		code = close_group(&b, &b.streams[i]);
	if (code < 0)
		ep_llama_requests_done(r);
	else
		mark_mixed(&b);
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
