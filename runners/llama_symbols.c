/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama.h"

#include <string.h>

#include "drivers/elf.h"

/* llama.h of llama.cpp b1046 (2023-08) to v0.5.0 (2026-09). */
const struct ep_llama_symbol ep_llama_symbols[] = {
	{ "llama_decode", EP_LLAMA_DECODE, EP_LLAMA_VALUE_TOKENS, true, NULL },
	{ "llama_get_logits_ith", EP_LLAMA_FETCH, EP_LLAMA_VALUE_INDEX, true,
	  NULL },
	{ "llama_synchronize", EP_LLAMA_SYNC, EP_LLAMA_VALUE_NONE, true, NULL },
	{ "llama_model_load_from_file", EP_LLAMA_MODEL, EP_LLAMA_VALUE_NONE,
	  true, NULL },
	{ "llama_load_model_from_file", EP_LLAMA_MODEL, EP_LLAMA_VALUE_NONE,
	  true, "llama_model_load_from_file" },
	{ "llama_model_load_from_splits", EP_LLAMA_MODEL, EP_LLAMA_VALUE_NONE,
	  true, NULL },
	{ "llama_init_from_model", EP_LLAMA_CONTEXT, EP_LLAMA_VALUE_NONE, true,
	  NULL },
	{ "llama_new_context_with_model", EP_LLAMA_CONTEXT, EP_LLAMA_VALUE_NONE,
	  true, "llama_init_from_model" },
	{ "llama_perf_context_reset", EP_LLAMA_RESET, EP_LLAMA_VALUE_NONE,
	  false, NULL },
	{ "llama_reset_timings", EP_LLAMA_RESET, EP_LLAMA_VALUE_NONE, false,
	  "llama_perf_context_reset" },
	{ "llama_get_logits", EP_LLAMA_FETCH, EP_LLAMA_VALUE_NONE, true, NULL },
	{ "llama_encode", EP_LLAMA_DECODE, EP_LLAMA_VALUE_TOKENS, true, NULL },
	{ "llama_free", EP_LLAMA_FREE, EP_LLAMA_VALUE_NONE, false, NULL },
	{ "llama_get_embeddings", EP_LLAMA_FETCH, EP_LLAMA_VALUE_NONE, false,
	  NULL },
	{ "llama_get_embeddings_ith", EP_LLAMA_FETCH, EP_LLAMA_VALUE_INDEX,
	  false, NULL },
	{ "llama_get_embeddings_seq", EP_LLAMA_FETCH, EP_LLAMA_VALUE_NONE,
	  false, NULL },
};

const size_t ep_llama_symbol_count =
	sizeof(ep_llama_symbols) / sizeof(ep_llama_symbols[0]);

static bool has(const struct ep_elf_symbol *found, const char *name)
{
	for (size_t i = 0; i < ep_llama_symbol_count; i++)
		if (strcmp(ep_llama_symbols[i].name, name) == 0)
			return found[i].found;
	return false;
}

size_t ep_llama_points(int fd, struct ep_uprobe_point *ret, size_t max)
{
	struct ep_elf_symbol found[EP_ELF_NAMES_MAX];
	const char *names[EP_ELF_NAMES_MAX];
	struct ep_elf elf;
	size_t count = 0;

	for (size_t i = 0; i < ep_llama_symbol_count; i++)
		names[i] = ep_llama_symbols[i].name;
	if (ep_elf_init(&elf, fd) < 0 ||
	    ep_elf_find(&elf, names, ep_llama_symbol_count, found) <= 0 ||
	    !has(found, EP_LLAMA_KEY_SYMBOL))
		return 0;
	for (size_t i = 0; i < ep_llama_symbol_count; i++) {
		const struct ep_llama_symbol *y = &ep_llama_symbols[i];
		struct ep_uprobe_point p = {
			.offset = ep_elf_probe_offset(&elf, &found[i]),
			.probe = (int)(2 * i),
		};

		if (!found[i].found || (y->unless && has(found, y->unless)) ||
		    count + 2 > max)
			continue;
		if (y->value == EP_LLAMA_VALUE_TOKENS)
			p.flags = EP_UPROBE_STRUCT;
		ret[count++] = p;
		p.flags = EP_UPROBE_RETURN;
		p.probe++;
		if (y->out)
			ret[count++] = p;
	}
	return count;
}
