/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/phase.h"
#include "runners/marks.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 512

/* A good mark, written again, means the same. */
static void check_mark(const struct ep_mark *m)
{
	char text[EP_MARK_BYTES_MAX + 1];
	struct ep_mark again;
	int len = ep_mark_encode(m, text, sizeof(text));

	if (len <= 0 || ep_mark_decode(text, (size_t)len, &again) != 0 ||
	    again.kind != m->kind || again.t_ns != m->t_ns ||
	    again.stream != m->stream || again.sequence != m->sequence ||
	    again.tokens_count != m->tokens_count ||
	    strcmp(again.name, m->name) != 0)
		abort();
}

static void check_timeline(const struct ep_timeline *tl)
{
	for (size_t i = 0; i < tl->phase_count; i++)
		if (tl->phases[i].start_ns >= tl->phases[i].end_ns ||
		    (i > 0 &&
		     tl->phases[i].start_ns < tl->phases[i - 1].end_ns))
			abort();
}

/* The input: datagrams, one per line, as if they had come one after another. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ep_event events[EVENTS_MAX];
	static struct ep_mark marks[EVENTS_MAX];
	static char sources[EVENTS_MAX][48];
	const char *at = (const char *)data;
	struct ep_timeline tl;
	size_t count = 0;

	while (size > 0 && count < EVENTS_MAX) {
		const char *end = memchr(at, '\n', size);
		size_t len = end ? (size_t)(end - at) + 1 : size;
		struct ep_mark *m = &marks[count];

		if (ep_mark_decode(at, len, m) == 0) {
			check_mark(m);
			events[count] = ep_event_make(
				m->t_ns,
				m->kind == EP_MARK_TOKEN ? "token" : "mark");
			(void)snprintf(sources[count], sizeof(sources[0]),
				       "%d:%lld", m->sequence > 0 ? 7 : 0,
				       (long long)m->stream);
			events[count].source = sources[count];
			events[count].phase = m->name;
			events[count].tokens = m->tokens_count;
			count++;
		}
		at += len;
		size -= len;
	}
	ep_timeline_init(&tl);
	if (ep_marks_timeline(events, count, 1, INT64_MAX, &tl) == 0)
		check_timeline(&tl);
	ep_timeline_done(&tl);
	return 0;
}
