/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "runners/suite_fit.h"

#define TRIES_MAX 6

static int count(struct ep_suite_fitter *f, struct ep_suite_text what,
		 int64_t *ret, struct ep_err *err)
{
	return f->count(f->ctx, &what, ret, err);
}

int ep_suite_fitter_init(struct ep_suite_fitter *f, struct ep_err *err)
{
	int64_t one = 0, three = 0;
	struct ep_suite_text what = { .block_count = 1 };
	int r = count(f, what, &one, err);

	what.block_count = 3;
	if (r == 0)
		r = count(f, what, &three, err);
	if (r < 0)
		return r;
	f->block_count = (three - one) / 2;
	f->overhead_count = one - f->block_count;
	if (f->block_count < 1 || f->block_count >= EP_SUITE_BLOCK_TOKENS_MAX)
		return ep_err_set(err, -EPROTO,
				  "prompts of a fixed length cannot be made: "
				  "a text of 24 words has %lld tokens and one "
				  "of 72 words has %lld by the server's count",
				  (long long)one, (long long)three);
	return 0;
}

/* Words, then letters, that make `rest` tokens more than one block alone. */
static int fit_rest(struct ep_suite_fitter *f, int64_t rest, struct ep_err *err)
{
	struct ep_suite_text what = { .block_count = 1 };
	int64_t best = INT64_MAX, letters = 0;

	what.word_count =
		(size_t)(rest * EP_SUITE_BLOCK_WORDS / f->block_count);
	for (int i = 0; i < TRIES_MAX && best != 0; i++) {
		int64_t total = 0, missing, off;
		int r;

		what.letter_count = (size_t)letters;
		r = count(f, what, &total, err);
		if (r < 0)
			return r;
		missing = rest + f->overhead_count + f->block_count - total;
		off = missing < 0 ? -missing : missing;
		if (off < best) {
			best = off;
			f->rest[rest].words = what.word_count;
			f->rest[rest].letters = what.letter_count;
		}
		letters += missing;
		/* Too many words: one less, and letters in its place. */
		if (letters < 0 && what.word_count > 0)
			what.word_count--;
		if (letters < 0)
			letters = 0;
	}
	f->known[rest] = true;
	return 0;
}

int ep_suite_fitter_plan(struct ep_suite_fitter *f, int64_t asked_count,
			 struct ep_suite_text *ret, struct ep_err *err)
{
	int64_t left = asked_count - f->overhead_count, rest;
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	if (left <= 0)
		return 0;
	rest = left % f->block_count;
	if (!f->known[rest] && rest > 0)
		r = fit_rest(f, rest, err);
	if (r < 0)
		return r;
	ret->block_count = (size_t)(left / f->block_count);
	ret->word_count = f->rest[rest].words;
	ret->letter_count = f->rest[rest].letters;
	return 0;
}
