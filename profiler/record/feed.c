/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/session.h"

#include "base/str.h"

/* On the thread that carries the output; the writer has a lock of its own. */
static void emit(void *ctx, const struct ep_event *event)
{
	struct ep_session *s = ctx;

	ep_writer_event(&s->writer, event);
}

static void feed(void *ctx, const struct ep_output *piece)
{
	struct ep_session *s = ctx;
	const struct ep_event_sink sink = { .emit = emit, .ctx = s };

	for (size_t i = 0; i < s->observer_count; i++) {
		const struct ep_watched *w = &s->observers[i];

		if (w->observer && w->ops->feed)
			w->ops->feed(w->observer, piece, &sink);
	}
}

/* A program whose stdout is a pipe writes it out when its buffer is full. */
static void tell_timing(struct ep_session *s)
{
	static const char text[] =
		"the program's stdout is a pipe: when it wrote its lines is "
		"unknown (buffering), and so are the borders of phases; leave "
		"--stdio pipe away";
	const struct ep_stream *out = &s->stdio.streams[0];

	ep_session_event(s, "fact", "stdout.timing",
			 out->timed ? "terminal" : "pipe");
	if (out->timed)
		return;
	s->progress.tell(s->progress.ctx, EP_PROGRESS_WARNING, text, 0);
	ep_session_event(s, "warning", "unknown-buffering", text);
}

void ep_session_start_feed(struct ep_session *s)
{
	const struct ep_record_options *o = s->options;

	for (size_t i = 0; i < s->observer_count; i++)
		if (s->observers[i].observer && s->observers[i].ops->feed)
			s->stdio.feed = feed;
	s->stdio.feed_ctx = s;
	for (size_t i = 0; i < o->phase_rule_count; i++)
		ep_session_event(s, "rule", "", o->phase_rules[i]);
	if (ep_stdio_rules_need(o))
		tell_timing(s);
}
