/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/marks_story.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define SLACK_NS 1000 /* the sender stamps a mark itself */
#define NONE SIZE_MAX

struct story {
	struct ep_timeline *out;
	const struct ep_mark_span *span;
	int32_t request;
	bool prefilled, generated;	     /* in this request */
	struct ep_phase open;		     /* name "" when none is */
	size_t request_phase, request_token; /* where this request begins */
	size_t open_token; /* tokens sent before the open phase */
};

static int put(struct story *s, const struct ep_phase *p)
{
	return p->end_ns > p->start_ns ? ep_timeline_add_phase(s->out, p) : 0;
}

/* What tokens say of a generation; without them its own count does. */
static void count_tokens(const struct story *s, struct ep_phase *p)
{
	size_t all = s->out->token_count - s->request_token;
	size_t here = s->out->token_count - s->open_token;
	/* The first token comes from the prompt: just before this phase, or
	 * first in it.  A second generation of a request has none such. */
	size_t free_count = s->generated ? 0 : 1;

	if (all == 0) {
		if (p->tokens_count >= 0)
			p->steps_count =
				p->tokens_count -
				(int64_t)(p->tokens_count > 0 ? free_count : 0);
		return;
	}
	if (!s->generated)
		here = all;
	p->tokens_count = (int64_t)here;
	p->steps_count = (int64_t)(here > free_count ? here - free_count : 0);
}

/* t_ns: where it ends; said: by a mark that ends it and begins nothing. */
static int end_phase(struct story *s, int64_t t_ns, bool said)
{
	struct ep_phase p = s->open;

	if (!p.name[0])
		return 0;
	s->open.name[0] = '\0';
	p.end_ns = t_ns;
	if (strcmp(p.name, EP_PHASE_GENERATION) == 0) {
		int64_t last = p.start_ns;

		if (s->out->token_count > s->open_token)
			last = s->out->tokens[s->out->token_count - 1].t_ns;
		if (!said && last > p.start_ns)
			p.end_ns = last;
		count_tokens(s, &p);
		s->generated = true;
	}
	return put(s, &p);
}

/* Tokens without a generation: it lasts from the first to the last. */
static int imply_generation(struct story *s)
{
	size_t count = s->out->token_count - s->request_token;
	struct ep_phase p = { .name = EP_PHASE_GENERATION,
			      .evidence = EP_EVIDENCE_MARKED,
			      .slack_ns = SLACK_NS,
			      .request = s->request,
			      .cached_count = -1 };

	if (s->generated || count == 0)
		return 0;
	p.start_ns = s->out->tokens[s->request_token].t_ns;
	p.end_ns = s->out->tokens[s->out->token_count - 1].t_ns;
	p.tokens_count = (int64_t)count;
	p.steps_count = (int64_t)count - 1;
	for (size_t i = s->request_phase; i < s->out->phase_count; i++) {
		struct ep_phase *q = &s->out->phases[i];

		if (q->end_ns <= p.start_ns || q->start_ns >= p.end_ns)
			continue;
		if (strcmp(q->name, EP_PHASE_PREFILL) != 0 ||
		    q->start_ns >= p.start_ns)
			return 0; /* it has a name of its own */
		q->end_ns = p.start_ns;
	}
	s->generated = true;
	return put(s, &p);
}

static int next_request(struct story *s)
{
	int r = s->request > 0 ? imply_generation(s) : 0;

	s->request++;
	s->prefilled = s->generated = false;
	s->request_phase = s->out->phase_count;
	s->request_token = s->out->token_count;
	return r;
}

static int take_phase(struct story *s, const struct ep_mark_event *m)
{
	bool load = strcmp(m->name, EP_PHASE_LOAD) == 0;
	bool prefill = strcmp(m->name, EP_PHASE_PREFILL) == 0;
	bool generation = strcmp(m->name, EP_PHASE_GENERATION) == 0;
	bool sent = s->out->token_count > s->request_token;
	int r;

	/* The same name while it lasts goes on: a prompt in pieces. */
	if (s->open.name[0] && strcmp(s->open.name, m->name) == 0 && !sent) {
		if (m->tokens_count >= 0 && s->open.tokens_count >= 0)
			s->open.tokens_count += m->tokens_count;
		else if (m->tokens_count >= 0)
			s->open.tokens_count = m->tokens_count;
		return 0;
	}
	if (generation && strcmp(s->open.name, m->name) == 0)
		return 0;
	r = end_phase(s, m->t_ns, m->name[0] == '\0');
	if (r < 0 || m->name[0] == '\0')
		return r;
	if (((load || prefill) &&
	     (s->request == 0 || s->prefilled || s->generated || sent)) ||
	    (generation && s->request == 0))
		r = next_request(s);
	else if (!generation && s->request > 0)
		r = imply_generation(s);
	s->prefilled |= prefill;
	s->open_token = s->out->token_count;
	s->open = (struct ep_phase){
		.start_ns = m->t_ns,
		.slack_ns = SLACK_NS,
		.evidence = EP_EVIDENCE_MARKED,
		.request = s->request,
		.tokens_count = m->tokens_count,
		.steps_count = -1,
		.cached_count = -1,
	};
	(void)ep_str_copy(s->open.name, sizeof(s->open.name), m->name);
	if (load && s->request == 1 && s->out->phase_count == 0 &&
	    s->span->gate_ns >= 0)
		s->open.start_ns = s->span->gate_ns;
	return r;
}

static int take_token(struct story *s, const struct ep_mark_event *m)
{
	struct ep_token t = { .t_ns = m->t_ns };
	int r = 0;

	if (s->request == 0)
		r = next_request(s);
	t.request = s->request;
	t.index = (int32_t)(s->out->token_count - s->request_token) + 1;
	return r < 0 ? r : ep_timeline_add_token(s->out, &t);
}

int ep_mark_story(const struct ep_mark_event *marks, size_t count,
		  const struct ep_mark_span *span, struct ep_timeline *ret)
{
	struct story s = { .out = ret, .span = span };
	int r = 0;

	s.request_phase = ret->phase_count;
	s.request_token = ret->token_count;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = marks[i].token ? take_token(&s, &marks[i])
				   : take_phase(&s, &marks[i]);
	if (r == 0)
		r = end_phase(&s, span->end_ns, false);
	if (r == 0 && s.request > 0)
		r = imply_generation(&s);
	return r;
}
