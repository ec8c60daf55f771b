/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A sentence that does not fit ends in "..." so that the cut is seen. */
static void mark_cut(char *text, size_t size)
{
	memcpy(text + size - 4, "...", 4);
}

int ep_err_set(struct ep_err *err, int code, const char *format, ...)
{
	/* The arguments may point into err->text. */
	char text[sizeof(err->text)];
	va_list args;
	int len;

	assert(code < 0);
	if (!err)
		return code;
	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0)
		text[0] = '\0';
	else if ((size_t)len >= sizeof(text))
		mark_cut(text, sizeof(text));
	memcpy(err->text, text, sizeof(text));
	err->code = code;
	return code;
}

int ep_err_prefix(struct ep_err *err, const char *format, ...)
{
	char text[sizeof(err->text)];
	va_list args;
	size_t used, rest;
	int len;

	if (!err)
		return 0;
	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0)
		return err->code;
	used = (size_t)len < sizeof(text) - 1 ? (size_t)len : sizeof(text) - 1;
	rest = sizeof(text) - used;
	len = snprintf(text + used, rest, ": %s", err->text);
	if (len < 0 || (size_t)len >= rest)
		mark_cut(text, sizeof(text));
	memcpy(err->text, text, sizeof(text));
	return err->code;
}
