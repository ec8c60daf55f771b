/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/stream.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

#define EARLY_LINES 256
#define TAIL_BYTES (256 * 1024)
#define FIXED_COLUMNS 3
/* A damaged file may pretend to be polled once a century. */
#define SPACING_NS_MAX (60 * EP_NS_PER_S)

static int refuse(struct ep_stream *s, const char *what)
{
	(void)ep_str_format(s->reason, sizeof(s->reason), "sensors/%s.csv: %s",
			    s->sensor->id, what);
	return 0;
}

static size_t find_column(const struct ep_stream *s, size_t channel)
{
	const struct ep_channel *c = &s->sensor->channels[channel];
	const char *unit = ep_quantity_unit(c->quantity);
	size_t len = strlen(c->name);

	for (size_t i = FIXED_COLUMNS; i < s->csv.columns; i++) {
		const char *name = s->csv.names[i];

		if (strncmp(name, c->name, len) == 0 && name[len] == '_' &&
		    strcmp(name + len + 1, unit) == 0)
			return i;
	}
	return SIZE_MAX;
}

static int map_columns(struct ep_stream *s)
{
	static const char *const fixed[FIXED_COLUMNS] = { "t_ns", "span_ns",
							  "flags" };
	size_t n = s->sensor->channel_count, room = s->csv.columns + n;

	for (size_t i = 0; i < FIXED_COLUMNS; i++)
		if (i >= s->csv.columns ||
		    strcmp(s->csv.names[i], fixed[i]) != 0)
			return refuse(s,
				      "line 1 is not t_ns,span_ns,flags,...");
	s->values = calloc(room, sizeof(*s->values));
	s->present = calloc(room, sizeof(*s->present));
	s->source = calloc(n + 1, sizeof(*s->source));
	s->change_ns = calloc(n + 1, sizeof(*s->change_ns));
	s->cell_ns = calloc(n + 1, sizeof(*s->cell_ns));
	s->spacing = calloc(1, sizeof(*s->spacing));
	if (!s->values || !s->present || !s->source || !s->change_ns ||
	    !s->cell_ns || !s->spacing)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const struct ep_channel *c = &s->sensor->channels[i];

		s->source[i] = s->csv.columns + i;
		if (!(c->flags & EP_CHANNEL_PRODUCT))
			s->source[i] = find_column(s, i);
		s->places[i].in_file = s->source[i] != SIZE_MAX;
	}
	/* A product needs both its factors. */
	for (size_t i = 0; i < n; i++) {
		const struct ep_channel *c = &s->sensor->channels[i];

		if (c->flags & EP_CHANNEL_PRODUCT)
			s->places[i].in_file =
				s->places[c->volts_index].in_file &&
				s->places[c->amps_index].in_file;
	}
	return 0;
}

struct early {
	int64_t first_ns, last_ns;
	double spacing_ns[EARLY_LINES];
	size_t count;
	int64_t *before;
	uint32_t *changes, *given;
	uint32_t whole; /* lines of which no read failed */
};

static void early_line(struct ep_stream *s, struct early *e)
{
	int64_t t = s->values[0];
	bool whole = !s->present[2] || !(s->values[2] & EP_SAMPLE_ERROR);

	if (!s->present[0] || (e->count > 0 && t <= e->last_ns))
		return;
	e->whole += whole;
	if (e->count == 0)
		e->first_ns = t;
	else
		e->spacing_ns[e->count - 1] = (double)(t - e->last_ns);
	for (size_t i = 0; i < s->csv.columns; i++) {
		e->changes[i] += e->count > 0 && s->present[i] &&
				 s->values[i] != e->before[i];
		e->before[i] = s->values[i];
		e->given[i] += whole && s->present[i];
	}
	e->last_ns = t;
	e->count++;
}

/* A channel may be read in few of the lines. */
static int64_t spacing_of(const struct ep_stream *s, const struct early *e,
			  size_t column)
{
	int64_t poll =
		s->poll_ns < SPACING_NS_MAX ? s->poll_ns : SPACING_NS_MAX;
	double ns;

	if (column >= s->csv.columns || e->given[column] == 0)
		return poll;
	ns = (double)poll * e->whole / e->given[column];
	return ns < SPACING_NS_MAX ? (int64_t)ns : SPACING_NS_MAX;
}

static void space_products(struct ep_stream *s)
{
	for (size_t i = 0; i < s->sensor->channel_count; i++) {
		const struct ep_channel *c = &s->sensor->channels[i];
		int64_t v, a;

		if (!(c->flags & EP_CHANNEL_PRODUCT))
			continue;
		v = s->cell_ns[c->volts_index];
		a = s->cell_ns[c->amps_index];
		s->cell_ns[i] = v > a ? v : a;
	}
}

/* Poll interval and refresh as the first lines show them. */
static int look_early(struct ep_stream *s, int64_t interval_ns)
{
	struct early *e = calloc(1, sizeof(*e));
	int code = -ENOMEM;
	double poll;

	if (!e)
		return code;
	e->before = calloc(s->csv.columns, sizeof(*e->before));
	e->changes = calloc(s->csv.columns, sizeof(*e->changes));
	e->given = calloc(s->csv.columns, sizeof(*e->given));
	if (!e->before || !e->changes || !e->given)
		goto out;
	while (e->count < EARLY_LINES) {
		code = ep_csv_ints_next(&s->csv, s->values, s->present);
		if (code <= 0)
			break;
		early_line(s, e);
	}
	code = code > 0 ? 0 : code;
	poll = ep_quantile_f64(e->spacing_ns, e->count ? e->count - 1 : 0, 0.5);
	s->early_count = e->count;
	s->poll_ns = isnan(poll) ? interval_ns : (int64_t)poll;
	for (size_t i = 0; i < s->sensor->channel_count; i++) {
		size_t from = s->source[i];

		if (from < s->csv.columns && e->changes[from] > 0)
			s->change_ns[i] = (double)(e->last_ns - e->first_ns) /
					  (double)e->changes[from];
		s->cell_ns[i] = spacing_of(s, e, from);
	}
	space_products(s);
out:
	free(e->given);
	free(e->before);
	free(e->changes);
	free(e);
	return code;
}

/* Back to the first line, with a fresh reader. */
static int rewind_csv(struct ep_stream *s)
{
	struct ep_err err = { 0 };

	ep_csv_ints_close(&s->csv);
	s->has_csv = false;
	if (lseek(s->fd, 0, SEEK_SET) < 0)
		return -errno;
	s->has_csv = ep_csv_ints_open(&s->csv, s->fd, &err) == 0;
	return s->has_csv ? 0 : err.code;
}

static bool may_be_still(const struct ep_stream *s, size_t channel)
{
	const struct ep_channel *c = &s->sensor->channels[channel];

	return c->quantity == EP_ENERGY_UJ && c->shape == EP_COUNTER &&
	       s->places[channel].in_file && !(s->change_ns[channel] > 0);
}

/* Reads on until every counter of first[] moved, or the watch is over. */
static int watch_counters(struct ep_stream *s, int64_t watch_ns, int64_t *first,
			  uint8_t *seen)
{
	size_t n = s->sensor->channel_count, left = 1;
	int code = 1;

	while (left > 0) {
		code = ep_csv_ints_next(&s->csv, s->values, s->present);
		if (code <= 0 || (s->present[0] && s->values[0] > watch_ns))
			break;
		left = 0;
		for (size_t i = 0; i < n; i++) {
			if (!may_be_still(s, i))
				continue;
			if (s->present[s->source[i]] && !seen[i]) {
				first[i] = s->values[s->source[i]];
				seen[i] = 1;
			} else if (s->present[s->source[i]]) {
				s->places[i].still =
					seen[i] == 1 &&
					s->values[s->source[i]] == first[i];
				seen[i] = s->places[i].still ? 1 : 2;
			}
			left += seen[i] < 2;
		}
	}
	return code < 0 ? code : 0;
}

int ep_stream_find_still(struct ep_stream *s, int64_t watch_ns)
{
	size_t n = s->sensor->channel_count, doubtful = 0;
	int64_t *first;
	uint8_t *seen;
	int code = 0;

	for (size_t i = 0; i < n && s->has_csv && !s->reason[0]; i++)
		doubtful += may_be_still(s, i);
	if (doubtful == 0)
		return 0;
	first = calloc(n, sizeof(*first));
	seen = calloc(n, sizeof(*seen));
	if (first && seen)
		code = watch_counters(s, watch_ns, first, seen);
	else
		code = -ENOMEM;
	free(first);
	free(seen);
	return code < 0 ? code : rewind_csv(s);
}

int ep_stream_open(struct ep_stream *s, int dir_fd, const struct ep_run *run,
		   size_t sensor)
{
	struct ep_err err = { 0 };
	char name[80];
	int code;

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->sensor = &run->sensors[sensor];
	s->target = run->sensors[sensor].target && !run->system_wide;
	s->poll_ns = run->interval_ns;
	s->places = calloc(s->sensor->channel_count + 1, sizeof(*s->places));
	if (!s->places)
		return -ENOMEM;
	if (s->sensor->failed) {
		(void)ep_str_copy(s->reason, sizeof(s->reason),
				  s->sensor->reason[0] ? s->sensor->reason
						       : "the sensor failed");
		return 0;
	}
	(void)ep_str_format(name, sizeof(name), "%s.csv", s->sensor->id);
	s->fd = ep_run_open_file(dir_fd, "sensors", name);
	if (s->fd < 0)
		return refuse(s, s->fd == -ENOENT ? "the file is missing"
						  : strerror(-s->fd));
	code = ep_csv_ints_open(&s->csv, s->fd, &err);
	if (code == -ENOMEM)
		return code;
	if (code < 0)
		return refuse(s, err.text);
	s->has_csv = true;
	code = map_columns(s);
	if (code == 0 && s->reason[0] == '\0')
		code = look_early(s, run->interval_ns);
	if (code == 0 && s->reason[0] == '\0')
		code = rewind_csv(s);
	if (code == -ENOMEM)
		return code;
	return code < 0 ? refuse(s, strerror(-code)) : 0;
}

void ep_stream_close(struct ep_stream *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->lane_count; i++) {
		ep_lane_done(&s->lanes[i].lane);
		free(s->lanes[i].source);
		free(s->lanes[i].values);
		free(s->lanes[i].present);
	}
	free(s->lanes);
	if (s->has_csv)
		ep_csv_ints_close(&s->csv);
	if (s->fd >= 0)
		(void)close(s->fd);
	free(s->values);
	free(s->present);
	free(s->source);
	free(s->places);
	free(s->change_ns);
	free(s->cell_ns);
	free(s->spacing);
	memset(s, 0, sizeof(*s));
	s->fd = -1;
}

/* The line that ends before end (a newline), scanning backwards. */
static const char *line_begin(const char *text, const char *end)
{
	const char *p = memrchr(text, '\n', (size_t)(end - text));

	return p ? p + 1 : NULL;
}

int64_t ep_stream_last_ns(int fd)
{
	char *text = malloc(TAIL_BYTES);
	const char *end, *begin;
	int64_t value = -1;
	struct stat st;
	ssize_t got = 0;

	if (text && fstat(fd, &st) == 0 && st.st_size > 0)
		got = pread(fd, text, TAIL_BYTES,
			    st.st_size > TAIL_BYTES ? st.st_size - TAIL_BYTES
						    : 0);
	end = got > 0 ? memrchr(text, '\n', (size_t)got) : NULL;
	while (end && value < 0) {
		begin = line_begin(text, end);
		if (!begin)
			break;
		if (ep_num_scan_i64(begin, (size_t)(end - begin), &value) <= 0)
			value = -1;
		end = begin - 1;
	}
	free(text);
	return value;
}

double ep_stream_span_ns(const struct ep_stream *s)
{
	return s->line_count > 0 ? s->span_sum_ns / (double)s->line_count : 0;
}
