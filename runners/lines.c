/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/lines.h"

#include <string.h>

void ep_lines_init(struct ep_lines *l, bool events,
		   int (*each)(void *ctx, char *text, size_t len), void *ctx)
{
	memset(l, 0, sizeof(*l));
	l->events = events;
	l->each = each;
	l->ctx = ctx;
	ep_buf_init(&l->line, EP_LINE_BYTES_MAX);
	ep_buf_init(&l->message, EP_LINE_BYTES_MAX);
}

void ep_lines_done(struct ep_lines *l)
{
	ep_buf_done(&l->line);
	ep_buf_done(&l->message);
}

static int end_message(struct ep_lines *l)
{
	int r = 0;

	if (l->message.len > 0)
		r = l->each(l->ctx, l->message.data, l->message.len);
	ep_buf_reset(&l->message);
	return r;
}

/* A field of a message: its value begins after one space. */
static int take_field(struct ep_lines *l, const char *text)
{
	static const char *const fields[] = { "data:", "error:" };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		size_t len = strlen(fields[i]);
		int r = 0;

		if (strncmp(text, fields[i], len) != 0)
			continue;
		len += text[len] == ' ';
		if (l->message.len > 0)
			r = ep_buf_adds(&l->message, "\n");
		return r < 0 ? r : ep_buf_adds(&l->message, text + len);
	}
	return 0;
}

static int end_line(struct ep_lines *l)
{
	size_t len = l->line.len;
	int r = 0;

	if (len > 0 && l->line.data[len - 1] == '\r')
		l->line.data[--len] = '\0';
	if (l->events && len == 0)
		r = end_message(l);
	else if (l->events)
		r = take_field(l, l->line.data);
	else if (len > 0)
		r = l->each(l->ctx, l->line.data, len);
	ep_buf_reset(&l->line);
	return r;
}

int ep_lines_feed(struct ep_lines *l, const char *data, size_t len)
{
	int r = 0;

	while (r == 0 && len > 0) {
		const char *end = memchr(data, '\n', len);
		size_t part = end ? (size_t)(end - data) : len;

		r = ep_buf_add(&l->line, data, part);
		if (r == 0 && end)
			r = end_line(l);
		part += end != NULL;
		data += part;
		len -= part;
	}
	return r;
}

int ep_lines_finish(struct ep_lines *l)
{
	int r = l->line.len > 0 ? end_line(l) : 0;

	return r == 0 && l->events ? end_message(l) : r;
}
