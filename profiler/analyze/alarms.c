/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/alarms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "profiler/analyze/energy_parts.h"

/* An alarm that goes on and off more often is on all the while. */
#define TIMES_MAX 100000

static int add(struct ep_alarm_times *t, int64_t from_ns, int64_t to_ns)
{
	struct ep_alarm_time *more;

	if (t->count == TIMES_MAX) {
		t->items[t->count - 1].to_ns = to_ns;
		return 0;
	}
	if (t->count == t->room) {
		size_t room = t->room ? 2 * t->room : 16;

		more = realloc(t->items, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		t->items = more;
		t->room = room;
	}
	t->items[t->count++] = (struct ep_alarm_time){ from_ns, to_ns };
	return 0;
}

/* On from the read that said so to the next that did not. */
static int read_channel(struct ep_alarm_times *t, const struct ep_stream *s,
			size_t column)
{
	struct ep_err err = { 0 };
	struct ep_csv_ints csv;
	int64_t on_ns = -1, last_ns = -1, *values;
	uint8_t *present;
	int code;

	if (lseek(s->fd, 0, SEEK_SET) < 0)
		return -errno;
	code = ep_csv_ints_open(&csv, s->fd, &err);
	if (code < 0)
		return code;
	values = calloc(csv.columns, sizeof(*values));
	present = calloc(csv.columns, sizeof(*present));
	code = values && present && column < csv.columns ? 0 : -ENOMEM;
	while (code == 0 && ep_csv_ints_next(&csv, values, present) == 1) {
		if (!present[0] || !present[column] || values[0] <= last_ns)
			continue;
		last_ns = values[0];
		if (values[column] > 0 && on_ns < 0)
			on_ns = last_ns;
		if (values[column] > 0 || on_ns < 0)
			continue;
		code = add(t, on_ns, last_ns);
		on_ns = -1;
	}
	if (code == 0 && on_ns >= 0)
		code = add(t, on_ns, last_ns);
	free(values);
	free(present);
	ep_csv_ints_close(&csv);
	return code;
}

static bool was_on(const struct ep_analysis *a, const struct ep_part *p)
{
	for (uint32_t k = 0; k < a->part.count; k++) {
		struct ep_set one = { &k, 1 };
		struct ep_part_sums sums;

		if (!a->part.segments[k].inside)
			continue;
		ep_part_sum(a, p, one, &sums);
		if (sums.reads > 0 && sums.max > 0)
			return true;
	}
	return false;
}

static int look_at(struct ep_analysis *a, const struct ep_stream *s,
		   size_t channel, struct ep_alarm_times *t)
{
	const struct ep_channel *c = &s->sensor->channels[channel];
	size_t used = strlen(t->names);
	struct ep_part p;

	if (!(c->flags & EP_CHANNEL_ALARM) || !s->places ||
	    !s->places[channel].in_file || !s->places[channel].tracked)
		return 0;
	t->recorded = true;
	p = ep_part_of(s, channel);
	if (!was_on(a, &p))
		return 0;
	(void)ep_str_format(t->names + used, sizeof(t->names) - used,
			    "%s%.60s.%s", used ? ", " : "", s->sensor->id,
			    c->name);
	return read_channel(t, s, s->source[channel]);
}

static int by_time(const void *a, const void *b)
{
	const struct ep_alarm_time *x = a, *y = b;

	return x->from_ns < y->from_ns ? -1 : x->from_ns > y->from_ns;
}

static void merge(struct ep_alarm_times *t)
{
	size_t kept = 0;

	if (t->count == 0)
		return;
	qsort(t->items, t->count, sizeof(*t->items), by_time);
	for (size_t i = 1; i < t->count; i++) {
		struct ep_alarm_time *last = &t->items[kept];

		if (t->items[i].from_ns > last->to_ns)
			t->items[++kept] = t->items[i];
		else if (t->items[i].to_ns > last->to_ns)
			last->to_ns = t->items[i].to_ns;
	}
	t->count = kept + 1;
}

int ep_alarms_read(struct ep_analysis *a, struct ep_alarm_times *ret)
{
	int code = 0;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < a->stream_count && code == 0; i++) {
		const struct ep_stream *s = &a->streams[i];

		for (size_t c = 0; c < s->sensor->channel_count && code == 0;
		     c++)
			code = look_at(a, s, c, ret);
	}
	if (code < 0)
		ep_alarms_done(ret);
	merge(ret);
	return code;
}

void ep_alarms_done(struct ep_alarm_times *t)
{
	if (!t)
		return;
	free(t->items);
	t->items = NULL;
	t->count = t->room = 0;
}

bool ep_alarms_touch(const struct ep_alarm_times *t, int64_t from_ns,
		     int64_t to_ns)
{
	size_t lo = 0, hi = t->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->items[mid].to_ns < from_ns)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->count && t->items[lo].from_ns <= to_ns;
}
