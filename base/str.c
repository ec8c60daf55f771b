/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Names longer than this are not worth a suggestion. */
#define NEAREST_BYTES_MAX 64

bool ep_str_copy(char *dst, size_t size, const char *text)
{
	size_t len = strlen(text);
	bool fits = len < size;

	if (size == 0)
		return false;
	if (!fits)
		len = size - 1;
	memmove(dst, text, len);
	dst[len] = '\0';
	return fits;
}

bool ep_str_format(char *dst, size_t size, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(dst, size, format, args);
	va_end(args);
	return len >= 0 && (size_t)len < size;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

char *ep_str_chomp(char *text)
{
	size_t len = strlen(text);

	while (len > 0 && is_space(text[len - 1]))
		len--;
	text[len] = '\0';
	return text;
}

bool ep_str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ep_str_ends(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len >= suffix_len &&
	       memcmp(text + len - suffix_len, suffix, suffix_len) == 0;
}

bool ep_str_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *resume = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = pattern++;
			resume = text;
		} else if (*pattern == '?' || *pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star + 1;
			text = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edit distance where swapping two neighbours is one edit. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][NEAREST_BYTES_MAX + 1];
	size_t *prev2 = rows[0], *prev = rows[1], *cur = rows[2], *spare;

	for (size_t j = 0; j <= b_len; j++)
		prev[j] = prev2[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		cur[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t cost = a[i - 1] == b[j - 1] ? 0 : 1;

			cur[j] = min3(prev[j] + 1, cur[j - 1] + 1,
				      prev[j - 1] + cost);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && prev2[j - 2] + 1 < cur[j])
				cur[j] = prev2[j - 2] + 1;
		}
		spare = prev2;
		prev2 = prev;
		prev = cur;
		cur = spare;
	}
	return prev[b_len];
}

const char *ep_str_nearest(const char *text, const char *const *names,
			   size_t count)
{
	size_t len = strlen(text);
	size_t limit = len / 3 < 1 ? 1 : len / 3;
	const char *best = NULL;

	if (len > NEAREST_BYTES_MAX)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		size_t name_len = strlen(names[i]);
		size_t d;

		if (name_len > NEAREST_BYTES_MAX)
			continue;
		d = distance(text, len, names[i], name_len);
		if (d > limit || (best && d == limit))
			continue;
		best = names[i];
		limit = d;
	}
	return best;
}

void ep_str_slug(char *text)
{
	for (; *text; text++) {
		char c = *text;

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9')))
			*text = '_';
	}
}

/* Length of the UTF-8 sequence at p, or 0 when there is none (overlong forms,
 * surrogates and values past U+10FFFF included; the NUL ends it). */
static size_t utf8_len(const unsigned char *p)
{
	static const struct {
		unsigned char lead, lead_mask, extra;
		uint32_t least;
	} forms[] = {
		{ 0xc0, 0xe0, 1, 0x80 },
		{ 0xe0, 0xf0, 2, 0x800 },
		{ 0xf0, 0xf8, 3, 0x10000 },
	};

	if (p[0] < 0x80)
		return 1;
	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		uint32_t code = p[0] & (unsigned char)~forms[f].lead_mask;
		size_t i;

		if ((p[0] & forms[f].lead_mask) != forms[f].lead)
			continue;
		for (i = 1; i <= forms[f].extra; i++) {
			if ((p[i] & 0xc0) != 0x80)
				return 0;
			code = code << 6 | (p[i] & 0x3f);
		}
		if (code < forms[f].least || code > 0x10ffff ||
		    (code >= 0xd800 && code <= 0xdfff))
			return 0;
		return i;
	}
	return 0;
}

void ep_str_printable(char *text)
{
	unsigned char *p = (unsigned char *)text;

	while (*p) {
		size_t len = utf8_len(p);

		if (len == 0 || (len == 1 && (*p < 0x20 || *p == 0x7f))) {
			*p++ = '?';
		} else if (len == 2 && p[0] == 0xc2 && p[1] < 0xa0) {
			/* U+0080..U+009F: terminals obey them too. */
			*p++ = '?';
			*p++ = '?';
		} else {
			p += len;
		}
	}
}
