/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_STR_H
#define EP_BASE_STR_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Copies and always ends with NUL; returns false when text was cut. */
bool ep_str_copy(char *dst, size_t size, const char *text);
/* printf into dst; returns false when cut. */
bool ep_str_format(char *dst, size_t size, const char *format, ...)
	EP_PRINTF(3, 4);
/* Removes white space at the end, in place; returns text. */
char *ep_str_chomp(char *text);
bool ep_str_starts(const char *text, const char *prefix);
bool ep_str_ends(const char *text, const char *suffix);
/* Shell-style match of '*' and '?' only. */
bool ep_str_glob(const char *pattern, const char *text);
/*
 * The entry of names[0..count) nearest to text by edit distance (at most a
 * third of its length, at least 1), or NULL.
 */
const char *ep_str_nearest(const char *text, const char *const *names,
			   size_t count);
/* Makes a column-safe name in place: [a-zA-Z0-9_], all else becomes '_'. */
void ep_str_slug(char *text);
/* Replaces control bytes (and DEL, and bytes that are not UTF-8) by '?', in
 * place, so untrusted text cannot drive a terminal. */
void ep_str_printable(char *text);

#endif
