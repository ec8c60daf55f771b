/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_CSV_H
#define EP_BASE_CSV_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Streaming reader of numeric CSV: a header line, then lines of integers; a
 * cell may be empty.  Reads with read(2) in blocks, so memory stays constant.
 * A last line without newline is a torn write and is dropped (torn is set).
 */
#define EP_CSV_COLUMNS_MAX 4096
#define EP_CSV_LINE_BYTES_MAX (256 * 1024)

struct ep_csv_ints {
	int fd; /* borrowed */
	char *block;
	size_t begin, end;
	bool eof, torn;
	uint64_t line;	    /* 1 = header */
	uint64_t bad_count; /* lines that were not what the header said */
	size_t columns;
	char **names; /* owned */
};

/* Reads the header.  -ENODATA when the file is empty, -EBADMSG, -ENOMEM. */
int ep_csv_ints_open(struct ep_csv_ints *r, int fd,
		     struct ep_err *err) EP_MUST_CHECK;
/* Goes on with the line that begins at offset.  -errno. */
int ep_csv_ints_seek(struct ep_csv_ints *r, int64_t offset) EP_MUST_CHECK;
void ep_csv_ints_close(struct ep_csv_ints *r);
/*
 * One line into values[columns] and present[columns] (0 or 1; an empty cell
 * leaves its value untouched).  1 for a line, 0 at the end, -errno.  A bad line
 * (wrong column count, not integers) is skipped and counted; values where
 * present is 0 may then hold what it held.
 */
int ep_csv_ints_next(struct ep_csv_ints *r, int64_t *values, uint8_t *present);

/*
 * Splits one RFC 4180 record in place: quotes removed, "" to ".  line is NUL
 * ended, without its newline.  Returns the count of fields, -EBADMSG on a stray
 * quote, -E2BIG past max.
 */
int ep_csv_split(char *line, char **ret_fields, size_t max) EP_MUST_CHECK;
/* Appends text, quoted when it holds a comma, a quote or a line end.  Control
 * bytes other than tab are written as '?'; a line end as "\n" inside quotes is
 * replaced by a space, so that one record is always one line. */
int ep_csv_put_text(struct ep_buf *b, const char *text) EP_MUST_CHECK;

#endif
