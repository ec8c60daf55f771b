/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "runners/llama.h"

#define LIMIT 0.02
/* The last printed digit of a time is 10 us. */
#define PRINTED_NS INT64_C(10000)

/* What was observed of the requests a print-out speaks of. */
struct sums {
	int64_t prompt_count, prompt_ns, prompt_slack_ns;
	int64_t output_count, step_count;
	int64_t generation_ns, generation_slack_ns;
	int64_t eval_ns; /* of the evaluations alone; -1 not observed */
	size_t prompt_phases, generation_phases;
};

struct check {
	const struct ep_event *events;
	size_t count;
	const struct ep_timeline *tl;
	int64_t *steps_ns; /* how long the token's evaluation took; -1 */
	struct ep_text_verdict *out;
	size_t agree_count;
};

/* The end of "llama_decode:in" is what evaluates; -1: no such hit. */
static bool evaluates(const struct ep_event *e)
{
	const char *colon = strchr(e->text, ':');

	if (strcmp(e->event, "probe") != 0 || !colon ||
	    strcmp(colon, ":in") != 0)
		return false;
	for (size_t i = 0; i < ep_llama_symbol_count; i++) {
		const struct ep_probed_symbol *s = &ep_llama_symbols[i];

		if (s->call == EP_LLAMA_DECODE &&
		    strlen(s->name) == (size_t)(colon - e->text) &&
		    strncmp(s->name, e->text, strlen(s->name)) == 0)
			return true;
	}
	return false;
}

/* The library's own eval time leaves out what the program does between
 * evaluations; probes tell when each began. */
static void find_steps(struct check *c)
{
	int64_t begun_ns = -1, before_ns = 0;
	size_t i = 0;

	for (size_t k = 0; k < c->tl->token_count; k++) {
		const struct ep_token *t = &c->tl->tokens[k];

		for (; i < c->count && c->events[i].t_ns < t->t_ns; i++)
			if (evaluates(&c->events[i]))
				begun_ns = c->events[i].t_ns;
		c->steps_ns[k] = -1;
		if (begun_ns >= before_ns && begun_ns >= 0)
			c->steps_ns[k] = t->t_ns - begun_ns;
		before_ns = t->t_ns;
	}
}

static void add_count(int64_t *sum, int64_t count)
{
	*sum = *sum < 0 || count < 0 ? -1 : *sum + count;
}

static void add_phase(struct sums *s, const struct ep_phase *p)
{
	int64_t ns = p->end_ns - p->start_ns;

	if (strcmp(p->name, EP_PHASE_PREFILL) == 0) {
		add_count(&s->prompt_count, p->tokens_count);
		s->prompt_ns += ns;
		s->prompt_slack_ns += 2 * p->slack_ns;
		s->prompt_phases++;
	} else if (strcmp(p->name, EP_PHASE_GENERATION) == 0) {
		add_count(&s->output_count, p->tokens_count);
		add_count(&s->step_count, p->steps_count);
		s->generation_ns += ns;
		s->generation_slack_ns += 2 * p->slack_ns;
		s->generation_phases++;
	}
}

/* The first that begins at t_ns or later. */
static size_t first_phase_after(const struct ep_timeline *tl, int64_t t_ns)
{
	size_t low = 0, high = tl->phase_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tl->phases[middle].start_ns < t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t first_token_after(const struct ep_timeline *tl, int64_t t_ns)
{
	size_t low = 0, high = tl->token_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tl->tokens[middle].t_ns <= t_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Phases that began between two instants: a print-out comes when the last of
 * them is done, but a client may hear of that later than we read the line. */
static struct sums sum_between(const struct check *c, int64_t from_ns,
			       int64_t to_ns)
{
	struct sums s = { 0 };
	int64_t slack_ns = 0;
	size_t steps = 0;

	for (size_t i = first_phase_after(c->tl, from_ns);
	     i < c->tl->phase_count; i++) {
		const struct ep_phase *p = &c->tl->phases[i];

		if (p->start_ns >= to_ns)
			break;
		add_phase(&s, p);
		slack_ns = p->slack_ns;
	}
	for (size_t k = first_token_after(c->tl, from_ns);
	     k < c->tl->token_count && c->tl->tokens[k].t_ns <= to_ns; k++) {
		if (c->tl->tokens[k].index < 2)
			continue;
		steps++;
		add_count(&s.eval_ns, c->steps_ns[k]);
	}
	if (steps == 0 || (int64_t)steps != s.step_count)
		s.eval_ns = -1;
	else if (s.eval_ns >= 0)
		s.generation_slack_ns = (int64_t)steps * 2 * slack_ns;
	return s;
}

static void say(struct check *c, const char *decoder, const char *told,
		const char *observed)
{
	struct ep_text_verdict *v = c->out;

	if (v->differ_count < EP_TEXT_DIFFERS_MAX)
		(void)ep_str_format(v->differs[v->differ_count],
				    sizeof(v->differs[0]),
				    "the log (%s) tells %s, but %s was "
				    "observed",
				    decoder, told, observed);
	v->differ_count++;
}

static void agree(struct check *c, const char *text)
{
	size_t used = strlen(c->out->agrees);

	/* Later print-outs are only counted. */
	if (c->agree_count < 2 && !strstr(c->out->agrees, text))
		(void)ep_str_format(c->out->agrees + used,
				    sizeof(c->out->agrees) - used, "%s%s",
				    used ? ", " : "", text);
	c->agree_count++;
}

/* low..high is observed; text is what was told, in words. */
static bool near(int64_t told, int64_t low, int64_t high, int64_t room)
{
	double below = (double)(low - told), above = (double)(told - high);
	double most = below > above ? below : above;

	return most <= (double)room || most <= LIMIT * (double)told;
}

struct pair {
	const char *what, *unit;
	int64_t told_count, seen_count;
	int64_t told_ns, low_ns, high_ns, room_ns;
};

static void compare(struct check *c, const char *decoder, const struct pair *p)
{
	char told[96], seen[96];

	if (p->told_count >= 0 && p->seen_count >= 0 &&
	    p->told_count != p->seen_count) {
		(void)ep_str_format(told, sizeof(told), "%" PRId64 " %s",
				    p->told_count, p->unit);
		(void)ep_str_format(seen, sizeof(seen), "%" PRId64,
				    p->seen_count);
		say(c, decoder, told, seen);
		return;
	}
	if (p->told_ns > 0 && p->high_ns > 0 &&
	    !near(p->told_ns, p->low_ns, p->high_ns, p->room_ns)) {
		(void)ep_str_format(told, sizeof(told), "%s %.2f ms", p->what,
				    (double)p->told_ns * 1e-6);
		(void)ep_str_format(seen, sizeof(seen), "%.2f ms",
				    (double)p->high_ns * 1e-6);
		say(c, decoder, told, seen);
		return;
	}
	if (p->told_count >= 0 && p->told_ns > 0)
		(void)ep_str_format(told, sizeof(told),
				    "%s %" PRId64 " %s %.2f ms", p->what,
				    p->told_count, p->unit,
				    (double)p->told_ns * 1e-6);
	else if (p->told_count >= 0)
		(void)ep_str_format(told, sizeof(told),
				    "%s %" PRId64 " %s (no times)", p->what,
				    p->told_count, p->unit);
	else
		return;
	agree(c, told);
}

static void check_prompt(struct check *c, const struct ep_text_block *b,
			 const struct sums *s)
{
	const struct ep_text_told *t = &b->told[EP_TEXT_PROMPT];
	const struct pair p = { .what = "prompt",
				.unit = "tokens",
				.told_count = t->count,
				.seen_count = s->prompt_count,
				.told_ns = t->ns,
				.low_ns = s->prompt_ns,
				.high_ns = s->prompt_ns,
				.room_ns = s->prompt_slack_ns + PRINTED_NS };

	if (b->has[EP_TEXT_PROMPT] && s->prompt_phases > 0)
		compare(c, b->decoder, &p);
}

static void check_eval(struct check *c, const struct ep_text_block *b,
		       const struct sums *s)
{
	const struct ep_text_told *t = &b->told[EP_TEXT_EVAL];
	const struct ep_text_told *sample = &b->told[EP_TEXT_SAMPLE];
	int64_t seen =
		t->wall || s->eval_ns < 0 ? s->generation_ns : s->eval_ns;
	struct pair p = { .what = "generation",
			  .unit = t->output ? "tokens" : "steps",
			  .told_count = t->count,
			  .seen_count =
				  t->output ? s->output_count : s->step_count,
			  .told_ns = t->ns,
			  .low_ns = seen,
			  .high_ns = seen,
			  .room_ns = s->generation_slack_ns + PRINTED_NS };

	if (!b->has[EP_TEXT_EVAL] || s->generation_phases == 0)
		return;
	/* Sampling lies between evaluations, so within what marks say. */
	if (!t->wall && s->eval_ns < 0 && b->has[EP_TEXT_SAMPLE] &&
	    sample->ns > 0)
		p.low_ns -= sample->ns;
	/* The library prints one run where there was none. */
	if (t->ns == 0 && t->count <= 1)
		return;
	compare(c, b->decoder, &p);
}

static void check_rate(struct check *c, const char *what, double told,
		       int64_t count, int64_t ns)
{
	double seen = count > 0 && ns > 0 ? (double)count * 1e9 / (double)ns
					  : (double)NAN;
	char told_text[64], seen_text[64];

	if (isnan(told) || isnan(seen))
		return;
	(void)ep_str_format(told_text, sizeof(told_text), "%s %.1f t/s", what,
			    told);
	(void)ep_str_format(seen_text, sizeof(seen_text), "%.1f t/s", seen);
	if (fabs(told - seen) > LIMIT * seen)
		say(c, "llama-cli", told_text, seen_text);
	else
		agree(c, told_text);
}

/*
 * A print-out speaks of what came since the one before it, or (without a reset)
 * of all: the one whose prompt has as many tokens.
 */
static void check_block(struct check *c, const struct ep_text_block *b,
			int64_t from_ns)
{
	const struct ep_text_told *prompt = &b->told[EP_TEXT_PROMPT];
	struct sums s = sum_between(c, from_ns, b->t_ns);

	if (b->has[EP_TEXT_PROMPT] && prompt->count != s.prompt_count) {
		struct sums all = sum_between(c, INT64_MIN, b->t_ns);

		if (prompt->count == all.prompt_count)
			s = all;
	}
	if (s.prompt_phases + s.generation_phases == 0)
		return;
	if (b->has[EP_TEXT_RATES]) {
		const struct ep_text_told *t = &b->told[EP_TEXT_RATES];

		check_rate(c, "prompt", t->prompt_rate, s.prompt_count,
			   s.prompt_ns);
		check_rate(c, "generation", t->eval_rate, s.step_count,
			   s.generation_ns);
		return;
	}
	check_prompt(c, b, &s);
	check_eval(c, b, &s);
}

int ep_text_check(const struct ep_event *events, size_t count,
		  const struct ep_timeline *observed,
		  struct ep_text_verdict *ret)
{
	struct check c = {
		.events = events, .count = count, .tl = observed, .out = ret
	};
	struct ep_text_blocks blocks;
	int64_t from_ns = INT64_MIN;
	int r = ep_text_blocks_read(events, count, &blocks);

	memset(ret, 0, sizeof(*ret));
	if (r < 0)
		return r;
	c.steps_ns = calloc(observed->token_count + 1, sizeof(*c.steps_ns));
	if (!c.steps_ns) {
		ep_text_blocks_done(&blocks);
		return -ENOMEM;
	}
	find_steps(&c);
	for (size_t i = 0; i < blocks.count; i++) {
		const struct ep_text_block *b = &blocks.items[i];

		check_block(&c, b, from_ns);
		from_ns = b->t_ns;
	}
	if (c.agree_count > 2) {
		size_t used = strlen(ret->agrees);

		(void)ep_str_format(ret->agrees + used,
				    sizeof(ret->agrees) - used,
				    " (and %zu more)", c.agree_count - 2);
	}
	free(c.steps_ns);
	ep_text_blocks_done(&blocks);
	return 0;
}
