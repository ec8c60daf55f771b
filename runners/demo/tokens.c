/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/demo/tokens.h"

#include "runners/demo/kernels.h"
#include "runners/demo/weights.h"

#include <math.h>
#include <string.h>

size_t infer_tokens_encode(const char *text, uint16_t *ret)
{
	size_t length = strlen(text);

	ret[0] = INFER_TOKEN_BEGIN;
	for (size_t i = 0; i < length; i++)
		ret[i + 1] = (unsigned char)text[i];
	return length + 1;
}

static int may_be_chosen(unsigned int token)
{
	return (token >= ' ' && token <= '~') || token == '\n';
}

static uint16_t likeliest(const float *logits)
{
	unsigned int best = ' ';

	for (unsigned int i = 0; i < INFER_VOCAB; i++) {
		if (may_be_chosen(i) && logits[i] > logits[best])
			best = i;
	}
	return (uint16_t)best;
}

uint16_t infer_tokens_choose(float *logits, float temperature, uint64_t *random)
{
	float rest;

	if (!(temperature > 0.0F))
		return likeliest(logits);
	for (unsigned int i = 0; i < INFER_VOCAB; i++) {
		if (may_be_chosen(i))
			logits[i] /= temperature;
		else
			logits[i] = -INFINITY;
	}
	infer_softmax(logits, INFER_VOCAB);
	rest = (float)(infer_random_next(random) >> 40) / 16777216.0F;
	for (unsigned int i = 0; i < INFER_VOCAB; i++) {
		rest -= logits[i];
		if (rest < 0.0F)
			return (uint16_t)i;
	}
	/* The sum of the rounded probabilities was a hair below 1. */
	return likeliest(logits);
}
