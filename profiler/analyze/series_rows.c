/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/analyze/run.h"
#include "profiler/analyze/series.h"

#define BLOCK_BYTES ((size_t)1024 * 1024)
/* A mantissa of so many digits fits uint64_t. */
#define DIGITS_MAX 19
#define FIXED_COLUMNS 4

static const double tens[DIGITS_MAX + 1] = {
	1e0,  1e1,  1e2,  1e3,	1e4,  1e5,  1e6,  1e7,	1e8,  1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
};

struct reader {
	int fd;
	char *block; /* one byte more for an end */
	size_t begin, end;
	bool eof;
};

/* The next line without its end, NUL ended; NULL at the end.  *ret_code is
 * -errno, or -EBADMSG for a line that is too long. */
static char *next_line(struct reader *r, size_t *ret_len, int *ret_code)
{
	for (;;) {
		char *line = r->block + r->begin;
		char *stop = memchr(line, '\n', r->end - r->begin);
		ssize_t got;

		if (stop) {
			*stop = '\0';
			*ret_len = (size_t)(stop - line);
			r->begin += *ret_len + 1;
			return line;
		}
		if (r->eof)
			return NULL;
		memmove(r->block, line, r->end - r->begin);
		r->end -= r->begin;
		r->begin = 0;
		if (r->end == BLOCK_BYTES) {
			*ret_code = -EBADMSG;
			return NULL;
		}
		got = read(r->fd, r->block + r->end, BLOCK_BYTES - r->end);
		if (got < 0 && errno != EINTR) {
			*ret_code = -errno;
			return NULL;
		}
		r->eof = got == 0;
		r->end += got > 0 ? (size_t)got : 0;
	}
}

/* What does not look like "-12.345": rare, so by the strict parser. */
static bool scan_other(const char *text, size_t len, double *ret)
{
	char copy[64];

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return ep_num_parse_f64(copy, ret) == 0;
}

/* A cell as a number; NAN when empty; false when it is neither. */
static bool scan(const char *text, const char *end, double *ret)
{
	const char *p = text;
	bool negative = p < end && *p == '-';
	uint64_t mantissa = 0;
	int digits = 0, decimals = 0;

	p += negative;
	for (; p < end && *p >= '0' && *p <= '9'; p++, digits++)
		mantissa = mantissa * 10 + (uint64_t)(*p - '0');
	if (p < end && *p == '.')
		for (p++; p < end && *p >= '0' && *p <= '9'; p++, decimals++)
			mantissa = mantissa * 10 + (uint64_t)(*p - '0');
	if (end == text) {
		*ret = (double)NAN;
		return true;
	}
	if (p != end || digits == 0 || digits + decimals > DIGITS_MAX - 1)
		return scan_other(text, (size_t)(end - text), ret);
	*ret = (double)mantissa / tens[decimals];
	if (negative)
		*ret = -*ret;
	return true;
}

/* One row of the file. */
struct row {
	double time_s;
	double *values; /* [EP_SERIES_MAX] */
};

/* False: not a row of so many columns. */
static bool split(const char *line, size_t len, int columns,
		  const struct ep_series_set *set, struct row *row)
{
	const char *p = line, *stop = line + len;

	for (int c = 0; c < columns; c++) {
		const char *end = memchr(p, ',', (size_t)(stop - p));
		size_t i = (size_t)c - FIXED_COLUMNS;

		if ((end == NULL) != (c + 1 == columns))
			return false;
		if (!end)
			end = stop;
		if (c == 0 &&
		    (!scan(p, end, &row->time_s) || isnan(row->time_s)))
			return false;
		if (c >= FIXED_COLUMNS && i < set->count) {
			if (!scan(p, end, &row->values[i]))
				return false;
			row->values[i] *= set->series[i].factor;
		}
		p = end + 1;
	}
	return true;
}

/* The names of phases may hold commas in quotes: no such row is split right. */
static bool unquote(char *line, size_t len)
{
	char *open = memchr(line, '"', len);
	char *close = open ? strrchr(open + 1, '"') : NULL;

	if (!open)
		return true;
	if (!close)
		return false;
	for (; open <= close; open++)
		*open = '_';
	return true;
}

static int read_rows(struct reader *rd, int columns, struct ep_series_set *set,
		     double *values)
{
	struct row row = { .values = values };
	int code = 0;
	size_t len;
	char *line;

	while ((line = next_line(rd, &len, &code)) != NULL) {
		uint64_t k = set->grid.row_count;
		double want;

		if (!unquote(line, len) ||
		    !split(line, len, columns, set, &row))
			return -EBADMSG;
		if (k == 0)
			set->start_s = row.time_s;
		want = set->start_s + (double)k * set->interval_s;
		/* Rows are all there, one after the other. */
		if (!(fabs(row.time_s - want) < set->interval_s / 2))
			return -EBADMSG;
		ep_decimate_add(&set->grid, values);
	}
	return code;
}

static int prepare(const struct ep_report *report, struct ep_series_set *set)
{
	size_t room = EP_SERIES_CELLS / set->count;

	set->interval_s = (double)json_integer_value(
				  json_object_get(report->run, "interval_ns")) /
			  1e9;
	if (!(set->interval_s > 0))
		return -EBADMSG;
	for (size_t i = 0; i < set->count; i++)
		set->series[i].factor =
			set->series[i].rate ? 1 / set->interval_s : 1;
	room = room > EP_STRETCHES_MAX ? EP_STRETCHES_MAX : room;
	room = room < EP_STRETCHES_MIN ? EP_STRETCHES_MIN : room;
	return ep_decimate_init(&set->grid, set->count, room);
}

static int read_file(int fd, const struct ep_report *report,
		     struct ep_series_set *set)
{
	struct reader rd = { .fd = fd };
	double *values = calloc(EP_SERIES_MAX, sizeof(*values));
	int columns = 0, code = 0;
	char *line;
	size_t len;

	rd.block = malloc(BLOCK_BYTES + 1);
	if (!rd.block || !values) {
		code = -ENOMEM;
		goto out;
	}
	line = next_line(&rd, &len, &code);
	if (code == 0)
		columns =
			line ? ep_series_columns(line, report, set) : -EBADMSG;
	if (columns < 0)
		code = columns;
	if (code == 0)
		code = prepare(report, set);
	if (code == 0)
		code = read_rows(&rd, columns, set, values);
	if (code == 0 && set->grid.row_count == 0)
		code = -ENODATA;
out:
	free(rd.block);
	free(values);
	return code;
}

int ep_series_read_rows(int dir_fd, const struct ep_report *report,
			struct ep_series_set *set)
{
	int fd = ep_run_open_file(dir_fd, NULL, "trace.csv");
	struct stat st;
	int code = fd < 0 ? fd : read_file(fd, report, set);

	if (fd >= 0 && fstat(fd, &st) == 0)
		set->bytes = st.st_size;
	if (fd >= 0)
		(void)close(fd);
	if (code == 0 || code == -ENOMEM)
		return code;
	free(set->series);
	ep_decimate_done(&set->grid);
	*set = (struct ep_series_set){ 0 };
	if (code == -ENOENT)
		(void)ep_str_copy(set->reason, sizeof(set->reason),
				  "the folder has no trace.csv");
	else
		(void)ep_str_format(set->reason, sizeof(set->reason),
				    "trace.csv is damaged or was changed (%s): "
				    "remove it, and edgeprof report makes it "
				    "again",
				    strerror(-code));
	return 0;
}
