/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "runners/probed_story.h"

/*
 * ONNX Runtime GenAI (src/ort_genai_c.h).  AppendTokens evaluates the prompt;
 * the first GenerateNextToken after it only samples, each later one evaluates
 * and samples.  Every function returns NULL, or an error.
 */
enum { MODEL, GENERATOR, APPEND, SEQUENCES, GENERATE, DESTROY };

static const struct ep_probed_symbol symbols[] = {
	{ "OgaGenerator_GenerateNextToken", GENERATE, EP_PROBED_NOTHING,
	  EP_PROBED_POINTER, NULL, false },
	{ "OgaGenerator_AppendTokens", APPEND, EP_PROBED_THIRD,
	  EP_PROBED_POINTER, NULL, false },
	{ "OgaGenerator_AppendTokenSequences", SEQUENCES, EP_PROBED_NOTHING,
	  EP_PROBED_POINTER, NULL, false },
	{ "OgaCreateModel", MODEL, EP_PROBED_NOTHING, EP_PROBED_POINTER, NULL,
	  false },
	{ "OgaCreateModelFromConfig", MODEL, EP_PROBED_NOTHING,
	  EP_PROBED_POINTER, NULL, false },
	{ "OgaCreateGenerator", GENERATOR, EP_PROBED_NOTHING, EP_PROBED_POINTER,
	  NULL, false },
	{ "OgaDestroyGenerator", DESTROY, EP_PROBED_NOTHING,
	  EP_PROBED_NO_RETURN, NULL, false },
};

#define GENERATORS_MAX 1024
#define NONE SIZE_MAX

struct generator {
	int32_t pid;
	uint64_t context;
	size_t request; /* or NONE */
};

struct build {
	struct ep_probed_story story;
	struct generator *generators;
	size_t count;
};

static struct generator *find(struct build *b, const struct ep_probed_call *c)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->generators[i].pid == c->pid &&
		    b->generators[i].context == c->context)
			return &b->generators[i];
	if (b->count == GENERATORS_MAX)
		return NULL;
	b->generators[b->count] =
		(struct generator){ c->pid, c->context, NONE };
	return &b->generators[b->count++];
}

static int begin(struct build *b, struct generator *g,
		 const struct ep_probed_call *c)
{
	struct ep_probed_request q = { .start_ns = c->start_ns,
				       .first_ns = c->end_ns,
				       .end_ns = c->end_ns };

	g->request = b->story.count;
	return ep_probed_story_request(&b->story, &q);
}

static int take_append(struct build *b, struct generator *g,
		       const struct ep_probed_call *c)
{
	struct ep_probed_request *q;
	int r = 0;

	if (g->request == NONE || b->story.items[g->request].output_count > 0)
		r = begin(b, g, c);
	if (r < 0)
		return r;
	q = &b->story.items[g->request];
	q->first_ns = q->end_ns = c->end_ns;
	if (c->value < 0)
		q->prompt_count = -1;
	else if (q->prompt_count >= 0)
		q->prompt_count += c->value;
	return 0;
}

/* A token of a prompt that nobody saw. */
static int take_token(struct build *b, struct generator *g,
		      const struct ep_probed_call *c)
{
	struct ep_probed_request *q;
	int r = 0;

	if (g->request == NONE) {
		r = begin(b, g, c);
		if (r == 0)
			b->story.items[g->request].mixed = true;
	}
	if (r < 0)
		return r;
	q = &b->story.items[g->request];
	q->end_ns = c->end_ns;
	q->output_count++;
	return ep_probed_story_token(&b->story, g->request, c->end_ns);
}

static int take_call(struct build *b, const struct ep_probed_call *c)
{
	struct generator *g;

	/* 1: an error; and what the end cut off is not known */
	if (c->symbol->out != EP_PROBED_NO_RETURN &&
	    (!c->ended || c->result != 0))
		return 0;
	if (c->symbol->call == MODEL || c->symbol->call == GENERATOR)
		return ep_probed_story_load(&b->story, c->start_ns, c->end_ns);
	g = find(b, c);
	if (!g)
		return -EFBIG;
	switch (c->symbol->call) {
	case APPEND:
	case SEQUENCES:
		return take_append(b, g, c);
	case GENERATE:
		return take_token(b, g, c);
	default:
		g->request = NONE;
		return 0;
	}
}

static int timeline(const struct ep_event *events, size_t count,
		    int64_t gate_ns, int64_t exit_ns, struct ep_timeline *ret)
{
	struct ep_probed_calls calls;
	struct build b = { .count = 0 };
	int r = ep_probed_calls_build(&calls, &ep_probed_genai, events, count);

	if (r < 0)
		return r;
	b.generators = calloc(GENERATORS_MAX, sizeof(*b.generators));
	if (!b.generators)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < calls.count; i++)
		r = take_call(&b, &calls.items[i]);
	if (r == 0)
		r = ep_probed_story_write(&b.story, gate_ns, exit_ns,
					  "a prompt was not seen", ret);
	ep_probed_story_done(&b.story);
	ep_probed_calls_done(&calls);
	free(b.generators);
	return r;
}

const struct ep_probed ep_probed_genai = {
	.name = "genai",
	.title = "ONNX Runtime GenAI",
	.key = "OgaGenerator_GenerateNextToken",
	.sign = "OgaCreateModel",
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(symbols[0]),
	.timeline = timeline,
};
