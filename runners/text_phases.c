/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "runners/observers.h"
#include "runners/text.h"

/* A line is stamped when edgeprof's thread runs. */
#define STAMP_SLACK_NS EP_NS_PER_MS
/* Its own wall clock stamps have milliseconds. */
#define BORDER_SLACK_NS EP_NS_PER_MS

struct writer {
	const struct ep_event *events;
	size_t count;
	int64_t gate_ns, exit_ns;
	int64_t free_ns; /* where the last phase ended */
	struct ep_timeline *out;
	int32_t request;
	size_t timeless_count; /* counts, but no times */
	size_t mixed_count;    /* lasted longer than there was room for */
	size_t partial_count;  /* lines are missing */
	size_t foreign_count;  /* instants outside the run */
	bool rates_only;
};

static int add(struct writer *w, struct ep_phase p, const char *name,
	       int64_t start_ns, int64_t end_ns)
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
	p.request = w->request;
	return ep_timeline_add_phase(w->out, &p);
}

static struct ep_phase make(enum ep_evidence evidence, int64_t slack_ns,
			    int64_t tokens, int64_t steps)
{
	return (struct ep_phase){ .slack_ns = slack_ns,
				  .evidence = evidence,
				  .tokens_count = tokens,
				  .steps_count = steps,
				  .cached_count = -1 };
}

static int64_t told_ns(const struct ep_text_block *b, enum ep_text_what what)
{
	return b->has[what] && b->told[what].ns > 0 ? b->told[what].ns : 0;
}

/* Where a block's phases lie: they are placed backwards from its line. */
struct place {
	int64_t load_start_ns, load_end_ns; /* equal: unknown */
	int64_t start_ns, border_ns, end_ns, slack_ns;
};

/*
 * "total" begins with the load, or (after a reset) later: then the load lay
 * before it.  What total has beyond the parts may lie anywhere between them.
 */
static struct place place(const struct writer *w, const struct ep_text_block *b)
{
	int64_t load = told_ns(b, EP_TEXT_LOAD);
	int64_t prompt = told_ns(b, EP_TEXT_PROMPT);
	int64_t eval = told_ns(b, EP_TEXT_EVAL);
	int64_t total = told_ns(b, EP_TEXT_TOTAL);
	bool wall = b->told[EP_TEXT_EVAL].wall;
	int64_t sample = wall ? 0 : told_ns(b, EP_TEXT_SAMPLE);
	/* The last lines may be read when the program is gone. */
	int64_t late = b->t_ns > w->exit_ns ? b->t_ns - w->exit_ns : 0;
	struct place p = { .end_ns = b->t_ns - late };
	int64_t rest = total - prompt - eval - sample, room;

	p.border_ns = p.end_ns - eval - sample;
	p.start_ns = p.border_ns - prompt;
	if (total > 0 && load > 0 && p.end_ns - total - w->gate_ns < load) {
		p.load_start_ns = p.end_ns - total;
		rest -= load;
	} else if (load > 0) {
		p.load_start_ns =
			(total > 0 ? p.end_ns - total : p.start_ns) - load;
	}
	if (load > 0 && p.load_start_ns < w->gate_ns)
		p.load_start_ns = w->gate_ns;
	p.load_end_ns = p.load_start_ns + load;
	if (p.load_end_ns > p.start_ns)
		p.load_end_ns = p.start_ns;
	room = p.start_ns - w->free_ns;
	p.slack_ns = total > 0 ? rest : wall ? 0 : room;
	if (p.slack_ns > room)
		p.slack_ns = room;
	if (p.slack_ns < 0)
		p.slack_ns = 0;
	p.slack_ns += late + b->span_ns + STAMP_SLACK_NS;
	return p;
}

static int add_inferred(struct writer *w, const struct ep_text_block *b)
{
	const struct ep_text_told *prompt = &b->told[EP_TEXT_PROMPT];
	const struct ep_text_told *eval = &b->told[EP_TEXT_EVAL];
	struct place p = place(w, b);
	int64_t tokens = -1, steps = -1;
	int r = 0;

	if (p.start_ns < w->free_ns - p.slack_ns) {
		w->mixed_count++;
		return 0;
	}
	if (b->has[EP_TEXT_EVAL] && eval->count >= 0) {
		tokens = eval->count + (eval->output ? 0 : 1);
		steps = tokens > 0 ? tokens - 1 : -1;
	}
	w->request++;
	if (p.load_end_ns > p.load_start_ns && w->out->phase_count == 0)
		r = add(w, make(EP_EVIDENCE_INFERRED, p.slack_ns, -1, -1),
			EP_PHASE_LOAD, p.load_start_ns, p.load_end_ns);
	if (r == 0 && told_ns(b, EP_TEXT_PROMPT) > 0)
		r = add(w,
			make(EP_EVIDENCE_INFERRED, p.slack_ns, prompt->count,
			     -1),
			EP_PHASE_PREFILL, p.start_ns, p.border_ns);
	if (r == 0 && told_ns(b, EP_TEXT_EVAL) > 0)
		r = add(w,
			make(EP_EVIDENCE_INFERRED, p.slack_ns, tokens, steps),
			EP_PHASE_GENERATION, p.border_ns, p.end_ns);
	if (w->free_ns < b->t_ns)
		w->free_ns = b->t_ns;
	return r;
}

/* CLOCK_MONOTONIC less the wall clock at the pair before t_ns. */
static bool clock_offset(const struct writer *w, int64_t t_ns, int64_t *ret)
{
	bool found = false;

	for (size_t i = 0; i < w->count; i++) {
		const struct ep_event *e = &w->events[i];
		const char *at = strstr(e->text, "real_ns=");
		int64_t real;

		if (strcmp(e->event, "clock") != 0 || !at)
			continue;
		at += strlen("real_ns=");
		if (ep_num_scan_i64(at, strcspn(at, " "), &real) <= 0 ||
		    real < 0 || (found && e->t_ns > t_ns))
			continue;
		*ret = e->t_ns - real;
		found = true;
	}
	return found;
}

static int add_reported(struct writer *w, const struct ep_text_block *b)
{
	const struct ep_text_told *o = &b->told[EP_TEXT_BORDERS];
	int64_t slack = BORDER_SLACK_NS, offset = 0, border;
	int64_t steps = o->output_count > 0 ? o->output_count - 1 : -1;
	int r = 0;

	if (!clock_offset(w, b->t_ns, &offset) ||
	    o->start_ns + offset < w->gate_ns - slack ||
	    o->end_ns + offset > b->t_ns + STAMP_SLACK_NS + slack) {
		w->foreign_count++;
		return 0;
	}
	border = o->prompt_end_ns >= 0 ? o->prompt_end_ns : o->first_ns;
	w->request++;
	if (o->load_start_ns >= 0 && o->load_end_ns >= 0)
		r = add(w, make(EP_EVIDENCE_REPORTED, slack, -1, -1),
			EP_PHASE_LOAD, o->load_start_ns + offset,
			o->load_end_ns + offset);
	if (r == 0 && border >= 0)
		r = add(w,
			make(EP_EVIDENCE_REPORTED, slack, o->prompt_count, -1),
			EP_PHASE_PREFILL, o->start_ns + offset,
			border + offset);
	if (r == 0 && border >= 0)
		r = add(w,
			make(EP_EVIDENCE_REPORTED, slack, o->output_count,
			     steps),
			EP_PHASE_GENERATION, border + offset,
			o->end_ns + offset);
	return r;
}

static int tell(struct writer *w, const struct ep_text_block *b)
{
	bool prompt = b->has[EP_TEXT_PROMPT], eval = b->has[EP_TEXT_EVAL];

	if (b->t_ns < w->gate_ns)
		return 0;
	if (b->has[EP_TEXT_BORDERS])
		return add_reported(w, b);
	w->rates_only |= b->has[EP_TEXT_RATES];
	if (!prompt && !eval)
		return 0;
	if (told_ns(b, EP_TEXT_PROMPT) == 0 && told_ns(b, EP_TEXT_EVAL) == 0) {
		w->timeless_count++;
		return 0;
	}
	/* Without the evaluations after it nothing tells where the prompt's
	 * lay. */
	if (!eval || !prompt)
		w->partial_count++;
	return eval ? add_inferred(w, b) : 0;
}

static void note(struct ep_timeline *tl, size_t count, const char *text)
{
	size_t used = strlen(tl->note);

	if (count > 0)
		(void)ep_str_format(tl->note + used, sizeof(tl->note) - used,
				    "%s%s", used ? "; " : "", text);
}

static void write_note(const struct writer *w)
{
	struct ep_timeline *tl = w->out;

	note(tl, w->timeless_count,
	     "the log has counts but no times (--no-perf)");
	note(tl, w->mixed_count,
	     "mixed: what the log tells overlaps, so those requests ran at "
	     "the same time and count as other");
	note(tl, w->partial_count, "lines of the log are missing");
	note(tl, w->foreign_count,
	     "the log names instants outside the run or without a clock "
	     "pair; they are left out");
	note(tl, tl->phase_count == 0 && w->rates_only,
	     "the log tells rates only");
}

int ep_text_timeline(const struct ep_event *events, size_t count,
		     int64_t gate_ns, int64_t exit_ns, struct ep_timeline *ret)
{
	struct ep_text_blocks blocks;
	struct ep_timeline tl;
	struct writer w = { .events = events,
			    .count = count,
			    .gate_ns = gate_ns,
			    .exit_ns = exit_ns,
			    .free_ns = gate_ns,
			    .out = &tl };
	int r = ep_text_blocks_read(events, count, &blocks);

	if (r < 0)
		return r;
	ep_timeline_init(&tl);
	for (size_t i = 0; r == 0 && i < blocks.count; i++)
		r = tell(&w, &blocks.items[i]);
	ep_text_blocks_done(&blocks);
	if (r < 0) {
		ep_timeline_done(&tl);
		return r;
	}
	write_note(&w);
	ep_timeline_done(ret);
	*ret = tl;
	return 0;
}
