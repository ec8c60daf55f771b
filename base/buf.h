/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_BUF_H
#define EP_BASE_BUF_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A growing byte buffer born with a maximum.  data is NUL-terminated after
 * every successful call (the NUL is not counted in len).
 */
struct ep_buf {
	char *data;
	size_t len;
	size_t size_bytes;
	size_t max_bytes;
};

void ep_buf_init(struct ep_buf *b, size_t max_bytes);
void ep_buf_done(struct ep_buf *b);
void ep_buf_reset(struct ep_buf *b); /* keeps the memory */

/* -ENOMEM, or -EFBIG past max_bytes; the content stays as it was. */
int ep_buf_add(struct ep_buf *b, const void *data, size_t len) EP_MUST_CHECK;
int ep_buf_adds(struct ep_buf *b, const char *text) EP_MUST_CHECK;
int ep_buf_addf(struct ep_buf *b, const char *format, ...)
	EP_PRINTF(2, 3) EP_MUST_CHECK;
/* Room for len more bytes at data + len; the caller then adds to len. */
int ep_buf_reserve(struct ep_buf *b, size_t len) EP_MUST_CHECK;

#endif
