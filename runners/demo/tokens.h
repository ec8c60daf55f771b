/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DEMO_TOKENS_H
#define EP_RUNNERS_DEMO_TOKENS_H

#include <stddef.h>
#include <stdint.h>

/* A token is a byte, or one of these. */
enum { INFER_TOKEN_BEGIN = 256, INFER_TOKEN_END = 257, INFER_VOCAB = 258 };

/* begin + the bytes of text into ret (strlen + 1 places); returns how many. */
size_t infer_tokens_encode(const char *text, uint16_t *ret);

/*
 * The next token.  Only printable ASCII and the line feed are ever chosen:
 * random weights would send a terminal control bytes, and an end token would
 * make the length of a measurement a matter of chance.
 * temperature 0 takes the likeliest.  logits (INFER_VOCAB) is overwritten.
 */
uint16_t infer_tokens_choose(float *logits, float temperature,
			     uint64_t *random);

#endif
