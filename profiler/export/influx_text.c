/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/export/influx.h"

#define NAME_BYTES 512

/*
 * Keys and tags: commas, equal signs and blanks get a backslash.  A backslash
 * itself cannot be written everywhere (at the end it would hide what follows),
 * so it becomes a slash.
 */
static int put_name(struct ep_buf *b, const char *text)
{
	char clean[NAME_BYTES];
	int r = 0;

	(void)ep_str_copy(clean, sizeof(clean), text);
	ep_str_printable(clean);
	for (const char *p = clean; r == 0 && *p; p++) {
		if (*p == ',' || *p == '=' || *p == ' ')
			r = ep_buf_add(b, "\\", 1);
		if (r == 0)
			r = ep_buf_add(b, *p == '\\' ? "/" : p, 1);
	}
	return r;
}

int ep_influx_tag(struct ep_buf *b, const char *name, const char *value)
{
	int r;

	if (!name[0] || !value[0])
		return 0;
	r = ep_buf_adds(b, ",");
	if (r == 0)
		r = put_name(b, name);
	if (r == 0)
		r = ep_buf_adds(b, "=");
	return r < 0 ? r : put_name(b, value);
}

static int put_key(struct ep_influx *in, const char *key)
{
	int r = ep_buf_adds(&in->buf, in->any ? "," : " ");

	in->any = true;
	if (r == 0)
		r = put_name(&in->buf, key);
	return r < 0 ? r : ep_buf_adds(&in->buf, "=");
}

int ep_influx_number(struct ep_influx *in, const char *key, double value)
{
	char text[40];
	size_t len;
	int r;

	if (!isfinite(value))
		return 0;
	len = ep_num_put_f64(text, value);
	r = put_key(in, key);
	return r < 0 ? r : ep_buf_add(&in->buf, text, len);
}

int ep_influx_integer(struct ep_influx *in, const char *key, int64_t value)
{
	char text[24];
	size_t len = ep_num_put_i64(text, value);
	int r = put_key(in, key);

	text[len++] = 'i';
	return r < 0 ? r : ep_buf_add(&in->buf, text, len);
}

int ep_influx_text(struct ep_influx *in, const char *key, const char *value)
{
	char clean[NAME_BYTES];
	int r;

	if (!value[0])
		return 0;
	(void)ep_str_copy(clean, sizeof(clean), value);
	ep_str_printable(clean);
	r = put_key(in, key);
	if (r == 0)
		r = ep_buf_adds(&in->buf, "\"");
	for (const char *p = clean; r == 0 && *p; p++) {
		if (*p == '"' || *p == '\\')
			r = ep_buf_add(&in->buf, "\\", 1);
		if (r == 0)
			r = ep_buf_add(&in->buf, p, 1);
	}
	return r < 0 ? r : ep_buf_adds(&in->buf, "\"");
}

bool ep_influx_quote(const char *text, char *ret, size_t size)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-._~";
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (; *text && n + 3 < size; text++) {
		unsigned char c = (unsigned char)*text;

		if (strchr(plain, c)) {
			ret[n++] = (char)c;
			continue;
		}
		ret[n++] = '%';
		ret[n++] = hex[c >> 4];
		ret[n++] = hex[c & 15];
	}
	ret[n] = '\0';
	return *text == '\0';
}
