/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_WORDS_H
#define EP_BASE_WORDS_H

#include "base/err.h"

#include <stddef.h>

/*
 * Text to words, NULL-terminated; ends with ep_words_free().  Quotes '...' and
 * "..." keep what is between them as it is; nothing else means anything, no
 * shell is near.
 */
#define EP_WORDS_MAX 4096

/* Words between blanks.  -EINVAL an open quote, -E2BIG, -ENOMEM. */
int ep_words_split(const char *text, char ***ret,
		   struct ep_err *err) EP_MUST_CHECK;
/* Words between commas, blanks around them dropped; an empty one is -EINVAL,
 * unless it is quoted. */
int ep_words_list(const char *text, char ***ret,
		  struct ep_err *err) EP_MUST_CHECK;
void ep_words_free(char **words);
size_t ep_words_count(char *const *words); /* NULL: 0 */
/* A copy of a list; NULL: no memory. */
char **ep_words_copy(char *const *words);

#endif
