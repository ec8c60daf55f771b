/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_RING_H
#define EP_BASE_RING_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One producer thread, one consumer thread.  Memory is taken and touched at
 * init, so push never faults, locks or allocates.  A full ring drops and
 * counts.
 */
struct ep_ring {
	unsigned char *slots;
	size_t item_bytes;
	size_t mask;
	_Atomic size_t head; /* written by the producer */
	_Atomic size_t tail; /* written by the consumer */
	_Atomic uint64_t dropped_count;
};

/* capacity is a power of two >= 2.  -EINVAL, -ENOMEM. */
int ep_ring_init(struct ep_ring *r, size_t item_bytes,
		 size_t capacity) EP_MUST_CHECK;
void ep_ring_done(struct ep_ring *r);
bool ep_ring_push(struct ep_ring *r, const void *item);
bool ep_ring_pop(struct ep_ring *r, void *ret_item);

#endif
