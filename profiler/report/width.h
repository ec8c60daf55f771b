/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_WIDTH_H
#define EP_PROFILER_REPORT_WIDTH_H

#include <stddef.h>

/*
 * Columns a terminal gives to UTF-8 text: wide characters count two, combining
 * ones none.  Independent of the locale; a broken byte counts one.
 */
int ep_width(const char *text);
/* Bytes of text that fit into columns, cut between characters. */
size_t ep_width_fit(const char *text, int columns);
/*
 * Copies untrusted text so that it can neither drive a terminal nor change the
 * direction of the line; too long text ends in an ellipsis of three bytes.
 * size >= 4.
 */
void ep_width_clean(char *ret, size_t size, const char *text);
/* Cuts text in place to columns, the last one an ellipsis. */
void ep_width_cut(char *text, size_t size, int columns);

#endif
