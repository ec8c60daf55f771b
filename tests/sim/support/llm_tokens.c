/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/llm_tokens.h"

#include <ctype.h>
#include <string.h>

#define LETTERS_PER_TOKEN 3

size_t llm_tokenize(const char *text, int *ids, size_t max)
{
	size_t count = 0;

	while (*text && count < max) {
		int id = 10;

		if (*text == ' ') {
			text++;
			continue;
		}
		for (int i = 0; i < LETTERS_PER_TOKEN; i++) {
			id = (id * 31 + (unsigned char)*text++) % 30000;
			if (!isalpha((unsigned char)text[-1]) ||
			    !isalpha((unsigned char)*text))
				break;
		}
		ids[count++] = 10 + id;
	}
	return count;
}

/* What the request asks, as tokens. */
static size_t read_prompt(const json_t *o, long overhead, int *ids)
{
	const json_t *prompt = json_object_get(o, "prompt"), *value;
	const json_t *message =
		json_array_get(json_object_get(o, "messages"), 0);
	const char *text = json_string_value(prompt);
	size_t i, count = 0;

	json_array_foreach(prompt, i, value) ids[count++ % LLM_TOKENS_MAX] =
		(int)json_integer_value(value);
	if (json_is_array(prompt))
		return count % LLM_TOKENS_MAX;
	if (message)
		text = json_string_value(json_object_get(message, "content"));
	ids[count++] = 1;
	for (long n = 0; n < overhead &&
			 (message || !json_is_true(json_object_get(o, "raw")));
	     n++)
		ids[count++] = 2;
	return count + llm_tokenize(text ? text : "", ids + count,
				    LLM_TOKENS_MAX - count);
}

void llm_count(struct llm *llm, const json_t *request, long overhead)
{
	static int last[LLM_TOKENS_MAX], ids[LLM_TOKENS_MAX];
	static size_t last_count;
	size_t count = read_prompt(request, overhead, ids), same = 0;

	while (same + 1 < count && same < last_count && ids[same] == last[same])
		same++;
	if (json_is_false(json_object_get(request, "cache_prompt")))
		same = 0;
	llm->prompt_tokens = (long)count;
	llm->cached_tokens = (long)same;
	memcpy(last, ids, sizeof(last));
	last_count = count;
}
