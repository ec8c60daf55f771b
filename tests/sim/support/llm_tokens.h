/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_LLM_TOKENS_H
#define EP_TESTS_SIM_SUPPORT_LLM_TOKENS_H

#include <jansson.h>

#include "tests/sim/support/llm_script.h"

/* A vocabulary that is good for lengths: 1 begins a text, a word is a token for
 * each three letters begun, everything else but blanks one for itself. */
#define LLM_TOKENS_MAX 65536

size_t llm_tokenize(const char *text, int *ids, size_t max);
/* Sets prompt_tokens, and cached_tokens to what it has in common with the last
 * one.  overhead: tokens of a chat template. */
void llm_count(struct llm *llm, const json_t *request, long overhead);

#endif
