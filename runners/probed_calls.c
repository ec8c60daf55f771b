/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/probed_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define OPEN_MAX 4096 /* calls entered and not yet returned */

struct hit {
	const struct ep_probed_symbol *symbol;
	bool out;
	int32_t pid, tid, place;
	uint64_t context;
	int64_t t_ns, value;
	size_t order;
};

struct pairing {
	struct ep_probed_calls *calls;
	size_t open[OPEN_MAX];
	size_t open_count;
};

int ep_probed_grow(void **items, size_t count, size_t *size, size_t item_bytes,
		   size_t max)
{
	size_t bigger = *size ? *size * 2 : 64;
	void *moved;

	if (count < *size)
		return 0;
	if (count >= max)
		return -EFBIG;
	moved = realloc(*items, bigger * item_bytes);
	if (!moved)
		return -ENOMEM;
	*items = moved;
	*size = bigger;
	return 0;
}

struct ep_phase ep_probed_phase(const char *name, int64_t start_ns,
				int64_t end_ns)
{
	struct ep_phase p = {
		.start_ns = start_ns,
		.end_ns = end_ns,
		.slack_ns = EP_PROBED_SLACK_NS,
		.evidence = EP_EVIDENCE_PROBED,
		.tokens_count = -1,
		.steps_count = -1,
		.cached_count = -1,
	};

	(void)ep_str_copy(p.name, sizeof(p.name), name);
	return p;
}

int ep_probed_add(struct ep_timeline *tl, struct ep_phase p, int64_t *free_ns,
		  int64_t exit_ns)
{
	if (p.start_ns < *free_ns)
		p.start_ns = *free_ns;
	if (p.end_ns > exit_ns)
		p.end_ns = exit_ns;
	if (p.end_ns <= p.start_ns)
		return 0;
	*free_ns = p.end_ns;
	return ep_timeline_add_phase(tl, &p);
}

static const struct ep_probed_symbol *find_symbol(const struct ep_probed *p,
						  const char *text, size_t len)
{
	for (size_t i = 0; i < p->symbol_count; i++) {
		const char *name = p->symbols[i].name;

		if (strlen(name) == len && memcmp(name, text, len) == 0)
			return &p->symbols[i];
	}
	return NULL;
}

/* "NAME:PID:CONTEXT"; plain "NAME" is a single unnamed context. */
static bool parse_source(const struct ep_probed *p, const char *source,
			 struct hit *ret)
{
	char text[40] = "0x";
	size_t len;
	int64_t pid = 0;

	if (!ep_str_starts(source, p->name))
		return false;
	source += strlen(p->name);
	if (!*source)
		return true;
	len = strcspn(source + 1, ":");
	if (source[0] != ':' || len > 20 || source[1 + len] != ':')
		return false;
	memcpy(text, source + 1, len);
	text[len] = '\0';
	if (ep_num_parse_i64(text, &pid) < 0 || pid < 0 || pid > INT32_MAX)
		return false;
	ret->pid = (int32_t)pid;
	return ep_str_format(text, sizeof(text), "0x%s", source + len + 2) &&
	       ep_num_parse_hex_or_dec(text, &ret->context) == 0;
}

/* "in", "out", "in:SEQUENCE" */
static bool parse_side(const char *side, struct hit *ret)
{
	int64_t place = -1;

	ret->place = -1;
	ret->out = strcmp(side, "out") == 0;
	if (ret->out || strcmp(side, "in") == 0)
		return true;
	if (!ep_str_starts(side, "in:") ||
	    ep_num_parse_i64(side + 3, &place) < 0 || place < INT32_MIN ||
	    place > INT32_MAX)
		return false;
	ret->place = (int32_t)place;
	return true;
}

static bool parse_hit(const struct ep_probed *p, const struct ep_event *e,
		      struct hit *ret)
{
	const char *colon = strchr(e->text, ':');

	memset(ret, 0, sizeof(*ret));
	if (strcmp(e->event, "probe") != 0 || !colon ||
	    !parse_source(p, e->source, ret) || e->request < 0 ||
	    e->request > INT32_MAX || !parse_side(colon + 1, ret))
		return false;
	ret->symbol = find_symbol(p, e->text, (size_t)(colon - e->text));
	if (!ret->symbol)
		return false;
	ret->tid = (int32_t)e->request;
	ret->t_ns = e->t_ns;
	ret->value = e->tokens;
	return true;
}

static bool is_same(const struct ep_probed_call *c, const struct hit *h)
{
	return c->tid == h->tid && c->pid == h->pid && c->symbol == h->symbol;
}

static void forget(struct pairing *p, size_t i)
{
	memmove(p->open + i, p->open + i + 1,
		(p->open_count - i - 1) * sizeof(p->open[0]));
	p->open_count--;
}

/* A thread that enters again has returned before, and nobody saw it. */
static void forget_unreturned(struct pairing *p, const struct hit *h)
{
	for (size_t i = p->open_count; i-- > 0;) {
		const struct ep_probed_call *c = &p->calls->items[p->open[i]];

		if (!is_same(c, h))
			continue;
		if (c->start_ns < p->calls->placed_ns)
			p->calls->torn = true;
		else
			p->calls->unreturned_count++;
		forget(p, i);
	}
	if (p->open_count == OPEN_MAX)
		forget(p, 0);
}

static int enter(struct pairing *p, const struct hit *h)
{
	struct ep_probed_calls *c = p->calls;
	bool returns = h->symbol->out != EP_PROBED_NO_RETURN;
	int r = ep_probed_grow((void **)&c->items, c->count, &c->size,
			       sizeof(*c->items), EP_PROBED_CALLS_MAX);

	if (r < 0)
		return r;
	if (returns && !h->out) {
		forget_unreturned(p, h);
		p->open[p->open_count++] = c->count;
	}
	c->items[c->count++] = (struct ep_probed_call){
		.symbol = h->symbol,
		.ended = !returns || h->out,
		.pid = h->pid,
		.tid = h->tid,
		.place = h->place,
		.context = h->context,
		.made = h->out ? h->context : 0,
		.start_ns = h->t_ns,
		.end_ns = h->t_ns,
		.value = h->out ? -1 : h->value,
		.result = h->out ? h->value : -1,
	};
	return 0;
}

static int leave(struct pairing *p, const struct hit *h)
{
	for (size_t i = p->open_count; i-- > 0;) {
		struct ep_probed_call *s = &p->calls->items[p->open[i]];

		if (!is_same(s, h))
			continue;
		s->ended = true;
		s->end_ns = h->t_ns;
		s->result = h->value;
		s->made = h->context;
		if (s->symbol->out == EP_PROBED_MADE)
			s->context = h->context;
		forget(p, i);
		return 0;
	}
	/* Probes came while it ran: for a load its end is enough. */
	if (h->symbol->out == EP_PROBED_MADE)
		return enter(p, h);
	p->calls->torn = true;
	return 0;
}

static void take_fact(struct ep_probed_calls *c, const struct ep_probed *p,
		      const struct ep_event *e)
{
	size_t len = strlen(p->name);

	if (strcmp(e->event, "fact") != 0)
		return;
	if (strncmp(e->source, p->name, len) == 0 &&
	    strcmp(e->source + len, ".library") == 0 && e->tokens > c->late_ns)
		c->late_ns = e->tokens;
	if (strncmp(e->source, p->name, len) == 0 &&
	    strcmp(e->source + len, ".library") == 0) {
		if (e->t_ns > c->placed_ns) {
			c->placed_ns = e->t_ns;
			c->placing_ns = e->t_ns - e->tokens;
		}
		if (e->tokens == 0 && e->t_ns > c->whole_ns)
			c->whole_ns = e->t_ns;
	}
	if (strncmp(e->source, p->name, len) == 0 &&
	    strcmp(e->source + len, ".by_texts") == 0)
		c->by_texts = true;
	if (strcmp(e->source, "probes.lost") == 0)
		c->lost = true;
	if (strcmp(e->source, "attached") == 0)
		c->attached = true;
}

static int by_time(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->t_ns != y->t_ns)
		return x->t_ns < y->t_ns ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

struct collected {
	struct hit *hits;
	size_t count, size;
};

static int collect(struct ep_probed_calls *c, const struct ep_probed *p,
		   const struct ep_event *events, size_t count,
		   struct collected *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < count; i++) {
		int r = ep_probed_grow((void **)&ret->hits, ret->count,
				       &ret->size, sizeof(*ret->hits),
				       EP_PROBED_CALLS_MAX);

		if (r < 0) {
			free(ret->hits);
			return r;
		}
		take_fact(c, p, &events[i]);
		if (!parse_hit(p, &events[i], &ret->hits[ret->count]))
			continue;
		ret->hits[ret->count].order = ret->count;
		ret->count++;
	}
	if (ret->count > 1)
		qsort(ret->hits, ret->count, sizeof(*ret->hits), by_time);
	return 0;
}

int ep_probed_calls_build(struct ep_probed_calls *c, const struct ep_probed *p,
			  const struct ep_event *events, size_t count)
{
	struct collected all;
	struct pairing *pairing;
	int r;

	memset(c, 0, sizeof(*c));
	r = collect(c, p, events, count, &all);
	if (r < 0)
		return r;
	pairing = calloc(1, sizeof(*pairing));
	if (!pairing)
		r = -ENOMEM;
	else
		pairing->calls = c;
	for (size_t i = 0; r == 0 && i < all.count; i++) {
		if (c->attached && (all.hits[i].t_ns < c->whole_ns ||
				    (all.hits[i].t_ns < c->placed_ns &&
				     all.hits[i].t_ns >= c->placing_ns))) {
			c->torn = true;
			continue;
		}
		r = all.hits[i].out ? leave(pairing, &all.hits[i])
				    : enter(pairing, &all.hits[i]);
	}
	free(pairing);
	free(all.hits);
	if (r < 0)
		ep_probed_calls_done(c);
	return r;
}

void ep_probed_calls_done(struct ep_probed_calls *c)
{
	free(c->items);
	memset(c, 0, sizeof(*c));
}
