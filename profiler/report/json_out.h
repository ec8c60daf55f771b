/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_JSON_OUT_H
#define EP_PROFILER_REPORT_JSON_OUT_H

#include "base/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Writes JSON as it goes, so that a report of many phases needs no tree of
 * values.  Key order is the order of the calls; the text is ASCII.  Two spaces
 * of indentation; a container opened flat stays on one line with all it holds.
 * The first failure stays in error, later calls do nothing.
 */
struct ep_json_out {
	struct ep_buf *b;
	int error;
	int depth;
	int flat_depth; /* 0: not inside a flat container */
	bool empty;	/* nothing yet in the open container */
	bool in_html;	/* inside <script>: no text may end that */
};

/* key NULL inside an array.  bracket is '{' or '['. */
void ep_json_open(struct ep_json_out *o, const char *key, char bracket,
		  bool flat);
void ep_json_close(struct ep_json_out *o, char bracket);
/* Untrusted text: broken UTF-8 and control bytes become '?'. */
void ep_json_text(struct ep_json_out *o, const char *key, const char *text);
/* The same, null for "" */
void ep_json_text_or_null(struct ep_json_out *o, const char *key,
			  const char *text);
void ep_json_integer(struct ep_json_out *o, const char *key, int64_t value);
/* null when negative. */
void ep_json_count(struct ep_json_out *o, const char *key, int64_t value);
/* Up to 15 significant digits; null when not finite. */
void ep_json_number(struct ep_json_out *o, const char *key, double value);
void ep_json_bool(struct ep_json_out *o, const char *key, bool value);
/* The key alone: the caller appends one value to b. */
void ep_json_raw(struct ep_json_out *o, const char *key);
/* Any value; null for NULL. */
void ep_json_value(struct ep_json_out *o, const char *key, const json_t *value);

#endif
