/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ep_buf_init(struct ep_buf *b, size_t max_bytes)
{
	b->data = NULL;
	b->len = 0;
	b->size_bytes = 0;
	b->max_bytes = max_bytes;
}

void ep_buf_done(struct ep_buf *b)
{
	if (!b)
		return;
	free(b->data);
	ep_buf_init(b, b->max_bytes);
}

void ep_buf_reset(struct ep_buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

int ep_buf_reserve(struct ep_buf *b, size_t len)
{
	size_t size, need;
	char *data;

	if (b->len > b->max_bytes || len > b->max_bytes - b->len)
		return -EFBIG;
	if (b->size_bytes > b->len && len < b->size_bytes - b->len)
		return 0;
	need = b->len + len + 1;
	if (need == 0)
		return -EFBIG;
	size = b->size_bytes < 64 ? 64 : b->size_bytes;
	while (size < need)
		size = size > SIZE_MAX / 2 ? need : size * 2;
	if (size - 1 > b->max_bytes)
		size = b->max_bytes + 1;
	data = realloc(b->data, size);
	if (!data)
		return -ENOMEM;
	b->data = data;
	b->size_bytes = size;
	b->data[b->len] = '\0';
	return 0;
}

int ep_buf_add(struct ep_buf *b, const void *data, size_t len)
{
	int r = ep_buf_reserve(b, len);

	if (r < 0)
		return r;
	if (len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int ep_buf_adds(struct ep_buf *b, const char *text)
{
	return ep_buf_add(b, text, strlen(text));
}

int ep_buf_addf(struct ep_buf *b, const char *format, ...)
{
	va_list args;
	size_t room;
	int len, r;

	r = ep_buf_reserve(b, 0);
	if (r < 0)
		return r;
	room = b->size_bytes - b->len;
	va_start(args, format);
	len = vsnprintf(b->data + b->len, room, format, args);
	va_end(args);
	if (len >= 0 && (size_t)len >= room) {
		b->data[b->len] = '\0';
		r = ep_buf_reserve(b, (size_t)len);
		if (r < 0)
			return r;
		va_start(args, format);
		len = vsnprintf(b->data + b->len, (size_t)len + 1, format,
				args);
		va_end(args);
	}
	if (len < 0) {
		b->data[b->len] = '\0';
		return -EINVAL;
	}
	b->len += (size_t)len;
	return 0;
}
