/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* A hit is stamped 1 us (emulated first instruction) to 25 us (single step)
 * after the call; measured on x86-64. */
#define SLACK_NS (10 * EP_NS_PER_US)

struct writer {
	struct ep_timeline *out;
	const struct ep_llama_requests *in;
	int64_t gate_ns, exit_ns;
	int64_t free_ns; /* where the last phase ended */
	int32_t request;
	size_t next_load;
};

static int add_phase(struct writer *w, const char *name, int64_t start_ns,
		     int64_t end_ns, struct ep_phase p)
{
	if (start_ns < w->free_ns)
		start_ns = w->free_ns;
	if (end_ns > w->exit_ns)
		end_ns = w->exit_ns;
	if (end_ns <= start_ns)
		return 0;
	w->free_ns = end_ns;
	(void)ep_str_copy(p.name, sizeof(p.name), name);
	p.start_ns = start_ns;
	p.end_ns = end_ns;
	p.slack_ns = SLACK_NS;
	p.evidence = EP_EVIDENCE_PROBED;
	p.request = w->request;
	p.cached_count = -1;
	return ep_timeline_add_phase(w->out, &p);
}

static int add_token(struct writer *w, int64_t t_ns, int32_t index)
{
	const struct ep_token t = { t_ns, w->request, index };

	return ep_timeline_add_token(w->out, &t);
}

/* Loading that ended before until_ns and began after the last phase; the first
 * one begins at the gate. */
static int add_load(struct writer *w, int64_t until_ns, bool first)
{
	const struct ep_llama_requests *in = w->in;
	const struct ep_phase none = { .tokens_count = -1, .steps_count = -1 };
	int64_t start = INT64_MAX, end = INT64_MIN;

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
	return add_phase(w, EP_PHASE_LOAD, first ? w->gate_ns : start, end,
			 none);
}

static int add_request(struct writer *w, const struct ep_llama_request *q)
{
	const struct ep_phase prefill = { .tokens_count = q->prompt_count,
					  .steps_count = -1 };
	const struct ep_phase generation = { .tokens_count = q->step_count + 1,
					     .steps_count = q->step_count };
	int r = add_phase(w, EP_PHASE_PREFILL, q->start_ns, q->prefill_end_ns,
			  prefill);

	if (r == 0 && (q->fetched || q->step_count > 0))
		r = add_token(w, q->prefill_end_ns, 1);
	if (r == 0 && q->end_ns > q->prefill_end_ns)
		r = add_phase(w, EP_PHASE_GENERATION, q->prefill_end_ns,
			      q->end_ns, generation);
	for (int64_t i = 0; r == 0 && i < q->step_count; i++)
		r = add_token(w, w->in->steps_ns[q->first_step + (size_t)i],
			      (int32_t)i + 2);
	return r;
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
	for (size_t i = 0; r == 0 && i < in->count; i++) {
		const struct ep_llama_request *q = &in->items[i];

		w->request++;
		r = add_load(w, q->start_ns, i == 0);
		if (r == 0 && !q->mixed)
			r = add_request(w, q);
		/* Time that cannot be divided stays "other". */
		if (q->mixed)
			w->request--;
		if (q->end_ns > w->free_ns)
			w->free_ns = q->end_ns;
	}
	if (r == 0 && in->count == 0) {
		w->request = 1;
		r = add_load(w, w->exit_ns, true);
	}
	return r;
}

static void write_note(struct ep_timeline *tl, const struct ep_llama_calls *c,
		       const struct ep_llama_requests *in)
{
	size_t mixed = 0;

	for (size_t i = 0; i < in->count; i++)
		mixed += in->items[i].mixed;
	if (in->shared)
		(void)ep_str_copy(
			tl->note, sizeof(tl->note),
			"mixed: several sequences share evaluations "
			"(parallel slots or speculative decoding), so "
			"their phases count as other");
	else if (mixed > 0)
		(void)ep_str_format(
			tl->note, sizeof(tl->note),
			"mixed: %zu of %zu requests ran at the same time in "
			"several contexts, so their phases cannot be told "
			"apart and count as other",
			mixed, in->count);
	else if (c->lost)
		(void)ep_str_copy(tl->note, sizeof(tl->note),
				  "probe hits were lost: phases and token "
				  "counts may be wrong");
	else if (c->late_ns > 0 && in->unborn)
		(void)ep_str_format(
			tl->note, sizeof(tl->note),
			"probes were in place %lld ms after the library was "
			"loaded: evaluations before that are missing",
			(long long)(c->late_ns / EP_NS_PER_MS + 1));
	else if (in->cut)
		(void)ep_str_copy(tl->note, sizeof(tl->note),
				  "the program ended within an evaluation: "
				  "its tokens are not counted");
}

int ep_llama_timeline(const struct ep_event *events, size_t count,
		      int64_t gate_ns, int64_t exit_ns, struct ep_timeline *ret)
{
	struct ep_llama_calls calls;
	struct ep_llama_requests requests;
	struct ep_timeline tl;
	struct writer w = { .out = &tl,
			    .in = &requests,
			    .gate_ns = gate_ns,
			    .exit_ns = exit_ns,
			    .free_ns = gate_ns };
	int r = ep_llama_calls_build(&calls, events, count);

	if (r < 0)
		return r;
	r = ep_llama_requests_build(&requests, &calls, exit_ns);
	if (r < 0) {
		ep_llama_calls_done(&calls);
		return r;
	}
	ep_timeline_init(&tl);
	r = write_all(&w);
	if (r == 0)
		write_note(&tl, &calls, &requests);
	ep_llama_requests_done(&requests);
	ep_llama_calls_done(&calls);
	if (r < 0) {
		ep_timeline_done(&tl);
		return r;
	}
	ep_timeline_done(ret);
	*ret = tl;
	return 0;
}
