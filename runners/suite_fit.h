/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_SUITE_FIT_H
#define EP_RUNNERS_SUITE_FIT_H

#include "runners/client.h"
#include "runners/suite.h"

/*
 * Gives the prompts of a fixed length their text, by the server's own count:
 * /tokenize where there is one, else short requests whose answer tells how many
 * tokens they had.  Before the gate.  0 when there is nothing to do; -errno
 * with a sentence.
 */
int ep_suite_fit(struct ep_client *c, struct ep_err *err) EP_MUST_CHECK;

/* After an answer: is it as long as was asked?  Remembers what is not. */
void ep_suite_check(struct ep_client *c, const struct ep_prompt *p);
/* What fitting took and which answers were of another length, as events. */
void ep_suite_tell(struct ep_client *c);

/*
 * How a text of so many tokens is made, when its lengths are linear: overhead
 * and block of text tell how long one without words and each whole block is.
 * count tells how many tokens a text has.  Pure but for count.
 */
#define EP_SUITE_BLOCK_TOKENS_MAX 512
struct ep_suite_fitter {
	int (*count)(void *ctx, struct ep_suite_text *what, int64_t *ret,
		     struct ep_err *err);
	void *ctx;
	int64_t overhead_count, block_count;
	bool known[EP_SUITE_BLOCK_TOKENS_MAX];
	/* What stands for so many tokens less than a block. */
	struct {
		size_t words, letters;
	} rest[EP_SUITE_BLOCK_TOKENS_MAX];
};
/* Measures overhead and block.  -EPROTO: lengths are not linear. */
int ep_suite_fitter_init(struct ep_suite_fitter *f,
			 struct ep_err *err) EP_MUST_CHECK;
/* Everything in *ret but the number. */
int ep_suite_fitter_plan(struct ep_suite_fitter *f, int64_t asked_count,
			 struct ep_suite_text *ret,
			 struct ep_err *err) EP_MUST_CHECK;

#endif
