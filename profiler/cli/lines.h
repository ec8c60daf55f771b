/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_LINES_H
#define EP_PROFILER_CLI_LINES_H

#include "base/err.h"

#include <stddef.h>

/*
 * Lines for people, in 80 columns, on standard output.  All text is cleaned:
 * it may come from files that anyone wrote.
 */
#define EP_LINES_COLUMNS 80

/* Text wrapped between words; the cursor stands at column at, and the lines
 * after the first begin at column indent. */
void ep_lines_wrap(int at, int indent, const char *text);
/* printf, then as above. */
void ep_lines_wrapf(int at, int indent, const char *format, ...)
	EP_PRINTF(3, 4);
/* "  label   text": the text begins at column, or below a long label. */
void ep_lines_fact(int column, const char *label, const char *text);
/* Text and blanks up to that many columns, cut when longer. */
void ep_lines_cell(int columns, const char *text);
void ep_lines_spaces(int count);

/*
 * The end of a command: status, or EP_EXIT_INTERNAL with a message when its
 * lines did not reach standard output.
 */
int ep_lines_end(const char *command, int status);

#endif
