/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/html_out.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/report/width.h"

#define PIECE_BYTES 1024
#define DIGITS 9

void ep_html_bytes(struct ep_html *h, const char *data, size_t len)
{
	if (h->error == 0)
		h->error = ep_buf_add(h->b, data, len);
}

void ep_html_raw(struct ep_html *h, const char *markup)
{
	ep_html_bytes(h, markup, strlen(markup));
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void put_piece(struct ep_html *h, const char *text)
{
	while (*text != '\0') {
		size_t plain = strcspn(text, "&<>\"'");

		ep_html_bytes(h, text, plain);
		text += plain;
		if (*text != '\0')
			ep_html_raw(h, entity(*text++));
	}
}

void ep_html_text(struct ep_html *h, const char *text)
{
	char piece[PIECE_BYTES], clean[PIECE_BYTES];

	while (*text != '\0') {
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
		ep_width_clean(clean, sizeof(clean), piece);
		put_piece(h, clean);
	}
}

void ep_html_element(struct ep_html *h, const char *tag, const char *class_name,
		     const char *text)
{
	ep_html_raw(h, "<");
	ep_html_raw(h, tag);
	if (class_name[0] != '\0') {
		ep_html_raw(h, " class=\"");
		ep_html_raw(h, class_name);
		ep_html_raw(h, "\"");
	}
	ep_html_raw(h, ">");
	ep_html_text(h, text);
	ep_html_raw(h, "</");
	ep_html_raw(h, tag);
	ep_html_raw(h, ">");
}

void ep_html_slug(struct ep_html *h, const char *text)
{
	bool gap = false, any = false;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		char out = (char)tolower(c);

		if (c >= 0x80 || !isalnum(c)) {
			gap = any;
			continue;
		}
		if (gap)
			ep_html_raw(h, "-");
		ep_html_bytes(h, &out, 1);
		gap = false;
		any = true;
	}
}

void ep_html_number(struct ep_html *h, double value)
{
	static const double tens[] = { 1e0, 1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
				       1e7, 1e8, 1e9, 1e10, 1e11, 1e12 };
	char text[32];
	int scale = 0;

	if (!isfinite(value)) {
		ep_html_raw(h, "null");
		return;
	}
	if (fabs(value) < 1e-3 || fabs(value) >= 1e15) {
		(void)ep_num_put_f64(text, value);
		ep_html_raw(h, text);
		return;
	}
	while (scale < 12 && fabs(value) * tens[scale] < 1e8)
		scale++;
	ep_html_bytes(h, text,
		      ep_num_put_scaled(text,
					(int64_t)llrint(value * tens[scale]),
					scale));
}

struct ep_json_out ep_html_data_begin(struct ep_html *h, const char *id)
{
	struct ep_json_out o = {
		.b = h->b, .error = h->error, .empty = true, .in_html = true
	};

	ep_html_raw(h, "<script type=\"application/json\" id=\"");
	ep_html_raw(h, id);
	ep_html_raw(h, "\">\n");
	o.error = h->error;
	return o;
}

void ep_html_data_end(struct ep_html *h, const struct ep_json_out *o)
{
	if (h->error == 0)
		h->error = o->error;
	ep_html_raw(h, "</script>\n");
}
