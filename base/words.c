/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t ep_words_count(char *const *words)
{
	size_t count = 0;

	while (words && words[count])
		count++;
	return count;
}

void ep_words_free(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

char **ep_words_copy(char *const *words)
{
	size_t count = ep_words_count(words);
	char **copy = calloc(count + 1, sizeof(*copy));

	for (size_t i = 0; copy && i < count; i++) {
		copy[i] = strdup(words[i]);
		if (!copy[i]) {
			ep_words_free(copy);
			return NULL;
		}
	}
	return copy;
}

static int push(char ***words, char *word, struct ep_err *err)
{
	size_t count = ep_words_count(*words);
	char **bigger;

	if (count == EP_WORDS_MAX) {
		free(word);
		return ep_err_set(err, -E2BIG, "more than %d words",
				  EP_WORDS_MAX);
	}
	bigger = realloc(*words, (count + 2) * sizeof(*bigger));
	if (!bigger) {
		free(word);
		return ep_err_set(err, -ENOMEM, "out of memory");
	}
	bigger[count] = word;
	bigger[count + 1] = NULL;
	*words = bigger;
	return 0;
}

/* One word into dst (room for all of the text); *ret_quoted: it had quotes. */
static int take(const char **text, bool commas, char *dst, bool *ret_quoted,
		struct ep_err *err)
{
	const char *p = *text;
	size_t len = 0, kept = 0;
	char quote = '\0';

	*ret_quoted = false;
	for (; *p; p++) {
		if (quote && *p == quote) {
			quote = '\0';
			kept = len;
		} else if (!quote && (*p == '\'' || *p == '"')) {
			quote = *p;
			*ret_quoted = true;
		} else if (!quote && (commas ? *p == ',' : is_blank(*p))) {
			break;
		} else {
			dst[len++] = *p;
		}
	}
	if (quote)
		return ep_err_set(err, -EINVAL, "%c is not closed", quote);
	while (commas && len > kept && is_blank(dst[len - 1]))
		len--;
	dst[len] = '\0';
	*text = p;
	return 0;
}

static int split(const char *text, bool commas, char ***ret, struct ep_err *err)
{
	char **words = calloc(1, sizeof(*words));
	bool more = true, quoted;
	int r = words ? 0 : -ENOMEM;

	while (r == 0 && more) {
		char *word;

		while (is_blank(*text))
			text++;
		if (!*text && (!commas || ep_words_count(words) == 0))
			break;
		word = malloc(strlen(text) + 1);
		r = word ? take(&text, commas, word, &quoted, err) : -ENOMEM;
		if (r == 0 && commas && !word[0] && !quoted)
			r = ep_err_set(err, -EINVAL,
				       "nothing between two commas");
		if (r < 0) {
			free(word);
			break;
		}
		r = push(&words, word, err);
		more = *text != '\0';
		text += more;
	}
	if (r < 0) {
		ep_words_free(words);
		if (r == -ENOMEM)
			ep_err_set(err, r, "out of memory");
		return r;
	}
	*ret = words;
	return 0;
}

int ep_words_split(const char *text, char ***ret, struct ep_err *err)
{
	return split(text, false, ret, err);
}

int ep_words_list(const char *text, char ***ret, struct ep_err *err)
{
	return split(text, true, ret, err);
}
