/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/probed_story.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

int ep_probed_story_load(struct ep_probed_story *s, int64_t start_ns,
			 int64_t end_ns)
{
	int r = ep_probed_grow((void **)&s->loads, s->load_count, &s->load_size,
			       sizeof(*s->loads), EP_PHASES_MAX);

	if (r == 0)
		s->loads[s->load_count++] =
			(struct ep_probed_load){ start_ns, end_ns };
	return r;
}

int ep_probed_story_request(struct ep_probed_story *s,
			    const struct ep_probed_request *q)
{
	int r = ep_probed_grow((void **)&s->items, s->count, &s->size,
			       sizeof(*s->items), EP_TOKENS_MAX);

	if (r == 0)
		s->items[s->count++] = *q;
	return r;
}

int ep_probed_story_token(struct ep_probed_story *s, size_t request,
			  int64_t t_ns)
{
	int r = ep_probed_grow((void **)&s->stamps, s->stamp_count,
			       &s->stamp_size, sizeof(*s->stamps),
			       EP_TOKENS_MAX);

	if (r == 0)
		s->stamps[s->stamp_count++] =
			(struct ep_probed_stamp){ request, t_ns };
	return r;
}

struct writer {
	struct ep_timeline *out;
	int64_t gate_ns, exit_ns, free_ns;
	int32_t request;
	size_t next_load;
};

static int add_phase(struct writer *w, struct ep_phase p)
{
	return ep_probed_add(w->out, p, &w->free_ns, w->exit_ns);
}

/* Loads that began before until_ns; the first one begins at the gate. */
static int add_load(struct writer *w, const struct ep_probed_story *s,
		    int64_t until_ns, int32_t request)
{
	int64_t start = INT64_MAX, end = INT64_MIN;
	struct ep_phase p;

	for (; w->next_load < s->load_count &&
	       s->loads[w->next_load].start_ns < until_ns;
	     w->next_load++) {
		const struct ep_probed_load *l = &s->loads[w->next_load];

		if (l->start_ns < start)
			start = l->start_ns;
		if (l->end_ns > end)
			end = l->end_ns;
	}
	if (end == INT64_MIN)
		return 0;
	if (w->out->phase_count == 0)
		start = w->gate_ns;
	p = ep_probed_phase(EP_PHASE_LOAD, start,
			    end < until_ns ? end : until_ns);
	p.request = request;
	return add_phase(w, p);
}

static int add_request(struct writer *w, const struct ep_probed_story *s,
		       size_t index)
{
	const struct ep_probed_request *q = &s->items[index];
	struct ep_phase p =
		ep_probed_phase(EP_PHASE_PREFILL, q->start_ns, q->first_ns);
	int32_t number = 0;
	int r;

	p.request = w->request;
	p.tokens_count = q->prompt_count;
	r = add_phase(w, p);
	if (r == 0 && q->end_ns > q->first_ns && q->output_count != 0 &&
	    q->output_count != 1) {
		p = ep_probed_phase(EP_PHASE_GENERATION, q->first_ns,
				    q->end_ns);
		p.request = w->request;
		p.tokens_count = q->output_count;
		p.steps_count = q->output_count > 0 ? q->output_count - 1 : -1;
		r = add_phase(w, p);
	}
	for (size_t i = 0; r == 0 && q->output_count >= 0 && i < s->stamp_count;
	     i++) {
		struct ep_token t = { s->stamps[i].t_ns, w->request, 0 };

		if (s->stamps[i].request != index)
			continue;
		t.index = ++number;
		r = ep_timeline_add_token(w->out, &t);
	}
	return r;
}

static int by_start(const void *a, const void *b)
{
	const struct ep_probed_load *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

/* Requests are in the order in which they began. */
static bool mark_overlaps(struct ep_probed_story *s)
{
	size_t widest = 0;
	bool any = false;

	for (size_t i = 1; i < s->count; i++) {
		if (s->items[i].start_ns < s->items[widest].end_ns) {
			s->items[i].mixed = s->items[widest].mixed = true;
			any = true;
		}
		if (s->items[i].end_ns > s->items[widest].end_ns)
			widest = i;
	}
	return any;
}

static int write_mixed(struct writer *w, const struct ep_probed_story *s,
		       size_t *i)
{
	int64_t start_ns = s->items[*i].start_ns, end_ns = start_ns;
	int r = add_load(w, s, start_ns, 0);

	for (; *i < s->count && s->items[*i].mixed &&
	       s->items[*i].start_ns <= end_ns;
	     ++*i)
		if (s->items[*i].end_ns > end_ns)
			end_ns = s->items[*i].end_ns;
	return r < 0 ? r
		     : add_phase(w, ep_probed_phase(EP_PHASE_MIXED, start_ns,
						    end_ns));
}

int ep_probed_story_write(struct ep_probed_story *s, int64_t gate_ns,
			  int64_t exit_ns, const char *why,
			  struct ep_timeline *ret)
{
	struct writer w = { ret, gate_ns, exit_ns, gate_ns, 0, 0 };
	bool overlap = mark_overlaps(s);
	int r = 0;

	if (s->load_count > 1)
		qsort(s->loads, s->load_count, sizeof(s->loads[0]), by_start);
	for (size_t i = 0; r == 0 && i < s->count;) {
		if (s->items[i].mixed) {
			r = write_mixed(&w, s, &i);
			continue;
		}
		w.request++;
		r = add_load(&w, s, s->items[i].start_ns, w.request);
		if (r == 0)
			r = add_request(&w, s, i);
		i++;
	}
	if (r == 0 && s->count == 0)
		r = add_load(&w, s, exit_ns, 1);
	ret->vague = w.request == 0;
	if (overlap)
		why = "requests ran at the same time";
	else
		for (size_t i = 0; i <= s->count; i++) {
			if (i == s->count)
				why = NULL;
			else if (s->items[i].mixed)
				break;
		}
	if (why)
		(void)ep_str_format(ret->note, sizeof(ret->note), "mixed: %s",
				    why);
	return r;
}

static int by_phase_start(const void *a, const void *b)
{
	const struct ep_phase *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

/* In order of time, within the run, none over another. */
static void straighten(struct ep_timeline *tl, int64_t gate_ns, int64_t exit_ns)
{
	int64_t free_ns = gate_ns;
	size_t kept = 0;

	if (tl->phase_count > 1)
		qsort(tl->phases, tl->phase_count, sizeof(*tl->phases),
		      by_phase_start);
	for (size_t i = 0; i < tl->phase_count; i++) {
		struct ep_phase p = tl->phases[i];

		if (p.start_ns < free_ns ||
		    (kept == 0 && strcmp(p.name, EP_PHASE_LOAD) == 0))
			p.start_ns = free_ns;
		if (p.end_ns > exit_ns)
			p.end_ns = exit_ns;
		if (p.end_ns <= p.start_ns)
			continue;
		free_ns = p.end_ns;
		tl->phases[kept++] = p;
	}
	tl->phase_count = kept;
}

int ep_probed_story_spans(struct ep_probed_story *s, int64_t gap_ns,
			  int64_t gate_ns, int64_t exit_ns,
			  struct ep_timeline *ret)
{
	struct ep_phase p = { .end_ns = INT64_MIN };
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->load_count; i++) {
		p = ep_probed_phase(EP_PHASE_LOAD, s->loads[i].start_ns,
				    s->loads[i].end_ns);
		r = ep_timeline_add_phase(ret, &p);
	}
	p.name[0] = '\0';
	for (size_t i = 0; r == 0 && i <= s->count; i++) {
		const struct ep_probed_request *q = &s->items[i];

		if (i < s->count && p.name[0] &&
		    q->start_ns <= p.end_ns + gap_ns) {
			if (q->end_ns > p.end_ns)
				p.end_ns = q->end_ns;
			continue;
		}
		if (p.name[0])
			r = ep_timeline_add_phase(ret, &p);
		if (i < s->count)
			p = ep_probed_phase(EP_PHASE_COMPUTE, q->start_ns,
					    q->end_ns);
	}
	straighten(ret, gate_ns, exit_ns);
	ret->vague = true;
	return r;
}

void ep_probed_story_done(struct ep_probed_story *s)
{
	free(s->items);
	free(s->stamps);
	free(s->loads);
	memset(s, 0, sizeof(*s));
}
