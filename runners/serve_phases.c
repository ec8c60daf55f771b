/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "runners/llama.h"
#include "runners/observers.h"
#include "runners/requests.h"

/*
 * Requests to a server in which probes are: what the client saw tells where a
 * request begins and ends and what the server counted, the probes where its
 * evaluations are.  Both must agree on a request, else the stream's borders
 * stay.
 */
struct merge {
	const struct ep_timeline *stream, *probed;
	const struct ep_requests *requests; /* of the stream */
	struct ep_timeline *out;
	/* All are in time order, so that nothing is looked at twice. */
	size_t probed_at, probed_token_at, stream_token_at, request_at;
	size_t request_count, missed_count, failed_count;
};

/* The phases of one request in stream->phases. */
struct span {
	size_t first, end;
	const struct ep_phase *prefill, *generation;
};

static bool is(const struct ep_phase *p, const char *name)
{
	return strcmp(p->name, name) == 0;
}

static struct span span_at(const struct ep_timeline *tl, size_t first)
{
	struct span s = { .first = first, .end = first };
	int32_t request = tl->phases[first].request;

	for (; s.end < tl->phase_count && tl->phases[s.end].request == request;
	     s.end++) {
		const struct ep_phase *p = &tl->phases[s.end];

		if (is(p, EP_PHASE_PREFILL))
			s.prefill = p;
		else if (is(p, EP_PHASE_GENERATION))
			s.generation = p;
	}
	return s;
}

/* Before its first byte left: the stamp of its last one may be late. */
static int64_t begin_of(struct merge *m, const struct ep_phase *first)
{
	const struct ep_requests *list = m->requests;

	for (; m->request_at < list->count; m->request_at++)
		if (list->items[m->request_at].number == first->request)
			return list->items[m->request_at].begin_ns;
	return first->start_ns;
}

/* The one evaluated request that begins between start_ns and end_ns; NULL: none,
 * or more than one. */
static const struct ep_phase *find_prefill(struct merge *m, int64_t start_ns,
					   int64_t end_ns)
{
	const struct ep_timeline *tl = m->probed;
	const struct ep_phase *found = NULL;

	for (; m->probed_at < tl->phase_count; m->probed_at++) {
		const struct ep_phase *p = &tl->phases[m->probed_at];

		if (p->start_ns >= end_ns)
			break;
		if (p->start_ns < start_ns || is(p, EP_PHASE_LOAD))
			continue;
		if (found && p->request != found->request)
			return NULL;
		if (is(p, EP_PHASE_PREFILL))
			found = p;
		else if (!found || !is(p, EP_PHASE_GENERATION))
			return NULL; /* "mixed" */
	}
	return found;
}

static bool same_count(int64_t told, int64_t seen)
{
	return told < 0 || seen < 0 || told == seen;
}

static const struct ep_phase *generation_of(const struct ep_timeline *tl,
					    const struct ep_phase *prefill)
{
	const struct ep_phase *next = prefill + 1;

	if (next < tl->phases + tl->phase_count &&
	    next->request == prefill->request && is(next, EP_PHASE_GENERATION))
		return next;
	return NULL;
}

/* What the probes saw of this request, if that is what the server tells. */
static const struct ep_phase *fit(struct merge *m, const struct span *s)
{
	const struct ep_phase *first = &m->stream->phases[s->first];
	const struct ep_phase *last = &m->stream->phases[s->end - 1];
	const struct ep_phase *p, *g;

	p = find_prefill(m, begin_of(m, first), last->end_ns);
	if (!p || !same_count(s->prefill->tokens_count, p->tokens_count))
		return NULL;
	g = generation_of(m->probed, p);
	if ((g ? g : p)->end_ns > last->end_ns)
		return NULL;
	if (g && (!s->generation ||
		  !same_count(s->generation->tokens_count, g->tokens_count)))
		return NULL;
	/* One token comes with the prompt's evaluation. */
	if (!g && s->generation && s->generation->tokens_count != 1)
		return NULL;
	return p;
}

static int add(struct merge *m, const struct ep_phase *like, int64_t start_ns,
	       int64_t end_ns)
{
	struct ep_phase p = *like;

	if (start_ns >= end_ns)
		return 0;
	p.start_ns = start_ns;
	p.end_ns = end_ns;
	return ep_timeline_add_phase(m->out, &p);
}

/* Within the request, outside of its evaluations. */
static int add_other(struct merge *m, const struct ep_phase *of,
		     int64_t start_ns, int64_t end_ns)
{
	struct ep_phase p = *of;

	(void)ep_str_copy(p.name, sizeof(p.name), EP_PHASE_OTHER);
	p.tokens_count = p.steps_count = p.cached_count = -1;
	p.chunks_count = 0;
	/* One of its ends is an evaluation's. */
	p.evidence = EP_EVIDENCE_PROBED;
	return add(m, &p, start_ns, end_ns);
}

static int add_probed(struct merge *m, const struct ep_phase *told,
		      const struct ep_phase *seen)
{
	struct ep_phase p = *told;

	p.slack_ns = seen->slack_ns;
	p.evidence = seen->evidence;
	p.chunks_count = 0;
	if (seen->tokens_count >= 0)
		p.tokens_count = seen->tokens_count;
	if (seen->steps_count >= 0)
		p.steps_count = seen->steps_count;
	return add(m, &p, seen->start_ns, seen->end_ns);
}

/* The tokens of the request that this phase begins. */
static int add_tokens(struct merge *m, const struct ep_timeline *from,
		      size_t *at, const struct ep_phase *of, int32_t as)
{
	int r = 0;

	while (*at < from->token_count && from->tokens[*at].t_ns < of->start_ns)
		(*at)++;
	for (; r == 0 && *at < from->token_count &&
	       from->tokens[*at].request == of->request;
	     (*at)++) {
		struct ep_token t = from->tokens[*at];

		t.request = as;
		r = ep_timeline_add_token(m->out, &t);
	}
	return r;
}

static int add_streamed(struct merge *m, const struct span *s)
{
	const struct ep_phase *first = &m->stream->phases[s->first];
	int r = 0;

	for (size_t i = s->first; r == 0 && i < s->end; i++)
		r = ep_timeline_add_phase(m->out, &m->stream->phases[i]);
	return r == 0 ? add_tokens(m, m->stream, &m->stream_token_at, first,
				   first->request)
		      : r;
}

static int add_fitted(struct merge *m, const struct span *s,
		      const struct ep_phase *prefill)
{
	const struct ep_phase *g = generation_of(m->probed, prefill);
	const struct ep_phase *last = &m->stream->phases[s->end - 1];
	int64_t end_ns = prefill->end_ns;
	int r = add_other(m, s->prefill, m->stream->phases[s->first].start_ns,
			  prefill->start_ns);

	if (r == 0)
		r = add_probed(m, s->prefill, prefill);
	if (r == 0 && g && s->generation) {
		r = add_probed(m, s->generation, g);
		end_ns = g->end_ns;
	} else if (r == 0 && s->generation) {
		r = add(m, s->generation, end_ns, s->generation->end_ns);
		end_ns = s->generation->end_ns;
	}
	if (r == 0)
		r = add_other(m, s->prefill, end_ns, last->end_ns);
	if (r < 0)
		return r;
	return add_tokens(m, m->probed, &m->probed_token_at, prefill,
			  s->prefill->request);
}

/* The server's load ends with the last of its models, contexts and warm-ups. */
static int add_load(struct merge *m, const struct ep_phase *told)
{
	const struct ep_phase *seen = m->probed->phases;

	if (is(seen, EP_PHASE_LOAD) && seen->start_ns == told->start_ns &&
	    seen->end_ns <= told->end_ns)
		return add_probed(m, told, seen);
	return ep_timeline_add_phase(m->out, told);
}

static int add_request(struct merge *m, const struct span *s)
{
	const struct ep_phase *prefill;

	m->failed_count += is(&m->stream->phases[s->first], EP_PHASE_FAILED);
	if (!s->prefill)
		return add_streamed(m, s);
	m->request_count++;
	prefill = fit(m, s);
	if (prefill)
		return add_fitted(m, s, prefill);
	m->missed_count++;
	return add_streamed(m, s);
}

static int merge(struct merge *m)
{
	struct span s = { .end = 0 };
	int r = 0;

	while (r == 0 && s.end < m->stream->phase_count) {
		const struct ep_phase *p = &m->stream->phases[s.end];

		if (p->request > 0) {
			s = span_at(m->stream, s.end);
			r = add_request(m, &s);
			continue;
		}
		r = is(p, EP_PHASE_LOAD) ? add_load(m, p)
					 : ep_timeline_add_phase(m->out, p);
		s.end++;
	}
	return r;
}

static void add_note(struct ep_timeline *tl, const char *text)
{
	size_t used = strlen(tl->note);

	if (text[0])
		(void)ep_str_format(tl->note + used, sizeof(tl->note) - used,
				    "%s%s", used ? "; " : "", text);
}

static void write_notes(const struct merge *m)
{
	char text[160] = "";

	if (m->missed_count > 0)
		(void)ep_str_format(text, sizeof(text),
				    "%zu of %zu requests have the stream's "
				    "borders, because the probes saw something "
				    "else than the server tells",
				    m->missed_count, m->request_count);
	add_note(m->out, text);
	add_note(m->out, m->probed->note);
	/* What it says of chunks does not hold where probes saw tokens. */
	if (m->missed_count == 0 && m->failed_count > 0)
		(void)ep_str_format(text, sizeof(text), "%zu failed",
				    m->failed_count);
	add_note(m->out, m->missed_count > 0 ? m->stream->note : text);
}

static int served_timeline(const struct ep_event *events, size_t count,
			   int64_t gate_ns, int64_t exit_ns,
			   struct ep_timeline *ret)
{
	struct ep_timeline stream, probed, tl;
	struct ep_requests requests;
	struct merge m = { .stream = &stream,
			   .probed = &probed,
			   .requests = &requests,
			   .out = &tl };
	int r = ep_requests_read(events, count, &requests);

	if (r < 0)
		return r;

	ep_timeline_init(&stream);
	ep_timeline_init(&probed);
	ep_timeline_init(&tl);
	r = ep_requests_timeline(events, count, gate_ns, exit_ns, &stream);
	if (r == 0 && stream.phase_count > 0)
		r = ep_llama_timeline(events, count, gate_ns, exit_ns, &probed);
	if (r == 0 && probed.phase_count > 0) {
		r = merge(&m);
		write_notes(&m);
	}
	ep_requests_done(&requests);
	ep_timeline_done(&stream);
	ep_timeline_done(&probed);
	if (r < 0) {
		ep_timeline_done(&tl);
		return r;
	}
	ep_timeline_done(ret);
	*ret = tl;
	return 0;
}

const struct ep_observer_ops ep_observer_served = {
	.name = "probes in the server",
	.evidence = EP_EVIDENCE_PROBED,
	.timeline = served_timeline,
};
