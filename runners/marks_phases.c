/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/marks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "runners/marks_story.h"

#define SOURCES_MAX 256

struct source {
	int64_t key;
	bool has_phases;
	int64_t last_ns;
};

struct marks {
	struct ep_mark_event *items;
	size_t count;
	struct source sources[SOURCES_MAX];
	size_t source_count;
	size_t teller_count; /* sources that mark phases */
	bool lost;
	bool crowded; /* more sources than can be told apart */
	bool orphans; /* tokens that belong to nobody's phases */
};

/* "PID:STREAM", or "0:STREAM" for marks that are processes of their own. */
static bool parse_key(const char *source, int64_t *ret)
{
	const char *colon = strchr(source, ':');
	char text[24];
	int64_t pid = 0, stream = 0;

	if (!colon || (size_t)(colon - source) >= sizeof(text))
		return false;
	memcpy(text, source, (size_t)(colon - source));
	text[colon - source] = '\0';
	if (ep_num_parse_i64(text, &pid) < 0 || pid < 0 ||
	    ep_num_parse_i64(colon + 1, &stream) < 0 || stream < 0)
		return false;
	*ret = pid > 0 ? pid : -stream;
	return true;
}

static void note_source(struct marks *m, const struct ep_mark_event *e)
{
	struct source *s = m->sources;

	while (s < m->sources + m->source_count && s->key != e->key)
		s++;
	if (s == m->sources + SOURCES_MAX) {
		m->crowded = true;
		return;
	}
	if (s == m->sources + m->source_count) {
		m->source_count++;
		*s = (struct source){ .key = e->key, .last_ns = e->t_ns };
	}
	if (e->t_ns > s->last_ns)
		s->last_ns = e->t_ns;
	if (!e->token && !s->has_phases) {
		s->has_phases = true;
		m->teller_count++;
	}
}

static int by_time(const void *a, const void *b)
{
	const struct ep_mark_event *x = a, *y = b;

	if (x->t_ns != y->t_ns)
		return x->t_ns < y->t_ns ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static int collect(struct marks *m, const struct ep_event *events, size_t count)
{
	if (count == 0)
		return 0;
	m->items = calloc(count, sizeof(*m->items));
	if (!m->items)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct ep_mark_event e = {
			.t_ns = events[i].t_ns,
			.order = i,
			.token = strcmp(events[i].event, "token") == 0,
			.name = events[i].phase,
			.tokens_count = events[i].tokens,
		};

		if (strcmp(events[i].event, "fact") == 0 &&
		    strcmp(events[i].source, "marks.lost") == 0)
			m->lost = true;
		if ((!e.token && strcmp(events[i].event, "mark") != 0) ||
		    !parse_key(events[i].source, &e.key))
			continue;
		note_source(m, &e);
		m->items[m->count++] = e;
	}
	if (m->count > 1)
		qsort(m->items, m->count, sizeof(*m->items), by_time);
	return 0;
}

/* One source's own story: what it leaves open ends where another begins to
 * tell; only the first of all loads begins at the gate. */
static int tell_alone(const struct marks *m, size_t index,
		      struct ep_mark_span span, struct ep_timeline *ret)
{
	const struct source *s = &m->sources[index];
	struct ep_mark_event *own = calloc(m->count, sizeof(*own));
	size_t count = 0;
	int r;

	if (!own)
		return -ENOMEM;
	for (size_t i = 0; i < m->count; i++) {
		const struct ep_mark_event *e = &m->items[i];

		if (e->key == s->key)
			own[count++] = *e;
		else if (!e->token && count == 0)
			span.gate_ns = -1;
		else if (!e->token && e->t_ns > s->last_ns &&
			 e->t_ns < span.end_ns)
			span.end_ns = e->t_ns;
	}
	r = ep_mark_story(own, count, &span, ret);
	free(own);
	return r;
}

struct chapter {
	size_t source;
	int32_t request;
	int64_t start_ns, end_ns;
	size_t phase, phase_count; /* of its source's story */
	bool mixed;
};

struct chapters {
	struct chapter *items;
	size_t count;
	struct ep_timeline *stories; /* one per source */
	size_t *tokens;		     /* how many of each are dealt with */
};

/* Each request of each source; phases outside any are chapters 0. */
static void gather(struct chapters *c, size_t source)
{
	const struct ep_timeline *t = &c->stories[source];

	for (size_t i = 0; i < t->phase_count; i++) {
		const struct ep_phase *p = &t->phases[i];
		struct chapter *last =
			c->count ? &c->items[c->count - 1] : NULL;

		if (last && last->source == source &&
		    last->request == p->request) {
			last->end_ns = p->end_ns;
			last->phase_count++;
			continue;
		}
		c->items[c->count++] = (struct chapter){
			.source = source,
			.request = p->request,
			.start_ns = p->start_ns,
			.end_ns = p->end_ns,
			.phase = i,
			.phase_count = 1,
		};
	}
}

static int by_start(const void *a, const void *b)
{
	const struct chapter *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static size_t mark_mixed(struct chapters *c)
{
	size_t widest = 0, mixed = 0;

	if (c->count > 1)
		qsort(c->items, c->count, sizeof(*c->items), by_start);
	for (size_t i = 1; i < c->count; i++) {
		if (c->items[i].start_ns < c->items[widest].end_ns)
			c->items[i].mixed = c->items[widest].mixed = true;
		if (c->items[i].end_ns > c->items[widest].end_ns)
			widest = i;
	}
	for (size_t i = 0; i < c->count; i++)
		mixed += c->items[i].mixed;
	return mixed;
}

static int write_chapter(const struct chapters *c, const struct chapter *one,
			 int32_t request, struct ep_timeline *ret)
{
	const struct ep_timeline *t = &c->stories[one->source];
	size_t *token = &c->tokens[one->source];
	int r = 0;

	for (size_t i = 0; r == 0 && i < one->phase_count; i++) {
		struct ep_phase p = t->phases[one->phase + i];

		p.request = request;
		r = ep_timeline_add_phase(ret, &p);
	}
	/* Both are in the order of requests; those of mixed ones are skipped. */
	for (; r == 0 && request > 0 && *token < t->token_count &&
	       t->tokens[*token].request <= one->request;
	     (*token)++) {
		struct ep_token k = t->tokens[*token];

		if (k.request != one->request)
			continue;
		k.request = request;
		r = ep_timeline_add_token(ret, &k);
	}
	return r;
}

static int merge(struct chapters *c, struct ep_timeline *ret)
{
	size_t mixed = mark_mixed(c);
	int32_t request = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->count; i++) {
		const struct chapter *one = &c->items[i];

		if (one->mixed)
			continue;
		if (one->request > 0)
			request++;
		r = write_chapter(c, one, one->request > 0 ? request : 0, ret);
	}
	if (mixed > 0)
		(void)ep_str_format(ret->note, sizeof(ret->note),
				    "mixed: %zu requests were marked by "
				    "processes that ran at the same time, so "
				    "their phases cannot be told apart and "
				    "count as other",
				    mixed);
	return r;
}

static int tell_together(struct marks *m, const struct ep_mark_span *span,
			 struct ep_timeline *ret)
{
	struct chapters c = { 0 };
	size_t phases = 0;
	int r = 0;

	c.stories = calloc(m->source_count, sizeof(*c.stories));
	c.tokens = calloc(m->source_count, sizeof(*c.tokens));
	if (!c.stories || !c.tokens) {
		free(c.stories);
		free(c.tokens);
		return -ENOMEM;
	}
	for (size_t i = 0; r == 0 && i < m->source_count; i++) {
		if (!m->sources[i].has_phases) {
			m->orphans = true;
			continue;
		}
		r = tell_alone(m, i, *span, &c.stories[i]);
		phases += c.stories[i].phase_count;
	}
	if (r == 0 && phases > 0) {
		c.items = calloc(phases, sizeof(*c.items));
		if (!c.items)
			r = -ENOMEM;
	}
	for (size_t i = 0; r == 0 && phases > 0 && i < m->source_count; i++)
		gather(&c, i);
	if (r == 0)
		r = merge(&c, ret);
	for (size_t i = 0; i < m->source_count; i++)
		ep_timeline_done(&c.stories[i]);
	free(c.stories);
	free(c.tokens);
	free(c.items);
	return r;
}

static void write_note(const struct marks *m, struct ep_timeline *tl)
{
	const char *text = "";

	if (m->crowded)
		text = "more processes sent marks than can be told apart: some "
		       "are left out";
	else if (m->orphans)
		text = "several processes mark phases: tokens of a process "
		       "that marks none are left out";
	else if (m->lost)
		text = "marks were lost: phases and token counts may be wrong";
	(void)ep_str_copy(tl->note, sizeof(tl->note), text);
}

int ep_marks_timeline(const struct ep_event *events, size_t count,
		      int64_t gate_ns, int64_t exit_ns, struct ep_timeline *ret)
{
	const struct ep_mark_span span = { gate_ns, exit_ns };
	struct marks *m = calloc(1, sizeof(*m));
	struct ep_timeline tl;
	int r;

	if (!m)
		return -ENOMEM;
	ep_timeline_init(&tl);
	r = collect(m, events, count);
	/* One source of phases: tokens may come from anywhere. */
	if (r == 0 && m->teller_count <= 1 && m->count > 0)
		r = ep_mark_story(m->items, m->count, &span, &tl);
	else if (r == 0 && m->count > 0)
		r = tell_together(m, &span, &tl);
	if (r == 0 && !tl.note[0])
		write_note(m, &tl);
	free(m->items);
	free(m);
	if (r < 0) {
		ep_timeline_done(&tl);
		return r;
	}
	ep_timeline_done(ret);
	*ret = tl;
	return 0;
}
