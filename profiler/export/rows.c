/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

#define BLOCK_BYTES ((size_t)1024 * 1024)
#define FIXED_COLUMNS 4 /* time_s,phase,request,tokens */
#define NS_DIGITS 9

static int damaged(const struct ep_rows *r, struct ep_err *err)
{
	return ep_err_set(err, -EBADMSG,
			  "trace.csv is damaged at line %llu: remove it, and "
			  "edgeprof report makes it again",
			  (unsigned long long)r->line);
}

/* Reads on; false at the end of the file or on an error, then in *ret_code. */
static bool fill(struct ep_rows *r, int *ret_code)
{
	ssize_t got;

	memmove(r->block, r->block + r->begin, r->end - r->begin);
	r->end -= r->begin;
	r->begin = 0;
	if (r->eof || r->end == BLOCK_BYTES) {
		*ret_code = r->end == BLOCK_BYTES ? -EBADMSG : 0;
		return false;
	}
	do {
		got = read(r->fd, r->block + r->end, BLOCK_BYTES - r->end);
	} while (got < 0 && errno == EINTR);
	if (got < 0) {
		*ret_code = -errno;
		return false;
	}
	r->eof = got == 0;
	r->end += (size_t)got;
	return true;
}

/* The next line, NUL ended; NULL: see *ret_code. */
static char *next_line(struct ep_rows *r, int *ret_code)
{
	*ret_code = 0;
	for (;;) {
		char *line = r->block + r->begin;
		char *stop = memchr(line, '\n', r->end - r->begin);

		if (stop) {
			*stop = '\0';
			r->begin += (size_t)(stop - line) + 1;
			r->line++;
			return line;
		}
		if (!fill(r, ret_code))
			return NULL;
	}
}

/* Names of the columns after the fixed ones. */
static int read_names(struct ep_rows *r, char *header)
{
	char *next = header;

	r->names = calloc(r->count, sizeof(*r->names));
	r->values = calloc(r->count, sizeof(*r->values));
	if (!r->names || !r->values)
		return -ENOMEM;
	for (int c = 0; next; c++) {
		char *name = next;
		size_t i = (size_t)c - FIXED_COLUMNS;

		next = strchr(name, ',');
		if (next)
			*next++ = '\0';
		if (c < FIXED_COLUMNS || i >= r->count)
			continue;
		r->names[i] = strdup(name);
		if (!r->names[i])
			return -ENOMEM;
	}
	return 0;
}

static int read_header(struct ep_rows *r, const struct ep_report *report,
		       struct ep_err *err)
{
	int code;
	char *line = next_line(r, &code), *copy;

	if (!line)
		return code < 0 ? ep_err_set(err, code, "trace.csv: %s",
					     strerror(-code))
				: damaged(r, err);
	copy = strdup(line);
	if (!copy)
		return -ENOMEM;
	code = ep_series_columns(line, report, &r->set);
	if (code > 0) {
		r->columns = code;
		r->count = r->set.count;
		code = read_names(r, copy);
	}
	free(copy);
	return code == -EBADMSG ? damaged(r, err) : code;
}

int ep_rows_open(struct ep_rows *r, int fd, const struct ep_report *report,
		 struct ep_err *err)
{
	int code = -ENOMEM;

	*r = (struct ep_rows){ .fd = fd, .gate_ns = report->gate_ns };
	r->interval_ns =
		json_integer_value(json_object_get(report->run, "interval_ns"));
	r->block = malloc(BLOCK_BYTES + 1);
	if (r->block)
		code = read_header(r, report, err);
	if (code == 0 && r->interval_ns <= 0)
		code = ep_err_set(err, -EBADMSG, "run.json: no interval_ns");
	if (code < 0)
		ep_rows_close(r);
	return code == -ENOMEM ? ep_err_set(err, code, "out of memory") : code;
}

/* Takes the quotes of a phase's name off; the field ends at *ret_next. */
static bool take_field(char **at, char **ret)
{
	char *p = *at, *to = p;

	*ret = p;
	if (*p != '"') {
		p = strchr(p, ',');
		if (p)
			*p++ = '\0';
		*at = p;
		return true;
	}
	for (p++; *p && !(*p == '"' && p[1] != '"'); p++) {
		if (*p == '"')
			p++;
		*to++ = *p;
	}
	if (*p != '"' || (p[1] != ',' && p[1] != '\0'))
		return false;
	*at = p[1] == ',' ? p + 2 : NULL;
	*to = '\0';
	return true;
}

static bool take_fixed(struct ep_rows *r, char **at)
{
	char *cells[FIXED_COLUMNS] = { NULL };
	int64_t time_ns;

	for (int i = 0; i < FIXED_COLUMNS; i++)
		if (!*at || !take_field(at, &cells[i]))
			return false;
	r->request = -1;
	r->tokens = -1;
	if (ep_num_parse_scaled(cells[0], NS_DIGITS, &time_ns) < 0 ||
	    (cells[2][0] && ep_num_parse_i64(cells[2], &r->request) < 0) ||
	    (cells[3][0] && ep_num_parse_i64(cells[3], &r->tokens) < 0))
		return false;
	if (__builtin_add_overflow(r->gate_ns, time_ns, &r->t_ns))
		return false;
	(void)ep_str_copy(r->phase, sizeof(r->phase), cells[1]);
	return true;
}

int ep_rows_next(struct ep_rows *r, struct ep_err *err)
{
	int code;
	char *at = next_line(r, &code);

	if (!at && code < 0)
		return ep_err_set(err, code, "trace.csv: %s", strerror(-code));
	if (!at)
		return r->begin == r->end ? 0 : damaged(r, err);
	if (!take_fixed(r, &at))
		return damaged(r, err);
	for (int c = FIXED_COLUMNS; c < r->columns; c++) {
		size_t i = (size_t)c - FIXED_COLUMNS;
		char *cell;

		if (!at || !take_field(&at, &cell))
			return damaged(r, err);
		if (i >= r->count)
			continue;
		r->values[i] = (double)NAN;
		if (cell[0] && ep_num_parse_f64(cell, &r->values[i]) < 0)
			return damaged(r, err);
	}
	return at ? damaged(r, err) : 1;
}

void ep_rows_close(struct ep_rows *r)
{
	if (!r)
		return;
	for (size_t i = 0; r->names && i < r->count; i++)
		free(r->names[i]);
	free(r->names);
	free(r->values);
	free(r->block);
	ep_series_done(&r->set);
	*r = (struct ep_rows){ .fd = -1 };
}
