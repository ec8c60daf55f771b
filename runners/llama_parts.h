/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_LLAMA_PARTS_H
#define EP_RUNNERS_LLAMA_PARTS_H

#include "runners/llama.h"
#include "runners/probed_calls.h"

/* Only for runners/llama_*.c: calls to requests. */

/* Why a request's phases cannot be told. */
enum ep_llama_doubt {
	EP_LLAMA_CERTAIN, /* they can */
	EP_LLAMA_SHARED,  /* several sequences in one evaluation */
	EP_LLAMA_OVERLAP, /* several contexts at the same time */
	EP_LLAMA_CACHED,  /* one token behind a cut: prompt or output */
	EP_LLAMA_LATE,	  /* what came before the probes is not known */
	EP_LLAMA_BLIND,	  /* nobody waits for results or reads them */
	EP_LLAMA_OUTSIDE, /* begun before the gate, or going on at the end */
	EP_LLAMA_DOUBTS,
};

struct ep_llama_request {
	size_t stream;
	int64_t start_ns, prefill_end_ns, end_ns;
	int64_t prompt_count;
	int64_t cached_count; /* -1 not known */
	int64_t step_count;
	size_t first_step; /* in steps_ns[] */
	bool fetched;	   /* its logits were read */
	enum ep_llama_doubt doubt;
};

struct ep_llama_load {
	int64_t start_ns, end_ns;
};

struct ep_llama_requests {
	struct ep_llama_request *items; /* by start */
	size_t count, size;
	int64_t *steps_ns; /* when each generated token's evaluation ended */
	size_t step_count, step_size;
	struct ep_llama_load *loads; /* models, contexts, warm-ups */
	size_t load_count, load_size;
	bool cut; /* the end came within an evaluation */
	/* An evaluation that worked had a number of tokens that cannot be. */
	bool implausible;
	int64_t implausible_count;
};
/* exit_ns ends what was still going on. */
int ep_llama_requests_build(struct ep_llama_requests *r,
			    const struct ep_probed_calls *calls,
			    int64_t exit_ns) EP_MUST_CHECK;
void ep_llama_requests_done(struct ep_llama_requests *r);
/* Those of several contexts that overlap cannot be told apart; sorts them. */
void ep_llama_requests_overlap(struct ep_llama_requests *r);

/* What happened to a context's tokens since its last evaluation. */
enum ep_llama_change {
	EP_LLAMA_KEPT,
	EP_LLAMA_EMPTIED, /* a new prompt must follow */
	EP_LLAMA_SHORTER, /* cut: a prompt follows, or another try */
	EP_LLAMA_OTHER,	  /* another sequence was cut */
};

/* The tokens that a context remembers, of the sequence in use. */
struct ep_llama_memory {
	uint64_t handle;		 /* 0 not known */
	int32_t sequence, next_sequence; /* -1 not told */
	int64_t past_count;		 /* -1 not known */
	enum ep_llama_change change;
	int64_t cut_at;	      /* of the change */
	int64_t before_count; /* past_count before the change */
	int64_t shifted_at;   /* since the last evaluation; -1 not */
};
void ep_llama_memory_init(struct ep_llama_memory *m);
void ep_llama_memory_clear(struct ep_llama_memory *m);
void ep_llama_memory_cut(struct ep_llama_memory *m, int32_t sequence,
			 int64_t position);
void ep_llama_memory_shift(struct ep_llama_memory *m, int64_t position);
/* Tokens are evaluated: the change is over. */
void ep_llama_memory_grow(struct ep_llama_memory *m, int64_t count);

/* Evaluations since the last separator. */
struct ep_llama_group {
	bool open;
	bool settled; /* a wait after the last evaluation was seen */
	bool cut;     /* the last evaluation never returned */
	enum ep_llama_change change; /* what came before it */
	int64_t cached_count;
	int64_t start_ns, end_ns;
	int64_t token_count, last_count; /* all, and of the last evaluation */
	size_t decode_count, single_count;
};

/* One context of one process. */
struct ep_llama_stream {
	int32_t pid;
	uint64_t context;
	bool born;    /* its making was seen */
	bool fetches; /* it ever reads logits or embeddings */
	bool parted;  /* something ever tells one token from the next */
	bool asked;   /* it had a request */
	struct ep_llama_group group;
	struct ep_llama_memory memory;
	size_t latest;	/* request that may still grow, or none */
	size_t before;	/* what latest took over from in the same sequence */
	size_t stretch; /* first request since the last context or reset */
	int64_t last_count, last_row; /* of the last group; -1 none */
};
#define EP_LLAMA_NONE SIZE_MAX
#define EP_LLAMA_STREAMS_MAX 4096

struct ep_llama_build {
	struct ep_llama_requests *out;
	struct ep_llama_stream *streams;
	size_t count, last;
	int64_t exit_ns;
	bool late; /* probes may have come in the middle of something */
	/* Waits are not seen, and reading logits begins behind them. */
	bool by_texts;
};
/* NULL: too many. */
struct ep_llama_stream *ep_llama_stream_get(struct ep_llama_build *b,
					    int32_t pid, uint64_t context);
/* Ends the group of evaluations that is open. */
int ep_llama_stream_close(struct ep_llama_build *b,
			  struct ep_llama_stream *s) EP_MUST_CHECK;
/* CLEAR, CUT and SHIFT, whose first argument is a memory or a context. */
int ep_llama_stream_memory(struct ep_llama_build *b,
			   const struct ep_probed_call *c) EP_MUST_CHECK;

#endif
