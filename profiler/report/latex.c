/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/latex.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/width.h"

#define PIECE_BYTES 1024

void ep_latex_raw(struct ep_latex *l, const char *markup)
{
	if (l->error == 0)
		l->error = ep_buf_adds(l->b, markup);
}

void ep_latex_rawf(struct ep_latex *l, const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ep_latex_raw(l, text);
}

/* Whatever means something to LaTeX. */
static const char *ascii_of(char c)
{
	switch (c) {
	case '\\':
		return "\\textbackslash{}";
	case '{':
		return "\\{";
	case '}':
		return "\\}";
	case '%':
		return "\\%";
	case '&':
		return "\\&";
	case '#':
		return "\\#";
	case '$':
		return "\\$";
	case '_':
		return "\\_";
	case '~':
		return "\\textasciitilde{}";
	case '^':
		return "\\textasciicircum{}";
	case '<':
		return "\\textless{}";
	case '>':
		return "\\textgreater{}";
	case '|':
		return "\\textbar{}";
	case '"':
		return "{''}";
	case '\'':
		return "\\textquotesingle{}";
	case '`':
		return "\\textasciigrave{}";
	default:
		return NULL;
	}
}

/* What every LaTeX of the last years has in its standard encoding. */
static const struct {
	uint32_t c;
	const char *markup;
} letters[] = {
	{ 0xa0, "~" },
	{ 0xb0, "\\textdegree{}" },
	{ 0xb1, "\\ensuremath{\\pm}" },
	{ 0xb2, "\\textsuperscript{2}" },
	{ 0xb3, "\\textsuperscript{3}" },
	{ 0xb5, "\\textmu{}" },
	{ 0xb7, "\\ensuremath{\\cdot}" },
	{ 0xd7, "\\ensuremath{\\times}" },
	{ 0xf7, "\\ensuremath{\\div}" },
	{ 0x2013, "--" },
	{ 0x2014, "---" },
	{ 0x2018, "`{}" },
	{ 0x2019, "'{}" },
	{ 0x201c, "``{}" },
	{ 0x201d, "''{}" },
	{ 0x2026, "\\ldots{}" },
	{ 0x2212, "\\ensuremath{-}" },
};

/* Letters of Latin-1 that the oldest font encoding makes with accents. */
static bool is_plain_letter(uint32_t c)
{
	return c >= 0xc0 && c <= 0xff && c != 0xd0 && c != 0xde && c != 0xf0 &&
	       c != 0xfe;
}

/* The character at p, which ep_width_clean() found to be whole. */
static size_t decode(const char *p, uint32_t *ret)
{
	const unsigned char *s = (const unsigned char *)p;
	size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 1;
	static const uint32_t masks[] = { 0, 0xff, 0x1f, 0x0f, 0x07 };
	uint32_t c = s[0] & masks[len];

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

static void put_character(struct ep_latex *l, const char *p, size_t len,
			  uint32_t c)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (letters[i].c == c) {
			ep_latex_raw(l, letters[i].markup);
			return;
		}
	if (is_plain_letter(c) && l->error == 0)
		l->error = ep_buf_add(l->b, p, len);
	else
		ep_latex_rawf(l, "\\edgeprofchar{%04X}", (unsigned)c);
}

/* What means something behind a line end, or beside itself. */
static bool needs_braces(const char *text, const char *p)
{
	return (p == text && (*p == '[' || *p == '*')) ||
	       (*p == '-' && p != text && p[-1] == '-');
}

static void put_clean(struct ep_latex *l, const char *text)
{
	const char *p = text;
	uint32_t c;

	while (*p) {
		size_t len = decode(p, &c);
		const char *markup = len == 1 ? ascii_of((char)c) : NULL;

		if (needs_braces(text, p))
			ep_latex_rawf(l, *p == '-' ? "\\mbox{%c}" : "{%c}", *p);
		else if (markup)
			ep_latex_raw(l, markup);
		else if (c >= 0x80)
			put_character(l, p, len, c);
		else if (l->error == 0)
			l->error = ep_buf_add(l->b, c < 0x20 ? "?" : p, 1);
		p += len;
	}
}

void ep_latex_text(struct ep_latex *l, const char *text)
{
	char piece[PIECE_BYTES], clean[PIECE_BYTES + 4];
	size_t len;

	while (*text != '\0') {
		len = strlen(text);
		if (len >= sizeof(piece)) {
			/* Never between the bytes of one character. */
			len = sizeof(piece) - 1;
			while (len > 1 &&
			       ((unsigned char)text[len] & 0xc0) == 0x80)
				len--;
		}
		memcpy(piece, text, len);
		piece[len] = '\0';
		ep_width_clean(clean, sizeof(clean), piece);
		put_clean(l, clean);
		text += len;
	}
}

void ep_latex_begin(struct ep_latex *l)
{
	ep_latex_raw(
		l,
		"% Tables by edgeprof " EP_VERSION
		". In the preamble of the paper:\n"
		"%   \\usepackage{booktabs}\n"
		"%   \\usepackage{siunitx}   % 3.0 or later\n"
		"%   \\usepackage{longtable} % where a table is longer than a "
		"page\n"
		"% Letters that pdfLaTeX lacks stand as U+ and their number; "
		"LuaLaTeX and XeLaTeX\n"
		"% print them when the font has them.\n"
		"\\providecommand{\\edgeprofchar}[1]{\\ifdefined\\Umathcode"
		"\\iffontchar\\font\"#1 \\char\"#1 \\else U+#1\\fi"
		"\\else U+#1\\fi}\n");
}
