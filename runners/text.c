/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "runners/observers.h"
#include "runners/rules.h"
#include "runners/text_lines.h"

/* The thread that carries the program's output must not wait for a rule. */
#define RULE_NS_MAX (50 * EP_NS_PER_MS)

struct ep_observer {
	/* From here on only the thread that feeds. */
	struct ep_text_lines lines[2]; /* stdout, stderr */
	struct ep_rules rules;
	int64_t (*now_ns)(void);
	const struct ep_event_sink *sink; /* during a call of feed */
	int64_t event_count, dropped_count;
	bool told_dropped;
};

static void warn(const struct ep_observer *o, const char *code,
		 const char *text)
{
	struct ep_event e = ep_event_make(o->now_ns(), "warning");

	e.source = code;
	e.text = text;
	o->sink->emit(o->sink->ctx, &e);
}

/* One that takes too long is not asked again. */
static bool ask_rule(struct ep_observer *o, size_t i, int stream,
		     const char *line)
{
	struct ep_rule *rule = &o->rules.items[i];
	int64_t begin_ns = o->now_ns(), tokens;
	char text[160];
	bool odd = false, matched;

	if (!rule->compiled)
		return false;
	matched = ep_rule_match(rule, stream, line, &tokens, &odd);
	if (o->now_ns() - begin_ns <= RULE_NS_MAX)
		return matched;
	ep_rule_done(rule);
	(void)ep_str_format(text, sizeof(text),
			    "phase rule %s%s took more than 50 ms for one line "
			    "and was not asked any more: make its expression "
			    "simpler",
			    rule->name, rule->end ? ":end" : ":start");
	warn(o, "rule-slow", text);
	return matched;
}

static bool known(struct ep_observer *o, int stream, const char *line)
{
	struct ep_text_told told;
	bool matched = ep_text_decode(line, &told);

	for (size_t i = 0; !matched && i < o->rules.count; i++)
		matched = ask_rule(o, i, stream, line);
	return matched;
}

static void take_line(void *ctx, const struct ep_output *piece, char *line)
{
	struct ep_observer *o = ctx;
	struct ep_event e;

	if (!known(o, piece->stream, line))
		return;
	if (o->event_count == EP_TEXT_LINES_MAX) {
		o->dropped_count++;
		return;
	}
	o->event_count++;
	e = ep_event_make(piece->t_ns, "line");
	e.span_ns = piece->span_ns;
	e.source = piece->stream == 2 ? "stderr" : "stdout";
	e.text = line;
	o->sink->emit(o->sink->ctx, &e);
}

static int text_open(const struct ep_env *env, struct ep_observer **ret,
		     struct ep_err *err)
{
	struct ep_observer *o = calloc(1, sizeof(*o));

	if (!o)
		return ep_err_set(err, -ENOMEM, "out of memory");
	for (int i = 0; i < 2; i++) {
		o->lines[i].each = take_line;
		o->lines[i].ctx = o;
	}
	o->now_ns = env->now_ns;
	*ret = o;
	return 0;
}

static int text_setup(struct ep_observer *o, const struct ep_watch_job *job,
		      struct ep_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->phase_rule_count; i++)
		r = ep_rules_add(&o->rules, job->phase_rules[i], err);
	return r;
}

/* The stream has ended: what there was to say of its lines. */
static void tell_losses(struct ep_observer *o, int stream)
{
	struct ep_text_lines *l = &o->lines[stream - 1];
	struct ep_event e = ep_event_make(o->now_ns(), "fact");
	char text[120];

	if (l->cut_count > 0) {
		(void)ep_str_format(text, sizeof(text), "%lld",
				    (long long)l->cut_count);
		e.source =
			stream == 2 ? "stderr.long_lines" : "stdout.long_lines";
		e.text = text;
		o->sink->emit(o->sink->ctx, &e);
		l->cut_count = 0;
	}
	if (o->dropped_count == 0 || o->told_dropped)
		return;
	o->told_dropped = true;
	(void)ep_str_format(text, sizeof(text),
			    "%lld lines that match came after the first %d and "
			    "are not in the phases",
			    (long long)o->dropped_count, EP_TEXT_LINES_MAX);
	warn(o, "lines-lost", text);
}

static void text_feed(struct ep_observer *o, const struct ep_output *piece,
		      const struct ep_event_sink *sink)
{
	if (piece->stream < 1 || piece->stream > 2)
		return;
	o->sink = sink;
	ep_text_lines_feed(&o->lines[piece->stream - 1], piece);
	if (piece->len == 0)
		tell_losses(o, piece->stream);
	o->sink = NULL;
}

static void text_close(struct ep_observer *o)
{
	if (!o)
		return;
	ep_rules_done(&o->rules);
	free(o);
}

const struct ep_observer_ops ep_observer_text = {
	.name = "text",
	.evidence = EP_EVIDENCE_INFERRED,
	.open = text_open,
	.setup = text_setup,
	.feed = text_feed,
	.close = text_close,
	.timeline = ep_text_timeline,
};
