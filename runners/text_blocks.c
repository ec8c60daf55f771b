/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int add_block(struct ep_text_blocks *b, const struct ep_event *e,
		     const char *decoder)
{
	if (b->count == b->size) {
		size_t size = b->size ? 2 * b->size : 8;
		struct ep_text_block *items;

		if (b->count == EP_TEXT_BLOCKS_MAX)
			return -EFBIG;
		items = realloc(b->items, size * sizeof(*items));
		if (!items)
			return -ENOMEM;
		b->items = items;
		b->size = size;
	}
	memset(&b->items[b->count], 0, sizeof(b->items[0]));
	b->items[b->count].decoder = decoder;
	b->items[b->count].t_ns = e->t_ns;
	b->items[b->count].span_ns = e->span_ns;
	b->count++;
	return 0;
}

/* Lines of another program, of another task, or the same line again, begin
 * another block. */
static bool belongs(const struct ep_text_block *b,
		    const struct ep_text_told *told)
{
	if (strcmp(b->decoder, told->decoder) != 0 || b->has[told->what])
		return false;
	for (int i = 0; i < EP_TEXT_WHAT_COUNT; i++)
		if (b->has[i] && b->told[i].task != told->task)
			return false;
	return true;
}

int ep_text_blocks_read(const struct ep_event *events, size_t count,
			struct ep_text_blocks *ret)
{
	struct ep_text_blocks b = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		struct ep_text_block *last;
		struct ep_text_told told;

		if (strcmp(events[i].event, "line") != 0 ||
		    !ep_text_decode(events[i].text, &told))
			continue;
		if (b.count == 0 || !belongs(&b.items[b.count - 1], &told))
			r = add_block(&b, &events[i], told.decoder);
		if (r < 0)
			break;
		last = &b.items[b.count - 1];
		last->told[told.what] = told;
		last->has[told.what] = true;
	}
	if (r < 0) {
		ep_text_blocks_done(&b);
		return r;
	}
	*ret = b;
	return 0;
}

void ep_text_blocks_done(struct ep_text_blocks *b)
{
	free(b->items);
	memset(b, 0, sizeof(*b));
}
