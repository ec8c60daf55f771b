/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_REQUESTS_H
#define EP_RUNNERS_REQUESTS_H

#include "base/phase.h"

#include <stdbool.h>

/*
 * What the events of a run folder tell of each request (runners/client.h sends
 * them).  Pure.  Counts and durations are -1, instants 0 where not known.
 */
struct ep_request {
	int32_t number; /* 1, 2, ... */
	char id[208], tag[208];
	char model[128];   /* as asked, else as the server calls it */
	double randomness; /* the "temperature" that was asked; NAN none */
	int64_t seed;
	int cold; /* 1: the model was not in memory; -1 unknown */
	int64_t begin_ns, sent_ns, first_ns, last_ns, finish_ns, reply_ns;
	int64_t piece_count;	   /* chunks with output: not tokens */
	int64_t piece_token_count; /* as the server counted them in chunks */
	bool pieces_are_tokens;	   /* one each */
	/* As the server told. */
	int64_t prompt_count, cached_count, output_count, draft_count;
	int64_t visible_count; /* of the output, without its end token */
	int64_t load_ns, prefill_ns, generation_ns, total_ns;
	bool prompt_has_cached, odd;
	int64_t asked_prompt_count, asked_output_count; /* -1 any */
	int retry_count; /* tries before, which have failed */
	char error[304]; /* "" it was answered */
};
#define EP_REQUESTS_MAX 16384
/* A try that failed and was sent again. */
struct ep_try {
	int32_t number; /* of its request */
	int64_t start_ns, end_ns;
};
struct ep_requests {
	struct ep_request *items; /* as they were at last */
	size_t count;
	struct ep_try *tries;
	size_t try_count;
};
/* -ENOMEM; ret is then empty. */
int ep_requests_read(const struct ep_event *events, size_t count,
		     struct ep_requests *ret) EP_MUST_CHECK;
void ep_requests_done(struct ep_requests *r);

/* Was the model loaded for it? */
bool ep_request_loads(const struct ep_request *q);
/* The whole time by the server's account: what it calls total, else the sum of
 * what it tells; -1 nothing. */
int64_t ep_request_server_ns(const struct ep_request *q);

int ep_requests_timeline(const struct ep_event *events, size_t count,
			 int64_t gate_ns, int64_t exit_ns,
			 struct ep_timeline *ret);

#endif
