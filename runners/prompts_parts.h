/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_PROMPTS_PARTS_H
#define EP_RUNNERS_PROMPTS_PARTS_H

#include "runners/drive.h"

/* The parts of prompts*.c; nobody else includes this. */

enum {
	EP_PROMPT_ID,
	EP_PROMPT_TEXT,
	EP_PROMPT_RANDOMNESS,
	EP_PROMPT_MAX_TOKENS,
	EP_PROMPT_TAG,
	EP_PROMPT_COLUMNS,
};

/* Where a complaint points to. */
struct ep_prompt_place {
	const char *name;
	size_t line;
	struct ep_err *err;
};
/* value: what was found there, or NULL.  -EINVAL. */
int ep_prompt_complain(const struct ep_prompt_place *at, const char *what,
		       const char *value);

/* -1 unknown. */
int ep_prompt_column(const char *name);

struct ep_prompt_list {
	struct ep_prompts prompts;
	size_t *lines; /* where each begins */
};
/* values[EP_PROMPT_COLUMNS]; absent ones are NULL or "".  -EINVAL, -ENOMEM. */
int ep_prompt_add(struct ep_prompt_list *list, const char *const *values,
		  const struct ep_prompt_place *at) EP_MUST_CHECK;
/* Ends a list that reading ended with r; *ret is untouched on failure. */
int ep_prompt_finish(struct ep_prompt_list *list, int r,
		     const struct ep_prompt_place *at,
		     struct ep_prompts *ret) EP_MUST_CHECK;

#endif
