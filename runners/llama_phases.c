/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* Requests in doubt that are no further apart are one stretch. */
#define MERGE_NS (100 * EP_NS_PER_MS)

struct writer {
	struct ep_timeline *out;
	const struct ep_llama_requests *in;
	int64_t gate_ns, exit_ns;
	int64_t free_ns; /* where the last phase ended */
	int32_t request;
	size_t next_load;
	bool attached;
	size_t certain_count;
	size_t doubt_counts[EP_LLAMA_DOUBTS];
};

static int add_phase(struct writer *w, struct ep_phase p)
{
	return ep_probed_add(w->out, p, &w->free_ns, w->exit_ns);
}

static int add_token(struct writer *w, int64_t t_ns, int32_t index)
{
	const struct ep_token t = { t_ns, w->request, index };

	return ep_timeline_add_token(w->out, &t);
}

/* Loading that ended before until_ns and began after the last phase; the first
 * one begins at the gate. */
static int add_load(struct writer *w, int64_t until_ns, int32_t request)
{
	const struct ep_llama_requests *in = w->in;
	int64_t start = INT64_MAX, end = INT64_MIN;
	struct ep_phase p;

	for (; w->next_load < in->load_count &&
	       in->loads[w->next_load].start_ns < until_ns;
	     w->next_load++) {
		const struct ep_llama_load *l = &in->loads[w->next_load];

		if (l->end_ns > until_ns || l->start_ns < w->free_ns)
			continue;
		if (l->start_ns < start)
			start = l->start_ns;
		if (l->end_ns > end)
			end = l->end_ns;
	}
	if (end == INT64_MIN)
		return 0;
	if (w->out->phase_count == 0 && !w->attached)
		start = w->gate_ns;
	p = ep_probed_phase(EP_PHASE_LOAD, start, end);
	p.request = request;
	return add_phase(w, p);
}

static int add_request(struct writer *w, const struct ep_llama_request *q)
{
	struct ep_phase p = ep_probed_phase(EP_PHASE_PREFILL, q->start_ns,
					    q->prefill_end_ns);
	int r;

	p.request = w->request;
	p.tokens_count = q->prompt_count;
	p.cached_count = q->cached_count;
	r = add_phase(w, p);
	if (r == 0 && (q->fetched || q->step_count > 0))
		r = add_token(w, q->prefill_end_ns, 1);
	if (r == 0 && q->end_ns > q->prefill_end_ns) {
		p = ep_probed_phase(EP_PHASE_GENERATION, q->prefill_end_ns,
				    q->end_ns);
		p.request = w->request;
		p.tokens_count = q->step_count + 1;
		p.steps_count = q->step_count;
		r = add_phase(w, p);
	}
	for (int64_t i = 0; r == 0 && i < q->step_count; i++)
		r = add_token(w, w->in->steps_ns[q->first_step + (size_t)i],
			      (int32_t)i + 2);
	return r;
}

/* Time that cannot be divided: the requests in doubt from the given one on.
 * Returns the first that is none of them. */
static size_t add_mixed(struct writer *w, size_t i, int *code)
{
	const struct ep_llama_requests *in = w->in;
	int64_t start_ns = in->items[i].start_ns, end_ns = start_ns;

	*code = add_load(w, start_ns, 0);
	for (; i < in->count && in->items[i].doubt != EP_LLAMA_CERTAIN &&
	       in->items[i].start_ns <= end_ns + MERGE_NS;
	     i++) {
		w->doubt_counts[in->items[i].doubt]++;
		if (in->items[i].end_ns > end_ns)
			end_ns = in->items[i].end_ns;
	}
	if (*code == 0)
		*code = add_phase(
			w, ep_probed_phase(EP_PHASE_MIXED, start_ns, end_ns));
	return i;
}

static int by_start(const void *a, const void *b)
{
	const struct ep_llama_load *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static int write_all(struct writer *w)
{
	const struct ep_llama_requests *in = w->in;
	int r = 0;

	if (in->load_count > 1)
		qsort(in->loads, in->load_count, sizeof(in->loads[0]),
		      by_start);
	for (size_t i = 0; r == 0 && i < in->count;) {
		const struct ep_llama_request *q = &in->items[i];

		if (q->doubt != EP_LLAMA_CERTAIN) {
			i = add_mixed(w, i, &r);
			continue;
		}
		w->request++;
		w->certain_count++;
		r = add_load(w, q->start_ns, w->request);
		if (r == 0)
			r = add_request(w, q);
		if (q->end_ns > w->free_ns)
			w->free_ns = q->end_ns;
		i++;
	}
	return r == 0 && in->count == 0 ? add_load(w, w->exit_ns, 1) : r;
}

static void say(struct ep_timeline *tl, const char *text)
{
	size_t used = strlen(tl->note);

	(void)ep_str_format(tl->note + used, sizeof(tl->note) - used, "%s%s",
			    used ? "; " : "", text);
}

static void note_mixed(struct writer *w, const struct ep_probed_calls *c)
{
	static const char *const why[EP_LLAMA_DOUBTS] = {
		[EP_LLAMA_SHARED] = "sequences share evaluations (parallel "
				    "slots or speculative decoding)",
		[EP_LLAMA_OVERLAP] = "contexts ran at the same time",
		[EP_LLAMA_CACHED] = "the prompt may have been cached",
		[EP_LLAMA_LATE] = "begun before the probes",
		[EP_LLAMA_BLIND] = "nothing reads the results",
		[EP_LLAMA_OUTSIDE] = "begun before the run or going on at its "
				     "end",
	};
	char text[160];

	for (size_t i = 0; i < EP_LLAMA_DOUBTS; i++) {
		if (!why[i] || w->doubt_counts[i] == 0)
			continue;
		(void)ep_str_format(text, sizeof(text), "%s%s",
				    w->out->note[0] ? "" : "mixed: ", why[i]);
		say(w->out, text);
	}
	if (w->doubt_counts[EP_LLAMA_LATE] > 0 && c->late_ns > 0) {
		(void)ep_str_format(
			text, sizeof(text),
			"probes were in place %lld ms after the library",
			(long long)(c->late_ns / EP_NS_PER_MS + 1));
		say(w->out, text);
	}
}

static void write_note(struct writer *w, const struct ep_probed_calls *c)
{
	note_mixed(w, c);
	if (c->lost)
		say(w->out, "probe hits were lost: phases and token counts may "
			    "be wrong");
	if (c->by_texts)
		say(w->out, "stripped: functions were found by their texts, a "
			    "warm-up only since llama.cpp of 2025-03 (before, "
			    "it counts as prompt)");
	if (w->in->cut)
		say(w->out, "the program ended within an evaluation: its "
			    "tokens are not counted");
}

/* A program that runs on is seen only between gate and exit. */
static void doubt_outside(const struct writer *w, struct ep_llama_requests *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->items[i].doubt == EP_LLAMA_CERTAIN &&
		    (r->items[i].start_ns < w->gate_ns ||
		     r->items[i].end_ns > w->exit_ns))
			r->items[i].doubt = EP_LLAMA_OUTSIDE;
}

/* Another version passes its arguments in another way: no phases at all. */
static bool is_implausible(struct ep_timeline *tl,
			   const struct ep_probed_calls *c,
			   const struct ep_llama_requests *in)
{
	if (in->implausible)
		(void)ep_str_format(
			tl->note, sizeof(tl->note),
			"implausible: llama_decode worked on a batch of %lld "
			"tokens, so this version of libllama is not understood",
			(long long)in->implausible_count);
	else if (c->unreturned_count > 0 && !c->lost)
		(void)ep_str_format(
			tl->note, sizeof(tl->note),
			"implausible: %zu calls of libllama never returned, so "
			"this version of it is not understood",
			c->unreturned_count);
	return tl->note[0] != '\0';
}

int ep_llama_timeline(const struct ep_event *events, size_t count,
		      int64_t gate_ns, int64_t exit_ns, struct ep_timeline *ret)
{
	struct ep_probed_calls calls;
	struct ep_llama_requests requests;
	struct ep_timeline tl;
	struct writer w = { .out = &tl,
			    .in = &requests,
			    .gate_ns = gate_ns,
			    .exit_ns = exit_ns,
			    .free_ns = gate_ns };
	int r = ep_probed_calls_build(&calls, &ep_probed_llama, events, count);

	if (r < 0)
		return r;
	r = ep_llama_requests_build(&requests, &calls, exit_ns);
	if (r < 0) {
		ep_probed_calls_done(&calls);
		return r;
	}
	ep_timeline_init(&tl);
	w.attached = calls.attached;
	if (w.attached)
		doubt_outside(&w, &requests);
	if (!is_implausible(&tl, &calls, &requests)) {
		r = write_all(&w);
		write_note(&w, &calls);
	}
	tl.vague = w.certain_count == 0;
	ep_llama_requests_done(&requests);
	ep_probed_calls_done(&calls);
	if (r < 0) {
		ep_timeline_done(&tl);
		return r;
	}
	ep_timeline_done(ret);
	*ret = tl;
	return 0;
}
