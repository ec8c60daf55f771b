/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_parts.h"

#include <errno.h>
#include <string.h>

void ep_llama_memory_init(struct ep_llama_memory *m)
{
	memset(m, 0, sizeof(*m));
	m->sequence = m->next_sequence = -1;
	m->past_count = m->before_count = -1;
	m->shifted_at = -1;
}

void ep_llama_memory_clear(struct ep_llama_memory *m)
{
	m->change = EP_LLAMA_EMPTIED;
	m->cut_at = 0;
	m->past_count = 0;
	m->sequence = m->next_sequence = -1;
}

/*
 * Servers cut a sequence before each prompt to what they can use of it again;
 * bindings cut before every evaluation to make sure of what there is, which
 * removes nothing.
 */
void ep_llama_memory_cut(struct ep_llama_memory *m, int32_t sequence,
			 int64_t position)
{
	int32_t used = m->sequence;

	if (used < 0) /* never told: programs with one use the first */
		used = m->past_count == 0 ? sequence : 0;
	if (position < 0)
		position = 0;
	if (sequence >= 0 && sequence != used) {
		m->change = EP_LLAMA_OTHER;
		m->cut_at = position;
		m->next_sequence = sequence;
		return;
	}
	if (sequence >= 0)
		m->sequence = sequence;
	if (m->change == EP_LLAMA_OTHER)
		m->change = EP_LLAMA_KEPT;
	m->next_sequence = -1;
	if (position == m->past_count)
		return;
	m->before_count = m->past_count;
	m->change = position == 0 ? EP_LLAMA_EMPTIED : EP_LLAMA_SHORTER;
	m->cut_at = position;
	m->past_count = position;
}

/* What lay behind the cut moves up: the text goes on.  Old libraries call one
 * of these functions from the other. */
void ep_llama_memory_shift(struct ep_llama_memory *m, int64_t position)
{
	bool behind = (m->change == EP_LLAMA_SHORTER ||
		       m->change == EP_LLAMA_EMPTIED) &&
		      position > m->cut_at;

	if (position == m->shifted_at)
		return;
	m->shifted_at = position;
	if (!behind || m->before_count < position) {
		m->past_count = -1;
		return;
	}
	m->past_count = m->before_count - (position - m->cut_at);
	m->change = EP_LLAMA_KEPT;
}

void ep_llama_memory_grow(struct ep_llama_memory *m, int64_t count)
{
	if (m->change == EP_LLAMA_OTHER && m->next_sequence >= 0 && count > 1) {
		m->sequence = m->next_sequence;
		m->past_count = m->cut_at;
	}
	m->change = EP_LLAMA_KEPT;
	m->next_sequence = -1;
	m->shifted_at = -1;
	if (m->past_count >= 0)
		m->past_count += count;
}

static int apply(struct ep_llama_build *b, struct ep_llama_stream *s,
		 const struct ep_probed_call *c)
{
	struct ep_llama_memory *m = &s->memory;
	enum ep_llama_change before = m->change;

	if (c->symbol->call == EP_LLAMA_CLEAR)
		ep_llama_memory_clear(m);
	else if (c->symbol->call == EP_LLAMA_CUT)
		ep_llama_memory_cut(m, c->place, c->value);
	else
		ep_llama_memory_shift(m, c->value);
	/* What was evaluated before is no part of what comes. */
	if (m->change != before &&
	    (m->change == EP_LLAMA_EMPTIED || m->change == EP_LLAMA_SHORTER))
		return ep_llama_stream_close(b, s);
	return 0;
}

/*
 * The memory is told by llama_get_memory(), which may have been called before
 * the probes came.  Then it is the only context's; of several nobody knows
 * whose it is, and what follows is in doubt.
 */
int ep_llama_stream_memory(struct ep_llama_build *b,
			   const struct ep_probed_call *c)
{
	struct ep_llama_stream *only = NULL;
	size_t count = 0;

	for (size_t i = 0; i < b->count; i++) {
		struct ep_llama_stream *s = &b->streams[i];

		if (s->pid != c->pid)
			continue;
		if (s->memory.handle == c->context || s->context == c->context)
			return apply(b, s, c);
		only = s;
		count++;
	}
	if (count == 1)
		return apply(b, only, c);
	for (size_t i = 0; i < b->count; i++) {
		struct ep_llama_memory *m = &b->streams[i].memory;

		if (b->streams[i].pid != c->pid || m->handle != 0)
			continue;
		m->past_count = -1;
		m->change = EP_LLAMA_OTHER;
		m->next_sequence = -1;
	}
	return 0;
}
