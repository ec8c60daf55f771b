/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define FORMAT "1"
#define FIELDS_MAX 8
#define CRC_DIGITS 8

static const char digits[] = "0123456789abcdef";

/* CRC-32 of IEEE 802.3, reflected. */
static uint32_t checksum(const char *text, size_t len)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)text[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
	}
	return ~crc;
}

static int add_field(struct ep_buf *b, const char *field)
{
	int r = *field ? 0 : ep_buf_adds(b, "\\e");

	for (; r == 0 && *field; field++) {
		unsigned char c = (unsigned char)*field;

		if (c > ' ' && c != '\\' && c != 0x7f)
			r = ep_buf_add(b, field, 1);
		else
			r = ep_buf_addf(b, "\\x%c%c", digits[c >> 4],
					digits[c & 15]);
	}
	return r;
}

int ep_journal_format(struct ep_buf *b, const char *const *fields)
{
	size_t start = b->len;
	int r = 0;

	for (int i = 0; r == 0 && fields[i]; i++) {
		r = add_field(b, fields[i]);
		if (r == 0)
			r = ep_buf_adds(b, " ");
	}
	if (r == 0)
		r = ep_buf_addf(b, "%08x\n",
				checksum(b->data + start, b->len - start));
	return r;
}

static int digit_of(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Undoes the escapes in place; false when there is a wrong one. */
static bool unescape(char *text)
{
	char *to = text;

	if (strcmp(text, "\\e") == 0) {
		*text = '\0';
		return true;
	}
	for (const char *p = text; *p; p++) {
		int high, low;

		if (*p != '\\') {
			*to++ = *p;
			continue;
		}
		high = p[1] == 'x' ? digit_of(p[2]) : -1;
		low = high >= 0 ? digit_of(p[3]) : -1;
		if (low < 0 || high * 16 + low == 0)
			return false;
		*to++ = (char)(high * 16 + low);
		p += 3;
	}
	*to = '\0';
	return true;
}

/* Cuts a line, in place, into its fields; the count, or -EBADMSG. */
static int split(char *line, size_t len, char *fields[FIELDS_MAX])
{
	uint32_t said = 0;
	size_t body;
	int count = 0;

	if (len < CRC_DIGITS + 2 || memchr(line, '\0', len))
		return -EBADMSG;
	body = len - CRC_DIGITS;
	for (size_t i = body; i < len; i++) {
		int digit = digit_of(line[i]);

		if (digit < 0)
			return -EBADMSG;
		said = said << 4 | (uint32_t)digit;
	}
	if (line[body - 1] != ' ' || checksum(line, body) != said)
		return -EBADMSG;
	line[body - 1] = '\0';
	for (char *p = line; p && count < FIELDS_MAX; count++) {
		char *blank = strchr(p, ' ');

		if (blank)
			*blank++ = '\0';
		fields[count] = p;
		if (!unescape(p))
			return -EBADMSG;
		p = blank;
	}
	return count;
}

static bool parse_owner(char *fields[], struct ep_journal_owner *ret)
{
	struct ep_journal_owner owner = { .pid = 0 };
	int64_t pid;
	uint64_t ticks;

	if (ep_num_parse_i64(fields[0], &pid) < 0 || pid < 0 ||
	    pid > INT32_MAX || ep_num_parse_u64(fields[1], &ticks) < 0)
		return false;
	owner.pid = (pid_t)pid;
	owner.start_ticks = ticks;
	(void)ep_str_copy(owner.command, sizeof(owner.command), fields[2]);
	*ret = owner;
	return true;
}

int ep_journal_parse_owner(const char *text, size_t len,
			   struct ep_journal_owner *ret)
{
	char line[EP_JOURNAL_LINE_BYTES_MAX];
	char *fields[FIELDS_MAX];
	const char *end = memchr(text, '\n', len);

	if (!end || (size_t)(end - text) >= sizeof(line))
		return -EBADMSG;
	memcpy(line, text, (size_t)(end - text));
	line[end - text] = '\0';
	if (split(line, (size_t)(end - text), fields) != 4 ||
	    strcmp(fields[0], "owner") != 0 || !parse_owner(fields + 1, ret))
		return -EBADMSG;
	return 0;
}

struct ep_journal_entry *ep_journal_grow(struct ep_journal *j)
{
	struct ep_journal_entry *more;

	if (j->count == EP_JOURNAL_ENTRIES_MAX)
		return NULL;
	if (j->count == j->entries_size) {
		size_t size = j->entries_size ? j->entries_size * 2 : 16;

		more = realloc(j->entries, size * sizeof(*more));
		if (!more)
			return NULL;
		j->entries = more;
		j->entries_size = size;
	}
	memset(&j->entries[j->count], 0, sizeof(*j->entries));
	return &j->entries[j->count];
}

static struct ep_journal_entry *entry_of(struct ep_journal *j,
					 const char *number)
{
	int64_t n;

	if (ep_num_parse_i64(number, &n) < 0)
		return NULL;
	for (size_t i = j->count; i-- > 0;)
		if (j->entries[i].number == n)
			return &j->entries[i];
	return NULL;
}

/* set N KIND TARGET WHAT WAS ASKED, keep N KIND TARGET WHAT WAS */
static int take_entry(struct ep_journal *j, char *fields[], bool keep)
{
	struct ep_journal_entry *e = ep_journal_grow(j);

	if (!e)
		return j->count == EP_JOURNAL_ENTRIES_MAX ? -EFBIG : -ENOMEM;
	if (ep_num_parse_i64(fields[1], &e->number) < 0 ||
	    !ep_str_copy(e->kind, sizeof(e->kind), fields[2]) ||
	    !ep_str_copy(e->target, sizeof(e->target), fields[3]) ||
	    !ep_str_copy(e->what, sizeof(e->what), fields[4]) ||
	    !ep_str_copy(e->was, sizeof(e->was), fields[5]) ||
	    (!keep && !ep_str_copy(e->asked, sizeof(e->asked), fields[6])))
		return -EBADMSG;
	e->kept = keep;
	/* Altered only once another change comes. */
	e->settled = keep;
	if (keep)
		(void)ep_str_copy(e->is, sizeof(e->is), e->was);
	e->state = EP_CHANGE_SET;
	j->count++;
	return 0;
}

static int take_end(struct ep_journal_entry *e, char *fields[])
{
	for (int s = EP_CHANGE_ASKED; s <= EP_CHANGE_DROPPED; s++)
		if (strcmp(fields[2], ep_change_state_name(
					      (enum ep_change_state)s)) == 0) {
			e->state = (enum ep_change_state)s;
			e->undoing = false;
			(void)ep_str_copy(e->note, sizeof(e->note), fields[3]);
			return 0;
		}
	return -EBADMSG;
}

static int take_line(struct ep_journal *j, char *fields[], int count)
{
	struct ep_journal_entry *e;

	if (strcmp(fields[0], "set") == 0 && count == 7)
		return take_entry(j, fields, false);
	if (strcmp(fields[0], "keep") == 0 && count == 6)
		return take_entry(j, fields, true);
	e = count > 1 ? entry_of(j, fields[1]) : NULL;
	if (!e)
		return -EBADMSG;
	if (strcmp(fields[0], "is") == 0 && count == 3) {
		if (!ep_str_copy(e->is, sizeof(e->is), fields[2]))
			return -EBADMSG;
		e->settled = true;
		return 0;
	}
	if (strcmp(fields[0], "undo") == 0 && count == 2) {
		e->undoing = true;
		return 0;
	}
	if (strcmp(fields[0], "end") == 0 && count == 4)
		return take_end(e, fields);
	return -EBADMSG;
}

static bool take_begin(struct ep_journal *j, char *fields[], int count)
{
	return count == 6 && strcmp(fields[0], "begin") == 0 &&
	       strcmp(fields[1], FORMAT) == 0 &&
	       ep_str_copy(j->boot_id, sizeof(j->boot_id), fields[2]) &&
	       parse_owner(fields + 3, &j->owner);
}

int ep_journal_parse(struct ep_journal *j, const char *text, size_t len)
{
	char line[EP_JOURNAL_LINE_BYTES_MAX], *fields[FIELDS_MAX];
	bool begun = false;
	size_t at = 0;
	int r;

	j->count = j->damaged_count = 0;
	j->good_bytes = 0;
	j->boot_id[0] = '\0';
	/* What follows the last newline was torn: it was not on disk when
	 * edgeprof ended, so the change it speaks of was not made. */
	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t bytes = end ? (size_t)(end - (text + at)) : 0;
		int count = -EBADMSG;

		if (!end)
			break;
		if (bytes < sizeof(line)) {
			memcpy(line, text + at, bytes);
			line[bytes] = '\0';
			count = split(line, bytes, fields);
		}
		at += bytes + 1;
		j->good_bytes = (int64_t)at;
		if (!begun) {
			if (count < 0 || !take_begin(j, fields, count))
				return -EBADMSG;
			begun = true;
			continue;
		}
		r = count < 0 ? count : take_line(j, fields, count);
		if (r == -ENOMEM || r == -EFBIG)
			return r;
		j->damaged_count += r < 0;
	}
	return 0;
}
