/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/text_lines.h"

#include <string.h>

static void end_line(struct ep_text_lines *l, const struct ep_output *piece)
{
	if (l->len > 0) {
		ep_text_clean(l->raw, l->len);
		if (strlen(l->raw) >= EP_TEXT_LINE_BYTES) {
			l->raw[EP_TEXT_LINE_BYTES - 1] = '\0';
			ep_text_clean(l->raw, strlen(l->raw));
			l->cut = true;
		}
		if (l->raw[0] != '\0')
			l->each(l->ctx, piece, l->raw);
	}
	l->cut_count += l->cut;
	l->cut = false;
	l->len = 0;
}

static void add(struct ep_text_lines *l, const char *bytes, size_t len)
{
	size_t room = EP_TEXT_RAW_BYTES - l->len;

	if (len > room) {
		l->cut = true;
		len = room;
	}
	memcpy(l->raw + l->len, bytes, len);
	l->len += len;
}

void ep_text_lines_feed(struct ep_text_lines *l, const struct ep_output *piece)
{
	const char *at = piece->bytes;
	size_t left = piece->len;

	/* The stream has ended. */
	if (left == 0)
		end_line(l, piece);
	while (left > 0) {
		const char *end = memchr(at, '\n', left);
		size_t len = end ? (size_t)(end - at) : left;
		const char *cr = memchr(at, '\r', len);

		if (cr) {
			end = cr;
			len = (size_t)(cr - at);
		}
		add(l, at, len);
		if (end)
			end_line(l, piece);
		len += end != NULL;
		at += len;
		left -= len;
	}
}
