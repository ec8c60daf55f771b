/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "runners/probed_story.h"

/*
 * rknn-llm (rkllm.h).  rkllm_init is given a function that is called for each
 * token: its third argument is 0 with a token, 2 at the end.  What 1 means has
 * changed (the end; a token without a whole letter), so nothing is counted
 * where it occurs.  How long a prompt is cannot be seen.
 */
enum { INIT, CALLBACK, RUN, RUN_ASYNC, DESTROY };
#define STATE_TOKEN 0
#define STATE_FINISH 2

static const struct ep_probed_symbol symbols[] = {
	{ "rkllm_init", INIT, EP_PROBED_FUNCTION, EP_PROBED_INT, NULL, false },
	{ "rkllm_callback", CALLBACK, EP_PROBED_THIRD, EP_PROBED_NO_RETURN,
	  NULL, true },
	{ "rkllm_run", RUN, EP_PROBED_NOTHING, EP_PROBED_INT, NULL, false },
	{ "rkllm_run_async", RUN_ASYNC, EP_PROBED_NOTHING, EP_PROBED_INT, NULL,
	  false },
	{ "rkllm_destroy", DESTROY, EP_PROBED_NOTHING, EP_PROBED_NO_RETURN,
	  NULL, false },
};

#define PROCESSES_MAX 256
#define NONE SIZE_MAX

struct build {
	struct ep_probed_story story;
	/* The request that runs in each process; callbacks name no model. */
	int32_t pids[PROCESSES_MAX];
	size_t requests[PROCESSES_MAX];
	size_t count;
	int64_t exit_ns;
};

static size_t *running(struct build *b, int32_t pid)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->pids[i] == pid)
			return &b->requests[i];
	if (b->count == PROCESSES_MAX)
		return NULL;
	b->pids[b->count] = pid;
	b->requests[b->count] = NONE;
	return &b->requests[b->count++];
}

/* rkllm_run() returns at the end, rkllm_run_async() at once. */
static int take_run(struct build *b, size_t *now,
		    const struct ep_probed_call *c)
{
	struct ep_probed_request q = {
		.start_ns = c->start_ns,
		.first_ns = c->start_ns,
		.end_ns = c->end_ns,
		.prompt_count = -1,
	};

	if (c->ended && c->result != 0)
		return 0;
	if (!c->ended)
		q.end_ns = b->exit_ns;
	*now = b->story.count;
	return ep_probed_story_request(&b->story, &q);
}

static int take_callback(struct build *b, size_t *now,
			 const struct ep_probed_call *c)
{
	struct ep_probed_request *q;

	if (*now == NONE)
		return 0;
	q = &b->story.items[*now];
	if (c->start_ns > q->end_ns)
		q->end_ns = c->start_ns;
	if (c->value == STATE_FINISH) {
		q->end_ns = c->start_ns;
		*now = NONE;
		return 0;
	}
	if (c->value != STATE_TOKEN) {
		q->output_count = -1;
		q->first_ns =
			q->first_ns == q->start_ns ? c->start_ns : q->first_ns;
		return 0;
	}
	if (q->first_ns == q->start_ns)
		q->first_ns = c->start_ns;
	if (q->output_count < 0)
		return 0;
	q->output_count++;
	return ep_probed_story_token(&b->story, *now, c->start_ns);
}

static int take_call(struct build *b, const struct ep_probed_call *c)
{
	size_t *now = running(b, c->pid);

	if (!now)
		return -EFBIG;
	switch (c->symbol->call) {
	case INIT:
		return !c->ended || c->result == 0
			       ? ep_probed_story_load(&b->story, c->start_ns,
						      c->ended ? c->end_ns
							       : b->exit_ns)
			       : 0;
	case RUN:
	case RUN_ASYNC:
		return take_run(b, now, c);
	case CALLBACK:
		return take_callback(b, now, c);
	default:
		*now = NONE;
		return 0;
	}
}

static void doubt_silent(struct ep_probed_story *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].first_ns == s->items[i].start_ns)
			s->items[i].mixed = true;
}

static int timeline(const struct ep_event *events, size_t count,
		    int64_t gate_ns, int64_t exit_ns, struct ep_timeline *ret)
{
	struct ep_probed_calls calls;
	struct build b = { .exit_ns = exit_ns };
	int r = ep_probed_calls_build(&calls, &ep_probed_rkllm, events, count);

	for (size_t i = 0; r == 0 && i < calls.count; i++)
		r = take_call(&b, &calls.items[i]);
	if (r == 0) {
		doubt_silent(&b.story);
		r = ep_probed_story_write(&b.story, gate_ns, exit_ns,
					  "tokens were not seen", ret);
	}
	ep_probed_story_done(&b.story);
	ep_probed_calls_done(&calls);
	return r;
}

const struct ep_probed ep_probed_rkllm = {
	.name = "rkllm",
	.title = "rknn-llm, which does not tell how long a prompt is",
	.key = "rkllm_init",
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(symbols[0]),
	.timeline = timeline,
};
