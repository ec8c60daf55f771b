/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_TEXT_LINES_H
#define EP_RUNNERS_TEXT_LINES_H

#include "runners/runner.h"
#include "runners/text.h"

/* How many bytes of a line are kept before colours are taken out. */
#define EP_TEXT_RAW_BYTES (4 * EP_TEXT_LINE_BYTES)

/*
 * A stream of bytes apart into clean lines (runners/text.h), whatever the pieces.
 * Lines end with LF or CR; empty ones are left out.  each() may change the line;
 * piece is that with which it ended.
 */
struct ep_text_lines {
	char raw[EP_TEXT_RAW_BYTES + 1];
	size_t len;
	bool cut; /* of the present line something is missing */
	int64_t cut_count;
	void (*each)(void *ctx, const struct ep_output *piece, char *line);
	void *ctx;
};
void ep_text_lines_feed(struct ep_text_lines *l, const struct ep_output *piece);

#endif
