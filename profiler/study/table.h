/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_TABLE_H
#define EP_PROFILER_STUDY_TABLE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* A table of text, by columns; a cell may be missing. */
#define EP_TABLE_COLUMNS_MAX 4096
#define EP_TABLE_CELLS_MAX ((size_t)20 * 1000 * 1000)
#define EP_TABLE_NONE ((size_t)-1)

struct ep_table {
	struct ep_table_column {
		char *name;
		char **cells; /* [rows]; NULL: missing */
	} * columns;
	size_t column_count, row_count;
	size_t rows_size; /* of each column */
	size_t last;	  /* the column that was set last */
};

void ep_table_done(struct ep_table *t);
/* EP_TABLE_NONE: there is none of that name. */
size_t ep_table_find(const struct ep_table *t, const char *name);
/* "" when missing. */
const char *ep_table_get(const struct ep_table *t, size_t row, size_t column);
/* The row that follows; -ENOMEM, -E2BIG. */
int ep_table_add_row(struct ep_table *t) EP_MUST_CHECK;
/* Into the last row; a new column when there is none of that name. */
int ep_table_set(struct ep_table *t, const char *name,
		 const char *text) EP_MUST_CHECK;
/* "did you mean 'x'" or what there is. */
void ep_table_suggest(const struct ep_table *t, const char *name, char *ret,
		      size_t size);

/*
 * RFC 4180 with a header line: commas, quotes, line ends inside quotes, LF or
 * CRLF, with or without a byte order mark.  Every record has the fields of the
 * header.  -ENOENT ..., -EBADMSG with the line, -EFBIG past 256 MiB.  name is
 * for the sentences.
 */
int ep_table_parse(struct ep_table *t, char *text, const char *name,
		   struct ep_err *err) EP_MUST_CHECK;
int ep_table_read(struct ep_table *t, int dir_fd, const char *name,
		  struct ep_err *err) EP_MUST_CHECK;

#endif
