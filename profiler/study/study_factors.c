/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/study/study_parts.h"

const struct ep_factor_option ep_factor_options[] = {
	{ "governor", "--governor", false, false },
	{ "threads", "--threads", true, false },
	{ "freq", "--freq", false, false },
	{ "freq-min", "--freq-min", false, false },
	{ "freq-max", "--freq-max", false, false },
	{ "epp", "--epp", false, false },
	{ "boost", "--boost", false, false },
	{ "cpus", "--cpus", false, false },
	{ "power-mode", "--power-mode", false, false },
	{ "fan", "--fan", false, false },
	{ "pin", "--pin", false, false },
	{ "model", "--model", false, false },
	{ "url", "--url", false, false },
	{ "prompts", "--prompts", false, false },
	{ "workflow", "--workflow", false, false },
	{ "ctx", "--ctx", true, false },
	{ "gpu-layers", "--gpu-layers", true, false },
	{ "temperature", "--temperature", false, false },
	{ "max-tokens", "--max-tokens", true, false },
	{ "prompt-tokens", "--prompt-tokens", true, false },
	{ "output-tokens", "--output-tokens", true, false },
	{ "interval", "--interval", false, false },
	{ "pause", "--pause", false, false },
	{ "idle", "--idle", false, false },
	{ "runner", "--runner", false, false },
	{ "seed", "--seed", true, false },
	{ "cold", "--cold", false, true },
	{ "chat", "--chat", false, true },
	{ "ignore-eos", "--ignore-eos", false, true },
	{ "jetson-clocks", "--jetson-clocks", false, true },
	{ NULL, NULL, false, false },
};

const struct ep_factor_option *ep_factor_option_find(const char *name)
{
	for (size_t i = 0; ep_factor_options[i].name; i++)
		if (strcmp(ep_factor_options[i].name, name) == 0)
			return &ep_factor_options[i];
	return NULL;
}

/* "1-4" or "1..4"; false when the word is no range. */
static bool parse_range(const char *word, bool whole, int64_t *ret_from,
			int64_t *ret_to)
{
	const char *cut = strstr(word, "..");
	size_t gap = 2;
	char from[24];

	if (!cut && whole) {
		cut = strchr(word, '-');
		gap = 1;
	}
	return cut && (size_t)(cut - word) < sizeof(from) &&
	       ep_str_format(from, sizeof(from), "%.*s", (int)(cut - word),
			     word) &&
	       ep_num_parse_i64(from, ret_from) == 0 &&
	       ep_num_parse_i64(cut + gap, ret_to) == 0;
}

static int push(char ***levels, size_t *count, const char *text,
		struct ep_err *err)
{
	char **bigger;

	if (*count == EP_LEVELS_MAX)
		return ep_err_set(err, -E2BIG, "more than %d levels",
				  EP_LEVELS_MAX);
	bigger = realloc(*levels, (*count + 2) * sizeof(*bigger));
	if (!bigger)
		return ep_err_set(err, -ENOMEM, "out of memory");
	*levels = bigger;
	bigger[*count] = strdup(text);
	bigger[*count + 1] = NULL;
	if (!bigger[*count])
		return ep_err_set(err, -ENOMEM, "out of memory");
	(*count)++;
	return 0;
}

static int push_range(char ***levels, size_t *count, const char *word,
		      bool whole, struct ep_err *err)
{
	int64_t from = 0, to = 0;
	int r = 0;

	if (!parse_range(word, whole, &from, &to))
		return push(levels, count, word, err);
	if (to < from)
		return ep_err_set(err, -EINVAL, "'%.60s' counts downwards",
				  word);
	if (to - from >= EP_LEVELS_MAX)
		return ep_err_set(err, -E2BIG, "'%.60s' is more than %d levels",
				  word, EP_LEVELS_MAX);
	for (int64_t n = from; r == 0 && n <= to; n++) {
		char text[24];

		(void)ep_str_format(text, sizeof(text), "%lld", (long long)n);
		r = push(levels, count, text, err);
	}
	return r;
}

/* "policy0=a,policy4=b" is one value of a board with several policies. */
static bool is_per_policy(char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (!ep_str_starts(words[i], "policy") ||
		    !strchr(words[i], '='))
			return false;
	return words[0] && words[1];
}

int ep_factor_levels(const char *name, const char *text, bool whole,
		     char ***ret, struct ep_err *err)
{
	struct ep_err why = { 0 };
	char **words = NULL, **levels = calloc(1, sizeof(*levels));
	size_t count = 0;
	int r = levels ? ep_words_list(text, &words, &why) : -ENOMEM;

	if (r == 0 && is_per_policy(words))
		r = push(&levels, &count, text, &why);
	else
		for (size_t i = 0; r == 0 && words[i]; i++)
			r = push_range(&levels, &count, words[i], whole, &why);
	ep_words_free(words);
	if (r < 0) {
		ep_words_free(levels);
		return ep_err_set(err, r, "factor %.60s: %s", name,
				  why.text[0] ? why.text : strerror(-r));
	}
	*ret = levels;
	return 0;
}
