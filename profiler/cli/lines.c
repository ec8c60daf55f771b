/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/lines.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "profiler/cli/cli.h"
#include "profiler/report/width.h"

#define TEXT_BYTES 4096

void ep_lines_spaces(int count)
{
	if (count > 0)
		(void)printf("%*s", count, "");
}

/* Bytes of the next line of at most columns: whole words where possible. */
static size_t line_bytes(const char *text, int columns)
{
	size_t fit = ep_width_fit(text, columns), cut;

	if (text[fit] == '\0' || text[fit] == ' ')
		return fit;
	for (cut = fit; cut > 0 && text[cut - 1] != ' '; cut--)
		;
	/* A command or path is not broken: it is there to be copied. */
	if (cut == 0)
		cut = strcspn(text, " ");
	return cut;
}

void ep_lines_wrap(int at, int indent, const char *text)
{
	char clean[TEXT_BYTES];
	const char *rest = clean;
	int column = at;

	ep_width_clean(clean, sizeof(clean), text);
	while (*rest == ' ')
		rest++;
	do {
		size_t len = line_bytes(rest, EP_LINES_COLUMNS - column);
		size_t used = len;

		while (used > 0 && rest[used - 1] == ' ')
			used--;
		(void)printf("%.*s\n", (int)used, rest);
		rest += len;
		while (*rest == ' ')
			rest++;
		if (*rest)
			ep_lines_spaces(indent);
		column = indent;
	} while (*rest);
}

void ep_lines_wrapf(int at, int indent, const char *format, ...)
{
	char text[TEXT_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ep_lines_wrap(at, indent, text);
}

void ep_lines_fact(int column, const char *label, const char *text)
{
	char clean[120];
	int at;

	ep_width_clean(clean, sizeof(clean), label);
	at = ep_width(clean) + 2;
	(void)printf("  %s", clean);
	if (at + 1 >= column) {
		(void)putchar('\n');
		at = 0;
	}
	ep_lines_spaces(column - at);
	ep_lines_wrap(column, column, text);
}

void ep_lines_cell(int columns, const char *text)
{
	char clean[256];

	ep_width_clean(clean, sizeof(clean), text);
	ep_width_cut(clean, sizeof(clean), columns);
	(void)printf("%s", clean);
	ep_lines_spaces(columns - ep_width(clean));
}

int ep_lines_end(const char *command, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fprintf(stderr, "edgeprof %s: cannot write: %s\n", command,
		      strerror(errno));
	return EP_EXIT_INTERNAL;
}
