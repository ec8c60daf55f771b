/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ep_ring_init(struct ep_ring *r, size_t item_bytes, size_t capacity)
{
	unsigned char *slots;

	if (item_bytes == 0 || capacity < 2 || (capacity & (capacity - 1)) != 0)
		return -EINVAL;
	if (capacity > SIZE_MAX / item_bytes)
		return -ENOMEM;
	slots = malloc(item_bytes * capacity);
	if (!slots)
		return -ENOMEM;
	/* calloc would leave the pages untouched, and push would fault. */
	memset(slots, 0xa5, item_bytes * capacity);
	r->slots = slots;
	r->item_bytes = item_bytes;
	r->mask = capacity - 1;
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);
	atomic_init(&r->dropped_count, 0);
	return 0;
}

void ep_ring_done(struct ep_ring *r)
{
	if (!r)
		return;
	free(r->slots);
	r->slots = NULL;
}

bool ep_ring_push(struct ep_ring *r, const void *item)
{
	size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);
	size_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	if (head - tail > r->mask) {
		atomic_fetch_add_explicit(&r->dropped_count, 1,
					  memory_order_relaxed);
		return false;
	}
	memcpy(r->slots + (head & r->mask) * r->item_bytes, item,
	       r->item_bytes);
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return true;
}

bool ep_ring_pop(struct ep_ring *r, void *ret_item)
{
	size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
	size_t head = atomic_load_explicit(&r->head, memory_order_acquire);

	if (head == tail)
		return false;
	memcpy(ret_item, r->slots + (tail & r->mask) * r->item_bytes,
	       r->item_bytes);
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
	return true;
}
