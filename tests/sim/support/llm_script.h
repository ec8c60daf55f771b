/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_LLM_SCRIPT_H
#define EP_TESTS_SIM_SUPPORT_LLM_SCRIPT_H

#include "tests/sim/support/http_peer.h"

#define LLM_FAULTS_MAX 32
/* A piece that stands for the end of the whole server. */
#define LLM_EXIT "\x04"
struct llm_fault {
	char name[24];
	unsigned long from, to;
};

/* A server that "generates" at scripted times. */
struct llm {
	const char *model;
	int64_t load_ns, prefill_ns, token_ns;
	long tokens, prompt_tokens, cached_tokens;
	long thinking;	/* so many tokens first are thoughts */
	long per_chunk; /* tokens in a chunk */
	bool eos;	/* stops by itself: one token more, not shown */
	bool running;	/* usage in every chunk */
	bool no_usage, timings;
	long loading; /* /health says 503 so many times */
	struct llm_fault faults[LLM_FAULTS_MAX];
	int fault_count;
	/* State. */
	bool loaded;
	unsigned long requests; /* that generate */
};

enum llm_protocol { LLM_GENERATE, LLM_OLLAMA_CHAT, LLM_COMPLETION, LLM_CHAT };

/* What a request asked for. */
struct llm_ask {
	enum llm_protocol protocol;
	long max_tokens; /* 0: as scripted */
	bool include_usage;
	bool ignore_eos;
};

/* The pieces of the answer into reply; 0, or -1 out of memory. */
int llm_script(struct llm *s, const struct llm_ask *ask,
	       struct http_reply *reply);
bool llm_faulty(const struct llm *s, const char *name);

#endif
