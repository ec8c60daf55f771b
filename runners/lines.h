/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_LINES_H
#define EP_RUNNERS_LINES_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* A line longer than this is no answer of an inference server. */
#define EP_LINE_BYTES_MAX (1024 * 1024)

/*
 * Takes a stream of bytes apart that comes in pieces of any size: into the
 * lines of NDJSON, or into the messages of server-sent events (the data: lines
 * up to an empty line, joined by line ends; comments and other fields are
 * dropped, CR LF is LF; a line "error: ..." counts as data).
 *
 * each  a line that is not empty, or a message; NUL ended, may be changed,
 *       valid during the call.  Not 0: feed stops and returns it.
 */
struct ep_lines {
	bool events; /* server-sent events */
	struct ep_buf line;
	struct ep_buf message;
	int (*each)(void *ctx, char *text, size_t len);
	void *ctx;
};
void ep_lines_init(struct ep_lines *l, bool events,
		   int (*each)(void *ctx, char *text, size_t len), void *ctx);
void ep_lines_done(struct ep_lines *l);
/* -EFBIG: a line or message past the maximum; -ENOMEM; what each() said. */
int ep_lines_feed(struct ep_lines *l, const char *data,
		  size_t len) EP_MUST_CHECK;
/* The stream has ended: what came without a line's end.  As feed. */
int ep_lines_finish(struct ep_lines *l) EP_MUST_CHECK;

#endif
