/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/file.h"
#include "base/str.h"
#include "profiler/study/table.h"

#define FILE_BYTES_MAX ((size_t)256 * 1024 * 1024)

struct reader {
	char *at;	  /* the next record */
	unsigned line;	  /* its first line, from 1 */
	const char *name; /* of the file */
	char *fields[EP_TABLE_COLUMNS_MAX];
	int count;
};

/* The end of the record at p, over line ends inside quotes. */
static char *record_end(char *p, unsigned *lines)
{
	bool quoted = false;

	for (; *p; p++) {
		if (*p == '"')
			quoted = !quoted;
		if (*p != '\n')
			continue;
		++*lines;
		if (!quoted)
			break;
	}
	return p;
}

/* 1: a record, its fields in r; 0: that was all. */
static int next(struct reader *r, struct ep_err *err)
{
	while (*r->at) {
		unsigned lines = 0;
		char *begin = r->at, *end = record_end(begin, &lines);
		unsigned line = r->line;

		r->at = *end ? end + 1 : end;
		r->line += lines;
		if (end > begin && end[-1] == '\r')
			end--;
		*end = '\0';
		if (*begin == '\0')
			continue;
		r->count = ep_csv_split(begin, r->fields, EP_TABLE_COLUMNS_MAX);
		if (r->count == -E2BIG)
			return ep_err_set(err, -E2BIG,
					  "%s: line %u has more than %d fields",
					  r->name, line, EP_TABLE_COLUMNS_MAX);
		if (r->count < 0)
			return ep_err_set(err, -EBADMSG,
					  "%s: line %u: a quote is not closed "
					  "or in the wrong place",
					  r->name, line);
		return 1;
	}
	return 0;
}

static int check_header(const struct reader *r, struct ep_err *err)
{
	for (int i = 0; i < r->count; i++) {
		if (r->fields[i][0] == '\0')
			return ep_err_set(err, -EBADMSG,
					  "%s: column %d has no name in the "
					  "first line",
					  r->name, i + 1);
		for (int k = 0; k < i; k++)
			if (strcmp(r->fields[i], r->fields[k]) == 0)
				return ep_err_set(err, -EBADMSG,
						  "%s: two columns are called "
						  "'%.40s'",
						  r->name, r->fields[i]);
	}
	if (r->count == 1 && strpbrk(r->fields[0], ";\t"))
		return ep_err_set(err, -EBADMSG,
				  "%s: columns must be separated by commas",
				  r->name);
	return 0;
}

static int take_header(struct ep_table *t, struct reader *r, char ***ret,
		       struct ep_err *err)
{
	int got = next(r, err);
	char **names;

	if (got < 0)
		return got;
	if (got == 0)
		return ep_err_set(err, -ENODATA, "%s is empty", r->name);
	got = check_header(r, err);
	if (got < 0)
		return got;
	names = calloc((size_t)r->count, sizeof(*names));
	for (int i = 0; names && i < r->count; i++) {
		names[i] = r->fields[i];
		got = ep_table_set(t, names[i], "");
		if (got < 0)
			break;
	}
	if (!names || got < 0) {
		free(names);
		return ep_err_set(err, -ENOMEM, "out of memory");
	}
	*ret = names;
	return r->count;
}

static int take_rows(struct ep_table *t, struct reader *r, char *const *names,
		     int columns, struct ep_err *err)
{
	int got;

	for (;;) {
		unsigned line = r->line;

		got = next(r, err);
		if (got <= 0)
			return got;
		if (r->count != columns)
			return ep_err_set(err, -EBADMSG,
					  "%s: near line %u: %d fields, the "
					  "first line has %d",
					  r->name, line, r->count, columns);
		got = ep_table_add_row(t);
		for (int i = 0; got == 0 && i < columns; i++)
			got = ep_table_set(t, names[i], r->fields[i]);
		if (got < 0)
			return ep_err_set(err, got, "%s: %s", r->name,
					  strerror(-got));
	}
}

int ep_table_parse(struct ep_table *t, char *text, const char *name,
		   struct ep_err *err)
{
	struct reader *r = calloc(1, sizeof(*r));
	char **names = NULL;
	int got;

	if (!r)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r->at = text + (ep_str_starts(text, "\xef\xbb\xbf") ? 3 : 0);
	r->line = 1;
	r->name = name;
	got = take_header(t, r, &names, err);
	if (got > 0)
		got = take_rows(t, r, names, got, err);
	free(names);
	free(r);
	return got;
}

int ep_table_read(struct ep_table *t, int dir_fd, const char *name,
		  struct ep_err *err)
{
	struct ep_buf b;
	int r;

	ep_buf_init(&b, FILE_BYTES_MAX);
	r = ep_file_read(dir_fd, name, &b);
	if (r < 0)
		ep_err_set(err, r, "%s: %s", name, strerror(-r));
	else if (b.len == 0 || memchr(b.data, '\0', b.len))
		r = ep_err_set(err, -EBADMSG, "%s is %s", name,
			       b.len ? "no text" : "empty");
	else
		r = ep_table_parse(t, b.data, name, err);
	ep_buf_done(&b);
	return r;
}
