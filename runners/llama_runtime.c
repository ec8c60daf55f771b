/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama.h"

#include "runners/llama_find.h"

#define IN_ONLY EP_PROBED_NO_RETURN

/* llama.h of llama.cpp b1046 (2023-08) to v0.5.0 (2026-09). */
const struct ep_probed_symbol ep_llama_symbols[] = {
	{ "llama_decode", EP_LLAMA_DECODE, EP_PROBED_STRUCT, EP_PROBED_INT,
	  NULL, false },
	{ "llama_get_logits_ith", EP_LLAMA_FETCH, EP_PROBED_SECOND,
	  EP_PROBED_RETURN, NULL, false },
	{ "llama_synchronize", EP_LLAMA_SYNC, EP_PROBED_NOTHING,
	  EP_PROBED_RETURN, NULL, false },
	{ "llama_model_load_from_file", EP_LLAMA_MODEL, EP_PROBED_NOTHING,
	  EP_PROBED_MADE, NULL, false },
	{ "llama_load_model_from_file", EP_LLAMA_MODEL, EP_PROBED_NOTHING,
	  EP_PROBED_MADE, "llama_model_load_from_file", false },
	{ "llama_model_load_from_splits", EP_LLAMA_MODEL, EP_PROBED_NOTHING,
	  EP_PROBED_MADE, NULL, false },
	{ "llama_init_from_model", EP_LLAMA_CONTEXT, EP_PROBED_NOTHING,
	  EP_PROBED_MADE, NULL, false },
	{ "llama_new_context_with_model", EP_LLAMA_CONTEXT, EP_PROBED_NOTHING,
	  EP_PROBED_MADE, "llama_init_from_model", false },
	{ "llama_perf_context_reset", EP_LLAMA_RESET, EP_PROBED_NOTHING,
	  IN_ONLY, NULL, false },
	{ "llama_reset_timings", EP_LLAMA_RESET, EP_PROBED_NOTHING, IN_ONLY,
	  "llama_perf_context_reset", false },
	/* The only mark of a warm-up that is found in a stripped program. */
	{ "llama_set_warmup", EP_LLAMA_RESET, EP_PROBED_NOTHING, IN_ONLY,
	  "llama_perf_context_reset", false },
	{ "llama_get_logits", EP_LLAMA_FETCH, EP_PROBED_NOTHING,
	  EP_PROBED_RETURN, NULL, false },
	{ "llama_encode", EP_LLAMA_ENCODE, EP_PROBED_STRUCT, EP_PROBED_INT,
	  NULL, false },
	{ "llama_free", EP_LLAMA_FREE, EP_PROBED_NOTHING, IN_ONLY, NULL,
	  false },
	{ "llama_get_embeddings", EP_LLAMA_EMBED, EP_PROBED_NOTHING,
	  EP_PROBED_RETURN, NULL, false },
	{ "llama_get_embeddings_ith", EP_LLAMA_EMBED, EP_PROBED_SECOND,
	  EP_PROBED_RETURN, NULL, false },
	{ "llama_get_embeddings_seq", EP_LLAMA_EMBED, EP_PROBED_SECOND,
	  EP_PROBED_RETURN, NULL, false },
	/* Samplers that run in the backend: asked for before the logits. */
	{ "llama_get_sampled_token_ith", EP_LLAMA_FETCH, EP_PROBED_SECOND,
	  EP_PROBED_RETURN, NULL, false },
	{ "llama_get_memory", EP_LLAMA_MEMORY, EP_PROBED_NOTHING,
	  EP_PROBED_POINTER, NULL, false },
	{ "llama_memory_clear", EP_LLAMA_CLEAR, EP_PROBED_NOTHING, IN_ONLY,
	  NULL, false },
	{ "llama_memory_seq_rm", EP_LLAMA_CUT, EP_PROBED_PLACE, IN_ONLY, NULL,
	  false },
	{ "llama_memory_seq_add", EP_LLAMA_SHIFT, EP_PROBED_PLACE, IN_ONLY,
	  NULL, false },
	/* The same by the names of 2025 and before: of a context.  One may
	 * call the other. */
	{ "llama_kv_self_clear", EP_LLAMA_CLEAR, EP_PROBED_NOTHING, IN_ONLY,
	  NULL, false },
	{ "llama_kv_self_seq_rm", EP_LLAMA_CUT, EP_PROBED_PLACE, IN_ONLY, NULL,
	  false },
	{ "llama_kv_self_seq_add", EP_LLAMA_SHIFT, EP_PROBED_PLACE, IN_ONLY,
	  NULL, false },
	{ "llama_kv_cache_clear", EP_LLAMA_CLEAR, EP_PROBED_NOTHING, IN_ONLY,
	  NULL, false },
	{ "llama_kv_cache_seq_rm", EP_LLAMA_CUT, EP_PROBED_PLACE, IN_ONLY, NULL,
	  false },
	{ "llama_kv_cache_seq_add", EP_LLAMA_SHIFT, EP_PROBED_PLACE, IN_ONLY,
	  NULL, false },
};

const size_t ep_llama_symbol_count =
	sizeof(ep_llama_symbols) / sizeof(ep_llama_symbols[0]);

const struct ep_probed ep_probed_llama = {
	.name = "llama",
	.title = "llama.cpp",
	.key = EP_LLAMA_KEY_SYMBOL,
	.sign = "llama_backend_init",
	.symbols = ep_llama_symbols,
	.symbol_count = sizeof(ep_llama_symbols) / sizeof(ep_llama_symbols[0]),
	.points = ep_llama_points,
	.by_texts = ep_llama_by_texts,
	.hidden = ep_llama_hidden,
	.timeline = ep_llama_timeline,
};
