/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/text.h"

#include <string.h>

#include "base/str.h"

#define ESCAPE '\x1b'

/* ECMA-48: CSI sequences end with a byte from '@' to '~', strings (OSC and the
 * like) with BEL or ESC \, all others are two or three bytes. */
static size_t escape_bytes(const char *text, size_t len)
{
	size_t i = 2;

	if (len < 2)
		return len;
	if (text[1] == '[') {
		while (i < len && (text[i] < '@' || text[i] > '~'))
			i++;
		return i < len ? i + 1 : len;
	}
	if (strchr("]PX^_", text[1]) && text[1] != '\0') {
		while (i < len && text[i] != '\a' && text[i] != ESCAPE)
			i++;
		if (i < len && text[i] == ESCAPE && i + 1 < len)
			i++;
		return i < len ? i + 1 : len;
	}
	while (i <= len && text[i - 1] >= ' ' && text[i - 1] <= '/')
		i++;
	return i < len ? i : len;
}

void ep_text_clean(char *text, size_t len)
{
	size_t to = 0;

	for (size_t from = 0; from < len;) {
		if (text[from] == ESCAPE) {
			from += escape_bytes(text + from, len - from);
			continue;
		}
		text[to++] = text[from] == '\0' ? '?' : text[from];
		from++;
	}
	text[to] = '\0';
	for (char *tab = strchr(text, '\t'); tab; tab = strchr(tab, '\t'))
		*tab = ' ';
	(void)ep_str_chomp(text);
	ep_str_printable(text);
}
