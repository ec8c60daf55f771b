/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe_publish.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define HEAD "edgeprof-probes 1"
#define LINE_BYTES 4096
#define WORDS_MAX (EP_UPROBE_POINTS_MAX + 8)
#define RAW_BYTES_MAX 64 /* as far as a sample's fields may lie */

/* The line at *at, without its end, and the next one; false at the end. */
static bool next_line(const char **at, char *ret)
{
	size_t len = strcspn(*at, "\n");

	if ((*at)[len] != '\n' || len >= LINE_BYTES)
		return false;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len + 1;
	return true;
}

/* Cuts a line at its single blanks; the last of max words is all the rest. */
static size_t cut(char *line, char **ret_words, size_t max)
{
	size_t count = 0;

	while (count < max) {
		char *blank;

		ret_words[count++] = line;
		blank = count < max ? strchr(line, ' ') : NULL;
		if (!blank)
			break;
		*blank = '\0';
		line = blank + 1;
	}
	return count;
}

static bool small(const char *text, int64_t max, int64_t *ret)
{
	return ep_num_parse_i64(text, ret) == 0 && *ret >= 0 && *ret <= max;
}

/* "library DEV INO MTIME_NS SIZE BUILD-ID PATH" */
static bool parse_library(char *line, struct ep_uprobe_library *l)
{
	char *w[7];

	l->fd = -1;
	if (cut(line, w, 7) != 7 || ep_num_parse_u64(w[1], &l->dev) < 0 ||
	    ep_num_parse_u64(w[2], &l->ino) < 0 ||
	    ep_num_parse_i64(w[3], &l->mtime_ns) < 0 ||
	    ep_num_parse_i64(w[4], &l->size_bytes) < 0 || w[6][0] != '/' ||
	    !ep_str_copy(l->build_id, sizeof(l->build_id),
			 strcmp(w[5], "-") == 0 ? "" : w[5]))
		return false;
	return ep_str_copy(l->path, sizeof(l->path), w[6]);
}

/* "points OFFSET/FLAGS/PROBE ..." */
static bool parse_points(char *line, struct ep_uprobe_library *l)
{
	char *w[WORDS_MAX];
	size_t count = cut(line, w, WORDS_MAX);
	int64_t flags, probe;

	if (count < 2 || count - 1 > EP_UPROBE_POINTS_MAX)
		return false;
	for (size_t i = 1; i < count; i++) {
		struct ep_uprobe_point *p = &l->points[l->point_count++];
		char *first = strchr(w[i], '/');
		char *second = first ? strchr(first + 1, '/') : NULL;

		if (!second)
			return false;
		*first = *second = '\0';
		if (ep_num_parse_hex_or_dec(w[i], &p->offset) < 0 ||
		    !small(first + 1, 255, &flags) ||
		    !small(second + 1, INT32_MAX, &probe))
			return false;
		p->flags = (unsigned)flags;
		p->probe = (int)probe;
	}
	return true;
}

/* "event NAME FLAGS CONFIG FIRST SECOND THIRD VALUE PROBE" */
static bool parse_event(char *line, struct ep_uprobe_library *l)
{
	struct ep_uprobe_shared *e = &l->events[l->event_count];
	int64_t at[5], flags, config;
	char *w[9];

	if (l->event_count == 2 || cut(line, w, 9) != 9 ||
	    !ep_str_copy(e->name, sizeof(e->name), w[1]) ||
	    !small(w[2], EP_UPROBE_RETURN, &flags) ||
	    !small(w[3], INT32_MAX, &config))
		return false;
	for (size_t i = 0; i < 5; i++)
		if (!small(w[4 + i], RAW_BYTES_MAX, &at[i]))
			return false;
	e->flags = (unsigned)flags;
	e->config = (uint64_t)config;
	e->first_at = (uint16_t)at[0];
	e->second_at = (uint16_t)at[1];
	e->third_at = (uint16_t)at[2];
	e->value_at = (uint16_t)at[3];
	e->probe_at = (uint16_t)at[4];
	l->event_count++;
	return true;
}

static int parse_lines(const char *text, struct ep_uprobe_published *p)
{
	char line[LINE_BYTES];
	struct ep_uprobe_library *l = NULL;

	if (!next_line(&text, line) || strcmp(line, HEAD) != 0 ||
	    !next_line(&text, line) || !ep_str_starts(line, "boot ") ||
	    !ep_str_copy(p->boot_id, sizeof(p->boot_id), line + 5))
		return -EBADMSG;
	while (*text) {
		bool good = next_line(&text, line);

		if (good && ep_str_starts(line, "library ")) {
			if (p->count == EP_UPROBE_LIBRARIES_MAX)
				return -EFBIG;
			l = &p->libraries[p->count++];
			good = parse_library(line, l);
		} else if (good && l && ep_str_starts(line, "points ")) {
			good = l->point_count == 0 && parse_points(line, l);
		} else if (good && l && ep_str_starts(line, "event ")) {
			good = parse_event(line, l);
		} else {
			good = false;
		}
		if (!good)
			return -EBADMSG;
	}
	return 0;
}

int ep_uprobe_published_parse(const char *text, struct ep_uprobe_published *ret)
{
	struct ep_uprobe_published *p = calloc(1, sizeof(*p));
	int r = p ? parse_lines(text, p) : -ENOMEM;

	if (r == 0)
		memcpy(ret, p, sizeof(*p));
	free(p);
	return r;
}

static int put_library(const struct ep_uprobe_library *l, struct ep_buf *b)
{
	int r = ep_buf_addf(b,
			    "library %" PRIu64 " %" PRIu64 " %" PRId64
			    " %" PRId64 " %s %s\npoints",
			    l->dev, l->ino, l->mtime_ns, l->size_bytes,
			    l->build_id[0] ? l->build_id : "-", l->path);

	for (size_t i = 0; r == 0 && i < l->point_count; i++)
		r = ep_buf_addf(b, " 0x%" PRIx64 "/%u/%d", l->points[i].offset,
				l->points[i].flags, l->points[i].probe);
	if (r == 0)
		r = ep_buf_adds(b, "\n");
	for (size_t i = 0; r == 0 && i < l->event_count; i++) {
		const struct ep_uprobe_shared *e = &l->events[i];

		r = ep_buf_addf(b, "event %s %u %" PRIu64 " %u %u %u %u %u\n",
				e->name, e->flags, e->config, e->first_at,
				e->second_at, e->third_at, e->value_at,
				e->probe_at);
	}
	return r;
}

int ep_uprobe_published_format(const struct ep_uprobe_published *p,
			       struct ep_buf *ret)
{
	int r = ep_buf_addf(ret, HEAD "\nboot %s\n", p->boot_id);

	for (size_t i = 0; r == 0 && i < p->count; i++)
		r = put_library(&p->libraries[i], ret);
	return r;
}

bool ep_uprobe_library_same(const struct ep_uprobe_library *a,
			    const struct ep_uprobe_library *b)
{
	return a->dev == b->dev && a->ino == b->ino &&
	       a->mtime_ns == b->mtime_ns && a->size_bytes == b->size_bytes &&
	       strcmp(a->build_id, b->build_id) == 0;
}

bool ep_uprobe_library_same_points(const struct ep_uprobe_library *a,
				   const struct ep_uprobe_library *b)
{
	if (a->point_count != b->point_count)
		return false;
	for (size_t i = 0; i < a->point_count; i++)
		if (a->points[i].offset != b->points[i].offset ||
		    a->points[i].flags != b->points[i].flags ||
		    a->points[i].probe != b->points[i].probe)
			return false;
	return true;
}

const struct ep_uprobe_library *
ep_uprobe_published_find(const struct ep_uprobe_published *p,
			 const struct ep_uprobe_library *now,
			 struct ep_err *err)
{
	const struct ep_uprobe_library *moved = NULL;

	for (size_t i = 0; i < p->count; i++) {
		const struct ep_uprobe_library *l = &p->libraries[i];

		if (ep_uprobe_library_same(l, now)) {
			if (ep_uprobe_library_same_points(l, now))
				return l;
			ep_err_set(err, -ESTALE,
				   "set up by another edgeprof: run sudo "
				   "edgeprof setup again");
			return NULL;
		}
		if (strcmp(l->path, now->path) == 0 ||
		    (l->dev == now->dev && l->ino == now->ino))
			moved = l;
	}
	if (moved)
		ep_err_set(err, -ESTALE,
			   "libllama rebuilt since setup: sudo edgeprof setup "
			   "--lib %.400s",
			   now->path);
	else
		ep_err_set(err, -ENOENT,
			   "not set up for ordinary users: sudo edgeprof setup "
			   "--lib %.400s",
			   now->path);
	return NULL;
}
