/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "runners/observers.h"
#include "runners/rules.h"

/* A line is stamped when edgeprof's thread runs. */
#define STAMP_SLACK_NS EP_NS_PER_MS

struct story {
	struct ep_rules *rules;
	size_t hits[EP_RULES_MAX];
	struct ep_timeline *tl;
	int64_t gate_ns, exit_ns;
	bool open; /* a phase has begun */
	struct ep_phase phase;
	/* The last line that was a border, or the gate. */
	int64_t border_ns, border_slack_ns;
	char names[EP_RULES_MAX][EP_PHASE_NAME_BYTES]; /* of this request */
	size_t name_count;
	int32_t request;
	size_t orphan_count; /* ends of what had not begun */
	size_t empty_count;  /* phases without length */
	bool odd;	     /* a token count that is none */
	bool pipe;	     /* nobody knows when its lines were written */
};

static bool has_start(const struct story *s, const char *name)
{
	for (size_t i = 0; i < s->rules->count; i++)
		if (!s->rules->items[i].end &&
		    strcmp(s->rules->items[i].name, name) == 0)
			return true;
	return false;
}

/* A phase that comes again belongs to the next request. */
static void number(struct story *s, struct ep_phase *p)
{
	for (size_t i = 0; i < s->name_count; i++)
		if (strcmp(s->names[i], p->name) == 0) {
			s->request++;
			s->name_count = 0;
		}
	if (s->name_count < EP_RULES_MAX)
		(void)ep_str_copy(s->names[s->name_count++],
				  sizeof(s->names[0]), p->name);
	p->request = s->request;
}

static int finish(struct story *s, int64_t end_ns, int64_t slack_ns)
{
	struct ep_phase *p = &s->phase;

	s->open = false;
	p->end_ns = end_ns < s->exit_ns ? end_ns : s->exit_ns;
	if (slack_ns > p->slack_ns)
		p->slack_ns = slack_ns;
	if (p->end_ns <= p->start_ns) {
		s->empty_count++;
		return 0;
	}
	if (strcmp(p->name, EP_PHASE_GENERATION) == 0 && p->tokens_count > 0)
		p->steps_count = p->tokens_count - 1;
	number(s, p);
	return ep_timeline_add_phase(s->tl, p);
}

static void begin(struct story *s, const char *name, int64_t start_ns,
		  int64_t slack_ns)
{
	s->open = true;
	s->phase = (struct ep_phase){ .start_ns = start_ns,
				      .slack_ns = slack_ns,
				      .evidence = EP_EVIDENCE_INFERRED,
				      .tokens_count = -1,
				      .steps_count = -1,
				      .cached_count = -1 };
	(void)ep_str_copy(s->phase.name, sizeof(s->phase.name), name);
}

static int take(struct story *s, const struct ep_rule *rule,
		const struct ep_event *e, int64_t tokens)
{
	int64_t t_ns = e->t_ns < s->exit_ns ? e->t_ns : s->exit_ns;
	int64_t slack_ns = e->span_ns + STAMP_SLACK_NS;
	int r = 0;

	if (!rule->end) {
		if (s->open)
			r = finish(s, t_ns, slack_ns);
		begin(s, rule->name, t_ns, slack_ns);
		s->phase.tokens_count = tokens;
	} else if (s->open && strcmp(s->phase.name, rule->name) == 0) {
		if (tokens >= 0)
			s->phase.tokens_count = tokens;
		r = finish(s, t_ns, slack_ns);
	} else if (s->open || has_start(s, rule->name)) {
		s->orphan_count++;
	} else {
		begin(s, rule->name, s->border_ns, s->border_slack_ns);
		s->phase.tokens_count = tokens;
		r = finish(s, t_ns, slack_ns);
	}
	s->border_ns = t_ns;
	s->border_slack_ns = slack_ns;
	return r;
}

/* The first rule that matches has the line. */
static int take_line(struct story *s, const struct ep_event *e)
{
	int stream = strcmp(e->source, "stderr") == 0 ? 2 : 1;
	int64_t tokens;

	if (e->t_ns < s->gate_ns)
		return 0;
	for (size_t i = 0; i < s->rules->count; i++) {
		if (!ep_rule_match(&s->rules->items[i], stream, e->text,
				   &tokens, &s->odd))
			continue;
		s->hits[i]++;
		return take(s, &s->rules->items[i], e, tokens);
	}
	return 0;
}

static void note(struct ep_timeline *tl, const char *text)
{
	size_t used = strlen(tl->note);

	(void)ep_str_format(tl->note + used, sizeof(tl->note) - used, "%s%s",
			    used ? "; " : "", text);
}

static void write_note(const struct story *s)
{
	char text[128];

	for (size_t i = 0; i < s->rules->count; i++) {
		if (s->hits[i] > 0)
			continue;
		(void)ep_str_format(text, sizeof(text), "no line matched %s%s",
				    s->rules->items[i].name,
				    s->rules->items[i].end ? ":end" : ":start");
		note(s->tl, text);
	}
	if (s->pipe)
		note(s->tl, "lines came through a pipe: unknown buffering");
	if (s->orphan_count > 0) {
		(void)ep_str_format(text, sizeof(text),
				    "%zu lines ended a phase of which nothing "
				    "tells where it began",
				    s->orphan_count);
		note(s->tl, text);
	}
	if (s->empty_count > 0) {
		(void)ep_str_format(text, sizeof(text),
				    "%zu phases began and ended in one piece "
				    "of output",
				    s->empty_count);
		note(s->tl, text);
	}
	if (s->odd)
		note(s->tl, "a token count is no whole number");
}

static int collect(struct story *s, const struct ep_event *events, size_t count)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (strcmp(events[i].event, "rule") == 0)
			r = ep_rules_add(s->rules, events[i].text, NULL);
		else if (strcmp(events[i].event, "fact") == 0 &&
			 strcmp(events[i].source, "stdout.timing") == 0)
			s->pipe = strcmp(events[i].text, "pipe") == 0;
	}
	return r;
}

int ep_rules_timeline(const struct ep_event *events, size_t count,
		      int64_t gate_ns, int64_t exit_ns, struct ep_timeline *ret)
{
	struct ep_rules *rules = calloc(1, sizeof(*rules));
	struct ep_timeline tl;
	struct story s = { .rules = rules,
			   .tl = &tl,
			   .gate_ns = gate_ns,
			   .exit_ns = exit_ns,
			   .border_ns = gate_ns,
			   .request = 1 };
	int r;

	if (!rules)
		return -ENOMEM;
	ep_timeline_init(&tl);
	r = collect(&s, events, count);
	for (size_t i = 0; r == 0 && rules->count > 0 && i < count; i++)
		if (strcmp(events[i].event, "line") == 0)
			r = take_line(&s, &events[i]);
	if (r == 0 && s.open)
		r = finish(&s, exit_ns, 0);
	if (r == 0 && rules->count > 0)
		write_note(&s);
	ep_rules_done(rules);
	free(rules);
	if (r < 0) {
		ep_timeline_done(&tl);
		return r;
	}
	ep_timeline_done(ret);
	*ret = tl;
	return 0;
}

/* Its lines come to the observer of texts. */
const struct ep_observer_ops ep_observer_rules = {
	.name = "rules",
	.evidence = EP_EVIDENCE_INFERRED,
	.timeline = ep_rules_timeline,
};
