/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "runners/observers.h"
#include "runners/requests.h"

/* A chunk is stamped when the client runs; the server's own work before it
 * sends is not seen. */
#define STAMP_SLACK_NS INT64_C(1000000)

struct story {
	const struct ep_event *events;
	size_t count;
	int64_t slack_ns;
	struct ep_timeline *tl;
	size_t chunky_count;  /* requests whose chunks are no tokens */
	size_t unknown_count; /* whose output tokens nobody counted */
	size_t drafted_count; /* speculative decoding */
	size_t failed_count;
	size_t odd_count;
	size_t retried_count; /* tries that were sent again */
	size_t at_once_count; /* answers whose chunks came together */
};

/* A round trip is in the distance between our stamp and the server's work. */
static int64_t connect_ns(const struct ep_event *events, size_t count)
{
	int64_t ns = 0;

	for (size_t i = 0; i < count; i++)
		if (strcmp(events[i].event, "fact") == 0 &&
		    strcmp(events[i].source, "client.connect_ns") == 0 &&
		    ep_num_parse_i64(events[i].text, &ns) == 0 && ns > 0)
			return ns;
	return 0;
}

static struct ep_phase phase(const struct story *s, const struct ep_request *q,
			     const char *name, int64_t start_ns, int64_t end_ns)
{
	struct ep_phase p = {
		.start_ns = start_ns,
		.end_ns = end_ns,
		.slack_ns = s->slack_ns,
		.evidence = EP_EVIDENCE_STREAMED,
		.request = q->number,
		.tokens_count = -1,
		.steps_count = -1,
		.cached_count = -1,
	};

	(void)ep_str_copy(p.name, sizeof(p.name), name);
	return p;
}

/*
 * A load begins when the request is there and takes as long as the server says:
 * what the server's total lacks of the time we saw lies before or after it.
 */
static int add_load(struct story *s, const struct ep_request *q,
		    int64_t *start_ns)
{
	int64_t end_ns = *start_ns + q->load_ns;
	int64_t missing_ns = q->finish_ns - *start_ns - q->total_ns;
	struct ep_phase p;
	int r;

	if (!ep_request_loads(q) || end_ns >= q->first_ns)
		return 0;
	p = phase(s, q, EP_PHASE_LOAD, *start_ns, end_ns);
	p.evidence = EP_EVIDENCE_REPORTED;
	if (q->total_ns >= 0 && missing_ns > p.slack_ns)
		p.slack_ns = missing_ns;
	r = ep_timeline_add_phase(s->tl, &p);
	*start_ns = end_ns;
	return r;
}

static int add_generation(struct story *s, const struct ep_request *q,
			  int64_t end_ns)
{
	struct ep_phase p =
		phase(s, q, EP_PHASE_GENERATION, q->first_ns, end_ns);

	p.tokens_count = q->output_count;
	if (q->draft_count > 0)
		s->drafted_count++;
	else if (q->output_count > 0)
		p.steps_count = q->output_count - 1;
	if (q->output_count < 0)
		p.chunks_count = q->piece_count;
	if (q->output_count < 0)
		s->unknown_count++;
	else if (!q->pieces_are_tokens)
		s->chunky_count++;
	return ep_timeline_add_phase(s->tl, &p);
}

/* Something between us collected the stream: where the prompt ended is in no
 * stamp. */
static bool came_at_once(const struct ep_request *q, int64_t end_ns)
{
	return q->piece_count > 1 && end_ns <= q->first_ns;
}

static int tell(struct story *s, const struct ep_request *q)
{
	int64_t start_ns = q->sent_ns > 0 ? q->sent_ns : q->begin_ns;
	int64_t end_ns = q->finish_ns;
	struct ep_phase p;
	int r = 0;

	if (q->begin_ns == 0)
		return 0;
	s->odd_count += q->odd;
	if (q->error[0] || q->reply_ns == 0) {
		s->failed_count++;
		end_ns = q->reply_ns  ? q->reply_ns
			 : q->last_ns ? q->last_ns
				      : start_ns;
		p = phase(s, q, EP_PHASE_FAILED, start_ns, end_ns);
		return ep_timeline_add_phase(s->tl, &p);
	}
	if (end_ns < q->last_ns)
		end_ns = q->last_ns;
	if (end_ns == 0)
		end_ns = q->reply_ns;
	if (q->first_ns > 0)
		r = add_load(s, q, &start_ns);
	if (r < 0)
		return r;
	if (came_at_once(q, end_ns)) {
		s->at_once_count++;
		p = phase(s, q, EP_PHASE_MIXED, start_ns, end_ns);
		return ep_timeline_add_phase(s->tl, &p);
	}
	p = phase(s, q, EP_PHASE_PREFILL, start_ns,
		  q->first_ns > 0 ? q->first_ns : end_ns);
	p.tokens_count = q->prompt_count;
	p.cached_count = q->cached_count;
	r = ep_timeline_add_phase(s->tl, &p);
	return r == 0 && q->first_ns > 0 ? add_generation(s, q, end_ns) : r;
}

/* A server that was started for the run loads from the gate on; between its
 * last no and its first yes it became ready. */
static int add_start(struct story *s, int64_t gate_ns)
{
	const struct ep_request none = { .number = 0 };
	struct ep_phase p;

	for (size_t i = 0; i < s->count; i++) {
		const struct ep_event *e = &s->events[i];

		if (strcmp(e->event, "ready") != 0 || e->t_ns <= gate_ns)
			continue;
		p = phase(s, &none, EP_PHASE_LOAD, gate_ns, e->t_ns);
		p.slack_ns += e->span_ns;
		return ep_timeline_add_phase(s->tl, &p);
	}
	return 0;
}

/* What was tried again belongs to no request: its figures are those of the
 * try that was answered. */
static int add_tries(struct story *s, const struct ep_requests *list,
		     int64_t until_ns)
{
	const struct ep_request none = { .number = 0 };
	int r = 0;

	while (r == 0 && s->retried_count < list->try_count) {
		const struct ep_try *t = &list->tries[s->retried_count];
		struct ep_phase p = phase(s, &none, EP_PHASE_FAILED,
					  t->start_ns, t->end_ns);

		if (t->start_ns > until_ns)
			break;
		r = ep_timeline_add_phase(s->tl, &p);
		s->retried_count++;
	}
	return r;
}

static int tell_all(struct story *s, const struct ep_requests *list)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->count; i++) {
		r = add_tries(s, list, list->items[i].begin_ns);
		if (r == 0)
			r = tell(s, &list->items[i]);
	}
	return r == 0 ? add_tries(s, list, INT64_MAX) : r;
}

/* Chunks as tokens, where they are. */
static int add_tokens(struct story *s, const struct ep_requests *list)
{
	const struct ep_request *q = list->items;
	struct ep_token t = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->count; i++) {
		const struct ep_event *e = &s->events[i];

		if (strcmp(e->event, "piece") != 0)
			continue;
		for (size_t k = 0; k < list->count && q->number != e->request;
		     k++)
			q = q + 1 < list->items + list->count ? q + 1
							      : list->items;
		if (q->number != e->request || !q->pieces_are_tokens ||
		    q->output_count < 0 || q->error[0] || q->reply_ns == 0 ||
		    e->t_ns < q->begin_ns ||
		    (q->piece_count > 1 && q->last_ns <= q->first_ns))
			continue;
		if (t.request != q->number)
			t.index = 0;
		t.request = q->number;
		t.t_ns = e->t_ns;
		t.index++;
		r = ep_timeline_add_token(s->tl, &t);
	}
	return r;
}

static void add_note(struct story *s, size_t count, const char *text)
{
	size_t used = strlen(s->tl->note);

	if (count > 0)
		(void)ep_str_format(s->tl->note + used,
				    sizeof(s->tl->note) - used, "%s%zu %s",
				    used ? "; " : "", count, text);
}

/* What a workflow read or waited for, by the client's own clock. */
static int add_ingest(struct story *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->count; i++) {
		const struct ep_event *e = &s->events[i];
		struct ep_phase p = {
			.name = EP_PHASE_INGEST,
			.start_ns = e->t_ns,
			.evidence = EP_EVIDENCE_STREAMED,
			.tokens_count = -1,
			.steps_count = -1,
			.cached_count = -1,
		};

		if (strcmp(e->event, "ingest") != 0 || e->span_ns <= 0 ||
		    __builtin_add_overflow(e->t_ns, e->span_ns, &p.end_ns))
			continue;
		r = ep_timeline_add_phase(s->tl, &p);
	}
	return r;
}

int ep_requests_timeline(const struct ep_event *events, size_t count,
			 int64_t gate_ns, int64_t exit_ns,
			 struct ep_timeline *ret)
{
	struct ep_requests list;
	struct ep_timeline tl;
	struct story s = { .events = events, .count = count, .tl = &tl };
	int r = ep_requests_read(events, count, &list);

	(void)gate_ns;
	(void)exit_ns;
	if (r < 0)
		return r;
	ep_timeline_init(&tl);
	s.slack_ns = STAMP_SLACK_NS + connect_ns(events, count);
	r = add_start(&s, gate_ns);
	if (r == 0)
		r = tell_all(&s, &list);
	if (r == 0)
		r = add_ingest(&s);
	if (r == 0 && list.count > 0)
		r = add_tokens(&s, &list);
	ep_requests_done(&list);
	if (r < 0) {
		ep_timeline_done(&tl);
		return r;
	}
	add_note(&s, s.failed_count, "failed");
	add_note(&s, s.retried_count,
		 s.retried_count == 1 ? "failed try was sent again"
				      : "failed tries were sent again");
	add_note(&s, s.odd_count,
		 "came with numbers out of range, which are left out");
	add_note(&s, s.unknown_count,
		 "told no count of output tokens, so figures per token are "
		 "estimated from chunks");
	add_note(&s, s.chunky_count,
		 "came in chunks that are not single tokens, so tokens have no "
		 "times");
	add_note(&s, s.at_once_count,
		 "came all at once, so prefill and generation cannot be told "
		 "apart");
	add_note(&s, s.drafted_count,
		 "used speculative decoding, so decode steps are not known");
	ep_timeline_done(ret);
	*ret = tl;
	return 0;
}

const struct ep_observer_ops ep_observer_requests = {
	.name = "requests",
	.evidence = EP_EVIDENCE_STREAMED,
	.timeline = ep_requests_timeline,
};
