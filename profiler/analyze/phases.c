/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/phases.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static const struct ep_run_observer *find_recorded(const struct ep_run *run,
						   const char *name)
{
	for (size_t i = 0; i < run->observer_count; i++)
		if (strcmp(run->observers[i].name, name) == 0)
			return &run->observers[i];
	return NULL;
}

static void add_note(struct ep_partition *part, const char *name,
		     const char *text)
{
	size_t used = strlen(part->note);

	(void)ep_str_format(part->note + used, sizeof(part->note) - used,
			    "%s%s: %s", used ? "; " : "", name, text);
}

/* Why this observer has no phases. */
static void note_nothing(const struct ep_run *run, struct ep_partition *part,
			 const char *name)
{
	const struct ep_run_observer *o = find_recorded(run, name);

	if (o && o->failed)
		add_note(part, name, o->reason[0] ? o->reason : "failed");
	else if (part->timeline.note[0])
		add_note(part, name, part->timeline.note);
	else
		add_note(part, name, "saw nothing");
}

/* Those of requests and of logs are silent where there are none. */
static bool has_to_tell(const struct ep_run *run,
			const struct ep_observer_ops *o,
			const struct ep_timeline *tl)
{
	const struct ep_run_observer *recorded = find_recorded(run, o->name);

	if (tl->note[0] || (recorded && recorded->failed))
		return true;
	return !o->feed && (o->open || recorded);
}

/* The best of its phases: a log may tell borders as well as durations. */
static enum ep_evidence evidence_of(const struct ep_timeline *tl,
				    const struct ep_observer_ops *o)
{
	enum ep_evidence best = EP_EVIDENCE_NONE;

	for (size_t i = 0; i < tl->phase_count; i++)
		if (best == EP_EVIDENCE_NONE || tl->phases[i].evidence < best)
			best = tl->phases[i].evidence;
	return best == EP_EVIDENCE_NONE ? o->evidence : best;
}

static void note_found(struct ep_partition *part,
		       const struct ep_observer_ops *o)
{
	const struct ep_timeline *tl = &part->timeline;

	(void)ep_str_format(part->note, sizeof(part->note),
			    "phases by %s (%s)%s%s", o->name,
			    ep_evidence_name(evidence_of(tl, o)),
			    tl->note[0] ? ": " : "", tl->note);
}

static int ask(const struct ep_run *run,
	       const struct ep_observer_ops *const *observers,
	       struct ep_partition *part)
{
	struct {
		const struct ep_observer_ops *by;
		struct ep_timeline timeline;
	} vague = { .by = NULL };

	(void)ep_str_copy(part->note, sizeof(part->note), "");
	for (; *observers; observers++) {
		const struct ep_observer_ops *o = *observers;
		int code;

		if (!o->timeline)
			continue;
		ep_timeline_init(&part->timeline);
		code = o->timeline(run->events, run->event_count, run->gate_ns,
				   run->exit_ns, &part->timeline);
		if (code < 0) {
			ep_timeline_done(&part->timeline);
			if (code == -ENOMEM) {
				ep_timeline_done(&vague.timeline);
				return code;
			}
			add_note(part, o->name, strerror(-code));
			continue;
		}
		if (ep_str_starts(part->timeline.note, "implausible"))
			(void)ep_str_copy(part->implausible,
					  sizeof(part->implausible),
					  part->timeline.note);
		if (part->timeline.phase_count > 0 && !part->timeline.vague) {
			note_found(part, o);
			part->by = o;
			ep_timeline_done(&vague.timeline);
			return 0;
		}
		if (part->timeline.phase_count > 0 && !vague.by) {
			vague.by = o;
			vague.timeline = part->timeline;
			ep_timeline_init(&part->timeline);
			continue;
		}
		if (has_to_tell(run, o, &part->timeline))
			note_nothing(run, part, o->name);
		ep_timeline_done(&part->timeline);
	}
	if (vague.by) {
		part->timeline = vague.timeline;
		part->by = vague.by;
		note_found(part, vague.by);
	}
	return 0;
}

/* Names that mean something else in every report. */
static void keep_names_apart(struct ep_phase *p)
{
	static const char *const taken[] = { EP_PHASE_IDLE, EP_PHASE_AFTER,
					     "run",	    "request",
					     "client",	    "" };
	char name[EP_PHASE_NAME_BYTES];

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		if (strcmp(p->name, taken[i]) != 0)
			continue;
		(void)ep_str_format(name, sizeof(name), "%.24s-phase", p->name);
		(void)ep_str_copy(p->name, sizeof(p->name), name);
		return;
	}
}

static struct ep_segment *push(struct ep_partition *part, const char *name,
			       int64_t start_ns, int64_t end_ns)
{
	struct ep_segment *s = &part->segments[part->count];

	if (end_ns <= start_ns)
		return NULL;
	part->count++;
	memset(s, 0, sizeof(*s));
	(void)ep_str_copy(s->phase.name, sizeof(s->phase.name), name);
	s->phase.start_ns = start_ns;
	s->phase.end_ns = end_ns;
	s->phase.tokens_count = s->phase.steps_count = -1;
	s->phase.cached_count = -1;
	return s;
}

static void push_before(const struct ep_run *run, struct ep_partition *part)
{
	struct ep_segment *s;

	if (run->idle_end_ns > run->idle_begin_ns) {
		(void)push(part, EP_PHASE_IDLE, run->begin_ns,
			   run->idle_begin_ns);
		s = push(part, EP_PHASE_IDLE, run->idle_begin_ns,
			 run->idle_end_ns);
		if (s)
			s->baseline = true;
		(void)push(part, EP_PHASE_IDLE, run->idle_end_ns, run->gate_ns);
	} else {
		(void)push(part, EP_PHASE_IDLE, run->begin_ns, run->gate_ns);
	}
}

/* What lies between two phases belongs to their request when it is one. */
static void push_gap(struct ep_partition *part, const struct ep_phase *before,
		     const struct ep_phase *after, int64_t start_ns)
{
	struct ep_segment *s =
		push(part, EP_PHASE_OTHER, start_ns, after->start_ns);

	if (!s)
		return;
	s->inside = true;
	s->phase.slack_ns = after->slack_ns;
	if (!before)
		return;
	if (before->slack_ns > s->phase.slack_ns)
		s->phase.slack_ns = before->slack_ns;
	if (before->request == after->request)
		s->phase.request = before->request;
}

static int by_start(const void *a, const void *b)
{
	const struct ep_phase *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns < y->start_ns ? -1 : 1;
	return x->end_ns < y->end_ns ? -1 : x->end_ns > y->end_ns;
}

/* The phases themselves; where the last one ends. */
static int64_t push_phases(const struct ep_run *run, struct ep_partition *part)
{
	struct ep_timeline *tl = &part->timeline;
	struct ep_phase before;
	int64_t cursor = run->gate_ns;
	bool any = false;

	if (tl->phase_count > 1)
		qsort(tl->phases, tl->phase_count, sizeof(*tl->phases),
		      by_start);
	for (size_t i = 0; i < tl->phase_count; i++) {
		struct ep_phase p = tl->phases[i];
		struct ep_segment *s;

		keep_names_apart(&p);
		if (p.start_ns < cursor) {
			part->clipped_count += any && p.end_ns > cursor;
			p.start_ns = cursor;
		}
		if (p.end_ns > run->exit_ns)
			p.end_ns = run->exit_ns;
		if (p.end_ns <= p.start_ns) {
			part->dropped_count++;
			continue;
		}
		push_gap(part, any ? &before : NULL, &p, cursor);
		s = push(part, p.name, p.start_ns, p.end_ns);
		if (s) {
			s->phase = p;
			s->inside = s->found = true;
		}
		cursor = p.end_ns;
		before = p;
		any = true;
	}
	return cursor;
}

static int by_time(const void *a, const void *b)
{
	const struct ep_token *x = a, *y = b;

	if (x->t_ns != y->t_ns)
		return x->t_ns < y->t_ns ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* The program's own account says nothing new of what was made of it. */
static int check_log(const struct ep_run *run, struct ep_partition *part)
{
	if (!part->by || part->by->timeline == ep_text_timeline)
		return 0;
	return ep_text_check(run->events, run->event_count, &part->timeline,
			     &part->log);
}

int ep_partition_make(const struct ep_run *run,
		      const struct ep_observer_ops *const *observers,
		      struct ep_partition *part, struct ep_err *err)
{
	struct ep_segment *s;
	int64_t cursor;
	int code;

	memset(part, 0, sizeof(*part));
	code = ask(run, observers, part);
	if (code == 0) {
		part->segments = calloc(2 * part->timeline.phase_count + 8,
					sizeof(*part->segments));
		code = part->segments ? 0 : -ENOMEM;
	}
	if (code < 0) {
		ep_partition_done(part);
		return ep_err_set(err, code, "phases: %s", strerror(-code));
	}
	if (part->timeline.token_count > 1)
		qsort(part->timeline.tokens, part->timeline.token_count,
		      sizeof(*part->timeline.tokens), by_time);
	push_before(run, part);
	cursor = push_phases(run, part);
	code = check_log(run, part);
	if (code < 0) {
		ep_partition_done(part);
		return ep_err_set(err, code, "lines of the program: %s",
				  strerror(-code));
	}
	s = push(part, cursor > run->gate_ns ? EP_PHASE_TAIL : EP_PHASE_OTHER,
		 cursor, run->exit_ns);
	if (s) {
		s->inside = true;
		if (cursor > run->gate_ns)
			s->phase.slack_ns = s[-1].phase.slack_ns;
	}
	(void)push(part, EP_PHASE_AFTER, run->exit_ns, run->end_ns);
	return 0;
}

void ep_partition_done(struct ep_partition *part)
{
	if (!part)
		return;
	free(part->segments);
	ep_timeline_done(&part->timeline);
	memset(part, 0, sizeof(*part));
}
