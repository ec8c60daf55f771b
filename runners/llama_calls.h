/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_LLAMA_CALLS_H
#define EP_RUNNERS_LLAMA_CALLS_H

#include "base/phase.h"
#include "runners/llama.h"

/* Only for runners/llama_*.c: hits paired to calls, and calls to requests. */

#define EP_LLAMA_CALLS_MAX (64 * 1024 * 1024)

struct ep_llama_seen {
	enum ep_llama_call call;
	bool ended; /* its return was seen, or is not probed */
	int32_t pid, tid;
	uint64_t context;
	int64_t start_ns, end_ns;
	int64_t value;	/* at the entry: tokens or index; -1 none */
	int64_t result; /* at the return */
};

struct ep_llama_calls {
	struct ep_llama_seen *items; /* by start */
	size_t count, size;
	int64_t late_ns; /* probes came this long after the library; 0 not */
	bool lost;	 /* hits are missing */
};
/* -ENOMEM, -EFBIG.  Events that are no well-formed hits are passed over. */
int ep_llama_calls_build(struct ep_llama_calls *c,
			 const struct ep_event *events,
			 size_t count) EP_MUST_CHECK;
void ep_llama_calls_done(struct ep_llama_calls *c);

struct ep_llama_request {
	size_t stream;
	int64_t start_ns, prefill_end_ns, end_ns;
	int64_t prompt_count; /* -1 unknown */
	int64_t step_count;
	size_t first_step; /* in steps_ns[] */
	bool fetched;	   /* its logits were read */
	bool mixed;	   /* not alone: cannot be told apart */
};

struct ep_llama_load {
	int64_t start_ns, end_ns;
};

struct ep_llama_requests {
	struct ep_llama_request *items;
	size_t count, size;
	int64_t *steps_ns; /* when each generated token's evaluation ended */
	size_t step_count, step_size;
	struct ep_llama_load *loads; /* models, contexts, warm-ups */
	size_t load_count, load_size;
	bool shared; /* several sequences in one evaluation */
	bool unborn; /* a context whose making was not seen */
	bool cut;    /* the end came within an evaluation */
};
/* exit_ns ends what was still going on. */
int ep_llama_requests_build(struct ep_llama_requests *r,
			    const struct ep_llama_calls *calls,
			    int64_t exit_ns) EP_MUST_CHECK;
void ep_llama_requests_done(struct ep_llama_requests *r);

/* Room for one more item of a growing array; -ENOMEM, -EFBIG past max. */
int ep_llama_grow(void **items, size_t count, size_t *size, size_t item_bytes,
		  size_t max) EP_MUST_CHECK;

#endif
