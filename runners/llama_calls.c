/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define OPEN_MAX 4096 /* calls entered and not yet returned */

struct hit {
	const struct ep_llama_symbol *symbol;
	bool out;
	int32_t pid, tid;
	uint64_t context;
	int64_t t_ns, value;
	size_t order;
};

struct pairing {
	struct ep_llama_calls *calls;
	size_t open[OPEN_MAX];
	size_t open_count;
};

int ep_llama_grow(void **items, size_t count, size_t *size, size_t item_bytes,
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

static const struct ep_llama_symbol *find_symbol(const char *text, size_t len)
{
	for (size_t i = 0; i < ep_llama_symbol_count; i++) {
		const char *name = ep_llama_symbols[i].name;

		if (strlen(name) == len && memcmp(name, text, len) == 0)
			return &ep_llama_symbols[i];
	}
	return NULL;
}

/* "llama:PID:CONTEXT"; plain "llama" is a single unnamed context. */
static bool parse_source(const char *source, struct hit *ret)
{
	char text[40] = "0x";
	size_t len;
	int64_t pid = 0;

	if (!ep_str_starts(source, "llama"))
		return false;
	source += strlen("llama");
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

static bool parse_hit(const struct ep_event *e, struct hit *ret)
{
	const char *colon = strchr(e->text, ':');

	memset(ret, 0, sizeof(*ret));
	if (strcmp(e->event, "probe") != 0 || !colon ||
	    !parse_source(e->source, ret) || e->request < 0 ||
	    e->request > INT32_MAX)
		return false;
	ret->symbol = find_symbol(e->text, (size_t)(colon - e->text));
	ret->out = strcmp(colon, ":out") == 0;
	if (!ret->symbol || (!ret->out && strcmp(colon, ":in") != 0))
		return false;
	ret->tid = (int32_t)e->request;
	ret->t_ns = e->t_ns;
	ret->value = e->tokens;
	return true;
}

static bool makes_context(enum ep_llama_call call)
{
	return call == EP_LLAMA_MODEL || call == EP_LLAMA_CONTEXT;
}

static int enter(struct pairing *p, const struct hit *h)
{
	struct ep_llama_calls *c = p->calls;
	int r = ep_llama_grow((void **)&c->items, c->count, &c->size,
			      sizeof(*c->items), EP_LLAMA_CALLS_MAX);

	if (r < 0)
		return r;
	if (h->symbol->out && !h->out) {
		/* Threads that never return from a call are few. */
		if (p->open_count == OPEN_MAX) {
			memmove(p->open, p->open + 1,
				(OPEN_MAX - 1) * sizeof(p->open[0]));
			p->open_count--;
		}
		p->open[p->open_count++] = c->count;
	}
	c->items[c->count++] = (struct ep_llama_seen){
		.call = h->symbol->call,
		.ended = !h->symbol->out || h->out,
		.pid = h->pid,
		.tid = h->tid,
		.context = h->context,
		.start_ns = h->t_ns,
		.end_ns = h->t_ns,
		.value = h->value,
		.result = h->out ? h->value : -1,
	};
	return 0;
}

/* The innermost call of that kind in the same thread. */
static int leave(struct pairing *p, const struct hit *h)
{
	for (size_t i = p->open_count; i-- > 0;) {
		struct ep_llama_seen *s = &p->calls->items[p->open[i]];

		if (s->tid != h->tid || s->pid != h->pid ||
		    s->call != h->symbol->call)
			continue;
		s->ended = true;
		s->end_ns = h->t_ns;
		s->result = h->value;
		if (makes_context(s->call))
			s->context = h->context;
		memmove(p->open + i, p->open + i + 1,
			(p->open_count - i - 1) * sizeof(p->open[0]));
		p->open_count--;
		return 0;
	}
	/* Probes came while it ran: for a load its end is enough. */
	return makes_context(h->symbol->call) ? enter(p, h) : 0;
}

static void take_fact(struct ep_llama_calls *c, const struct ep_event *e)
{
	if (strcmp(e->event, "fact") != 0)
		return;
	if (strcmp(e->source, "llama.library") == 0 && e->tokens > c->late_ns)
		c->late_ns = e->tokens;
	if (strcmp(e->source, "probes.lost") == 0)
		c->lost = true;
}

static int by_time(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	if (x->t_ns != y->t_ns)
		return x->t_ns < y->t_ns ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int collect(struct ep_llama_calls *c, const struct ep_event *events,
		   size_t count, struct hit **ret, size_t *ret_count)
{
	struct hit *hits = NULL;
	size_t size = 0, n = 0;

	for (size_t i = 0; i < count; i++) {
		int r = ep_llama_grow((void **)&hits, n, &size, sizeof(*hits),
				      EP_LLAMA_CALLS_MAX);

		if (r < 0) {
			free(hits);
			return r;
		}
		take_fact(c, &events[i]);
		if (!parse_hit(&events[i], &hits[n]))
			continue;
		hits[n].order = n;
		n++;
	}
	if (n > 1)
		qsort(hits, n, sizeof(*hits), by_time);
	*ret = hits;
	*ret_count = n;
	return 0;
}

int ep_llama_calls_build(struct ep_llama_calls *c,
			 const struct ep_event *events, size_t count)
{
	struct pairing *p;
	struct hit *hits = NULL;
	size_t hit_count = 0;
	int r;

	memset(c, 0, sizeof(*c));
	r = collect(c, events, count, &hits, &hit_count);
	if (r < 0)
		return r;
	p = calloc(1, sizeof(*p));
	if (!p)
		r = -ENOMEM;
	else
		p->calls = c;
	for (size_t i = 0; r == 0 && i < hit_count; i++)
		r = hits[i].out ? leave(p, &hits[i]) : enter(p, &hits[i]);
	free(p);
	free(hits);
	if (r < 0)
		ep_llama_calls_done(c);
	return r;
}

void ep_llama_calls_done(struct ep_llama_calls *c)
{
	free(c->items);
	memset(c, 0, sizeof(*c));
}
