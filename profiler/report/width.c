/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/width.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/str.h"

#define ELLIPSIS "\xe2\x80\xa6"

struct range {
	uint32_t first, last;
};

/* Unicode 15: combining marks and other characters that take no column. */
static const struct range zero_wide[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd },
	{ 0x0610, 0x061a }, { 0x064b, 0x065f }, { 0x200b, 0x200f },
	{ 0x202a, 0x202e }, { 0x2060, 0x2069 }, { 0x20d0, 0x20ff },
	{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff },
};

/* East Asian Width W and F. */
static const struct range two_wide[] = {
	{ 0x1100, 0x115f },   { 0x2329, 0x232a },   { 0x2e80, 0x303e },
	{ 0x3041, 0xa4cf },   { 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },   { 0xfe10, 0xfe19 },   { 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
	{ 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x1fa70, 0x1faff },
	{ 0x20000, 0x3fffd },
};

/* Marks that change the direction of a line, and line separators. */
static const struct range unsafe[] = {
	{ 0x061c, 0x061c }, { 0x200e, 0x200f }, { 0x2028, 0x202e },
	{ 0x2066, 0x2069 }, { 0xfeff, 0xfeff },
};

static bool in_ranges(const struct range *r, size_t count, uint32_t c)
{
	for (size_t i = 0; i < count; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

#define IN(table, c) in_ranges(table, sizeof(table) / sizeof((table)[0]), c)

/* One character; a byte that starts none is a character of its own. */
static size_t next_char(const char *text, uint32_t *ret)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t len = 1;
	uint32_t c = s[0];

	if (c >= 0xf0 && c < 0xf8) {
		len = 4;
		c &= 0x07;
	} else if (c >= 0xe0 && c < 0xf0) {
		len = 3;
		c &= 0x0f;
	} else if (c >= 0xc0 && c < 0xe0) {
		len = 2;
		c &= 0x1f;
	}
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			*ret = '?';
			return 1;
		}
		c = c << 6 | (s[i] & 0x3fU);
	}
	*ret = c;
	return len;
}

static int char_width(uint32_t c)
{
	if (IN(zero_wide, c))
		return 0;
	return IN(two_wide, c) ? 2 : 1;
}

int ep_width(const char *text)
{
	int columns = 0;
	uint32_t c;

	while (*text != '\0') {
		text += next_char(text, &c);
		columns += char_width(c);
	}
	return columns;
}

size_t ep_width_fit(const char *text, int columns)
{
	size_t used = 0;
	uint32_t c;

	while (text[used] != '\0') {
		size_t len = next_char(text + used, &c);

		columns -= char_width(c);
		if (columns < 0)
			break;
		used += len;
	}
	return used;
}

void ep_width_clean(char *ret, size_t size, const char *text)
{
	uint32_t c;
	size_t len;
	char *to = ret;

	if (!ep_str_copy(ret, size, text)) {
		/* Never between the bytes of one character. */
		len = size - 4;
		while (len > 0 && ((unsigned char)ret[len] & 0xc0) == 0x80)
			len--;
		memcpy(ret + len, ELLIPSIS, sizeof(ELLIPSIS));
	}
	ep_str_printable(ret);
	for (const char *from = ret; *from != '\0'; from += len) {
		len = next_char(from, &c);
		if (IN(unsafe, c)) {
			*to++ = '?';
			continue;
		}
		memmove(to, from, len);
		to += len;
	}
	*to = '\0';
}

void ep_width_cut(char *text, size_t size, int columns)
{
	size_t len;

	if (ep_width(text) <= columns)
		return;
	len = ep_width_fit(text, columns - 1);
	if (len + sizeof(ELLIPSIS) <= size)
		memcpy(text + len, ELLIPSIS, sizeof(ELLIPSIS));
	else
		text[len] = '\0';
}
