/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_SUITE_H
#define EP_RUNNERS_SUITE_H

#include "base/buf.h"
#include "runners/drive.h"

/* Prompts that are built in, and prompts of a fixed length. */

#define EP_SUITE_PREFIX "suite:"
#define EP_SUITE_LADDER_MAX_TOKENS 64

/*
 * What drive asks for: --prompts FILE, "suite:NAME" or one of our own, made
 * into prompts of fixed length where it says so.  Those have no text yet:
 * ep_suite_fit (runners/suite_fit.h) gives it to them.  -EINVAL, -ENOENT with
 * the names there are.
 */
int ep_suite_load(const struct ep_drive *d, struct ep_prompts *ret,
		  struct ep_err *err) EP_MUST_CHECK;

/* fallback where the command line says none; -EINVAL. */
int ep_drive_randomness(const struct ep_drive *d, double fallback, double *ret,
			struct ep_err *err) EP_MUST_CHECK;

/*
 * A plain English text that is like no other of another number in its first
 * words, but as long in tokens: a beginning, so many whole blocks of
 * EP_SUITE_BLOCK_WORDS words, then so many words, then so many letters.
 * -ENOMEM, -EFBIG.
 */
#define EP_SUITE_BLOCK_WORDS 24
#define EP_SUITE_NUMBERS (26 * 26 * 26)
struct ep_suite_text {
	size_t number; /* below EP_SUITE_NUMBERS */
	size_t block_count, word_count, letter_count;
};
int ep_suite_write(const struct ep_suite_text *what,
		   struct ep_buf *ret) EP_MUST_CHECK;

#endif
