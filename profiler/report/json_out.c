/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/json_out.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/report/width.h"

#define PIECE_BYTES 256

static void put(struct ep_json_out *o, const char *text, size_t len)
{
	if (o->error == 0)
		o->error = ep_buf_add(o->b, text, len);
}

static void puts_to(struct ep_json_out *o, const char *text)
{
	put(o, text, strlen(text));
}

static void new_line(struct ep_json_out *o)
{
	puts_to(o, "\n");
	for (int i = 0; i < o->depth; i++)
		puts_to(o, "  ");
}

/* One code point as \uXXXX, or as two of them past U+FFFF. */
static void put_escape(struct ep_json_out *o, uint32_t c)
{
	char text[16];

	if (c > 0xffff) {
		c -= 0x10000;
		(void)ep_str_format(text, sizeof(text), "\\u%04x\\u%04x",
				    (unsigned)(0xd800 + (c >> 10)),
				    (unsigned)(0xdc00 + (c & 0x3ff)));
	} else {
		(void)ep_str_format(text, sizeof(text), "\\u%04x", (unsigned)c);
	}
	puts_to(o, text);
}

static bool is_markup(uint32_t c)
{
	return c == '<' || c == '>' || c == '&';
}

/* text is valid UTF-8 without control bytes. */
static void put_piece(struct ep_json_out *o, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s != '\0') {
		uint32_t c = *s++;
		int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

		if (o->in_html && is_markup(c)) {
			put_escape(o, c);
			continue;
		}
		if (more == 0) {
			if (c == '"' || c == '\\')
				put(o, "\\", 1);
			put(o, (const char *)(s - 1), 1);
			continue;
		}
		c &= 0x3fU >> more;
		while (more-- > 0 && *s != '\0')
			c = c << 6 | (*s++ & 0x3fU);
		put_escape(o, c);
	}
}

static void put_string(struct ep_json_out *o, const char *text)
{
	char piece[PIECE_BYTES], clean[PIECE_BYTES];

	put(o, "\"", 1);
	do {
		size_t len;

		(void)ep_str_copy(piece, sizeof(piece), text);
		len = strlen(piece);
		/* Never between the bytes of one character. */
		if (text[len] != '\0')
			while (len > 1 &&
			       ((unsigned char)text[len] & 0xc0) == 0x80)
				len--;
		piece[len] = '\0';
		text += len;
		if (o->in_html)
			ep_width_clean(clean, sizeof(clean), piece);
		else
			ep_str_printable(piece);
		put_piece(o, o->in_html ? clean : piece);
	} while (*text != '\0');
	put(o, "\"", 1);
}

static void start(struct ep_json_out *o, const char *key)
{
	if (!o->empty)
		puts_to(o, o->flat_depth > 0 ? ", " : ",");
	if (o->depth > 0 && o->flat_depth == 0)
		new_line(o);
	o->empty = false;
	if (key) {
		put_string(o, key);
		puts_to(o, ": ");
	}
}

void ep_json_open(struct ep_json_out *o, const char *key, char bracket,
		  bool flat)
{
	start(o, key);
	put(o, &bracket, 1);
	o->depth++;
	if (flat && o->flat_depth == 0)
		o->flat_depth = o->depth;
	o->empty = true;
}

void ep_json_close(struct ep_json_out *o, char bracket)
{
	bool flat = o->flat_depth > 0;

	if (o->flat_depth == o->depth)
		o->flat_depth = 0;
	o->depth--;
	if (!flat && !o->empty)
		new_line(o);
	put(o, &bracket, 1);
	o->empty = false;
	if (o->depth == 0)
		puts_to(o, "\n");
}

void ep_json_text(struct ep_json_out *o, const char *key, const char *text)
{
	start(o, key);
	put_string(o, text);
}

void ep_json_raw(struct ep_json_out *o, const char *key)
{
	start(o, key);
}

void ep_json_text_or_null(struct ep_json_out *o, const char *key,
			  const char *text)
{
	start(o, key);
	if (text[0] == '\0')
		puts_to(o, "null");
	else
		put_string(o, text);
}

void ep_json_integer(struct ep_json_out *o, const char *key, int64_t value)
{
	char text[24];

	start(o, key);
	put(o, text, ep_num_put_i64(text, value));
}

void ep_json_count(struct ep_json_out *o, const char *key, int64_t value)
{
	if (value < 0)
		ep_json_text_or_null(o, key, "");
	else
		ep_json_integer(o, key, value);
}

void ep_json_number(struct ep_json_out *o, const char *key, double value)
{
	char text[40];
	size_t len;

	start(o, key);
	len = ep_num_put_f64(text, value);
	if (len == 0)
		puts_to(o, "null");
	else
		put(o, text, len);
}

void ep_json_bool(struct ep_json_out *o, const char *key, bool value)
{
	start(o, key);
	puts_to(o, value ? "true" : "false");
}

static int dump_piece(const char *text, size_t len, void *ctx)
{
	struct ep_json_out *o = ctx;

	put(o, text, len);
	return o->error == 0 ? 0 : -1;
}

void ep_json_value(struct ep_json_out *o, const char *key, const json_t *value)
{
	start(o, key);
	if (!value)
		puts_to(o, "null");
	else if (json_dump_callback(value, dump_piece, o,
				    JSON_ENSURE_ASCII | JSON_ENCODE_ANY |
					    JSON_REAL_PRECISION(15)) < 0 &&
		 o->error == 0)
		o->error = -ENOMEM;
}
