/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/csv.h"

#include "base/num.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The cell scanner loads 8 bytes at a time and may look past the line. */
#define BLOCK_PAD_BYTES 8

/*
 * Moves what is left to the front and reads on.  1 when there is more, 0 at the
 * end of the file, -errno.
 */
static int fill(struct ep_csv_ints *r)
{
	ssize_t got;

	if (r->begin > 0) {
		memmove(r->block, r->block + r->begin, r->end - r->begin);
		r->end -= r->begin;
		r->begin = 0;
	}
	do {
		got = read(r->fd, r->block + r->end,
			   EP_CSV_LINE_BYTES_MAX - r->end);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (got == 0)
		r->eof = true;
	r->end += (size_t)got;
	return got > 0 ? 1 : 0;
}

/*
 * The next line with a newline at its end: 1 and its extent (the newline is
 * *ret_end), 2 for a line too long for the block, which is consumed, 0 at the
 * end of the file, -errno.
 */
static int next_line(struct ep_csv_ints *r, char **ret_begin, char **ret_end)
{
	size_t seen = 0;
	bool too_long = false;
	char *newline;
	int got;

	for (;;) {
		newline = memchr(r->block + r->begin + seen, '\n',
				 r->end - r->begin - seen);
		if (newline)
			break;
		seen = r->end - r->begin;
		if (seen == EP_CSV_LINE_BYTES_MAX) {
			too_long = true;
			r->begin = r->end = seen = 0;
		}
		got = r->eof ? 0 : fill(r);
		if (got < 0)
			return got;
		if (got == 0) {
			r->torn = r->torn || too_long || r->end > r->begin;
			r->begin = r->end;
			return 0;
		}
	}
	*ret_begin = r->block + r->begin;
	*ret_end = newline;
	r->begin = (size_t)(newline + 1 - r->block);
	r->line++;
	return too_long ? 2 : 1;
}

static int copy_names(struct ep_csv_ints *r, char **fields, size_t count)
{
	r->names = calloc(count, sizeof(*r->names));
	if (!r->names)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		r->names[i] = strdup(fields[i]);
		if (!r->names[i])
			return -ENOMEM;
		r->columns++;
	}
	return 0;
}

static int read_header(struct ep_csv_ints *r, struct ep_err *err)
{
	char *begin, *end, **fields;
	int got = next_line(r, &begin, &end), count;

	if (got == 0 && !r->torn)
		return ep_err_set(err, -ENODATA, "the file is empty");
	if (got == 0)
		return ep_err_set(err, -EBADMSG,
				  "the header line is cut off; the file was "
				  "not written to its end");
	if (got == 2)
		return ep_err_set(err, -EBADMSG,
				  "line 1 is longer than %d bytes",
				  EP_CSV_LINE_BYTES_MAX);
	if (got < 0)
		return ep_err_set(err, got, "cannot read: %s", strerror(-got));
	if (end > begin && end[-1] == '\r')
		end--;
	*end = '\0';
	if (memchr(begin, '\0', (size_t)(end - begin)))
		return ep_err_set(err, -EBADMSG,
				  "line 1 holds a NUL byte; this is not CSV");
	fields = calloc(EP_CSV_COLUMNS_MAX, sizeof(*fields));
	if (!fields)
		return ep_err_set(err, -ENOMEM, "out of memory");
	count = ep_csv_split(begin, fields, EP_CSV_COLUMNS_MAX);
	if (count == -E2BIG)
		ep_err_set(err, count, "line 1 has more than %d columns",
			   EP_CSV_COLUMNS_MAX);
	else if (count < 0)
		ep_err_set(err, count, "line 1 has a stray quote");
	else
		count = copy_names(r, fields, (size_t)count);
	if (count == -ENOMEM)
		ep_err_set(err, count, "out of memory");
	free(fields);
	return count;
}

int ep_csv_ints_open(struct ep_csv_ints *r, int fd, struct ep_err *err)
{
	int code;

	memset(r, 0, sizeof(*r));
	r->fd = fd;
	r->block = calloc(1, EP_CSV_LINE_BYTES_MAX + BLOCK_PAD_BYTES);
	if (!r->block)
		return ep_err_set(err, -ENOMEM, "out of memory");
	code = read_header(r, err);
	if (code < 0)
		ep_csv_ints_close(r);
	return code;
}

int ep_csv_ints_seek(struct ep_csv_ints *r, int64_t offset)
{
	if (lseek(r->fd, (off_t)offset, SEEK_SET) < 0)
		return -errno;
	r->begin = r->end = 0;
	r->eof = r->torn = false;
	return 0;
}

void ep_csv_ints_close(struct ep_csv_ints *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->columns; i++)
		free(r->names[i]);
	free(r->names);
	free(r->block);
	r->names = NULL;
	r->block = NULL;
	r->columns = 0;
	r->begin = r->end = 0;
	r->eof = true;
}

/*
 * How many of the 8 characters at p (first one in the lowest byte of word) are
 * digits before the first that is none.
 */
static inline unsigned leading_digits(uint64_t word)
{
	uint64_t high = word ^ UINT64_C(0x3030303030303030);
	/* A byte is a digit when it is now 0..9: no bit of 0xf0 is set, nor
	 * does adding 6 carry into them. */
	uint64_t other = (high | (high + UINT64_C(0x0606060606060606))) &
			 UINT64_C(0xf0f0f0f0f0f0f0f0);

	return other ? (unsigned)__builtin_ctzll(other) >> 3 : 8;
}

/* The value of 8 digits, first one in the lowest byte. */
static inline uint64_t value_of_8(uint64_t word)
{
	word = (word & UINT64_C(0x0f0f0f0f0f0f0f0f)) * 2561 >> 8;
	word = (word & UINT64_C(0x00ff00ff00ff00ff)) * 6553601 >> 16;
	return (word & UINT64_C(0x0000ffff0000ffff)) *
		       UINT64_C(42949672960001) >>
	       32;
}

static inline uint64_t load_8(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

/*
 * The digits at p: NULL unless there are 1 to 18, else where they end.  Longer
 * numbers are left to ep_num_scan_i64, which knows the limits.
 */
static inline const char *scan_digits(const char *p, uint64_t *ret)
{
	static const uint64_t tens[] = { 1,	  10,	    100,
					 1000,	  10000,    100000,
					 1000000, 10000000, 100000000 };
	uint64_t word = load_8(p), value = 0;
	unsigned n = leading_digits(word);
	const char *begin = p;

	if (n == 8) {
		value = value_of_8(word);
		p += 8;
		word = load_8(p);
		n = leading_digits(word);
	}
	if (n > 0 && n < 8) {
		/* Shifted in as leading zeros. */
		value = value * tens[n] + value_of_8(word << (64 - 8 * n));
		p += n;
	} else if (n == 8) {
		value = value * tens[8] + value_of_8(word);
		p += 8;
		for (; (unsigned char)(*p - '0') <= 9 && p - begin < 19; p++)
			value = value * 10 + (unsigned char)(*p - '0');
		if (p - begin > 18)
			return NULL;
	} else if (p == begin) {
		return NULL;
	}
	*ret = value;
	return p;
}

/* A cell the fast scanner refused; NULL when it is no integer either. */
static const char *scan_slow(const char *p, const char *end, int64_t *ret)
{
	int used = ep_num_scan_i64(p, (size_t)(end - p), ret);

	return used < 0 ? NULL : p + used;
}

/* The cells of one line; *end is its newline, or the '\r' before it. */
static bool parse_line(const char *p, const char *end, size_t columns,
		       int64_t *values, uint8_t *present)
{
	for (size_t i = 0; i < columns; i++, p++) {
		const char *begin = p, *after;
		uint64_t magnitude;

		if (*p == ',' || p == end) {
			present[i] = 0;
		} else {
			p += *p == '-';
			after = scan_digits(p, &magnitude);
			if (after)
				values[i] = p == begin ? (int64_t)magnitude
						       : -(int64_t)magnitude;
			else
				after = scan_slow(begin, end, &values[i]);
			if (!after)
				return false;
			p = after;
			present[i] = 1;
		}
		if (p == end)
			return i + 1 == columns;
		if (*p != ',')
			return false;
	}
	return false;
}

int ep_csv_ints_next(struct ep_csv_ints *r, int64_t *values, uint8_t *present)
{
	char *begin, *end;
	int got;

	if (!r->block)
		return 0;
	for (;;) {
		got = next_line(r, &begin, &end);
		if (got == 1) {
			end -= end > begin && end[-1] == '\r';
			if (parse_line(begin, end, r->columns, values, present))
				return 1;
		} else if (got != 2) {
			return got;
		}
		r->bad_count++;
	}
}

/* A quoted field at p, unescaped to the same place: where it ends, or NULL. */
static char *unquote(char *p)
{
	char *to = p;

	for (p++; *p; p++) {
		if (*p == '"') {
			if (p[1] != '"') {
				*to = '\0';
				return p + 1;
			}
			p++;
		}
		*to++ = *p;
	}
	return NULL;
}

int ep_csv_split(char *line, char **ret_fields, size_t max)
{
	size_t count = 0;
	char *p = line;

	for (;;) {
		char *field = p, mark;

		if (count == max)
			return -E2BIG;
		if (*p == '"')
			p = unquote(p);
		else
			p += strcspn(p, ",\"");
		if (!p || (*p != ',' && *p != '\0'))
			return -EBADMSG;
		mark = *p;
		*p++ = '\0';
		ret_fields[count++] = field;
		if (mark == '\0')
			return (int)count;
	}
}

int ep_csv_put_text(struct ep_buf *b, const char *text)
{
	bool quoted = strpbrk(text, ",\"\r\n") != NULL;
	size_t before = b->len;
	int r;

	r = quoted ? ep_buf_add(b, "\"", 1) : 0;
	for (; r == 0 && *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '\n' || c == '\r')
			c = ' ';
		else if ((c < 0x20 && c != '\t') || c == 0x7f)
			c = '?';
		if (c == '"')
			r = ep_buf_add(b, "\"\"", 2);
		else
			r = ep_buf_add(b, &c, 1);
	}
	if (r == 0 && quoted)
		r = ep_buf_add(b, "\"", 1);
	if (r < 0) {
		b->len = before;
		if (b->data)
			b->data[before] = '\0';
	}
	return r;
}
